"""Boundaries as they come -> boundaries that can be asked: flat, valid, cut at longitude 180."""

from __future__ import annotations

import numpy as np
import shapely

_GLOBE = shapely.box(-180, -90, 180, 90)
_TURN = np.array([360.0, 0.0])
_BEYOND = shapely.box(180, -90, 540, 90)


class ShapeRefused(ValueError):
    """The boundary encloses nothing, or nobody can say what it encloses."""


def mended(shape: shapely.Geometry) -> tuple[shapely.Geometry, tuple[str, ...]]:
    """A valid boundary of the same land, and a sentence about each thing that was mended.

    Raises ShapeRefused where no land is left.
    """
    said: list[str] = []
    parts = [part for part in shapely.get_parts(shape) if not part.is_empty]
    if any(_jumps(part) for part in parts):
        parts = [piece for part in parts for piece in (_cut(part) if _jumps(part) else [part])]
        said.append("cut at longitude 180")
    flat = parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
    if not shapely.is_valid(flat):
        said.append(f"mended: {shapely.is_valid_reason(flat)}")
        flat = _only_land(shapely.make_valid(flat, method="structure", keep_collapsed=False))
    if flat.is_empty or flat.area == 0:
        raise ShapeRefused("it encloses no land")
    return shapely.normalize(flat), tuple(said)


def _only_land(shape: shapely.Geometry) -> shapely.Geometry:
    land = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(land)


def _jumps(part: shapely.Geometry) -> bool:
    """Whether a side of the polygon is longer than half the globe: then it means the short way over longitude 180."""
    return any(
        np.abs(np.diff(shapely.get_coordinates(ring)[:, 0])).max() > 180 for ring in shapely.get_rings(part)
    )


def _cut(part: shapely.Geometry) -> list[shapely.Geometry]:
    """The polygon in pieces that end at longitude 180."""
    unrolled = shapely.transform(part, lambda places: np.where(places < [0, -91], places + _TURN, places))
    if _jumps(unrolled):
        raise ShapeRefused("it goes around a pole")
    if not shapely.is_valid(unrolled):
        unrolled = _only_land(shapely.make_valid(unrolled, method="structure", keep_collapsed=False))
    west = shapely.intersection(unrolled, _GLOBE)
    east = shapely.transform(shapely.intersection(unrolled, _BEYOND), lambda places: places - _TURN)
    pieces = [piece for half in (west, east) for piece in shapely.get_parts(half)]
    return [piece for piece in pieces if piece.geom_type == "Polygon" and not piece.is_empty]
