"""The ground that pins stand on: the operator's map (GeoJSON), or the outlines of the areas where there is none.

Features of the GeoJSON have a kind (`k` or `kind`: land, water, park, main, minor) and, for roads, a name (`n` or `name`).
The file is read and projected once; what a window shows of it is clipped, rounded to whole pixels and kept.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from streetmend.areas import queries as area_queries
from streetmend.text import clean_text
from streetmend.web.maps.window import Window, mercator, unmercator

#: in the order in which they are painted
SURFACES = ("land", "area", "park", "water")
ROADS = ("minor", "main")
_KEPT = 256
_LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Road:
    """A road as a window sees it: its name and the pixels of its visible stretches."""

    name: str
    main: bool
    lines: tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True, slots=True)
class View:
    """What a window shows of the ground: paths by kind, ready for SVG, and the roads for their names."""

    paths: tuple[tuple[str, str], ...]
    roads: tuple[Road, ...]


@dataclass(slots=True)
class Ground:
    """The features of a map in the Mercator square, with an index, and the views drawn last."""

    kinds: list[str]
    names: list[str]
    shapes: list[BaseGeometry]
    _tree: STRtree = field(init=False)
    _views: OrderedDict[Window, View] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._tree = STRtree(self.shapes)

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """The box of all features in the Mercator square (min x, min y, max x, max y)."""
        if not self.shapes:
            return None
        west, north, east, south = shapely.total_bounds(self.shapes)
        return float(west), float(north), float(east), float(south)

    def named(self) -> list[tuple[str, float, float]]:
        """Whatever has a name, with a place on it (lat, long), by name; of several stretches of one street the first."""
        found: dict[str, tuple[str, float, float]] = {}
        for name, one in zip(self.names, self.shapes, strict=True):
            if name and name not in found:
                line = one.geom_type == "LineString"
                middle = one.interpolate(0.5, normalized=True) if line else one.representative_point()
                found[name] = (name, *unmercator(middle.x, middle.y))
        return sorted(found.values())

    def view(self, window: Window) -> View:
        """What the window shows, drawn or remembered."""
        with self._lock:
            kept = self._views.get(window)
            if kept is not None:
                self._views.move_to_end(window)
                return kept
        drawn = self._draw(window)
        with self._lock:
            self._views[window] = drawn
            while len(self._views) > _KEPT:
                self._views.popitem(last=False)
        return drawn

    def _draw(self, window: Window) -> View:
        box = window.unit_box(margin=12)
        found = sorted(int(i) for i in self._tree.query(shapely.box(*box)))
        paths: dict[str, list[str]] = {kind: [] for kind in (*SURFACES, *ROADS)}
        roads: list[Road] = []
        for i in found:
            seen = shapely.simplify(shapely.clip_by_rect(self.shapes[i], *box), 0.4 / window.scale)
            if seen.is_empty:
                continue
            lines = _pixels(seen, window)
            kind = self.kinds[i]
            closing = "" if kind in ROADS else "z"
            paths[kind] += [_path(line, closing) for line in lines]
            if kind in ROADS and self.names[i]:
                roads.append(Road(self.names[i], kind == "main", tuple(lines)))
        return View(tuple((kind, "".join(parts)) for kind, parts in paths.items() if parts), tuple(roads))


def _pixels(seen: BaseGeometry, window: Window) -> list[tuple[tuple[float, float], ...]]:
    """The lines and rings of a shape in the window's pixels."""
    west, north, _, _ = window.unit_box()
    lines = []
    for part in shapely.get_parts(seen):
        rings = shapely.get_rings(part) if part.geom_type == "Polygon" else [part]
        for ring in rings:
            if ring.geom_type not in ("LineString", "LinearRing"):
                continue
            points = (shapely.get_coordinates(ring) - (west, north)) * window.scale
            lines.append(tuple((round(float(x), 1), round(float(y), 1)) for x, y in points))
    return lines


def _path(line: tuple[tuple[float, float], ...], closing: str) -> str:
    """The line as an SVG path of whole pixels, without points that fall on the one before."""
    last = (round(line[0][0]), round(line[0][1]))
    steps = [f"M{last[0]} {last[1]}"]
    for x, y in line[1:]:
        point = (round(x), round(y))
        if point != last:
            steps.append(f"l{point[0] - last[0]} {point[1] - last[1]}")
            last = point
    return "".join(steps) + closing


def load(path: Path) -> Ground:
    """The ground of a GeoJSON file. Raises OSError, and ValueError where it is no GeoJSON of the kind described above."""
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path} is larger than {_LARGEST // 1024 // 1024} MB")
    content = json.loads(path.read_text(encoding="utf-8"))
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise ValueError(f"{path} holds no features")
    kinds, names, shapes = [], [], []
    for feature in features:
        told: dict[str, Any] = feature.get("properties") or {}
        kind = str(told.get("k") or told.get("kind") or "")
        if kind not in (*SURFACES, *ROADS) or not feature.get("geometry"):
            continue
        try:
            geometry = shapely.transform(shape(feature["geometry"]), _project)
        except (AttributeError, IndexError, KeyError, TypeError, shapely.errors.ShapelyError) as error:
            raise ValueError(f"{path}: a feature's geometry cannot be read: {error}") from error
        kinds.append(kind)
        names.append(clean_text(str(told.get("n") or told.get("name") or ""), max_length=200))
        shapes.append(geometry if geometry.is_valid else shapely.make_valid(geometry))
    return Ground(kinds, names, shapes)


def of_areas() -> Ground:
    """The ground where the operator has no map: the outlines of the areas."""
    shapes = [
        shapely.Polygon(
            [mercator(*p) for p in rings[0]], [[mercator(*p) for p in hole] for hole in rings[1:]]
        )
        for outline in area_queries.outlines(tolerance=10)
        for rings in outline.pieces
    ]
    # the largest first: a county must not cover its municipalities
    shapes.sort(key=lambda polygon: -polygon.area)
    return Ground(["area"] * len(shapes), [""] * len(shapes), list(shapes))


def _project(points: Any) -> Any:
    return np.array([mercator(lat, long) for long, lat in points]).reshape(-1, 2)
