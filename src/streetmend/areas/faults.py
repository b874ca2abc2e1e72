"""What is wrong with a map as a whole: land in the middle that nobody has, and land that two areas of one type have."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import shapely
from pyproj import Geod

from streetmend.areas.index import AreaInfo
from streetmend.areas.queries import index

#: less is the roundness of boundaries, not a fault: one hectare
SMALLEST_SQUARE_METRES = 10_000.0

_GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class Hole:
    """Land (or water) with areas all around it and none on it: a place in it (degrees) and its size."""

    lat: float
    long: float
    square_metres: float
    around: tuple[AreaInfo, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Land of two areas of one type: a place in it (degrees) and its size."""

    first: AreaInfo
    second: AreaInfo
    lat: float
    long: float
    square_metres: float


def holes(among: Collection[int] | None = None) -> tuple[Hole, ...]:
    """What is enclosed by all areas together, or by those with the MapIt ids `among`, and belongs to none; the largest first."""
    known = index()
    chosen = np.array([among is None or area.mapit_id in among for area in known.areas], dtype=bool)
    shapes = known.shapes[chosen] if len(known.areas) else known.shapes
    areas = [area for area, wanted in zip(known.areas, chosen, strict=True) if wanted]
    found = []
    for part in shapely.get_parts(shapely.union_all(shapes)):
        for ring in shapely.get_rings(part)[1:]:
            land = shapely.Polygon(ring)
            size = _square_metres(land)
            if size >= SMALLEST_SQUARE_METRES:
                place = shapely.point_on_surface(land)
                around = tuple(areas[at] for at in np.flatnonzero(shapely.intersects(shapes, ring)))
                found.append(Hole(place.y, place.x, size, around))
    return tuple(sorted(found, key=lambda hole: -hole.square_metres))


def overlaps() -> tuple[Overlap, ...]:
    """Every two areas of one type that share land, the largest piece first. Borders in common are no overlap."""
    known = index()
    if not known.areas:
        return ()
    types = np.array([area.area_type for area in known.areas])
    one, other = shapely.STRtree(known.shapes).query(known.shapes, predicate="intersects")
    pairs = (one < other) & (types[one] == types[other])
    found = []
    for first, second in zip(one[pairs].tolist(), other[pairs].tolist(), strict=True):
        land = shapely.intersection(known.shapes[first], known.shapes[second])
        if land.area and (size := _square_metres(land)) >= SMALLEST_SQUARE_METRES:
            place = shapely.point_on_surface(land)
            found.append(Overlap(known.areas[first], known.areas[second], place.y, place.x, size))
    return tuple(sorted(found, key=lambda overlap: -overlap.square_metres))


def _square_metres(shape: shapely.Geometry) -> float:
    """The size on the WGS84 ellipsoid; points and lines have none."""
    return sum(
        abs(float(_GEOD.geometry_area_perimeter(part)[0]))
        for part in shapely.get_parts(shape)
        if part.geom_type in ("Polygon", "MultiPolygon")
    )
