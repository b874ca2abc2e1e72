"""From decoded query parameters to the fields of a RequestSearch, collecting every fault on the way."""

import re
from collections.abc import Callable, Iterable
from datetime import tzinfo
from functools import partial
from typing import Any, NamedTuple, TypeVar

from streetmend.georeport import numbers, times
from streetmend.georeport.errors import Fault, InvalidParameters

T = TypeVar("T")

MOST_IDS = 1000
"""So many service_request_ids may be asked for at once."""
MOST_BODIES = 100
"""So many ids may stand in agency_responsible."""


class Box(NamedTuple):
    """A window of the map in WGS84 degrees; the order is that of the ``bbox`` parameter: long before lat."""

    min_long: float
    min_lat: float
    max_long: float
    max_lat: float


class Circle(NamedTuple):
    """All that lies within ``radius`` metres of a point in WGS84 degrees."""

    lat: float
    long: float
    radius: float


# Control characters, lone surrogates and noncharacters match nothing that is stored, and some break
# databases.
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_CURSOR = re.compile(r"[A-Za-z0-9_\-=.~:*]{1,512}")
_FOREIGN_ID = re.compile(r"\S{1,255}")
_LONGEST_TEXT = 4000
_FARTHEST = 20_100_000  # metres: nothing on Earth is farther away
_LISTS = frozenset({"service_request_id", "service_code", "status", "agency_responsible"})
_JOINED_BY = {"agency_responsible": "|"}


class _Wrong(ValueError):
    """A value cannot be used; the message says why."""


class _Fields:
    """The parameters by name, cleaned of empty ones; takes note of what is wrong."""

    def __init__(self, query: Iterable[tuple[str, str]]) -> None:
        self.faults: list[Fault] = []
        given: dict[str, list[str]] = {}
        for name, value in query:
            if value.strip():
                given.setdefault(name, []).append(value)
        self._given = given

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def take(self, name: str, reader: Callable[[str], T]) -> T | None:
        """What ``reader`` makes of the parameter, or None (and a fault) if it is absent, given twice or
        refused.
        """
        values = self._given.get(name)
        if not values:
            return None
        if name in _LISTS:
            values = [_JOINED_BY.get(name, ",").join(values)]
        if len(set(values)) > 1:
            self.wrong(name, "is given more than once")
            return None
        try:
            return reader(values[0])
        except (_Wrong, numbers.NotANumber, times.NotATime) as error:
            self.wrong(name, str(error))
            return None

    def wrong(self, name: str, message: str) -> None:
        self.faults.append(Fault(name, message))


def read_search(
    query: Iterable[tuple[str, str]], *, zone: tzinfo, limit: int, digit_ids: bool
) -> dict[str, Any]:
    """Keyword arguments for RequestSearch. Raises InvalidParameters."""
    fields = _Fields(query)
    found: dict[str, Any] = {
        "service_request_id": fields.take("service_request_id", partial(_ids, digits=digit_ids)),
        "jurisdiction_id": fields.take("jurisdiction_id", str),
        "extensions": fields.take("extensions", _truth),
    }
    if "service_request_id" not in fields:
        found |= _filters(fields, zone) | _extent(fields, limit)
    if fields.faults:
        raise InvalidParameters(tuple(fields.faults))
    return {name: value for name, value in found.items() if value is not None}


def _filters(fields: _Fields, zone: tzinfo) -> dict[str, Any]:
    moments = ("start_date", "end_date", "updated_after", "updated_before")
    return {
        **{name: fields.take(name, partial(times.parse_in, zone=zone)) for name in moments},
        "service_code": fields.take("service_code", _text),
        "status": fields.take("status", _statuses),
        "agency_responsible": fields.take("agency_responsible", _bodies),
        "interface_used": fields.take("interface_used", _text),
        "has_photo": fields.take("has_photo", _truth),
        "q": fields.take("q", _text),
        "bbox": fields.take("bbox", _box),
        "near": _near(fields),
    }


def _extent(fields: _Fields, limit: int) -> dict[str, Any]:
    return {
        "max_requests": fields.take("max_requests", partial(_at_most, limit=limit)),
        "page": fields.take("page", _from_one),
        "page_size": fields.take("page_size", lambda text: min(_from_one(text), limit)),
        "cursor": fields.take("cursor", _cursor),
    }


