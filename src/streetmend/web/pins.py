"""Reports as pins of a map: each by itself where they are few, else counted by cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from streetmend.reports.models.places import FINEST
from streetmend.reports.queries.cells import cells, countable, extent
from streetmend.reports.queries.listing import Filters, Listed, places, spots
from streetmend.web.look import look_of
from streetmend.web.maps.pins import Pin
from streetmend.web.maps.window import Window, fitting

#: more than these are shown as numbers
MOST = 500
#: so many are counted one by one where the kept cells would be coarse
_MOST_SPOTS = 5_000
#: room for a pin at the edge of a map of everything, in pixels
_MARGIN = 24


@dataclass(frozen=True, slots=True)
class Marks:
    """The pins, how many reports they stand for, and whether these are all that were asked for or the newest of them."""

    pins: list[Pin]
    count: int
    all: bool = True


def pins_of(rows: Iterable[Listed]) -> list[Pin]:
    """A pin for each report, in the look of its state, with its title."""
    return [Pin(row.lat, row.long, look_of(row.state).name, row.title, f"/reports/{row.id}") for row in rows]


def marks_in(filters: Filters, window: Window) -> Marks:
    """The reports of the filters inside the window."""
    search, box = filters.search, window.box()
    if countable(search):
        found = cells(search, zoom=window.zoom, box=box)
        count = sum(cell.count for cell in found)
        if count > MOST and window.zoom > FINEST and count <= _MOST_SPOTS:
            each = spots(filters, limit=_MOST_SPOTS, box=box)
            return Marks([Pin(lat, long, "group") for lat, long in each], len(each))
        if count > MOST:
            return Marks([Pin(cell.lat, cell.long, "group", count=cell.count) for cell in found], count)
    rows = places(filters, limit=MOST + 1, box=box)
    return Marks(pins_of(rows[:MOST]), min(len(rows), MOST), len(rows) <= MOST)


def window_and_marks(filters: Filters, *, total: int, width: int, height: int) -> tuple[Window | None, Marks]:
    """The closest window of this size that shows all reports of the filters (`total` of them), and these.

    None in place of a window: there are none.
    """
    search = filters.search
    if total > MOST and countable(search):
        window = fitting(extent(search), width=width, height=height, margin=_MARGIN)
        if window is not None:
            return window, marks_in(filters, window)
    rows = places(filters, limit=MOST) if total else []
    window = fitting([(row.lat, row.long) for row in rows], width=width, height=height)
    return window, Marks(pins_of(rows), len(rows), len(rows) >= total)
