"""Boundaries as a map draws them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import shapely

from streetmend.areas.index import AreaIndex, AreaInfo, Geometries
from streetmend.areas.places import metres_per_degree

#: a closed ring of places, (lat, long) in degrees; the last is the first
Ring = tuple[tuple[float, float], ...]

_KEPT = 16
_lock = threading.Lock()
_kept: OrderedDict[tuple[object, float], Geometries] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Outline:
    """An area with its boundary: for each piece of land the outer ring, then the rings of its holes."""

    area: AreaInfo
    pieces: tuple[tuple[Ring, ...], ...]


def outlines_of(index: AreaIndex, among: Collection[int] | None, tolerance: float) -> tuple[Outline, ...]:
    """The boundaries of the areas with the MapIt ids `among` (all if None), simplified by at most `tolerance` metres."""
    shapes = _simplified(index, tolerance)
    return tuple(
        Outline(area, _pieces(shape))
        for area, shape in zip(index.areas, shapes, strict=True)
        if among is None or area.mapit_id in among
    )


def _simplified(index: AreaIndex, tolerance: float) -> Geometries:
    if tolerance <= 0 or not index.areas:
        return index.shapes
    key = (index.version, tolerance)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    box = index.bounds()
    per_lat, _ = metres_per_degree((box.min_lat + box.max_lat) / 2 if box else 0.0)
    shapes = index.shapes.copy()
    # shared borders are simplified alike within one type; types overlap each other and are no coverage
    for area_type in {area.area_type for area in index.areas}:
        at = np.array([area.area_type == area_type for area in index.areas])
        shapes[at] = shapely.coverage_simplify(shapes[at], tolerance / per_lat)
    with _lock:
        _kept[key] = shapes
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return shapes


def _pieces(shape: shapely.Geometry) -> tuple[tuple[Ring, ...], ...]:
    return tuple(
        tuple(_ring(ring) for ring in shapely.get_rings(part))
        for part in shapely.get_parts(shape)
        if not part.is_empty
    )


def _ring(ring: shapely.Geometry) -> Ring:
    return tuple((lat, long) for long, lat in shapely.get_coordinates(ring).tolist())
