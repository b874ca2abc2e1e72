"""What part of the world a map shows: Web Mercator pixels, a size, and the way from a click to a place and back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

#: Web Mercator ends here (degrees)
MAX_LAT = 85.0
MIN_ZOOM, MAX_ZOOM = 3.0, 19.0
#: where one looks at houses
STREET_ZOOM = 16.5
_TILE = 256


@dataclass(frozen=True, slots=True)
class Window:
    """A map of `width` x `height` pixels around a centre (WGS84 degrees) at a zoom level (that of Web Mercator tiles)."""

    lat: float
    long: float
    zoom: float
    width: int
    height: int

    def x_y(self, lat: float, long: float) -> tuple[float, float]:
        """The pixel of a place, from the upper left corner; places outside of the window have pixels outside of it."""
        size = _world(self.zoom)
        x, y = mercator(lat, long)
        cx, cy = mercator(self.lat, self.long)
        return (x - cx) * size + self.width / 2, (y - cy) * size + self.height / 2

    def place(self, x: float, y: float) -> tuple[float, float]:
        """The place (lat, long) of a pixel, to six decimals."""
        size = _world(self.zoom)
        cx, cy = mercator(self.lat, self.long)
        return unmercator(cx + (x - self.width / 2) / size, cy + (y - self.height / 2) / size)

    def box(self, margin: float = 0) -> tuple[float, float, float, float]:
        """South, west, north, east of the window, `margin` pixels more on every side."""
        north, west = self.place(-margin, -margin)
        south, east = self.place(self.width + margin, self.height + margin)
        return south, west, north, east

    def unit_box(self, margin: float = 0) -> tuple[float, float, float, float]:
        """The window in units of the Mercator square: min x, min y, max x, max y."""
        size = _world(self.zoom)
        cx, cy = mercator(self.lat, self.long)
        half_w, half_h = (self.width / 2 + margin) / size, (self.height / 2 + margin) / size
        return cx - half_w, cy - half_h, cx + half_w, cy + half_h

    @property
    def scale(self) -> float:
        """Pixels of the whole Mercator square's side."""
        return _world(self.zoom)

    @property
    def metres_per_pixel(self) -> float:
        """How many metres on the ground a pixel is at the centre."""
        return 40_075_016.686 * math.cos(math.radians(self.lat)) / _world(self.zoom)

    def moved(self, across: float, down: float) -> Window:
        """The window moved by parts of its own size."""
        lat, long = self.place(self.width * (0.5 + across), self.height * (0.5 + down))
        return replace(self, lat=lat, long=long)

    def zoomed(self, steps: float) -> Window:
        """The window closer (or, below 0, farther) by so many levels, within what there is."""
        return replace(self, zoom=min(MAX_ZOOM, max(MIN_ZOOM, self.zoom + steps)))

    def centred(self, lat: float, long: float) -> Window:
        """The same window around another place."""
        return replace(self, lat=lat, long=long)


def fitting(
    places: Iterable[tuple[float, float]],
    *,
    width: int,
    height: int,
    margin: int = 40,
    closest: float = STREET_ZOOM,
) -> Window | None:
    """The closest window that shows all places (lat, long) at least `margin` pixels inside; None where there are none."""
    points = [mercator(lat, long) for lat, long in places]
    if not points:
        return None
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    north, south = min(y for _, y in points), max(y for _, y in points)
    room_x, room_y = max(1, width - 2 * margin), max(1, height - 2 * margin)
    scale = min(room_x / max(east - west, 1e-9), room_y / max(south - north, 1e-9))
    # down to a quarter of a level, so that neighbouring windows share their drawing
    zoom = math.floor(math.log2(scale / _TILE) * 4) / 4
    lat, long = unmercator((west + east) / 2, (north + south) / 2)
    return Window(lat, long, min(closest, max(MIN_ZOOM, zoom)), width, height)


def mercator(lat: float, long: float) -> tuple[float, float]:
    """The place (degrees) in the Mercator square: x and y from 0 to 1, y down from the north."""
    sine = math.sin(math.radians(max(-MAX_LAT, min(MAX_LAT, lat))))
    return (long + 180) / 360, 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)


def unmercator(x: float, y: float) -> tuple[float, float]:
    """The place (lat, long) to six decimals of a point of the Mercator square."""
    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y))))
    return round(max(-MAX_LAT, min(MAX_LAT, lat)), 6), round(max(-180.0, min(180.0, x * 360 - 180)), 6)


def _world(zoom: float) -> float:
    return float(_TILE * 2**zoom)
