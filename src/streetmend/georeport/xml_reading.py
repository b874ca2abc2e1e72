"""XML from outside to a tree, without ever building what could be too much.

libxml2 does the parsing and calls us for every element, so nothing is kept but what we keep; there is no
document type, hence no entity, external or not. What sloppy servers write and no parser takes (a bare ``&``,
``&nbsp;``, references to control characters) is mended once and said in a warning.
"""

import re
import threading
from html.entities import name2codepoint
from typing import Any

from lxml import etree

from streetmend.georeport.decoding import LIMITS, Limits
from streetmend.georeport.errors import DoctypeRefused, TooDeep, TooLarge, Unreadable
from streetmend.georeport.types import Json

TEXT = "#text"
"""Under this name stands the text of an element that has both text and child elements."""

_DECLARATION = re.compile(r"<\?xml[\s?][^>]{0,1000}>\s*")
_PROLOG = re.compile(r"(?:\s+|<!--(?:(?!-->).)*+-->|<\?(?:(?!\?>).)*+\?>)*+", re.DOTALL)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_REFERENCE = re.compile(
    r"<!\[CDATA\[(?:(?!\]\]>).)*+|&(?:#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,8}));|([A-Za-z][A-Za-z0-9]{0,30});)?",
    re.DOTALL,
)
_PREDEFINED = frozenset({"amp", "lt", "gt", "quot", "apos"})
_NIL = frozenset({"true", "1"})


def read(text: str, limits: Limits) -> tuple[str, Json, tuple[str, ...]]:
    """The name of the root element, its value, and warnings. Raises Unreadable, DoctypeRefused, TooDeep,
    TooLarge.
    """
    text = _DECLARATION.sub("", text, count=1) if text.startswith("<?xml") else text
    _refuse(text, limits)
    try:
        return (*_parse(text, limits), ())
    except etree.XMLSyntaxError as error:
        mended = _REFERENCE.sub(_mend, text)
        if mended == text:
            raise Unreadable(f"is not well-formed XML ({error.msg})") from error
    try:
        return (*_parse(mended, limits), ("has references that XML does not know",))
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"is not well-formed XML ({error.msg})") from error


def _refuse(text: str, limits: Limits) -> None:
    if text.count("<") > 2 * limits.most_values:
        raise TooLarge(f"has more than {limits.most_values} elements")
    if text.count("=") > limits.most_attributes:
        raise TooLarge(f"has more than {limits.most_attributes} attributes")
    prolog = _PROLOG.match(text)
    start = text[prolog.end() if prolog else 0 :][:100]
    if _HTML.match(start):
        raise Unreadable("is an HTML page")
    if start[:9].upper() == "<!DOCTYPE":
        raise DoctypeRefused("has a document type, which no answer needs")


class _Parsers(threading.local):
    """A parser for each thread: to make one takes longer than to read what most endpoints answer."""

    def __init__(self) -> None:
        self.builder = _Builder()
        target: Any = self.builder  # less than the whole protocol of lxml is enough
        self.parser = etree.XMLParser(
            target=target,
            encoding="utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
        )


def _parse(text: str, limits: Limits) -> tuple[str, Json]:
    builder = _parsers.builder
    builder.begin(limits)
    try:
        etree.fromstring(text.encode(), _parsers.parser)
        return builder.root, builder.value
    finally:
        builder.begin(limits)


def _mend(found: re.Match[str]) -> str:
    if found[0][0] == "<":
        return found[0]
    hexadecimal, decimal, name = found.groups()
    if name:
        code = name2codepoint.get(name)
        return found[0] if name in _PREDEFINED else f"&#{code};" if code else f"&amp;{name};"
    if hexadecimal or decimal:
        code = int(hexadecimal, 16) if hexadecimal else int(decimal)
        legal = (
            code in (9, 10, 13)
            or 0x20 <= code < 0xD800
            or 0xE000 <= code < 0xFFFE
            or 0xFFFF < code < 0x110000
        )
        return found[0] if legal else ""
    return "&amp;"


class _Builder:
    """What libxml2 calls while it parses; keeps the value of the element that ended last."""

    def __init__(self) -> None:
        self.begin(LIMITS)

    def begin(self, limits: Limits) -> None:
        """Nothing of what was read before is left."""
        self.root = ""
        self.value: Json = None
        self._limits = limits
        self._parents: list[tuple[str, dict[str, Any], list[str], bool]] = []
        self._children: dict[str, Any] = {}
        self._texts: list[str] = []
        self._nil = False

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise DoctypeRefused("has a document type, which no answer needs")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._parents) >= self._limits.deepest:
            raise TooDeep(f"is nested deeper than {self._limits.deepest} elements")
        self._parents.append((tag.rpartition("}")[2], self._children, self._texts, self._nil))
        self._children, self._texts = {}, []
        self._nil = bool(attributes) and any(
            name.rpartition("}")[2].rpartition(":")[2] == "nil" and value in _NIL
            for name, value in attributes.items()
        )

    def data(self, text: str) -> None:
        self._texts.append(text)

    def end(self, tag: str) -> None:
        value = self._finished()
        name, self._children, self._texts, self._nil = self._parents.pop()
        if not self._parents:
            self.root, self.value = name, value
        elif name not in self._children:
            self._children[name] = value
        elif isinstance(self._children[name], list):
            self._children[name].append(value)
        else:
            self._children[name] = [self._children[name], value]

    def close(self) -> None:
        pass

    def _finished(self) -> Json:
        if self._nil and not self._children:
            return None
        text = "".join(self._texts)
        if len(text) > self._limits.longest_text:
            raise TooLarge(f"has a text of more than {self._limits.longest_text} characters")
        if not text or text.isspace():
            return self._children or None
        if self._children:
            return {**self._children, TEXT: without_layout(text)}
        return without_layout(text)


def without_layout(text: str) -> str:
    """The text without white space at an end of it that contains a line break: that is how XML is indented."""
    inside = text.lstrip()
    if "\n" in text[: len(text) - len(inside)]:
        text = inside
    inside = text.rstrip()
    return inside if "\n" in text[len(inside) :] else text


_parsers = _Parsers()
