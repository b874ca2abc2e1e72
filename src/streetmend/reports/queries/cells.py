"""Public reports counted by cells of the map, from kept counts: what it costs does not grow with the reports.

What the counts do not say yet is read beside them, in the same statement, so that the sums are always those of this moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from django.db import connection

from streetmend.reports.models.places import ACROSS, CATEGORY_FINEST, COARSEST, FINEST
from streetmend.reports.models.tally import TallyOf
from streetmend.reports.queries.search import Search

#: south, west, north, east (WGS84 degrees)
Box = tuple[float, float, float, float]
#: where a map of everything is looked for
_EXTENT_LEVEL = 9


@dataclass(frozen=True, slots=True)
class Cell:
    """So many reports in a cell; the place is the cell's middle (WGS84 degrees)."""

    lat: float
    long: float
    count: int


def countable(search: Search) -> bool:
    """Whether counts of what the search asks for are kept: of all, one body or one area; of a category; open or closed."""
    several = [search.bodies, search.categories]
    if any(values is not None and len(values) != 1 for values in several):
        return False
    if search.bodies is not None and search.area is not None:
        return False
    asked = (search.ids, search.since, search.before, search.updated_since, search.updated_before)
    rest = (search.source, search.has_photo, search.window, search.circle)
    return not search.words and all(value is None for value in (*asked, *rest))


def total(search: Search) -> int:
    """How many reports there are of a countable search."""
    return sum(n for _, _, n in _read(search, COARSEST, None))


def cells(search: Search, *, zoom: float, box: Box) -> list[Cell]:
    """The reports of a countable search inside the box by cells as fine as a map of this zoom shows, or as are kept."""
    level = min(max(floor(zoom), COARSEST), FINEST if search.categories is None else CATEGORY_FINEST)
    return [Cell(*_middle(level, x, y), n) for x, y, n in _read(search, level, box)]


def extent(search: Search) -> list[tuple[float, float]]:
    """Two corners (lat, long) around the cells in which the reports of a countable search lie; none where there are none."""
    found = _read(search, _EXTENT_LEVEL, None)
    if not found:
        return []
    columns, rows = [x for x, _, _ in found], [y for _, y, _ in found]
    across = ACROSS >> (FINEST - _EXTENT_LEVEL)
    return [
        (y * 180 / across - 90, x * 360 / across - 180)
        for x, y in ((min(columns), min(rows)), (max(columns) + 1, max(rows) + 1))
    ]


def _middle(level: int, x: int, y: int) -> tuple[float, float]:
    across = ACROSS >> (FINEST - level)
    return round((y + 0.5) * 180 / across - 90, 6), round((x + 0.5) * 360 / across - 180, 6)


def _read(search: Search, level: int, box: Box | None) -> list[tuple[int, int, int]]:
    """Column, row and number of reports of the cells of a level that have any."""
    shift = FINEST - level
    kept, params = _kept(search, level)
    waiting, more = _waiting(search)
    if box is not None:
        x, y, x_end, y_end = _span(box, level)
        kept += " AND x BETWEEN %s AND %s AND y BETWEEN %s AND %s"
        params += [x, x_end, y, y_end]
        waiting += f" AND (x >> {shift}) BETWEEN %s AND %s AND (y >> {shift}) BETWEEN %s AND %s"
        more += [x, x_end, y, y_end]
    statement = (
        f"SELECT x, y, sum(n) FROM (SELECT x, y, count AS n FROM reports_cellcount WHERE {kept}"  # noqa: S608  pieces of this module only
        f" UNION ALL SELECT x >> {shift}, y >> {shift}, n FROM reports_cellchange WHERE {waiting}) c"
        " GROUP BY x, y HAVING sum(n) > 0"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, *more])
        return [(int(x), int(y), int(n)) for x, y, n in cursor.fetchall()]


def _kept(search: Search, level: int) -> tuple[str, list[Any]]:
    of, thing = TallyOf.ALL, 0
    if search.bodies is not None:
        of, thing = TallyOf.BODY, search.bodies[0]
    elif search.area is not None:
        of, thing = TallyOf.AREA, search.area
    category = search.categories[0] if search.categories is not None else 0
    text, params = (
        "of = %s AND thing = %s AND category = %s AND level = %s",
        [of.value, thing, category, level],
    )
    return _closed(search, text), params


def _waiting(search: Search) -> tuple[str, list[Any]]:
    text, params = _closed(search, "1 = 1"), list[Any]()
    if search.categories is not None:
        text += " AND category = %s"
        params.append(search.categories[0])
    among: Sequence[tuple[str, int | None]] = (
        ("recipient_ids", search.bodies[0] if search.bodies is not None else None),
        ("area_ids", search.area),
    )
    for column, value in among:
        if value is None:
            continue
        if connection.vendor == "sqlite":
            text += " ".join([" AND %s IN (SELECT value FROM json_each(", column, "))"])
            params.append(value)
        else:
            text += f" AND {column} @> %s::jsonb"
            params.append(str(value))
    return text, params


def _closed(search: Search, text: str) -> str:
    if search.closed is None:
        return text
    return f"{text} AND {'' if search.closed else 'NOT '}closed"


def _span(box: Box, level: int) -> tuple[int, int, int, int]:
    south, west, north, east = box
    across = ACROSS >> (FINEST - level)
    columns = [floor((long + 180) * (across / 360)) for long in (west, east)]
    rows = [floor((lat + 90) * (across / 180)) for lat in (south, north)]
    return columns[0], rows[0], columns[1], rows[1]
