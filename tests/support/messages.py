"""The sentences of the interface: found in code and templates, kept in catalogs, compiled.

`make messages` writes what is new into the catalogs and compiles them; the tests see that nothing is missing.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).parents[2] / "src" / "streetmend"
LOCALE = SOURCE / "ui" / "locale"
#: each language and where it looks for what it has not got itself
LANGUAGES = {"nb": (), "nn": ("nb",)}

_CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2}
_TEXT = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_IN_TEMPLATES = re.compile(rf"\b(n?)gettext\(\s*({_TEXT})(?:\s*,\s*({_TEXT}))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, with its plural where it has one, and the file where it stands."""

    text: str
    plural: str
    file: str

    @property
    def key(self) -> str | tuple[str, str]:
        """How a catalog knows it."""
        return (self.text, self.plural) if self.plural else self.text


def sentences() -> list[Sentence]:
    """Every sentence of the product, once, in the order of its files."""
    found: dict[str, Sentence] = {}
    for sentence in (*_of_code(), *_of_templates()):
        known = found.get(sentence.text)
        if known is None or (sentence.plural and not known.plural):
            found[sentence.text] = sentence
    return list(found.values())


def _of_code() -> Iterator[Sentence]:
    for path in sorted(SOURCE.rglob("*.py")):
        if {"migrations", "demo"} & set(path.relative_to(SOURCE).parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
                texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
                given = [text for text in texts if isinstance(text, str)][: _CALLS[node.func.id]]
                if len(given) == _CALLS[node.func.id]:
                    yield Sentence(given[0], given[1] if len(given) > 1 else "", _place(path))


def _of_templates() -> Iterator[Sentence]:
    from django.utils.translation.template import templatize

    for path in sorted((SOURCE / "ui" / "templates").rglob("*")):
        if path.suffix not in (".html", ".txt"):
            continue
        for found in _IN_TEMPLATES.finditer(templatize(path.read_text(encoding="utf-8"))):
            text = ast.literal_eval(found[2])
            plural = ast.literal_eval(found[3]) if found[1] and found[3] else ""
            yield Sentence(text, plural, _place(path))


def _place(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def po_file(language: str) -> Path:
    """The catalog that people write."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """The catalog of the language as it is kept; an empty one where there is none."""
    file = po_file(language)
    if not file.exists():
        return Catalog(locale=language, project="Streetmend", fuzzy=False)
    with file.open("rb") as handle:
        return read_po(handle, locale=language)


def compiled(language: str) -> bytes:
    """The catalog as the program reads it: what it lacks comes from the languages that it looks into."""
    # always the same time: the same sentences are the same file
    then = datetime(2026, 1, 1, tzinfo=UTC)
    whole = Catalog(
        locale=language, project="Streetmend", fuzzy=False, creation_date=then, revision_date=then
    )
    for name in (*reversed(LANGUAGES[language]), language):
        for message in read(name):
            if message.id and message.string and all(_strings(message.string)):
                whole.delete(message.id if isinstance(message.id, str) else message.id[0])
                whole.add(message.id, message.string)
    out = io.BytesIO()
    write_mo(out, whole)
    return out.getvalue()


def _strings(string: str | tuple[str, ...]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


def write() -> None:
    """The catalogs have every sentence of the product and no other, and are compiled."""
    for language in LANGUAGES:
        kept, now = read(language), Catalog(locale=language, project="Streetmend", fuzzy=False)
        for sentence in sentences():
            known = kept.get(sentence.text)
            string = (
                known.string
                if known is not None and bool(known.pluralizable) == bool(sentence.plural)
                else ""
            )
            now.add(
                sentence.key,
                string or (("", "") if sentence.plural else ""),
                locations=[(sentence.file, None)],
            )
        po_file(language).parent.mkdir(parents=True, exist_ok=True)
        with po_file(language).open("wb") as handle:
            write_po(handle, now, width=110, sort_output=True, omit_header=False, include_lineno=False)
        # a date would be another file at every run
        text = po_file(language).read_text(encoding="utf-8")
        po_file(language).write_text(_without_dates(text), encoding="utf-8")
    for language in LANGUAGES:
        po_file(language).with_suffix(".mo").write_bytes(compiled(language))


def _without_dates(text: str) -> str:
    kept = ("Project-Id-Version", "Language:", "Plural-Forms", "MIME", "Content-T")
    lines = [
        line
        for line in text.split("\n")
        if not re.match(r'"[A-Z][A-Za-z-]+:', line) or line[1:].startswith(kept)
    ]
    return re.sub(r"\A(#[^\n]*\n)+", "", "\n".join(lines))


if __name__ == "__main__":
    write()
