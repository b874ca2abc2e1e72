"""Pins: one for a report, with the icon of its state; where several would cover each other, one with their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from streetmend.web.maps.window import Window

#: these stand by themselves, whatever is near
APART = ("chosen", "found")
#: pins closer than so many pixels become one
_NEAR = 26.0


@dataclass(frozen=True, slots=True)
class Pin:
    """Something at a place (WGS84 degrees).

    `look`: received, progress, fixed, closed, chosen (the reader's own choice), or found (a place that was found; `label` is
    its number), or group: reports of which only the number (`count`) is shown.
    """

    lat: float
    long: float
    look: str
    label: str = ""
    href: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Placed:
    """A pin, or several as one, at a pixel of a window."""

    x: float
    y: float
    look: str
    label: str
    href: str
    count: int


def place_pins(pins: Iterable[Pin], window: Window, *, near: float = _NEAR) -> list[Placed]:
    """The pins inside the window, from north to south; those nearer to each other than `near` pixels are one."""
    inside = []
    for pin in pins:
        x, y = window.x_y(pin.lat, pin.long)
        if 0 <= x <= window.width and 0 <= y <= window.height:
            inside.append((x, y, pin))
    groups = _groups(inside, near)
    placed = [_placed(group) for group in groups]
    return sorted(placed, key=lambda pin: (pin.look in APART, pin.y))


def _groups(inside: Sequence[tuple[float, float, Pin]], near: float) -> list[list[tuple[float, float, Pin]]]:
    """Greedy: each pin joins the first group whose first pin is near; cells of the size of `near` keep it linear."""
    cells: dict[tuple[int, int], list[list[tuple[float, float, Pin]]]] = defaultdict(list)
    groups: list[list[tuple[float, float, Pin]]] = []
    for x, y, pin in inside:
        column, row = int(x // near), int(y // near)
        home = None
        if pin.look not in APART:
            for dx in (-1, 0, 1):
                for dy in (-1, 0, 1):
                    for group in cells[column + dx, row + dy]:
                        if abs(group[0][0] - x) < near and abs(group[0][1] - y) < near:
                            home = group
        if home is not None:
            home.append((x, y, pin))
            continue
        group = [(x, y, pin)]
        groups.append(group)
        if pin.look not in APART:
            cells[column, row].append(group)
    return groups


def _placed(group: Sequence[tuple[float, float, Pin]]) -> Placed:
    x = sum(x for x, _, _ in group) / len(group)
    y = sum(y for _, y, _ in group) / len(group)
    first = group[0][2]
    count = sum(pin.count for _, _, pin in group)
    if len(group) == 1:
        return Placed(round(x), round(y), first.look, first.label, first.href, count)
    return Placed(round(x), round(y), "group", "", "", count)
