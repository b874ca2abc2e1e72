"""What is asked of the database before a page is read, all in one statement that returns one row.

Which index leaves few reports, whether the page is as it was, how many reports there are in all, and whether changes wait for
their place: so whoever looks first needs two statements for a page, whatever is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import connection

from streetmend.reports.queries.search import Search
from streetmend.reports.queries.search_sql import (
    FEW,
    Sql,
    Way,
    count_sql,
    few_ways,
    finding_sql,
    joined,
    page_sql,
)

_EPOCH = "(SELECT epoch FROM bodies_site WHERE id = 1)"
_FEW = "(SELECT few FROM f)"


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. `epoch`: of the names in the directory. `few`: the index by which few reports are found, if any."""

    epoch: int
    few: Way | None
    #: changes were made that have no place yet in the order in which they are told; false where nothing asks for them
    waiting: bool
    #: ids and versions of the rows of the page, and of one more, in their order (`5:2,4:1`); None where nobody asked
    rows: str | None
    #: how many reports the search finds, pages apart; one more than `most` where there are more, None where nobody asked
    total: int | None


def needs_a_look(search: Search) -> bool:
    """Whether it depends on what is there how the search is best gone about."""
    return bool(few_ways(search))


def few(search: Search) -> Way | None:
    """The index by which few reports are found, if any; a statement where that has to be asked."""
    return look(search).few if needs_a_look(search) else None


def look(search: Search, *, known: Way | None = None, rows: bool = False, most: int | None = None) -> Look:
    """One look. With `rows` the page's rows are told, and its `known` index is not asked about again; with `most` the total.

    A page of which few reports are found by an index needs a look without `rows` first (`needs_a_look`). A `known` index by which
    the search does not ask (it was that of another search with the same page) is let be.
    """
    may_be = few_ways(search)
    ways = [] if rows else may_be
    if known not in may_be:
        known = None
    total: Sql | str = "NULL" if most is None else _total(search, ways, known, most)
    waiting = _unsettled() if search.about_changes else "1 = 0"
    parts = [
        *([joined(["WITH f (few) AS MATERIALIZED (SELECT CASE", *_counted(search, ways), "ELSE 0 END)"])] if ways else []),
        "SELECT", _EPOCH, ",", _FEW if ways else "0", ",", waiting, ",",
        _rows(search, known) if rows else "NULL", ",", total,
    ]  # fmt: skip
    statement = joined(parts)
    with connection.cursor() as cursor:
        cursor.execute(statement.text, statement.params)
        epoch, number, is_waiting, found, counted = cursor.fetchone()
    return Look(
        epoch=epoch or 0,
        few=ways[number - 1] if number else known,
        waiting=bool(is_waiting),
        rows=(found or "") if rows else None,
        total=counted,
    )


def _counted(search: Search, ways: Sequence[Way]) -> list[Sql]:
    """The number of the first index that leaves few; the next one is only asked where it does not."""
    return [
        joined(["WHEN (SELECT count(*) FROM (", finding_sql(search, way), f"LIMIT {FEW + 1}) found) <= {FEW} THEN {number}"])
        for number, way in enumerate(ways, start=1)
    ]  # fmt: skip


def _rows(search: Search, known: Way | None) -> Sql:
    at = "r.updated_at" if search.changes else "r.requested_at"
    page = page_sql(search, f"r.id AS id, r.version AS version, {at} AS at", known)
    if connection.vendor == "sqlite":
        # in the order in which the page gives them: SQLite keeps to it where the page has a limit
        told = "group_concat(id || ':' || version)"
    else:
        order = "id" if search.ids is not None else "at, id" if search.changes else "at DESC, id DESC"
        told = f"string_agg(id || ':' || version, ',' ORDER BY {order})"
    return joined(["(SELECT", told, "FROM (", page, ") page)"])


def _total(search: Search, ways: Sequence[Way], known: Way | None, most: int) -> Sql:
    """Counted by the index that is known, or found in the same statement, to leave few."""
    everything = replace(search, limit=most, offset=None, walk=False, after=None)

    def counted(way: Way | None) -> Sql:
        return joined(["(SELECT count(*) FROM (", count_sql(everything, way), ") found)"])

    if not ways:
        return counted(known)
    cases: list[str | Sql] = ["CASE", _FEW]
    for number, way in enumerate(ways, start=1):
        cases += [f"WHEN {number} THEN", counted(way)]
    return joined([*cases, "ELSE", counted(None), "END"])


def _unsettled() -> str:
    index = "INDEXED BY report_unsettled" if connection.vendor == "sqlite" else ""
    return " ".join(["EXISTS (SELECT 1 FROM reports_report w", index, "WHERE w.visible AND NOT w.settled)"])
