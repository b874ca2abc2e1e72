"""How a server deviates from GeoReport v2, as fields of one frozen value.

The first half says what our own server writes; ``DEFAULT``, ``STRICT`` and ``FIXMYSTREET`` are its three
base addresses. The second half says what somebody else's endpoint wants to be sent and how its answers are
meant. Readers need no dialect: they find their way in any answer by its content.
"""

import re
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

XML_TYPE = "text/xml; charset=utf-8"
JSON_TYPE = "application/json; charset=utf-8"


class Dialect(Struct, frozen=True, kw_only=True):
    """The habits of one server, ours or a body's; the defaults are GeoReport v2 with our extensions."""

    name: str = "default"

    # --- what our server writes
    extensions: bool = True
    """Write FixMyStreet's fields that the standard does not have (title, detail, interface_used...)."""
    ours: bool = True
    """Write our own besides: extended_status, and in JSON all photos as ``media_urls``."""
    wrapped_json: bool = False
    """JSON keeps the root: ``{"service_requests": [...]}`` instead of the bare array."""
    numeric_ids: bool = False
    """JSON ids made of digits are numbers."""
    coordinates_as_text: bool = False
    """lat and long have at most six decimals, without trailing zeros, and are strings in JSON."""
    recipients_as_list: bool = True
    """agency_responsible is ``{"recipient": [...]}``; otherwise one text, the names joined with ``, ``."""
    nulls: bool = True
    """JSON says null for a field of the standard that is unknown, XML an empty element (never for times)."""
    xml_type: str = XML_TYPE
    json_type: str = JSON_TYPE
    unknown_request: Literal["not_found", "empty"] = "not_found"
    """What GET requests/ID says of an unknown or hidden id: 404, or 200 with an empty list."""
    default_window_days: int | None = None
    """How far back GET requests looks when no date is given; None is for ever."""
    needs_jurisdiction: bool = False

    # --- what a foreign endpoint wants and does
    format: Literal["xml", "json"] = "xml"
    """In which format we ask."""
    time_zone: str | None = None
    """IANA name of the zone in which the endpoint means times without a zone."""
    time_style: Literal["offset", "utc", "naive"] = "offset"
    """How times are sent: with their offset, in UTC with ``Z``, or local to ``time_zone`` without a zone."""
    fractions: bool = False
    """May times be sent with fractions of a second? Otherwise start times are rounded down and end times
    up.
    """
    multivalue: Literal["repeat", "brackets"] = "repeat"
    """Several values of one attribute: ``attribute[x]=a&attribute[x]=b`` or
    ``attribute[x][]=a&attribute[x][]=b``.
    """
    update_status_case: Literal["upper", "lower"] = "upper"
    """Letter case of the status in a posted update."""
    id_field: str = "fixmystreet_id"
    """The attribute in which the endpoint wants our report's id, where its definition asks for it."""
    device_field: str = "device_id"
    """The parameter that carries device_id (FixMyStreet calls it ``deviceid``)."""
    upload_field: str = "photo{n}"
    """Name of the n-th uploaded file's part, counted from 1."""
    jurisdiction_in: Literal["body", "query", "both"] = "body"
    """Where a POST carries jurisdiction_id."""
    key_in: Literal["body", "bearer"] = "body"
    """Where the key goes: as ``api_key``, or as ``Authorization: Bearer``."""
    paths: tuple[tuple[str, str], ...] = ()
    """Other names than the standard's for the files below the base address: ``(("services", "Services"),)``."""
    key_on_get: bool = False
    """Send api_key with every GET as well (updates always get it)."""
    duplicate_pattern: str | None = None
    """A regular expression that finds a refusal which really means "I have it already"; its group ``id`` is
    the id.
    """
    page_field: str = "page"
    """The parameter of GET requests that says which page."""
    page_size_field: str = "page_size"
    """The parameter of GET requests that says how many rows a page has."""
    extra_parameters: tuple[tuple[str, str], ...] = ()
    """Parameters that go out with every POST of a request."""

    def __post_init__(self) -> None:
        """Raises ValueError where a field makes no sense by itself."""
        if self.duplicate_pattern is not None:
            try:
                groups = re.compile(self.duplicate_pattern).groupindex
            except re.error as error:
                raise ValueError(f"duplicate_pattern is no regular expression: {error}") from error
            if "id" not in groups:
                raise ValueError("duplicate_pattern has no group (?P<id>...)")
        if self.time_zone is not None:
            try:
                ZoneInfo(self.time_zone)
            except (ValueError, OSError, ZoneInfoNotFoundError) as error:
                raise ValueError(f"time_zone is no time zone: {self.time_zone}") from error


DEFAULT = Dialect()
"""``/open311/v2/``: GeoReport v2 shapes with every extension."""

STRICT = Dialect(
    name="strict",
    extensions=False,
    recipients_as_list=False,
    ours=False,
    default_window_days=90,
)
"""``/open311/strict/v2/``: no field that the specification does not have."""

FIXMYSTREET = Dialect(
    name="fixmystreet",
    wrapped_json=True,
    numeric_ids=True,
    coordinates_as_text=True,
    ours=False,
    nulls=False,
    xml_type="application/xml; charset=utf-8",
    unknown_request="empty",
)
"""``/open311/fixmystreet/v2/``: FixMyStreet's own shapes."""

SERVED = {dialect.name: dialect for dialect in (DEFAULT, STRICT, FIXMYSTREET)}
"""The dialects of our server by name."""
