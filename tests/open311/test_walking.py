"""Readers that walk by cursor, and that follow what changes, while others write: none missed, none twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection, connections, transaction

from streetmend.clock import SystemClock
from streetmend.reports.models import Report
from streetmend.reports.services import Said, Told, add_update, hide_report, submit
from streetmend.reports.services.settling import settle_changes
from streetmend.reports.states import Actor
from tests.open311.conftest import Answered, Get
from tests.support.town import WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
BEGAN = datetime(2024, 5, 1, 10, tzinfo=UTC)
EVER = quote("1970-01-01T00:00:00Z")


def make(at: datetime, title: str = "Lykta er mørk") -> str:
    report = submit(
        now=at, lat=WEST[0], long=WEST[1], title=title, category_name="Gatelys",
        told=Told("kari@example.org", "Kari"), confirmed=True,
    ).report  # fmt: skip
    return str(report.pk)


@pytest.fixture
def seven(transactional_db) -> list[str]:
    """Seven reports, two in each second; oldest first."""
    make_town()
    return [make(BEGAN + timedelta(seconds=number // 2)) for number in range(7)]


def walked(get: Get, query: str, **more: str) -> Iterator[Answered]:
    """All pages from the first on, along the links to the next."""
    path = f"requests.json?{query}"
    for _ in range(1000):
        answer = get(path, **more)
        assert answer.status == 200, answer.body
        yield answer
        link = answer.headers.get("link")
        if link is None:
            return
        assert link.endswith('>; rel="next"')
        path = "requests.json?" + link.partition("?")[2].partition(">")[0]


def ids(pages: Iterator[Answered]) -> list[str]:
    return [one for page in pages for one in page.ids]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("more", ["", "&service_code=Gatelys", "&agency_responsible=101|102", "&q=lykta"])
def test_a_walk_finds_each_request_once_from_the_newest_to_the_oldest(seven, get, size, more):
    assert ids(walked(get, f"cursor=*&max_requests={size}{more}")) == seven[::-1]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("more", ["", "&service_code=Gatelys", "&agency_responsible=101|102", "&q=lykta"])
def test_a_walk_through_changes_goes_forward(seven, get, size, more):
    pages = list(walked(get, f"cursor=*&updated_after={EVER}&max_requests={size}{more}"))
    assert ids(iter(pages)) == seven
    moments = [row["updated_datetime"] for page in pages for row in page.json]
    assert moments == sorted(moments)


def test_what_becomes_public_after_a_walk_began_is_not_in_it(seven, get):
    pages = walked(get, "cursor=*&max_requests=3")
    first = next(pages).ids
    make(BEGAN + timedelta(hours=1))
    assert first + ids(pages) == seven[::-1]


def test_who_has_read_all_changes_goes_on_with_the_last_cursor(seven, get):
    (page,) = walked(get, f"cursor=*&updated_after={EVER}")
    cursor = page.headers["x-next-cursor"]
    nothing = get(f"requests.json?cursor={cursor}")
    assert (nothing.ids, nothing.headers["x-next-cursor"]) == ([], cursor)
    add_update(
        report=Report.objects.get(pk=seven[3]), actor=Actor.STAFF, said=Said("Vi ser på det."),
        now=BEGAN + timedelta(hours=1),
    )  # fmt: skip
    new = make(BEGAN + timedelta(hours=2))
    assert get(f"requests.json?cursor={cursor}").ids == [seven[3], new]


def test_a_change_that_was_stamped_early_and_committed_late_is_told_all_the_same(seven, get):
    """As when one writer reads the clock, and another one commits a later change before it."""
    (page,) = walked(get, f"cursor=*&updated_after={EVER}")
    latest = page.json[-1]["updated_datetime"]
    late = make(BEGAN - timedelta(hours=1))
    assert get(f"requests.json?cursor={page.headers['x-next-cursor']}").ids == [late]
    followed = get(f"requests.json?updated_after={quote(latest)}").json
    assert late in [row["service_request_id"] for row in followed]
    assert all(row["updated_datetime"] >= latest for row in followed)


def test_a_hidden_request_is_on_no_walk_and_does_not_stop_it(seven, get):
    pages = walked(get, "cursor=*&max_requests=2")
    first = next(pages).ids
    hide_report(report=Report.objects.get(pk=first[-1]), now=BEGAN + timedelta(hours=1))
    hide_report(report=Report.objects.get(pk=seven[0]), now=BEGAN + timedelta(hours=1))
    assert first + ids(pages) == seven[:0:-1]


@pytest.mark.parametrize("fmt", ["xml", "json"])
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("cursor=x", "cursor"),
        ("cursor=n.1.2.3", "cursor"),
        ("cursor=n.-999999999999999999.1", "cursor"),
        ("cursor=n.999999999999999999.1", "cursor"),
        (f"cursor=n.0.1&updated_after={EVER}", "cursor"),
        ("cursor=*&page=2", "page"),
        ("cursor=*&cursor=n.0.1", "cursor"),
        ("cursor=%00", "cursor"),
    ],
)
def test_a_wrong_cursor_gets_400(seven, get, fmt, query, named):
    answer = get(f"requests.{fmt}?{query}")
    assert answer.status == 400
    text = answer.xml.findtext("error/description") if fmt == "xml" else answer.json[0]["description"]
    assert text.startswith(f"{named}: ")


def test_pages_link_to_each_other_and_say_how_many_there_are(seven, get):
    found = {}
    for page in (1, 2, 3):
        answer = get(f"requests.json?page={page}&page_size=3&status=open")
        links = answer.headers["link"]
        found[page] = (answer.ids, "next" in links, "prev" in links, answer.headers["x-total-count"])
    newest = seven[::-1]
    assert found == {
        1: (newest[:3], True, False, "7"),
        2: (newest[3:6], True, True, "7"),
        3: (newest[6:], False, True, "7"),
    }
    beyond = get("requests.json?page=9&page_size=3")
    assert (beyond.ids, beyond.headers["x-total-count"]) == ([], "7")


def test_an_unchanged_page_of_a_walk_is_304_and_still_says_where_to_go(seven, get):
    first = get("requests.json?cursor=*&max_requests=2")
    again = get("requests.json?cursor=*&max_requests=2", If_None_Match=first.headers["etag"])
    assert again.status == 304
    assert again.headers["x-next-cursor"] == first.headers["x-next-cursor"]
    assert again.headers["link"] == first.headers["link"]


# --- writers at the same time ---

WRITERS, EACH = 3, 12


class Writers:
    """Three writers with clocks of their own, two of them slow: they commit long after they have read the clock."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def _run(self, number: int) -> None:
        try:
            for count in range(EACH):
                self.made.append(self._slowly(number, count))
        finally:
            connections.close_all()

    def _slowly(self, number: int, count: int) -> str:
        at, title, pause = SystemClock().now(), f"Nummer {number} {count}", 0.02 * number
        if connection.vendor == "sqlite":
            threading.Event().wait(pause)
            return make(at, title)
        with transaction.atomic():
            made = make(at, title)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(%s)", [pause])
        return made

    def while_writing(self, read: Callable[[], None]) -> None:
        with ThreadPoolExecutor(WRITERS) as pool:
            running = [pool.submit(self._run, number) for number in range(WRITERS)]
            while not all(one.done() for one in running):
                read()
            for one in running:
                one.result()
        assert len(self.made) == WRITERS * EACH
        for _ in range(20):
            read()


