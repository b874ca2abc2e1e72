"""A search as one statement over the kept columns and their indexes.

SQLite is told which index to walk, so that its plan is the same with and without statistics; PostgreSQL plans by itself, but
for a search that is known to find few rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from math import cos, floor, radians, sin
from typing import TypeAlias

from django.db import connection

from streetmend.reports.models.places import ACROSS
from streetmend.reports.queries.search import METRES_PER_DEGREE, Circle, Search, Window
from streetmend.text import folded

#: up to so many rows that are new or near enough are sorted rather than looked for among the newest
FEW = 5_000
#: up to so many categories are each looked up in their own index
MOST_BRANCHES = 30
#: a window of up to so many rows of cells is looked up in each of them
_MOST_ROWS = 256
#: shorter words stand in no index
_SHORTEST = 3
#: no database counts further
_FARTHEST = 1 << 62
_ESCAPED = str.maketrans({"%": r"\%", "_": r"\_", "\\": "\\\\"})


class Way(Enum):
    """Along which index the reports are found."""

    NEWEST = "report_newest"
    CATEGORY = "report_category"
    UPDATED = "report_updated"
    PLACE = "report_place"
    WORDS = "report_words"


Param: TypeAlias = str | int | float | datetime | None


@dataclass(slots=True)
class Sql:
    """A piece of SQL with the values of its placeholders."""

    text: str
    params: list[Param] = field(default_factory=list)


class _Where:
    """Conditions, all of which must hold."""

    def __init__(self, first: str, *params: Param) -> None:
        self._conditions = [first]
        self._params: list[Param] = [*params]

    def add(self, condition: str, *params: Param) -> None:
        self._conditions.append(condition)
        self._params += params

    def also(self, other: _Where) -> None:
        self._conditions += other._conditions
        self._params += other._params

    def flag(self, column: str, value: bool | None) -> None:
        if value is not None:
            self.add(column if value else f"NOT {column}")

    def moments(self, column: str, since: datetime | None, before: datetime | None) -> None:
        adapt = connection.ops.adapt_datetimefield_value
        if since is not None:
            self.add(f"{column} >= %s", adapt(since))
        if before is not None:
            self.add(f"{column} < %s", adapt(before))

    def beyond(self, columns: str, after: tuple[datetime, int] | None, sign: str) -> None:
        """Further along a walk than `after`."""
        if after is not None:
            self.add(
                f"({columns}) {sign} (%s, %s)", connection.ops.adapt_datetimefield_value(after[0]), after[1]
            )

    def one_of(self, column: str, ids: Sequence[int] | None) -> None:
        if ids is None:
            return
        if not ids:
            self.add("1 = 0")
        elif len(ids) == 1:
            self.add(f"{column} = %s", ids[0])
        else:
            self.add(f"{column} IN ({', '.join(map(str, ids))})")

    def window(self, window: Window) -> None:
        """By rows of cells first, in each of which the longitudes lie in order."""
        rows = rows_between(window.min_lat, window.max_lat)
        if len(rows) <= _MOST_ROWS:
            self.add(f"r.cell_y IN ({', '.join(map(str, rows))})")
        else:
            self.add("r.cell_y BETWEEN %s AND %s", rows[0], rows[-1])
        self.add("r.long BETWEEN %s AND %s", window.min_long, window.max_long)
        self.add("r.lat BETWEEN %s AND %s", window.min_lat, window.max_lat)

    def circle(self, circle: Circle) -> None:
        """The haversine of the angle between the places is at most that of the radius."""
        half = radians(min(circle.radius / METRES_PER_DEGREE, 180.0)) / 2
        self.add(
            "power(sin(radians(r.lat - %s) / 2), 2)"
            " + %s * cos(radians(r.lat)) * power(sin(radians(r.long - %s) / 2), 2) <= %s",
            circle.lat,
            cos(radians(circle.lat)),
            circle.long,
            sin(half) ** 2,
        )

    def word(self, word: str) -> None:
        """Kept words and asked ones are both without regard to letter case."""
        self.add(r"r.words LIKE %s ESCAPE '\'", f"%{folded(word).translate(_ESCAPED)}%")

    def in_area(self, area: int | None) -> None:
        if area is not None:
            lies = "SELECT 1 FROM reports_reportarea a WHERE a.report_id = r.id AND a.area_id = %s"
            self.add(f"EXISTS ({lies})", area)

    def sql(self) -> Sql:
        return Sql(" AND ".join(self._conditions), self._params)


def rows_between(south: float, north: float) -> range:
    """The rows of finest cells (`models.places`) of these degrees of latitude."""
    rows = [floor((min(max(lat, -90.0), 90.0) + 90) * (ACROSS / 180)) for lat in (south, north)]
    return range(rows[0], rows[1] + 1)


def count_sql(search: Search, few: Way | None) -> Sql:
    """The statement that finds the reports of the page, and one more, in no order: for counting. `few` as for `page_sql`."""
    if search.ids is None and not search.changes and _indexed_words(search):
        return _sorted(search, "r.id", Way.WORDS, in_order=False)
    return page_sql(search, "r.id", few)


def spots_sql(search: Search) -> Sql:
    """The statement that finds the places of the reports of a window, in no order."""
    return _sorted(search, "r.lat, r.long", Way.PLACE, in_order=False)


def page_sql(search: Search, columns: str, few: Way | None) -> Sql:
    """The statement that selects `columns` (of the report `r`) of the page, and of one more where there is one.

    `few`: the index by which the search is known to find few reports, if any (`looking`).
    """
    if search.ids is not None:
        where = _Where("r.visible")
        where.one_of("r.id", search.ids)
        return joined(["SELECT", columns, "FROM reports_report r WHERE", where.sql(), "ORDER BY r.id"])
    if search.categories == () or search.bodies == ():
        return joined(["SELECT", columns, "FROM reports_report r WHERE r.id = 0"])
    if search.changes:
        return _changes(search, columns)
    if few is not None:
        return _sorted(search, columns, few)
    if search.bodies is not None:
        return _merged(search, columns, [_delivery_branch(search, body) for body in search.bodies])
    if search.area is not None:
        return _merged(search, columns, [_area_branch(search, search.area)])
    categories = search.categories
    if categories is not None and 1 < len(categories) <= MOST_BRANCHES:
        return _merged(search, columns, [_report_branch(search, (one,), Way.CATEGORY) for one in categories])
    way = Way.CATEGORY if categories is not None and len(categories) == 1 else Way.NEWEST
    keys = ["SELECT", columns, *_report_source(search, categories, way)]
    return joined([*keys, "ORDER BY r.requested_at DESC, r.id DESC", _extent(search)])


def _changes(search: Search, columns: str) -> Sql:
    """Along the index of changes, which holds what is asked most often besides."""
    where = _Where("r.visible")
    where.beyond("r.updated_at, r.id", search.after, ">")
    where.one_of("r.category_name_id", search.categories)
    where.moments("r.requested_at", search.since, search.before)
    where.flag("r.closed", search.closed)
    _conditions(where, search)
    _sent_to(where, search)
    where.in_area(search.area)
    order = ["ORDER BY r.updated_at, r.id", _extent(search)]
    return joined(["SELECT", columns, "FROM", _indexed(Way.UPDATED), "WHERE", where.sql(), *order])


def _sent_to(where: _Where, search: Search) -> None:
    if search.bodies is not None:
        ids = ", ".join(map(str, search.bodies))
        sent = "SELECT 1 FROM reports_delivery d WHERE d.report_id = r.id AND d.visible AND d.body_id IN"
        where.add(f"EXISTS ({sent} ({ids}))")


def few_ways(search: Search) -> list[Way]:
    """The indexes that may leave few reports: which of them does, must be counted before the page is read."""
    if search.ids is not None or search.changes or search.categories == () or search.bodies == ():
        return []
    ways = {
        Way.UPDATED: search.updated_since is not None or search.updated_before is not None,
        Way.PLACE: search.window is not None or search.circle is not None,
        Way.WORDS: bool(_indexed_words(search)),
    }
    return [way for way, asked in ways.items() if asked]


def finding_sql(search: Search, way: Way) -> Sql:
    """The statement that finds all rows that the index alone leaves."""
    source, where = _by(search, way)
    return joined(["SELECT 1 FROM", source, "WHERE", where.sql()])


def _by(search: Search, way: Way) -> tuple[str, _Where]:
    """What is read by an index, and the conditions that it answers by itself."""
    if way is Way.WORDS and connection.vendor == "sqlite":
        return way.value, _Where("report_words MATCH %s", " AND ".join(_indexed_words(search)))
    where = _Where("r.visible")
    if way is Way.UPDATED:
        where.moments("r.updated_at", search.updated_since, search.updated_before)
    elif way is Way.PLACE:
        _windows(where, search)
    else:
        for word in search.words:
            where.word(word)
    return _indexed(way), where


def _indexed_words(search: Search) -> list[str]:
    """The words that the index can find, each as the parts of three letters that FTS5 is asked for."""
    words = [folded(word) for word in search.words]
    return [
        " AND ".join(f'"{_quoted(word[at : at + 3])}"' for at in range(len(word) - 2))
        for word in words
        if len(word) >= _SHORTEST
    ]


def _quoted(part: str) -> str:
    return part.replace('"', '""')


def _sorted(search: Search, columns: str, way: Way, *, in_order: bool = True) -> Sql:
    """All rows that the index finds are looked at, and what remains of them is sorted by its keys, which the index may hold."""
    told, first = _by(search, way)
    source: list[str | Sql] = [told]
    where = _Where("r.visible")
    if connection.vendor != "sqlite":
        # OFFSET 0 keeps the planner from looking for these few among the newest
        source = ["(SELECT * FROM reports_report r WHERE", first.sql(), "OFFSET 0) r"]
    elif way is Way.WORDS:
        # SQLite keeps to this order of the tables, as CROSS says
        source.append("CROSS JOIN reports_report r")
        where.also(first)
        where.add("r.id = report_words.rowid")
    where.one_of("r.category_name_id", search.categories)
    where.moments("r.requested_at", search.since, search.before)
    where.flag("r.closed", search.closed)
    _conditions(where, search)
    where.beyond("r.requested_at, r.id", search.after, "<")
    _sent_to(where, search)
    where.in_area(search.area)
    if not in_order:
        return joined(["SELECT", columns, "FROM", *source, "WHERE", where.sql(), _extent(search)])
    keys = ["SELECT r.requested_at AS at, r.id AS id FROM", *source, "WHERE", where.sql()]
    return _of_keys(columns, [*keys, "ORDER BY at DESC, id DESC", _extent(search)])


def _of_keys(columns: str, keys: Sequence[str | Sql]) -> Sql:
    """The reports whose moments `at` and ids `keys` selects, the newest first."""
    # SQLite keeps to this order of the tables, as CROSS says; to PostgreSQL it is a condition like any other
    report = ") k CROSS JOIN reports_report r WHERE r.id = k.id ORDER BY k.at DESC, k.id DESC"
    return joined(["SELECT", columns, "FROM (", *keys, report])


def _merged(search: Search, columns: str, branches: Sequence[Sql]) -> Sql:
    """Each branch is read newest first along an index of its own, no further than the page reaches; reports are found once."""
    if connection.vendor != "sqlite" and len(branches) > 1:
        # SQLite merges branches row by row without being told where to stop, and takes no LIMIT inside
        deepest = f"ORDER BY at DESC, id DESC LIMIT {_offset(search) + search.limit + 1}"
        branches = [joined(["(", branch, deepest, ")"]) for branch in branches]
    union: list[str | Sql] = [branches[0]]
    for branch in branches[1:]:
        union += ["UNION", branch]
    return _of_keys(columns, [*union, "ORDER BY at DESC, id DESC", _extent(search)])


def _report_branch(search: Search, categories: tuple[int, ...], way: Way) -> Sql:
    return joined(["SELECT r.requested_at AS at, r.id AS id", *_report_source(search, categories, way)])


def _report_source(search: Search, categories: tuple[int, ...] | None, way: Way) -> list[str | Sql]:
    where = _Where("r.visible")
    where.one_of("r.category_name_id", categories)
    where.beyond("r.requested_at, r.id", search.after, "<")
    where.moments("r.requested_at", search.since, search.before)
    where.flag("r.closed", search.closed)
    _conditions(where, search)
    return ["FROM", _indexed(way), "WHERE", where.sql()]


def _delivery_branch(search: Search, body: int) -> Sql:
    where = _Where("d.visible")
    where.add("d.body_id = %s", body)
    return _branch(search, "reports_delivery d", "delivery_body", where)


def _area_branch(search: Search, area: int) -> Sql:
    return _branch(search, "reports_reportarea d", "report_area", _Where("d.area_id = %s", area))


def _branch(search: Search, source: str, index: str, where: _Where) -> Sql:
    """Rows `d` that carry what is asked of their report most often, the newest first."""
    where.beyond("d.requested_at, d.report_id", search.after, "<")
    where.one_of("d.category_name_id", search.categories)
    where.moments("d.requested_at", search.since, search.before)
    where.flag("d.closed", search.closed)
    if connection.vendor == "sqlite":
        source += f" INDEXED BY {index}"
    if _needs_report(search):
        source += " CROSS JOIN reports_report r"
        where.add("r.id = d.report_id")
        _conditions(where, search)
        if search.bodies is not None:
            where.in_area(search.area)
    return joined(
        ["SELECT DISTINCT d.requested_at AS at, d.report_id AS id FROM", source, "WHERE", where.sql()]
    )


def _needs_report(search: Search) -> bool:
    """Whether a condition asks for a column that a delivery does not carry."""
    asked = (
        search.updated_since,
        search.updated_before,
        search.source,
        search.has_photo,
        search.window,
        search.circle,
    )
    both = search.bodies is not None and search.area is not None
    return both or any(value is not None for value in asked) or bool(search.words)


def _conditions(where: _Where, search: Search) -> None:
    """Whatever only the report itself can answer, the cheapest first."""
    where.flag("r.has_photo", search.has_photo)
    if search.source is not None:
        where.add("r.source = %s", search.source)
    if search.about_changes:
        where.add("r.settled")
    where.moments("r.updated_at", search.updated_since, search.updated_before)
    _windows(where, search)
    if search.circle is not None:
        where.circle(search.circle)
    for word in search.words:
        where.word(word)


def _windows(where: _Where, search: Search) -> None:
    for window in (search.window, search.circle.window() if search.circle else None):
        if window is not None:
            where.window(window)


def _indexed(way: Way) -> str:
    return f"reports_report r INDEXED BY {way.value}" if connection.vendor == "sqlite" else "reports_report r"


def _extent(search: Search) -> str:
    offset = _offset(search)
    return f"LIMIT {search.limit + 1}" + (f" OFFSET {offset}" if offset else "")


def _offset(search: Search) -> int:
    return min(search.offset or 0, _FARTHEST)


def joined(parts: Sequence[str | Sql]) -> Sql:
    texts = [part if isinstance(part, str) else part.text for part in parts]
    params = [value for part in parts if isinstance(part, Sql) for value in part.params]
    return Sql(" ".join(texts), params)
