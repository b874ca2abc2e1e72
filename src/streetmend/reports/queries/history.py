"""What was said about all public reports, as plain rows in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from streetmend.reports.queries.search_sql import Param, Sql


class UpdateRow(NamedTuple):
    """What a mass read tells of an update that everybody may read.

    `at` is a text in UTC that begins `YYYY-MM-DD hh:mm:ss`. `photo_names` and `media_urls` (texts) are JSON, None for none.
    `state` is the state that it moved the report to, empty where it moved nothing.
    """

    id: int
    report_id: int
    state: str
    text: str
    at: str
    photo_names: str | None
    media_urls: str | None


@dataclass(frozen=True, slots=True)
class HistorySearch:
    """Which updates are wanted, the earliest first; what is None asks for nothing. `since` is inclusive, `before`
    exclusive (aware).

    At most `limit` are found, of those that come after the moment and the id `after`.
    """

    reports: tuple[int, ...] | None = None
    since: datetime | None = None
    before: datetime | None = None
    limit: int = 1000
    after: tuple[datetime, int] | None = None


_SQLITE = (
    "+u.at",
    "(SELECT json_group_array(name) FROM (SELECT name FROM reports_photo WHERE update_id = u.id AND NOT hidden"
    " ORDER BY position, id))",
    "+u.media_urls",
)
_POSTGRESQL = (
    "u.at::text",
    "(SELECT json_agg(p.name ORDER BY p.position, p.id)::text FROM reports_photo p"
    " WHERE p.update_id = u.id AND NOT p.hidden)",
    "u.media_urls::text",
)


def updates(search: HistorySearch) -> tuple[list[UpdateRow], bool]:
    """The updates of the search and whether there are more after them; what is hidden, or belongs to a hidden report, is none."""
    asked = statement(search)
    with connection.cursor() as cursor:
        cursor.execute(asked.text, asked.params)
        found = [UpdateRow(*row) for row in cursor.fetchall()]
    return found[: search.limit], len(found) > search.limit


def statement(search: HistorySearch) -> Sql:
    """The statement that finds them, and one more where there is one."""
    conditions = ["NOT u.hidden", "r.visible"]
    params: list[Param] = []
    adapt = connection.ops.adapt_datetimefield_value
    if search.reports is not None:
        conditions.append(f"u.report_id IN ({', '.join(map(str, search.reports)) or 'NULL'})")
    for operator, moment in ((">=", search.since), ("<", search.before)):
        if moment is not None:
            conditions.append(f"u.at {operator} %s")
            params.append(adapt(moment))
    if search.after is not None:
        conditions.append("(u.at, u.id) > (%s, %s)")
        params += [adapt(search.after[0]), search.after[1]]
    parts = [
        "SELECT", ", ".join(("u.id", "u.report_id", "u.state", "u.text", *_special())),
        "FROM", _source(search), "ON r.id = u.report_id",
        "WHERE", " AND ".join(conditions),
        "ORDER BY u.at, u.id", f"LIMIT {search.limit + 1}",
    ]  # fmt: skip
    return Sql(" ".join(parts), params)


def _special() -> tuple[str, ...]:
    return _SQLITE if connection.vendor == "sqlite" else _POSTGRESQL


def _source(search: HistorySearch) -> str:
    """SQLite is told to walk along the times, as it cannot know that few updates are left out on the way."""
    if connection.vendor != "sqlite":
        return "reports_update u JOIN reports_report r"
    index = "update_told" if search.reports is None else "update_of_report"
    return f"reports_update u INDEXED BY {index} CROSS JOIN reports_report r"
