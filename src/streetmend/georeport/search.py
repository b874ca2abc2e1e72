"""The search of ``GET requests``: parsed by a server, printed by a client.

For every search ``s``: ``RequestSearch.parse(s.to_query(), zone=any) == s``, but for what
``service_request_id`` overrides.
"""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Self
from urllib.parse import parse_qsl

from msgspec import Struct

from streetmend.georeport import times
from streetmend.georeport.dialect import DEFAULT, Dialect
from streetmend.georeport.errors import Fault, InvalidParameters
from streetmend.georeport.numbers import plain
from streetmend.georeport.search_parsing import read_search, read_updates_search
from streetmend.georeport.values import MOST_BODIES, MOST_IDS, Box, Circle

__all__ = [
    "MOST_BODIES",
    "MOST_FIELDS",
    "MOST_IDS",
    "Box",
    "Circle",
    "RequestSearch",
    "UpdatesSearch",
    "split_query",
]

MOST_FIELDS = 1000
"""So many parameters may a query string have."""


class RequestSearch(Struct, frozen=True, kw_only=True):
    """What requests are wanted; a field left at its default asks for nothing.

    ``start_date`` and ``updated_after`` are inclusive, ``end_date`` and ``updated_before`` exclusive; all
    four are aware. ``service_request_id`` overrides everything but ``jurisdiction_id`` and ``extensions``.
    """

    service_request_id: tuple[str, ...] = ()
    service_code: str | None = None
    """As it was given. A server tries it whole before it tries ``service_codes``: names may contain commas.
    """
    status: tuple[str, ...] = ()
    """Of ``open`` and ``closed``."""
    start_date: datetime | None = None
    end_date: datetime | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None
    agency_responsible: tuple[int, ...] = ()
    """Ids of areas' MapIt numbering; a request matches that went to any of them."""
    interface_used: str | None = None
    has_photo: bool | None = None
    q: str | None = None
    """Words to look for; literally, no wildcard has a meaning."""
    bbox: Box | None = None
    near: Circle | None = None
    """The parameters lat, long and radius."""
    max_requests: int | None = None
    page: int | None = None
    """Counted from 1."""
    page_size: int | None = None
    cursor: str | None = None
    jurisdiction_id: str | None = None
    extensions: bool = False

    @property
    def service_codes(self) -> tuple[str, ...]:
        """``service_code`` split at its commas, each once, in order."""
        parts = (part.strip() for part in (self.service_code or "").split(","))
        return tuple(dict.fromkeys(part for part in parts if part))

    @classmethod
    def parse(
        cls,
        query: Iterable[tuple[str, str]],
        *,
        zone: tzinfo,
        limit: int = 1000,
        digit_ids: bool = True,
    ) -> Self:
        """The search that ``query`` (decoded name and value pairs, in order) asks for.

        ``zone`` is meant where a time has none. ``limit`` is the site's maximum: a larger ``max_requests``
        is ignored, a larger ``page_size`` is brought down to it. With ``digit_ids`` the server's ids are
        whole numbers from 1 and nothing else can be one. Empty parameters are absent, unknown ones are
        ignored. Raises InvalidParameters with a Fault for every wrong parameter. (GeoReport v2, GET Service
        Requests.)
        """
        return cls(**read_search(query, zone=zone, limit=limit, digit_ids=digit_ids))

    def to_query(self, dialect: Dialect = DEFAULT) -> tuple[tuple[str, str], ...]:
        """The parameters that ask an endpoint of this dialect for this search, in a fixed order and not yet
        encoded.
        """
        kept = (
            ("service_request_id", ",".join(self.service_request_id)),
            ("jurisdiction_id", self.jurisdiction_id or ""),
            ("extensions", "true" if self.extensions else ""),
        )
        asked = kept if self.service_request_id else (*self._filters(dialect), *self._extent(dialect), *kept)
        return tuple((name, value) for name, value in asked if value)

    def _filters(self, dialect: Dialect) -> Iterable[tuple[str, str]]:
        yield "service_code", self.service_code or ""
        yield "status", ",".join(self.status)
        for name, moment, end in (
            ("start_date", self.start_date, False),
            ("end_date", self.end_date, True),
            ("updated_after", self.updated_after, False),
            ("updated_before", self.updated_before, True),
        ):
            yield name, "" if moment is None else times.print_for(moment, dialect, up=end)
        yield "agency_responsible", "|".join(map(str, self.agency_responsible))
        yield "interface_used", self.interface_used or ""
        yield "has_photo", "" if self.has_photo is None else str(self.has_photo).lower()
        yield "q", self.q or ""

    def _extent(self, dialect: Dialect) -> Iterable[tuple[str, str]]:
        yield "bbox", ",".join(map(plain, self.bbox)) if self.bbox else ""
        for name, value in zip(("lat", "long", "radius"), self.near or (), strict=False):
            yield name, plain(value)
        for name, number in (
            ("max_requests", self.max_requests),
            (dialect.page_field, self.page),
            (dialect.page_size_field, self.page_size),
        ):
            yield name, "" if number is None else str(number)
        yield "cursor", self.cursor or ""


class UpdatesSearch(Struct, frozen=True, kw_only=True):
    """What updates are wanted (GET servicerequestupdates); ``start_date`` is inclusive, ``end_date`` exclusive,
    both aware.
    """

    service_request_id: tuple[str, ...] = ()
    start_date: datetime | None = None
    end_date: datetime | None = None
    max_requests: int | None = None
    cursor: str | None = None
    jurisdiction_id: str | None = None

    @classmethod
    def parse(cls, query: Iterable[tuple[str, str]], *, zone: tzinfo, limit: int = 1000) -> Self:
        """The search that ``query`` (decoded pairs) asks for. Raises InvalidParameters with every fault."""
        return cls(**read_updates_search(query, zone=zone, limit=limit))


def split_query(query_string: str) -> list[tuple[str, str]]:
    """The decoded pairs of a query string, empty values included; bytes that are no UTF-8 become U+FFFD.

    Raises InvalidParameters where there are more than ``MOST_FIELDS``.
    """
    try:
        return parse_qsl(query_string, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise InvalidParameters((Fault("query", f"has more than {MOST_FIELDS} parameters"),)) from error
