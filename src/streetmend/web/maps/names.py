"""Street names along their streets, where there is room: none over another, none under a pin."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from streetmend.web.maps.ground import Road

Point = tuple[float, float]
#: pixels of one letter's width for a pixel of font size, and of the room around a name
_LETTER = 0.6
_AIR = 7.0
_MOST = 40


@dataclass(frozen=True, slots=True)
class Name:
    """A name with the stretch of street that it stands on, from left to right."""

    text: str
    size: float
    along: tuple[Point, ...]


def place_names(
    roads: Sequence[Road], *, width: int, height: int, size: float, taken: Iterable[Point] = ()
) -> list[Name]:
    """The names that fit, the main roads' first; `taken` are pixels that nothing may cover (pins, the centre)."""
    occupied = [(x, y, 16.0) for x, y in taken]
    placed: list[Name] = []
    said: set[str] = set()
    order = sorted(roads, key=lambda road: (not road.main, -max(map(_length, road.lines))))
    for road in order:
        if len(placed) >= _MOST:
            break
        if road.name in said:
            continue
        found = _find(road, size if road.main else size * 0.92, width, height, occupied)
        if found:
            placed.append(found)
            said.add(road.name)
            occupied += [(x, y, found.size * 0.75) for x, y in _samples(found.along, found.size)]
    return placed


def _find(
    road: Road, size: float, width: int, height: int, occupied: list[tuple[float, float, float]]
) -> Name | None:
    room = len(road.name) * size * _LETTER + 4
    for line in sorted(road.lines, key=_length, reverse=True):
        total = _length(line)
        for share in (0.5, 0.3, 0.7, 0.15, 0.85):
            start = total * share - room / 2
            if start < 0 or start + room > total:
                continue
            stretch = _stretch(line, start, start + room)
            if _bends(stretch) or not _free(stretch, size, width, height, occupied):
                continue
            return Name(
                road.name, size, _longer(stretch if stretch[0][0] <= stretch[-1][0] else stretch[::-1])
            )
    return None


def _longer(line: tuple[Point, ...]) -> tuple[Point, ...]:
    """The line with both ends drawn out: letters beyond the end of a path would not be painted in a wider font."""
    (ax, ay), (bx, by) = line[0], line[1]
    (cx, cy), (dx, dy) = line[-2], line[-1]
    first, last = 20 / max(math.dist(line[0], line[1]), 1.0), 20 / max(math.dist(line[-2], line[-1]), 1.0)
    return (
        (ax + (ax - bx) * first, ay + (ay - by) * first),
        *line[1:-1],
        (dx + (dx - cx) * last, dy + (dy - cy) * last),
    )


def _free(
    stretch: tuple[Point, ...],
    size: float,
    width: int,
    height: int,
    occupied: list[tuple[float, float, float]],
) -> bool:
    for x, y in _samples(stretch, size):
        if not (size < x < width - size and size < y < height - size):
            return False
        if any(math.hypot(x - ox, y - oy) < radius + size / 2 + _AIR for ox, oy, radius in occupied):
            return False
    return True


def _bends(stretch: tuple[Point, ...]) -> bool:
    """Whether letters would tumble: the way along the stretch is much longer than the way across."""
    across = math.dist(stretch[0], stretch[-1])
    return across < 0.93 * _length(stretch)


def _samples(stretch: tuple[Point, ...], step: float) -> list[Point]:
    total = _length(stretch)
    count = max(2, int(total // step) + 1)
    return [_at(stretch, total * i / (count - 1)) for i in range(count)]


def _length(line: Sequence[Point]) -> float:
    return sum(math.dist(a, b) for a, b in itertools.pairwise(line))


def _at(line: Sequence[Point], distance: float) -> Point:
    for a, b in itertools.pairwise(line):
        step = math.dist(a, b)
        if distance <= step and step > 0:
            share = distance / step
            return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
        distance -= step
    return line[-1]


def _stretch(line: Sequence[Point], start: float, end: float) -> tuple[Point, ...]:
    """The part of the line between two distances from its beginning."""
    kept = [_at(line, start)]
    gone = 0.0
    for a, b in itertools.pairwise(line):
        gone += math.dist(a, b)
        if start < gone < end:
            kept.append(b)
    return (*kept, _at(line, end))
