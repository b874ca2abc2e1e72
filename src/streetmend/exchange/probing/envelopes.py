"""How answers are wrapped: their Content-Type, the outermost element, JSON's root; and the rows inside."""

from __future__ import annotations

import re
from collections.abc import Mapping

from streetmend.exchange.probing.asking import Answer
from streetmend.exchange.probing.notes import Notes
from streetmend.georeport.rows import find_rows
from streetmend.georeport.types import Json

_RIGHT = {"xml": "text/xml", "json": "application/json"}
_NAMESPACE = re.compile(r"<[^>?!]{0,500}\bxmlns\b")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


def rows_of(
    answer: Answer, root: str, item: str, known: frozenset[str], notes: Notes
) -> list[Mapping[str, Json]]:
    """The rows of a good list answer; how they are wrapped has been looked at.

    `root` and `item` are the names of the standard's elements, `known` fields of which a row has at least one.
    """
    check_envelope(answer, root, notes)
    found = find_rows(answer.value, known, (root, item)) or []
    rows = [row for row in found if isinstance(row, Mapping)]
    if answer.fmt == "xml" and rows and isinstance(answer.value, Mapping) and item not in answer.value:
        says = f"Each row of {root} should be an element {item}."
        notes.found(f"xml-item-{item}", says, answer, answer.line(rf"<{root}\b"))
    elif answer.fmt == "json" and not isinstance(answer.value, list | tuple) and not _wraps(answer, root):
        says = f"A list of {root} should be an array in JSON, even if it has only one row or none."
        notes.found(f"json-no-array-{root}", says, answer, answer.line("^"))
    return rows


def single(answer: Answer, root: str, notes: Notes) -> Mapping[str, Json]:
    """The object of a good answer that has just one, as discovery; how it is wrapped has been looked at."""
    check_envelope(answer, root, notes)
    value = answer.value
    if isinstance(value, Mapping) and isinstance(value.get(root), Mapping):
        value = value[root]
    if isinstance(value, list | tuple) and len(value) == 1:
        notes.found(
            f"json-array-{root}",
            f"{root} comes in an array, where there can only be one.",
            answer,
            answer.line("^"),
        )
        value = value[0]
    return value if isinstance(value, Mapping) else {}


def check_envelope(answer: Answer, root: str, notes: Notes) -> None:
    """What is wrong about the answer's type, encoding, root and namespaces has been noted."""
    _check_type(answer, notes)
    for warning in answer.tree.warnings if answer.tree else ():
        if "Content-Type" not in warning:
            notes.found(
                f"odd-{'-'.join(warning.split()[:4]).lower()}",
                f"The answer {warning}.",
                answer,
                answer.line("^"),
            )
    if answer.tree is not None and answer.tree.format != answer.fmt:
        says = f"{answer.fmt.upper()} was asked for, and {answer.tree.format.upper()} came."
        notes.found(f"not-{answer.fmt}", says, answer, answer.line("^"))
    elif answer.fmt == "json" and _wraps(answer, root):
        says = f"JSON keeps its root: {{{root!r}: ...}} where the standard has only what is inside."
        notes.found("json-wrapped", says, answer, answer.line(f'"{root}"'), trait="wrapped_json")
    elif answer.fmt == "xml":
        _check_xml(answer, root, notes)


def _check_type(answer: Answer, notes: Notes) -> None:
    kind = answer.content_type
    if kind != _RIGHT[answer.fmt]:
        says = (
            f"{answer.fmt.upper()} comes as {kind or 'nothing'}, where the standard has {_RIGHT[answer.fmt]}."
        )
        trait = "xml_type" if kind == "application/xml" else ""
        line = f"Content-Type: {answer.headers.get('content-type', '')}"
        notes.found(f"{answer.fmt}-type", says, answer, line, trait=trait)
    charset = _CHARSET.search(answer.headers.get("content-type", ""))
    if charset and charset[1].lower() not in ("utf-8", "utf8"):
        line = f"Content-Type: {answer.headers['content-type']}"
        notes.found(
            "charset", f"The answer says that it is in {charset[1]}, where all should be UTF-8.", answer, line
        )


def _check_xml(answer: Answer, root: str, notes: Notes) -> None:
    if not answer.text.startswith("<?xml"):
        notes.found(
            "xml-declaration",
            "XML does not begin with <?xml version=... encoding=...?>.",
            answer,
            answer.line("^"),
        )
    if answer.tree is not None and answer.tree.root != root:
        says = f"The outermost element is {answer.tree.root}, where the standard has {root}."
        notes.found(f"xml-root-{root}", says, answer, answer.line(rf"<{re.escape(answer.tree.root)}\b"))
    if _NAMESPACE.search(answer.text[:5000]):
        notes.found(
            "xml-namespace",
            "XML has namespaces, which the standard does not have.",
            answer,
            answer.line("<[^>]*xmlns"),
        )


def _wraps(answer: Answer, root: str) -> bool:
    return isinstance(answer.value, Mapping) and set(answer.value) == {root}
