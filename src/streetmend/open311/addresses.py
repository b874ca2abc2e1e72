"""Which answer an address below a base URL asks for, and in which format: the extension decides, then Accept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

from django.http import HttpRequest

from streetmend.georeport.writing import Format

#: what is offered below every base URL; `services/` and `requests/` are followed by one code or id
RESOURCES: Final = (
    "discovery",
    "services",
    "services/",
    "requests",
    "requests/",
    "servicerequestupdates",
)
#: further extensions that requests can be read in
FEEDS: Final = ("geojson", "csv", "rss", "html")
_HAVE_FEEDS: Final = frozenset({"requests", "requests/"})

_FORMATS: Final = get_args(Format)
_EXTENSION = re.compile(r"(?s)(?P<stem>.+)\.(?P<extension>[A-Za-z0-9]{1,12})")
_TYPES: Final[dict[str, Format]] = {
    "text/xml": "xml",
    "application/xml": "xml",
    "application/json": "json",
    "text/json": "json",
}


@dataclass(frozen=True, slots=True)
class Address:
    """What is asked for: one of `RESOURCES`, the code or id behind it, and the format."""

    resource: str
    argument: str
    #: in which errors are said, and what is read unless `feed` says something else
    fmt: Format
    #: one of `FEEDS`, or ""
    feed: str
    #: false where Accept decided
    named: bool


class NoSuchAddress(Exception):
    """There is nothing at this address; `fmt` is the format to say it in, `why` a sentence for people."""

    def __init__(self, fmt: Format, why: str, *, status: int = 404) -> None:
        super().__init__(why)
        self.fmt = fmt
        self.why = why
        self.status = status


def read_address(
    path: str, request: HttpRequest, resources: Sequence[str] = RESOURCES, *, feeds: bool = False
) -> Address:
    """The address that `path` (what follows the base URL, decoded) is, one of `resources`. Raises NoSuchAddress.

    With `feeds` requests have further extensions.

    Extensions may be in any letter case.
    """
    found = _EXTENSION.fullmatch(path)
    stem, extension = (found["stem"], found["extension"].lower()) if found else (path, "")
    # Accept is read only where it decides: that costs more than the rest of a small answer's way
    accepted = None if extension in _FORMATS else _accepted(request)
    resource, slash, argument = stem.partition("/")
    feed = extension if extension in FEEDS and feeds and resource + slash in _HAVE_FEEDS else ""
    if extension and extension not in _FORMATS and not feed:
        raise NoSuchAddress(
            accepted or "xml", "There is no such format here: addresses end in .xml or in .json."
        )
    fmt: Format = "json" if extension in ("json", "geojson") else "xml" if extension else accepted or "xml"
    if resource + slash not in resources or (slash and not argument):
        raise NoSuchAddress(fmt, "There is nothing at this address.")
    if not extension and accepted is None:
        raise NoSuchAddress(fmt, "Answers are XML or JSON; Accept allows neither.", status=406)
    return Address(resource + slash, argument, fmt, feed, named=bool(extension))


def _accepted(request: HttpRequest) -> Format | None:
    """The format that Accept prefers; XML where it does not care or is absent, None where it wants neither."""
    preferred = request.get_preferred_type(list(_TYPES))
    return _TYPES[preferred] if preferred else None
