"""A page of which little has changed is made of what was kept and of what has changed, and is what reading all of it gives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client

from streetmend.bodies.models import Body
from streetmend.bodies.services import save_body
from streetmend.bodies.specs import BodySpec
from streetmend.clock import SystemClock
from streetmend.georeport.dialect import SERVED
from streetmend.georeport.writing import WRITERS
from streetmend.open311 import wire
from streetmend.open311.finishing import ANSWERS, PIECES
from streetmend.open311.names import names
from streetmend.open311.pieces import Piece, Pieces
from streetmend.reports.models import Report
from streetmend.reports.queries import mass
from streetmend.reports.queries.search import Search
from streetmend.reports.services import Told, hide_report, show_report, submit
from streetmend.reports.services.settling import settle_changes
from tests.support.town import BEGAN, WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 12
PATHS = [(name, fmt) for name in SERVED for fmt in ("json", "xml")]


@pytest.fixture
def reports(transactional_db) -> list[Report]:
    """A town with so many reports, two in each second, and nothing kept."""
    make_town()
    made = [
        submit(
            now=BEGAN + timedelta(seconds=number // 2), lat=WEST[0], long=WEST[1], title=f"Lykt {number} <&> \r\n«request»",
            category_name="Gatelys", told=Told(f"kari{number}@example.org"), confirmed=True,
        ).report
        for number in range(COUNT)
    ]  # fmt: skip
    ANSWERS.clear()
    PIECES.clear()
    return made


def read(name: str, fmt: str, query: str = "start_date=2000-01-01") -> bytes:
    answer = Client().get(f"{wire.BASES[name]}requests.{fmt}?{query}")
    assert answer.status_code == 200
    return answer.content


def whole(name: str, fmt: Any, **search: Any) -> bytes:
    """The page as it is when all of its rows are read."""
    found = wire.requests(mass.page(Search(**search)).rows, names())
    return WRITERS[fmt].write_requests(found, SERVED[name])


def _touch(report: Report) -> None:
    Report.objects.filter(pk=report.pk).update(title="Lykta er <hel>", version=F("version") + 1)


def _rename(_: Report) -> None:
    body = Body.objects.order_by("id")[0]
    spec = BodySpec(
        name="Vestlandet", mapit_id=body.mapit_id, send=body.send, email="w@test.example", areas=[101]
    )
    save_body(body=body, spec=spec, now=SystemClock().now())


def _one_more(_: Report) -> None:
    submit(
        now=BEGAN + timedelta(days=1), lat=WEST[0], long=WEST[1], title="En ny", category_name="Gatelys",
        told=Told("ola@example.org"), confirmed=True,
    )  # fmt: skip


CHANGES: dict[str, Callable[[Report], object]] = {
    "changed": _touch,
    "hidden": lambda report: hide_report(report=report, now=SystemClock().now()),
    "shown again": lambda report: show_report(report=report, now=SystemClock().now()),
    "renamed": _rename,
    "one more": _one_more,
    "changed again": _touch,
}


@pytest.mark.parametrize(("name", "fmt"), PATHS)
def test_a_page_made_of_pieces_is_what_reading_all_of_it_gives(reports, name, fmt):
    read(name, fmt)
    for change in ("changed", *CHANGES):
        CHANGES.get(change, _touch)(reports[4])
        assert read(name, fmt) == whole(name, fmt), change


@pytest.mark.parametrize("most", [1, 3, 5, 6])
def test_pages_of_pieces_end_where_other_pages_end(reports, most):
    """Two reports in each second: a page that would tear one apart ends before it."""
    query = f"max_requests={most}"
    read("default", "json", query)
    for number in (11, 10, 7, 6, 0):
        _touch(reports[number])
        assert read("default", "json", query) == whole("default", "json", limit=most)
    hide_report(report=reports[11], now=SystemClock().now())
    assert read("default", "json", query) == whole("default", "json", limit=most)


def test_a_walk_goes_on_from_a_page_of_pieces_as_from_any_other(reports):
    settle_changes()
    for query in ("cursor=*&max_requests=5", "cursor=*&max_requests=5&updated_after=2000-01-01"):
        path = f"{wire.BASES['default']}requests.json?{query}"
        Client().get(path)
        for number in (9, 10):
            # the order of changes is that of their settling: a change within the page is one of its words
            _touch(reports[number if "updated" not in query else number - 8])
            answer = Client().get(path)
            PIECES.clear()
            ANSWERS.clear()
            again = Client().get(path)
            assert answer.content == again.content
            assert answer.headers["X-Next-Cursor"] == again.headers["X-Next-Cursor"]
            assert answer.headers["ETag"] == again.headers["ETag"]
            Client().get(path)


def test_only_what_has_changed_is_read_and_kept_anew(reports):
    read("default", "json")
    _touch(reports[3])
    read("default", "json")  # it is asked for again, and has changed: its pieces are kept
    assert len(PIECES) == COUNT
    _touch(reports[4])
    read("default", "json")
    assert len(PIECES) == COUNT + 1


def test_what_changes_between_the_look_and_the_reading_is_shown_as_it_was_read(reports):
    read("default", "json")
    _touch(reports[0])
    read("default", "json")
    _touch(reports[5])
    changed: list[int] = []

    def meanwhile(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "r.title" in sql and not changed:
            changed.append(reports[5].pk)
            hide_report(report=reports[5], now=SystemClock().now())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(meanwhile):
        body = read("default", "json")
    assert changed
    assert body == whole("default", "json")


def test_pieces_take_no_more_than_they_may():
    pieces = Pieces(most_bytes=20_000)
    for number in range(1000):
        pieces.keep("kind", {f"{number}:1": Piece(b"x" * 600, "", "")})
        assert len(pieces) * 1000 <= 20_000
    assert pieces.known("kind", ["999:1", "1:1"]).keys() == {"999:1"}
    assert not pieces.known("other", ["999:1"])
    pieces.keep("kind", {f"{number}:2": Piece(b"x" * 600, "", "") for number in range(1000)})
    assert not pieces.known("kind", ["1:2"]), "what is larger than all that is kept is not kept"


def test_pieces_that_are_asked_for_stay():
    pieces = Pieces(most_bytes=20_000)
    for number in range(1000):
        pieces.keep("kind", {f"{number}:1": Piece(b"x" * 600, "", "")})
        assert "0:1" in pieces.known("kind", ["0:1"])
