"""Elements of XML 1.0 as text, well-formed whatever the values are.

There are no attributes, no namespaces and no document type. Characters that XML cannot say (section 2.2)
become U+FFFD; a carriage return is written as a reference, or every parser would make a line feed of it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from streetmend.georeport.numbers import plain
from streetmend.georeport.types import Json

DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'

ITEMS = {
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
    "groups": "group",
    "media_urls": "media_url",
}
"""What the items of a list are called; items of other lists repeat the name of the list itself."""

_CONTROLS = bytes(code for code in range(0x20) if code not in (0x09, 0x0A, 0x0D))
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.\-]")


def escape(text: str) -> str:
    """The text as the content of an element; what is illegal in XML is left to ``document``."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text


def document(text: str) -> bytes:
    """The finished document of a root element, in UTF-8.

    Works on the whole document at once, since the markup itself has none of the characters in question: that
    costs a tenth of looking at every value.
    """
    try:
        body = text.encode()
        clean = "\ufffe" not in text and "\uffff" not in text
    except UnicodeEncodeError:
        clean = False
    if not clean or len(body.translate(None, _CONTROLS)) != len(body):
        body = _ILLEGAL.sub("\ufffd", text).encode()
    return DECLARATION + (body.replace(b"\r", b"&#13;") if b"\r" in body else body)


def clean_document(text: str) -> bytes:
    """As ``document``, of a root element in which nothing is left that XML cannot say."""
    return DECLARATION + text.encode()


def legal(text: str) -> str:
    """The text without characters that XML cannot say."""
    return _ILLEGAL.sub("\ufffd", text)


def escape_clean(text: str, *, marks: int) -> str | None:
    """The text as the content of elements, or None where anything in it is illegal besides so many U+0000."""
    try:
        body = text.encode()
    except UnicodeEncodeError:
        return None
    if "\ufffe" in text or "\uffff" in text or len(body.translate(None, _CONTROLS)) != len(body) - marks:
        return None
    escaped = escape(text)
    return escaped.replace("\r", "&#13;") if "\r" in escaped else escaped


def element(name: str, value: Json) -> str:
    """``<name>value</name>``: a mapping becomes child elements, a list its items in a container or
    repeated.
    """
    if value is None or value == "":
        return f"<{name}/>"
    if isinstance(value, str):
        return f"<{name}>{escape(value)}</{name}>"
    if isinstance(value, bool):
        return f"<{name}>{'true' if value else 'false'}</{name}>"
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if isinstance(value, float):
        return f"<{name}>{plain(value)}</{name}>"
    if isinstance(value, Mapping):
        return container(name, (element(legal_name(key), child) for key, child in value.items()))
    return _list(name, value)


def _list(name: str, values: Sequence[Json]) -> str:
    item = ITEMS.get(name)
    if item is None:
        return "".join(element(name, value) for value in values)
    return container(name, (element(item, value) for value in values))


def container(name: str, children: Iterable[str]) -> str:
    """An element around finished elements."""
    inside = "".join(children)
    return f"<{name}>{inside}</{name}>" if inside else f"<{name}/>"


def legal_name(key: str) -> str:
    """A legal element name that is ``key`` wherever that is one in ASCII."""
    name = _NOT_IN_NAMES.sub("_", key)
    return name if name[:1].isalpha() or name[:1] == "_" else f"_{name}"
