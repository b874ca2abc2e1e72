"""Bytes of an answer to text: which encoding they are in, and no character in it that nothing can use.

The bytes decide, then what they say of themselves, then the Content-Type: valid UTF-8 is UTF-8 whatever
anybody claims, and only known text encodings are believed (never UTF-7).
"""

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct

from streetmend.georeport.errors import TooLarge


class Limits(Struct, frozen=True, kw_only=True):
    """How much of an answer we are ready to read; more raises a kind of Dangerous."""

    most_bytes: int = 64 * 1024 * 1024
    deepest: int = 32
    """Elements in elements, or arrays and objects in each other."""
    most_values: int = 3_000_000
    """Elements or values: bounds the memory, which is many times the bytes where values are tiny."""
    longest_text: int = 10_000_000
    """Characters of one text; a photo of seven megabytes in a ``data:`` address is within it."""
    most_attributes: int = 500_000
    """Equals signs in XML, wherever they stand: no tag can have more attributes."""


LIMITS = Limits()
ANSWER_TO_POST = Limits(most_bytes=64 * 1024)
"""The answer to a POST is a number and a sentence."""


class Decoded(NamedTuple):
    """The text of an answer, and what was odd about its bytes."""

    text: str
    warnings: tuple[str, ...]


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Where the zero bytes of a first ASCII character lie tells the wide encodings apart.
_WIDE = (
    (re.compile(rb"[^\0]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[^\0]"), "utf-32-be"),
    (re.compile(rb"[^\0]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0[^\0]\0[^\0]"), "utf-16-be"),
)
_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:\-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:\-]{1,40})""", re.IGNORECASE)
_BELIEVED = re.compile(r"iso8859-\d+|cp\d+|koi8-[ru]|mac-\w+|big5\w*|gb\w+|shift_jis\w*|euc_\w+|iso2022_\w+")
_FALLBACK = "cp1252"

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NOT_CHARACTERS = re.compile("[\ud800-\udfff\ufffe\uffff]")
_PAIRS = re.compile("[\ud800-\udbff][\udc00-\udfff]")
# Recorded answers and broken gateways put a second head before the body.
_HEAD = re.compile(r"\s*HTTP/\d(?:\.\d)? \d{3}[^\n]{0,200}\n(?:[A-Za-z\-]{1,60}:[^\n]{0,2000}\n){0,50}\r?\n")


def decode(body: bytes, content_type: str | None = None, limits: Limits = LIMITS) -> Decoded:
    """The text of ``body``, usable in every respect. Raises TooLarge, and nothing else for any bytes."""
    if len(body) > limits.most_bytes:
        raise TooLarge(f"has more than {limits.most_bytes} bytes")
    text, warnings = _text(body, content_type)
    head = _HEAD.match(text)
    if head:
        text, warnings = text[head.end() :], (*warnings, "begins with the head of another answer")
    return Decoded(usable(text.lstrip("\ufeff")), warnings)


def usable(text: str) -> str:
    """The text without control characters; halves of characters and noncharacters become U+FFFD."""
    if text.isprintable():
        return text
    text = _CONTROLS.sub("", text)
    if _NOT_CHARACTERS.search(text):
        text = _PAIRS.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
        text = _NOT_CHARACTERS.sub("\ufffd", text)
    return text


def _text(body: bytes, content_type: str | None) -> tuple[str, tuple[str, ...]]:
    for name in _by_looks(body):
        return body.decode(name, "replace"), ()
    try:
        return body.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    for name in _claimed(body, content_type):
        try:
            return body.decode(name), ()
        except UnicodeDecodeError:
            continue
    return body.decode(_FALLBACK, "replace"), ("is in no encoding that it claims; read as Windows-1252",)


def _by_looks(body: bytes) -> Iterator[str]:
    for mark, name in _MARKS:
        if body.startswith(mark):
            yield name
    for pattern, name in _WIDE:
        if pattern.match(body):
            yield name


def _claimed(body: bytes, content_type: str | None) -> Iterator[str]:
    declared = _DECLARED.match(body)
    charset = _CHARSET.search(content_type or "")
    for claim in (declared and declared[1].decode("ascii"), charset and charset[1]):
        if not claim:
            continue
        try:
            name = codecs.lookup(claim).name
        except LookupError:
            continue
        if name == "iso8859-1":  # as every browser does: nobody means the control characters
            yield _FALLBACK
        if _BELIEVED.fullmatch(name):
            yield name
