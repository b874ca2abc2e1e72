"""The text of one parameter to its value; what cannot be used says why."""

import re
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from streetmend.georeport import numbers, times

MOST_IDS = 1000
"""So many service_request_ids may be asked for at once."""
MOST_BODIES = 100
"""So many ids may stand in agency_responsible."""
LONGEST_TEXT = 4000
FARTHEST = 20_100_000
"""Metres: nothing on Earth is farther away."""


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

latitude, longitude = numbers.latitude, numbers.longitude


class Wrong(ValueError):
    """A value cannot be used; the message says why."""


def moment(text: str, zone: tzinfo) -> datetime:
    """An aware moment; without a zone ``zone`` is meant. Raises NotATime."""
    return times.parse_in(text, zone)


def text(value: str) -> str:
    """A text as it is stored. Raises Wrong."""
    value = value.strip()
    if _UNUSABLE.search(value):
        raise Wrong("contains characters that no text has")
    if len(value) > LONGEST_TEXT:
        raise Wrong(f"must have at most {LONGEST_TEXT} characters")
    return value


def _split(value: str, separator: str) -> list[str]:
    parts = (part.strip() for part in value.split(separator))
    return list(dict.fromkeys(part for part in parts if part))


def ids(value: str, *, digits: bool) -> tuple[str, ...]:
    """Ids separated by commas. Raises Wrong."""
    ids = _split(value, ",")
    if len(ids) > MOST_IDS:
        raise Wrong(f"has more than {MOST_IDS} ids")
    if digits and not all(_is_number(one) for one in ids):
        raise Wrong("must be whole numbers, separated by commas")
    if not all(_FOREIGN_ID.fullmatch(one) and not _UNUSABLE.search(one) for one in ids):
        raise Wrong("contains what cannot be an id")
    return tuple(ids) or _none_left()


def _is_number(text: str) -> bool:
    """Exactly as an id of ours is printed: so that ``01`` and ``1`` are not the same request twice."""
    return (
        text.isascii()
        and text.isdecimal()
        and not text.startswith("0")
        and len(text) <= numbers.LONGEST_WHOLE
    )


def bodies(value: str) -> tuple[int, ...]:
    """Ids separated by |. Raises Wrong."""
    parts = _split(value, "|")
    if len(parts) > MOST_BODIES:
        raise Wrong(f"has more than {MOST_BODIES} ids")
    try:
        ids = tuple(dict.fromkeys(numbers.whole(part) for part in parts))
    except numbers.NotANumber as error:
        raise Wrong("must be ids (whole numbers), separated by |") from error
    return ids or _none_left()


def statuses(value: str) -> tuple[str, ...]:
    """Of open and closed. Raises Wrong."""
    words = _split(value.lower(), ",")
    if not set(words) <= {"open", "closed"}:
        raise Wrong("must be open or closed, or both separated by a comma")
    return tuple(words) or _none_left()


def _none_left() -> Any:
    """Only separators were given. That asks for nothing in particular less than it is a mistake: say so."""
    raise Wrong("contains nothing but separators")


def truth(value: str) -> bool:
    """true or false. Raises Wrong."""
    word = value.strip().lower()
    if word not in ("true", "false"):
        raise Wrong("must be true or false")
    return word == "true"


def from_one(value: str) -> int:
    """1, 2, 3... Raises Wrong or NotANumber."""
    number = numbers.whole(value)
    if number < 1:
        raise Wrong("must be at least 1")
    return number


def at_most(value: str, *, limit: int) -> int | None:
    """max_requests: what is no number, or larger than the site allows, is ignored as the seed has it."""
    try:
        number = numbers.whole(value)
    except numbers.NotANumber:
        return None
    return number if 1 <= number <= limit else None


def cursor(value: str) -> str:
    """A cursor as it may have been given out. Raises Wrong."""
    if not _CURSOR.fullmatch(value):
        raise Wrong("is no cursor of this server")
    return value


def box(value: str) -> Box:
    """A window of the map. Raises Wrong or NotANumber."""
    parts = value.split(",")
    if len(parts) != 4:
        raise Wrong("must be four numbers: min long, min lat, max long, max lat")
    west, south, east, north = (
        reader(part)
        for reader, part in zip(
            (numbers.longitude, numbers.latitude, numbers.longitude, numbers.latitude), parts, strict=True
        )
    )
    if west > east or south > north:
        raise Wrong("must be ordered: min long, min lat, max long, max lat")
    return Box(west, south, east, north)


def radius(value: str) -> float:
    """Metres. Raises Wrong or NotANumber."""
    metres = numbers.decimal(value)
    if not 0 < metres <= FARTHEST:
        raise Wrong(f"must be metres, more than 0 and at most {FARTHEST}")
    return metres
