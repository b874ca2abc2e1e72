"""How far places are from each other, well enough for a town: WGS84 degrees, lat then long; metres on the ground."""

from __future__ import annotations

import math

#: of latitude
METRES_A_DEGREE = 111_320.0

Place = tuple[float, float]


def metres_between(one: Place, other: Place) -> float:
    """Metres between two places that are not farther than some ten kilometres from each other."""
    north = (other[0] - one[0]) * METRES_A_DEGREE
    east = (other[1] - one[1]) * METRES_A_DEGREE * longer_east(one[0])
    return math.hypot(north, east)


def longer_east(lat: float) -> float:
    """How long a degree of longitude is at this latitude, where a degree of latitude is 1."""
    return math.cos(math.radians(lat))


def around(lat: float, long: float, metres: float) -> tuple[float, float, float, float]:
    """South, west, north and east of a box in which everything within so many metres of the place lies."""
    high = metres / METRES_A_DEGREE
    wide = high / max(longer_east(lat), 0.01)
    return lat - high, long - wide, lat + high, long + wide
