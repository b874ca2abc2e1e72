"""Which public reports are wanted: a search among all of them. `mass` carries it out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

#: metres of one degree of latitude on a sphere of the Earth's mean radius (6,371,008.8 m)
METRES_PER_DEGREE = 6_371_008.8 * math.pi / 180


@dataclass(frozen=True, slots=True)
class Window:
    """A window of the map in WGS84 degrees, its edges included."""

    min_lat: float
    min_long: float
    max_lat: float
    max_long: float


@dataclass(frozen=True, slots=True)
class Circle:
    """All places within `radius` metres of a place (WGS84 degrees), along the surface of a sphere."""

    lat: float
    long: float
    radius: float

    def window(self) -> Window:
        """A window that holds the circle: the smallest, or all longitudes where a pole or longitude 180 lies in it."""
        up = self.radius / METRES_PER_DEGREE
        south, north = self.lat - up, self.lat + up
        if south <= -90 or north >= 90:
            return Window(max(south, -90.0), -180.0, min(north, 90.0), 180.0)
        aside = math.degrees(math.asin(math.sin(math.radians(up)) / math.cos(math.radians(self.lat))))
        west, east = self.long - aside, self.long + aside
        if west < -180 or east > 180:
            west, east = -180.0, 180.0
        return Window(south, west, north, east)


@dataclass(frozen=True, slots=True)
class Search:
    """Which public reports are wanted; what is None asks for nothing. Newest first, then the larger id.

    With `ids` those of them that are public are found, in that order, and nothing else matters. `categories` are ids of
    category names, `bodies` ids of bodies: any of them; an empty tuple finds nothing. `since` and `updated_since` are inclusive,
    `before` and `updated_before` exclusive (aware). Each of `words` stands in the title, the detail or the address, in any letter
    case, also as a part of a longer word. `area`: the MapIt id of an area that the place lies in.

    At most `limit` reports are found. With `offset` None a full page ends where a second ends, so that a search `before` the
    second of its last report goes on without a gap or a repetition, unless one second alone fills it. With a number, exactly
    so many reports are passed over and the page is as long as it can be. The same holds for a `walk`, which begins after `after`:
    the moment and the id of the last report of the page before. With `changes` it walks from the earliest to the latest change
    and the moment is `updated_at`; otherwise from the newest report to the oldest, and the moment is `requested_at`.

    What is asked about changes (`updated_since`, `updated_before`, `changes`) is found once it is settled.
    """

    ids: tuple[int, ...] | None = None
    categories: tuple[int, ...] | None = None
    bodies: tuple[int, ...] | None = None
    area: int | None = None
    closed: bool | None = None
    since: datetime | None = None
    before: datetime | None = None
    updated_since: datetime | None = None
    updated_before: datetime | None = None
    source: str | None = None
    has_photo: bool | None = None
    words: tuple[str, ...] = ()
    window: Window | None = None
    circle: Circle | None = None
    limit: int = 1000
    offset: int | None = None
    walk: bool = False
    changes: bool = False
    after: tuple[datetime, int] | None = None

    @property
    def about_changes(self) -> bool:
        """Whether it matters when the reports changed."""
        return self.changes or self.updated_since is not None or self.updated_before is not None
