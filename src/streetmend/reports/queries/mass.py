"""Many public reports at once, as plain rows of the columns that are shown, and the digest by which a kept answer is found.

Nothing here makes model objects: Django's own conversion of a thousand reports costs more than everything else together.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import connection

from streetmend.reports.queries import looking
from streetmend.reports.queries.search import Search
from streetmend.reports.queries.search_sql import Sql, Way, page_sql, spots_sql

_CONVERTED = frozenset(
    {"closed", "photo_names", "recipient_ids", "requested_at", "updated_at", "sent_at", "expected_at"}
)
# sqlite3 lets go of the interpreter's lock at each row: with threads side by side a page would cost three times as much
_one_page_at_a_time = threading.Lock()


class ReportRow(NamedTuple):
    """What a mass read tells of a report.

    Times are texts in UTC that begin `YYYY-MM-DD hh:mm:ss`. `photo_names` (a list of texts) and `recipient_ids` (a list of
    numbers) are JSON as it stands in the database. `name` is None unless it may be shown. `closed` is a bool or 0 or 1.
    `epoch` is that of the names in the directory, at the same moment.
    """

    id: int
    version: int
    closed: bool | int
    state: str
    status_notes: str
    title: str
    detail: str
    category_name_id: int
    recipient_ids: str
    requested_at: str
    updated_at: str
    sent_at: str | None
    expected_at: str | None
    address: str
    lat: float
    long: float
    photo_names: str
    source: str
    comment_count: int
    name: str | None
    epoch: int


_REQUESTED, _UPDATED = ReportRow._fields.index("requested_at"), ReportRow._fields.index("updated_at")


@dataclass(frozen=True, slots=True)
class Outline:
    """What the reports of a page are known by, in their order, and whether there are more of them. Times as in `ReportRow`."""

    ids: Sequence[int]
    requested: Sequence[str]
    updated: Sequence[str]
    more: bool

    def reached(self, search: Search) -> tuple[datetime, int] | None:
        """Where a walk stands after this page: what the next search is to be `after`."""
        if not self.ids:
            return search.after
        return moment_of((self.updated if search.changes else self.requested)[-1]), self.ids[-1]

    def changed(self) -> datetime | None:
        """When the last of the reports changed."""
        return moment_of(max(self.updated)) if self.updated else None


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page, the ids and versions of all that was found (`5:2`), and whether that is more than the page."""

    rows: Sequence[tuple[Any, ...]]
    keys: Sequence[str]
    more: bool

    @property
    def epoch(self) -> int | None:
        """The epoch of the names by which the rows are to be shown; None where there are no rows."""
        return self.rows[0][-1] if self.rows else None

    def outline(self) -> Outline:
        """What the rows are known by."""
        ids, requested, updated = ([row[at] for row in self.rows] for at in (0, _REQUESTED, _UPDATED))
        return Outline(ids, requested, updated, self.more)


def moment_of(text: str) -> datetime:
    """The moment of a text in UTC as a mass read tells it."""
    return datetime.fromisoformat(text[:26].partition("+")[0]).replace(tzinfo=UTC)


def count(search: Search, *, most: int) -> int:
    """How many public reports the search finds without regard to its pages, or `most` + 1 where there are more."""
    return looking.look(search, most=most).total or 0


def ids(search: Search) -> list[int]:
    """The ids of the reports of the search, at most `search.limit`, in their order; one or two statements."""
    return [row[0] for row in _fetch(page_sql(search, "r.id", looking.few(search)))[: search.limit]]


def spots(search: Search) -> list[tuple[float, float]]:
    """The places (lat, long; WGS84 degrees) of at most `search.limit` reports of a window, in no order."""
    return [(row[0], row[1]) for row in _fetch(spots_sql(search))[: search.limit]]


def page(search: Search) -> Page:
    """The reports of the search, at most `search.limit`, as tuples in the order of `ReportRow`; one or two statements."""
    return read(search, looking.few(search))


def read(search: Search, few: Way | None) -> Page:
    """As `page`, in one statement. `few`: the index by which it is known to find few reports, if any (`looking`)."""
    found = _fetch(page_sql(search, _columns(connection.vendor), few))
    keys = [f"{row[0]}:{row[1]}" for row in found]
    if search.ids is not None:
        by_id = {row[0]: row for row in found}
        return Page([by_id[one] for one in search.ids if one in by_id], keys, more=False)
    length = cut([row[_REQUESTED] for row in found], search)
    return Page(found[:length], keys, more=length < len(found))


@cache
def _columns(vendor: str) -> str:
    """The columns of `ReportRow` as texts and numbers, so that no driver converts them."""
    sqlite = vendor == "sqlite"
    columns: list[str] = []
    for name in ReportRow._fields:
        if name == "name":
            columns.append("CASE WHEN r.show_name THEN r.name END")
        elif name == "epoch":
            columns.append("(SELECT epoch FROM bodies_site WHERE id = 1)")
        elif sqlite:
            # with the plus it is an expression, which has no declared type to convert from
            columns.append(f"+r.{name}" if name in _CONVERTED else f"r.{name}")
        else:
            columns.append(f"r.{name}::text" if name in _CONVERTED and name != "closed" else f"r.{name}")
    return ", ".join(columns)


def _fetch(statement: Sql) -> list[tuple[Any, ...]]:
    turn: AbstractContextManager[object] = (
        _one_page_at_a_time if connection.vendor == "sqlite" else nullcontext()
    )
    with turn, connection.cursor() as cursor:
        cursor.execute(statement.text, statement.params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def cut(requested: Sequence[str], search: Search) -> int:
    """How many of the rows found are the page, by their `requested_at`.

    Without the row that came only to show that there are more, and without a second that would be torn apart.
    """
    if len(requested) <= search.limit:
        return len(requested)
    length = search.limit
    torn = requested[length][:19]
    if search.offset is not None or search.walk or requested[0][:19] == torn:
        return length
    while requested[length - 1][:19] == torn:
        length -= 1
    return length
