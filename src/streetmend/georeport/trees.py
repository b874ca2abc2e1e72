"""Bytes of an answer to a tree of mappings, lists and texts, whatever the format.

The content decides whether it is XML or JSON, not what the Content-Type says. Both give the same kind of
tree: an XML element with children is a mapping, one without is its text, a repeated one a list, an empty one
None; names have lost their namespaces, attributes are not looked at.
"""

from typing import NamedTuple

from streetmend.georeport import json_reading, xml_reading
from streetmend.georeport.decoding import LIMITS, Limits, decode
from streetmend.georeport.errors import Unreadable
from streetmend.georeport.shapes import Format
from streetmend.georeport.types import Json


class Tree(NamedTuple):
    """An answer's content: in ``root`` the name of the outermost element, or an empty text for JSON."""

    format: Format
    root: str
    value: Json
    warnings: tuple[str, ...]


def read_tree(body: bytes, content_type: str | None = None, limits: Limits = LIMITS) -> Tree:
    """The tree of an answer in XML or JSON. Raises Unreadable or one of the kinds of Dangerous."""
    text, warnings = decode(body, content_type, limits)
    text = text.strip()
    if not text:
        raise Unreadable("is empty")
    if text.startswith("<"):
        root, value, repairs = xml_reading.read(text, limits)
        return Tree("xml", root, value, (*warnings, *repairs, *_mislabelled("xml", content_type)))
    value, repairs = json_reading.read(text, limits)
    return Tree("json", "", value, (*warnings, *repairs, *_mislabelled("json", content_type)))


def _mislabelled(fmt: Format, content_type: str | None) -> tuple[str, ...]:
    label = (content_type or "").lower()
    other = "json" if fmt == "xml" else "xml"
    return (f"is {fmt.upper()} though its Content-Type says {other.upper()}",) if other in label else ()