def test_while_writers_run_who_follows_changes_by_cursor_misses_none_and_sees_none_twice(seven, get):
    seen: Counter[str] = Counter()
    state = {"query": f"cursor=*&updated_after={EVER}&max_requests=5"}

    def read() -> None:
        answer = get(f"requests.json?{state['query']}")
        seen.update(answer.ids)
        state["query"] = f"cursor={answer.headers['x-next-cursor']}&max_requests=5"

    writers = Writers()
    writers.while_writing(read)
    assert seen == Counter([*seven, *writers.made])


def test_while_writers_run_who_asks_for_what_changed_since_the_last_change_misses_none(seven, get):
    told: dict[tuple[str, str], dict[str, Any]] = {}
    state = {"since": "1970-01-01T00:00:00Z"}

    def read() -> None:
        answer = get(f"requests.json?{urlencode({'updated_after': state['since']})}")
        told.update({(row["service_request_id"], row["updated_datetime"]): row for row in answer.json})
        state["since"] = max([state["since"], *(row["updated_datetime"] for row in answer.json)])

    writers = Writers()
    writers.while_writing(read)
    assert {number for number, _ in told} == {*seven, *writers.made}
    assert len(told) == len(seven) + len(writers.made), "none came with two different times"


def test_while_writers_run_a_walk_finds_all_that_was_there_when_it_began_once(seven, get):
    walks: list[list[str]] = []
    writers = Writers()
    writers.while_writing(lambda: walks.append(ids(walked(get, "cursor=*&max_requests=4"))))
    assert len(walks) > 1
    for walk in walks:
        assert len(walk) == len(set(walk))
        assert set(seven) <= set(walk)
    assert set(walks[-1]) == {*seven, *writers.made}


def test_many_changes_are_settled_a_part_at_a_time_and_none_is_lost(seven, get):
    assert [settle_changes(most=3) for _ in range(4)] == [3, 3, 1, 0]
    assert ids(walked(get, f"cursor=*&updated_after={EVER}")) == seven
