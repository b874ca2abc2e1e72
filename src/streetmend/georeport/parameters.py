"""Every parameter that a GET of the server understands, in tables: the parsers read them, and so does the OpenAPI page."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any, NamedTuple

from streetmend.georeport import values


class Context(NamedTuple):
    """What the meaning of a value depends on: the zone of times without one, the site's maximum, whether ids
    are numbers.
    """

    zone: tzinfo
    limit: int
    digit_ids: bool


class Parameter(NamedTuple):
    """A parameter: how its text is read, what a correct one looks like (JSON Schema), what it asks for."""

    name: str
    read: Callable[[str, Context], Any]
    schema: Mapping[str, Any]
    words: str
    example: str | None = None
    joined_by: str = ""
    """Where it may be given several times: what the values are joined with."""


_TEXT = {"type": "string", "maxLength": values.LONGEST_TEXT}
_TIME = {"type": "string"}
_TRUTH = {"type": "string", "enum": ["true", "false"]}
_COUNT = {"type": "integer", "minimum": 1}
_LAT = {"type": "number", "minimum": -90, "maximum": 90}
_LONG = {"type": "number", "minimum": -180, "maximum": 180}


def _plain(read: Callable[[str], Any]) -> Callable[[str, Context], Any]:
    return lambda text, _context: read(text)


def _time(text: str, context: Context) -> Any:
    return values.moment(text, context.zone)


def reader(parameter: Parameter, context: Context) -> Callable[[str], Any]:
    """Reads a text of this parameter. Raises ValueError with what is wrong."""
    return lambda text: parameter.read(text, context)


IDS = Parameter(
    "service_request_id",
    lambda text, context: values.ids(text, digits=context.digit_ids),
    {"type": "string", "pattern": r"^[1-9][0-9]{0,17}(,[1-9][0-9]{0,17})*$"},
    "The requests with these ids, separated by commas, at most 1000. All other parameters are ignored.",
    joined_by=",",
)
JURISDICTION = Parameter(
    "jurisdiction_id", _plain(str), {"type": "string"}, "Ignored: a site is one jurisdiction."
)
MAX_REQUESTS = Parameter(
    "max_requests",
    lambda text, context: values.at_most(text, limit=context.limit),
    {"type": "string"},
    "At most so many. What is no number, or larger than the site's maximum, is ignored.",
    "10",
)
CURSOR = Parameter(
    "cursor",
    _plain(values.cursor),
    {"type": "string"},
    "* begins a walk; what X-Next-Cursor said goes on with it.",
    "*",
)
START, END = (
    Parameter(name, _time, _TIME, f"{words} this moment, such as 2011-03-10T00:00:00+01:00.", "2011-03-10")
    for name, words in (("start_date", "At or after"), ("end_date", "Before"))
)
LAT = Parameter("lat", _plain(values.latitude), _LAT, "Degrees north in WGS84; long is needed as well.")
LONG = Parameter("long", _plain(values.longitude), _LONG, "Degrees east in WGS84; lat is needed as well.")

SEARCH: tuple[Parameter, ...] = (
    IDS,
    Parameter(
        "service_code",
        _plain(values.text),
        _TEXT,
        "Requests of these services, separated by commas. A value is tried whole before it is split.",
        joined_by=",",
    ),
    Parameter(
        "status",
        _plain(values.statuses),
        {"type": "string", "enum": ["open", "closed", "open,closed", "closed,open"]},
        "open or closed, or both separated by a comma; in any letter case.",
        "open",
        joined_by=",",
    ),
    START,
    END,
    Parameter("updated_after", _time, _TIME, "Requests that changed at or after this moment."),
    Parameter("updated_before", _time, _TIME, "Requests that changed before this moment."),
    Parameter(
        "agency_responsible",
        _plain(values.bodies),
        {"type": "string", "pattern": r"^[0-9]{1,18}(\|[0-9]{1,18})*$"},
        "Requests that went to the body with this MapIt id; several separated by |, at most 100.",
        joined_by="|",
    ),
    Parameter(
        "interface_used", _plain(values.text), _TEXT, "Requests that came in this way, as it is shown."
    ),
    Parameter("has_photo", _plain(values.truth), _TRUTH, "With a photo, or without."),
    Parameter(
        "q",
        _plain(values.text),
        _TEXT,
        "Requests with each of these words in title, detail or address; at most 20.",
    ),
    Parameter(
        "bbox",
        _plain(values.box),
        {"type": "string"},
        "Requests in a window of the map: min long, min lat, max long, max lat (WGS84).",
        "10.6,59.8,10.9,60.0",
    ),
    LAT._replace(words="The middle of a circle; long and radius are needed as well."),
    LONG._replace(words="The middle of a circle; lat and radius are needed as well."),
    Parameter(
        "radius",
        _plain(values.radius),
        {"type": "number", "exclusiveMinimum": 0, "maximum": values.FARTHEST},
        "Requests within so many metres of lat and long.",
    ),
    MAX_REQUESTS,
    Parameter("page", _plain(values.from_one), _COUNT, "The number of a page of fixed size, counted from 1."),
    Parameter(
        "page_size",
        lambda text, context: min(values.from_one(text), context.limit),
        _COUNT,
        "How long a page is; brought down to the site's maximum.",
    ),
    CURSOR._replace(
        words="* begins a walk that misses and repeats nothing; what X-Next-Cursor said goes on. With"
        " updated_after it goes through changes, the earliest first. page cannot be given as well."
    ),
    JURISDICTION,
    Parameter("extensions", _plain(values.truth), _TRUTH, "Ignored: extensions are always there."),
)
"""GET requests."""

UPDATES: tuple[Parameter, ...] = (
    IDS._replace(words="Updates of the requests with these ids, separated by commas, at most 1000."),
    START,
    END,
    MAX_REQUESTS,
    CURSOR,
    JURISDICTION,
)
"""GET servicerequestupdates."""

PLACE: tuple[Parameter, ...] = (LAT, LONG, JURISDICTION)
"""GET services and GET services/CODE."""
