"""A place on the ground: WGS84 degrees, latitude first, and metres between two of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geographiclib.geodesic import Geodesic

#: WGS84: the equator's radius in metres and the first eccentricity, squared
_RADIUS = 6_378_137.0
_ECCENTRICITY_2 = 0.006_694_379_990_141_317


class PlaceInvalid(ValueError):
    """Latitude or longitude is not a number of degrees on the globe; `field` says which, "lat" or "long"."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Box:
    """A piece of the map between two latitudes and two longitudes, in degrees."""

    min_lat: float
    min_long: float
    max_lat: float
    max_long: float


def checked(lat: float, long: float) -> tuple[float, float]:
    """The same place, with no minus before a zero.

    Raises PlaceInvalid for what is no finite number and for degrees beyond the globe.
    """
    for field, value, limit in (("lat", lat, 90), ("long", long, 180)):
        if not math.isfinite(value):
            raise PlaceInvalid(field, f"{field} must be a number of degrees")
        if abs(value) > limit:
            raise PlaceInvalid(field, f"{field} must lie between -{limit} and {limit} degrees")
    return lat + 0.0, long + 0.0


def ground_distance(lat: float, long: float, other_lat: float, other_long: float) -> float:
    """Metres between two places along the shortest way on the WGS84 ellipsoid."""
    metres: float = Geodesic.WGS84.Inverse(lat, long, other_lat, other_long, Geodesic.DISTANCE)["s12"]
    return metres


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres of one degree of latitude, and of one degree of longitude, at this latitude (WGS84)."""
    angle = math.radians(lat)
    root = math.sqrt(1 - _ECCENTRICITY_2 * math.sin(angle) ** 2)
    along_meridian = _RADIUS * (1 - _ECCENTRICITY_2) / root**3
    along_parallel = _RADIUS / root * math.cos(angle)
    return math.radians(along_meridian), math.radians(along_parallel)
