"""Easting and northing for administrations whose systems think in a national grid."""

from __future__ import annotations

from functools import cache
from math import isfinite

from pyproj import Transformer
from pyproj.exceptions import CRSError


def easting_northing(lat: float, long: float, grid: str) -> tuple[int, int]:
    """The place (WGS84 degrees) in whole metres of the grid, an EPSG code such as "EPSG:25832"; without one, of its UTM zone."""
    east, north = _transformer(grid or _utm(lat, long)).transform(long, lat)
    return round(east), round(north)


def degrees(easting: float, northing: float, grid: str) -> tuple[float, float] | None:
    """The place of the grid (an EPSG code) in WGS84 degrees, latitude first; None where there is no such place on earth."""
    long, lat = _transformer(grid).transform(easting, northing, direction="INVERSE")
    return (lat, long) if isfinite(lat) and isfinite(long) else None


def is_grid(name: str) -> bool:
    """Whether `name` is a grid that we can compute."""
    try:
        return bool(_transformer(name))
    except CRSError:
        return False


@cache
def _transformer(grid: str) -> Transformer:
    return Transformer.from_crs("EPSG:4326", grid, always_xy=True)


def _utm(lat: float, long: float) -> str:
    zone = min(int((long + 180) // 6) + 1, 60)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"