def _text(value: str) -> str:
    value = value.strip()
    if _UNUSABLE.search(value):
        raise _Wrong("contains characters that no text has")
    if len(value) > _LONGEST_TEXT:
        raise _Wrong(f"must have at most {_LONGEST_TEXT} characters")
    return value


def _split(value: str, separator: str) -> list[str]:
    parts = (part.strip() for part in value.split(separator))
    return list(dict.fromkeys(part for part in parts if part))


def _ids(value: str, *, digits: bool) -> tuple[str, ...]:
    ids = _split(value, ",")
    if len(ids) > MOST_IDS:
        raise _Wrong(f"has more than {MOST_IDS} ids")
    if digits and not all(_is_number(one) for one in ids):
        raise _Wrong("must be whole numbers, separated by commas")
    if not all(_FOREIGN_ID.fullmatch(one) and not _UNUSABLE.search(one) for one in ids):
        raise _Wrong("contains what cannot be an id")
    return tuple(ids) or _none_left()


def _is_number(text: str) -> bool:
    """Exactly as an id of ours is printed: so that ``01`` and ``1`` are not the same request twice."""
    return (
        text.isascii()
        and text.isdecimal()
        and not text.startswith("0")
        and len(text) <= numbers.LONGEST_WHOLE
    )


def _bodies(value: str) -> tuple[int, ...]:
    parts = _split(value, "|")
    if len(parts) > MOST_BODIES:
        raise _Wrong(f"has more than {MOST_BODIES} ids")
    try:
        ids = tuple(dict.fromkeys(numbers.whole(part) for part in parts))
    except numbers.NotANumber as error:
        raise _Wrong("must be ids (whole numbers), separated by |") from error
    return ids or _none_left()


def _statuses(value: str) -> tuple[str, ...]:
    words = _split(value.lower(), ",")
    if not set(words) <= {"open", "closed"}:
        raise _Wrong("must be open or closed, or both separated by a comma")
    return tuple(words) or _none_left()


def _none_left() -> Any:
    """Only separators were given. That asks for nothing in particular less than it is a mistake: say so."""
    raise _Wrong("contains nothing but separators")


def _truth(value: str) -> bool:
    word = value.strip().lower()
    if word not in ("true", "false"):
        raise _Wrong("must be true or false")
    return word == "true"


def _from_one(value: str) -> int:
    number = numbers.whole(value)
    if number < 1:
        raise _Wrong("must be at least 1")
    return number


def _at_most(value: str, *, limit: int) -> int | None:
    """max_requests: what is no number, or larger than the site allows, is ignored as the seed has it."""
    try:
        number = numbers.whole(value)
    except numbers.NotANumber:
        return None
    return number if 1 <= number <= limit else None


def _cursor(value: str) -> str:
    if not _CURSOR.fullmatch(value):
        raise _Wrong("is no cursor of this server")
    return value


def _box(value: str) -> Box:
    parts = value.split(",")
    if len(parts) != 4:
        raise _Wrong("must be four numbers: min long, min lat, max long, max lat")
    west, south, east, north = (
        reader(part)
        for reader, part in zip(
            (numbers.longitude, numbers.latitude, numbers.longitude, numbers.latitude), parts, strict=True
        )
    )
    if west > east or south > north:
        raise _Wrong("must be ordered: min long, min lat, max long, max lat")
    return Box(west, south, east, north)


def _near(fields: _Fields) -> Circle | None:
    names = ("lat", "long", "radius")
    present = [name for name in names if name in fields]
    if not present:
        return None
    for name in names:
        if name not in fields:
            fields.wrong(name, f"is required with {' and '.join(present)}")
    lat = fields.take("lat", numbers.latitude)
    long = fields.take("long", numbers.longitude)
    radius = fields.take("radius", _radius)
    if lat is None or long is None or radius is None:
        return None
    return Circle(lat, long, radius)


def _radius(value: str) -> float:
    metres = numbers.decimal(value)
    if not 0 < metres <= _FARTHEST:
        raise _Wrong(f"must be metres, more than 0 and at most {_FARTHEST}")
    return metres
