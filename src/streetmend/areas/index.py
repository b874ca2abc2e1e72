"""All current areas in memory, to be asked by place: no database takes part in a look-up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Point

from streetmend.areas.places import Box, checked, ground_distance, metres_per_degree

#: how far beyond every area a place still belongs to the nearest one: a boat at the quay, a bridge
REACH_METRES = 2_000.0
#: areas that begin at the same shore, or that touch the same border, are equally near
_SAME_METRES = 1.0
_WIDER = (REACH_METRES, 20_000.0, 200_000.0, 2_000_000.0, 21_000_000.0)

Geometries = NDArray[Any]


@dataclass(frozen=True, slots=True, order=True)
class AreaInfo:
    """A current area."""

    area_type: str
    mapit_id: int
    name: str
    generation: str


@dataclass(frozen=True, slots=True)
class Nearby:
    """The areas nearest to a place, the place in them that is nearest (degrees), and its distance in metres."""

    areas: tuple[AreaInfo, ...]
    lat: float
    long: float
    metres: float


class AreaIndex:
    """An immutable set of areas with their boundaries; any number of threads may ask it at once."""

    def __init__(self, version: object, rows: Sequence[tuple[AreaInfo, bytes]]) -> None:
        ordered = sorted(rows, key=lambda row: row[0])
        self.version = version
        self.areas: tuple[AreaInfo, ...] = tuple(area for area, _ in ordered)
        self.shapes: Geometries = np.asarray(shapely.from_wkb([shape for _, shape in ordered]), dtype=object)
        # an area of many islands is found by the box of each island, not by the box around all
        parts, owners = shapely.get_parts(self.shapes, return_index=True)
        self._parts: Geometries = parts
        self._owners: list[int] = owners.tolist()
        self._tree = shapely.STRtree(parts)
        self._warm()

    def _warm(self) -> None:
        """Build now what GEOS builds at the first question, which would not be safe among threads."""
        shapely.prepare(self._parts)
        if len(self._parts):
            boxes = shapely.bounds(self._parts)
            middle = shapely.points((boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2)
            shapely.intersects(self._parts, middle)
        self._tree.query(Point(0, 0))

    def covering(self, lat: float, long: float) -> tuple[AreaInfo, ...]:
        """The areas that the place lies in or on the border of, by type and id.

        Raises PlaceInvalid.
        """
        lat, long = checked(lat, long)
        found = self._owners_at(lat, long)
        if abs(long) == 180:
            found |= self._owners_at(lat, -long)
        return tuple(self.areas[at] for at in sorted(found))

    def _owners_at(self, lat: float, long: float) -> set[int]:
        point = Point(long, lat)
        parts, owners = self._parts, self._owners
        return {owners[at] for at in self._tree.query(point).tolist() if parts[at].intersects(point)}

    def nearest(
        self, lat: float, long: float, *, within: float | None = None, among: Collection[int] | None = None
    ) -> Nearby | None:
        """The nearest areas: several where they begin within a metre of each other, None where there are none.

        `within`: metres on the ground at most; None: at any distance. `among`: only areas with these MapIt ids.
        Raises PlaceInvalid.
        """
        lat, long = checked(lat, long)
        radii = (within,) if within is not None else _WIDER
        for radius in radii:
            found = self._nearest(lat, long, radius, among)
            if found is not None:
                return found
        return None

    def _nearest(
        self, lat: float, long: float, radius: float, among: Collection[int] | None
    ) -> Nearby | None:
        near: dict[int, tuple[float, float, float]] = {}
        # the globe is closed: what lies beyond longitude 180 begins again at -180
        for turn in (0.0, 360.0, -360.0):
            for at in self._candidates(lat, long + turn, radius):
                owner = self._owners[at]
                if among is not None and self.areas[owner].mapit_id not in among:
                    continue
                place = _closest(self._parts[at], lat, long + turn)
                metres = ground_distance(lat, long, *place)
                if metres <= radius and (owner not in near or metres < near[owner][0]):
                    near[owner] = (metres, *place)
        if not near:
            return None
        metres, near_lat, near_long = min(near.values())
        owners = sorted(owner for owner, found in near.items() if found[0] <= metres + _SAME_METRES)
        return Nearby(tuple(self.areas[owner] for owner in owners), near_lat, near_long, metres)

    def _candidates(self, lat: float, long: float, radius: float) -> list[int]:
        per_lat, _ = metres_per_degree(lat)
        up = radius / per_lat
        # a degree of longitude is shortest at the end of the box that is nearer to a pole
        _, per_long = metres_per_degree(min(abs(lat) + up, 89.9))
        aside = min(radius / per_long, 180.0)
        box = shapely.box(long - aside, lat - up, long + aside, lat + up)
        found: list[int] = self._tree.query(box).tolist()
        return sorted(found)

    def bounds(self, among: Collection[int] | None = None) -> Box | None:
        """The box around the areas (around those with the MapIt ids `among`); None where there are none."""
        shapes = [
            shape
            for area, shape in zip(self.areas, self.shapes, strict=True)
            if among is None or area.mapit_id in among
        ]
        if not shapes:
            return None
        min_long, min_lat, max_long, max_lat = shapely.total_bounds(shapes).tolist()
        return Box(min_lat, min_long, max_lat, max_long)


def _closest(shape: shapely.Geometry, lat: float, long: float) -> tuple[float, float]:
    """The place of the shape, latitude first, that is nearest to the given one on the ground."""
    per_lat, per_long = metres_per_degree(lat)
    scale = np.array([max(per_long, 1.0), per_lat])
    centre = np.array([long, lat])
    flat = shapely.transform(shape, lambda places: (places - centre) * scale)
    line = shapely.shortest_line(flat, Point(0, 0))
    x, y = shapely.get_coordinates(line)[0] / scale + centre
    return float(y), float(x)
