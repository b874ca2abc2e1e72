"""The plan of every search: nothing is scanned or sorted that is much more than what is returned. On both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from streetmend.bodies.models import Body, CategoryName
from streetmend.demo.filling.writing import fill
from streetmend.reports.queries import history, looking
from streetmend.reports.queries.history import HistorySearch
from streetmend.reports.queries.mass import ReportRow, page
from streetmend.reports.queries.search import Circle, Search, Window
from streetmend.reports.queries.search_sql import FEW, Sql, page_sql
from tests.support.town import make_town

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COUNT, LIMIT = 14_000, 20
AGO = {days: NOW - timedelta(days=days) for days in (2, 200, 300)}
STREET = Window(59.99, 4.0, 59.995, 4.01)
CITY = Window(59.8, 3.8, 60.2, 4.4)

#: every kind of search, with how many times the page's length it may look at; None: as many rows as are sorted by design
SEARCHES: dict[str, tuple[dict[str, Any], int | None]] = {
    "newest": ({}, 2),
    "ids": ({"ids": tuple(range(100, 100 + LIMIT))}, 3),
    "walk": ({"walk": True, "after": (AGO[200], 5000)}, 3),
    "page": ({"offset": 200}, 15),
    "open": ({"closed": False}, 20),
    "closed": ({"closed": True}, 20),
    "since": ({"since": AGO[2]}, 3),
    "before": ({"before": AGO[300]}, 3),
    "window": ({"since": AGO[300], "before": AGO[200]}, 3),
    "photo": ({"has_photo": True, "before": AGO[200]}, 150),
    "source": ({"source": "Web interface"}, 20),
    "one category": ({"categories": "one"}, 3),
    "category and window": ({"categories": "one", "before": AGO[200]}, 3),
    "two categories": ({"categories": "two"}, 8),
    "one body": ({"bodies": "one"}, 8),
    "two bodies, open, window": ({"bodies": "two", "closed": False, "before": AGO[200]}, 60),
    "three bodies": ({"bodies": "three"}, 20),
    "body walk": ({"bodies": "two", "walk": True, "after": (AGO[200], 5000)}, 20),
    "changed lately": ({"updated_since": AGO[2]}, None),
    "changed since long": ({"updated_since": AGO[300]}, 30),
    "changed before": ({"updated_before": AGO[300]}, None),
    "changes": ({"walk": True, "changes": True}, 3),
    "changes since": ({"walk": True, "changes": True, "updated_since": AGO[200]}, 3),
    "changes after": ({"walk": True, "changes": True, "after": (AGO[200], 5)}, 3),
    "changes of a category": ({"walk": True, "changes": True, "categories": "one"}, 20),
    "changes of a body": ({"walk": True, "changes": True, "bodies": "one"}, 20),
    "street": ({"window": STREET}, None),
    "city": ({"window": CITY}, 30),
    "near": ({"circle": Circle(60.0, 4.0, 300.0)}, None),
    "words": ({"words": ("e",)}, 30),
    "nothing": ({"categories": ()}, 1),
}


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[None]:
    """A town with many reports, made once for all tests of this file, and taken away again."""
    from django.core.management import call_command
    from django.test import override_settings

    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("photos")):
        make_town()
        fill(count=COUNT, seed=7, now=NOW, progress=lambda done, total: None)
        yield
        call_command("flush", interactive=False, verbosity=0)


def search_of(asked: dict[str, Any]) -> Search:
    names, bodies = (
        [CategoryName.objects.get(name=name).pk for name in ("Gatelys", "Hull i vei")],
        list(Body.objects.order_by("mapit_id").values_list("pk", flat=True)),
    )
    counts = {"one": 1, "two": 2, "three": 3}
    values = dict(asked)
    for field, known in (("categories", names), ("bodies", bodies)):
        if isinstance(values.get(field), str):
            values[field] = tuple(known[: counts[values[field]]])
    return Search(**{"limit": LIMIT, **values})


def looked_at(statement: Sql) -> int:
    """How many rows PostgreSQL looked at in tables and indexes, or sorted, at the most."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}", statement.params)
        (found,) = cursor.fetchone()
    root = found if isinstance(found, list) else json.loads(found)
    return max(_rows(node) for node in _nodes(root[0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


def _rows(node: dict[str, Any]) -> int:
    passed_over = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
    return int((node["Actual Rows"] + passed_over) * node["Actual Loops"])


def steps(statement: Sql) -> list[str]:
    """What SQLite does, step by step."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement.text}", statement.params)
        return [str(row[3]) for row in cursor.fetchall()]


def check_sqlite(statement: Sql, *, few: bool) -> None:
    """Everything is found along an index; only a finished page, the photos of an update, or few rows are sorted."""
    inside = ""
    for step in steps(statement):
        if step.startswith("CO-ROUTINE"):
            inside = step.removeprefix("CO-ROUTINE ")
        elif step.startswith(("SCAN ", "SEARCH ")) and " VIRTUAL TABLE INDEX " not in step:
            assert " USING " in step or step == f"SCAN {inside}", step
        elif "TEMP B-TREE" in step:
            assert few or inside, step


@pytest.mark.django_db
@pytest.mark.parametrize("name", SEARCHES)
def test_no_search_looks_at_much_more_than_it_finds(filled, name):
    asked, times = SEARCHES[name]
    search = search_of(asked)
    for columns in ("r.id AS id, r.version AS version, r.requested_at AS at", "r.id, r.title, r.detail"):
        statement = page_sql(search, columns, looking.few(search))
        if connection.vendor == "sqlite":
            check_sqlite(statement, few=times is None or name == "ids")
        else:
            assert looked_at(statement) <= (FEW if times is None else times * (LIMIT + 1))


@pytest.mark.django_db
@pytest.mark.parametrize("name", SEARCHES)
def test_every_search_finds_its_page_in_its_order(filled, name):
    search = search_of(SEARCHES[name][0])
    rows = [ReportRow(*row) for row in page(search).rows]
    assert len(rows) <= LIMIT
    assert rows or name in ("nothing", "near", "street")
    if search.ids is None:
        keys = [(row.updated_at if search.changes else row.requested_at, row.id) for row in rows]
        assert keys == sorted(keys, reverse=not search.changes)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "search",
    [
        HistorySearch(limit=LIMIT),
        HistorySearch(limit=LIMIT, since=AGO[200]),
        HistorySearch(limit=LIMIT, since=AGO[300], before=AGO[200]),
        HistorySearch(limit=LIMIT, after=(AGO[200], 5)),
        HistorySearch(limit=LIMIT, reports=tuple(range(100, 120))),
    ],
)
def test_the_history_looks_at_little_more_than_it_finds(filled, search):
    statement = history.statement(search)
    assert history.updates(search)[0]
    if connection.vendor == "sqlite":
        check_sqlite(statement, few=search.reports is not None)
    else:
        assert looked_at(statement) <= 8 * (LIMIT + 1)
