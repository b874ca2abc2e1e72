"""Statistics and the pages of bodies: what anybody can see of how much is reported and what becomes of it."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from streetmend.bodies.models import Body
from streetmend.reports.models import Report, Tally
from streetmend.reports.models.tally import TallyOf
from streetmend.reports.queries.statistics import About, Counts, Span, by_month, by_thing, total
from streetmend.reports.services import Said, Told, add_update, hide_report, submit
from streetmend.reports.services.counting import count_reports
from streetmend.reports.states import Actor, State
from tests.support.town import EAST, WEST, Town

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def report(at: datetime, *, place: tuple[float, float] = WEST, category: str = "Gatelys") -> Report:
    return submit(
        now=at, lat=place[0], long=place[1], title="Lykta er mørk", category_name=category,
        told=Told(email="kari@example.org"), confirmed=True,
    ).report  # fmt: skip


def say(report: Report, state: State, at: datetime) -> None:
    add_update(report=report, actor=Actor.STAFF, said=Said(text="Ja", state=state), now=at)


@pytest.fixture
def year(town: Town) -> Town:
    """A light fixed after two days, one fixed after ten, one closed, a hole in the east that is open; all since March."""
    first, second, third = (report(NOW - n * DAY) for n in (100, 95, 20))
    report(NOW - 2 * DAY, place=EAST, category="Hull i vei")
    say(first, State.FIXED, NOW - 98 * DAY)
    say(second, State.FIXED, NOW - 85 * DAY)
    say(third, State.NOT_RESPONSIBLE, NOW - 19 * DAY)
    count_reports(now=NOW)
    return town


def rows(client: Client, url: str) -> list[dict[str, str]]:
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_reports_are_counted_with_what_became_of_them(year):
    found = total(About(), Span())
    assert (found.reported, found.open, found.fixed, found.ended) == (4, 1, 2, 1)
    assert found.fixed_in == {1: 0, 3: 1, 7: 1, 14: 2, 30: 2, 90: 2, 365: 2}
    assert (found.fixed_percent, found.half_within) == (50, 3)


def test_a_report_to_two_bodies_counts_for_both_and_once_in_all(year):
    named = {Body.objects.get(pk=key).name: counts.reported for key, counts in by_thing(TallyOf.BODY, Span())}
    assert named == {"Vestby kommune": 3, "Østby kommune": 1, "Veietaten": 1}
    assert [(key, counts.reported) for key, counts in by_thing(TallyOf.AREA, Span())] == [(101, 3), (102, 1)]
    assert total(About(), Span()).reported == 4


def test_months_without_a_report_are_there_too(year):
    months = by_month(About(), Span())
    assert [(f"{at:%m}", counts.reported) for at, counts in months] == [
        ("03", 2),
        ("04", 0),
        ("05", 1),
        ("06", 1),
    ]


def test_a_month_is_one_of_the_sites_zone(town):
    report(datetime(2026, 5, 31, 22, 30, tzinfo=UTC))  # half past midnight of June the first in Oslo
    count_reports(now=NOW)
    assert [f"{at:%m}" for at, _ in by_month(About(), Span())] == ["06"]


def test_nothing_reported_is_nothing_divided():
    assert (Counts().fixed_percent, Counts().half_within, Counts().open) == (None, None, 0)


def test_a_change_shows_with_the_next_count(year):
    say(Report.objects.order_by("-id")[0], State.FIXED, NOW)
    assert count_reports(now=NOW + timedelta(minutes=9)) == 0
    assert total(About(), Span()).open == 1
    assert count_reports(now=NOW + timedelta(minutes=11)) == 1
    assert total(About(), Span()).open == 0


def test_what_was_hidden_is_counted_no_more_after_the_count_of_a_day(year):
    hide_report(report=Report.objects.order_by("-id")[0], now=NOW)
    count_reports(now=NOW + DAY)
    assert total(About(), Span()).reported == 3
    assert not Tally.objects.filter(month__month=6).exists()


def test_of_several_workers_one_counts(year):
    later = NOW + timedelta(minutes=10)
    say(Report.objects.order_by("-id")[0], State.FIXED, later)
    assert [count_reports(now=later), count_reports(now=later)] == [1, 0]


def test_the_page_says_how_much_and_links_to_more(client, year):
    page = client.get("/stats?months=0").content.decode()
    assert re.search(r"Reported</dt><dd>4<", page)
    assert re.search(r"Fixed</dt><dd>2 <span class=\"meta\">50 %", page)
    assert '<svg class="chart"' in page
    assert 'aria-label="Reported and fixed, month by month"' in page
    assert f'href="/bodies/{year.roads.pk}"' in page
    assert 'href="/stats?area=101"' in page
    assert '<td class="n">3</td>' in page


def test_an_area_has_statistics_of_its_own(client, year):
    page = client.get("/stats?area=102&months=0").content.decode()
    assert "Statistics of Østby" in page
    assert re.search(r"Reported</dt><dd>1<", page)
    assert client.get("/stats?area=999").status_code == 404


def test_a_body_has_a_page_of_its_own(client, year):
    page = client.get(f"/bodies/{year.west.pk}?months=0").content.decode()
    assert "Takes care of Vestby." in page
    assert re.search(r"Reported</dt><dd>3<", page)
    assert "Gatelys" in page
    assert page.count("Lykta er mørk") == 3
    assert client.get("/bodies/9999").status_code == 404


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("by=month", {"month": "2026-03", "reported": "2", "fixed": "2", "fixed_in_3_days": "1"}),
        ("by=category", {"name": "Gatelys", "reported": "3", "open": "0", "ended": "1"}),
        ("by=body", {"name": "Vestby kommune", "reported": "3"}),
        ("by=area", {"area": "101", "name": "Vestby", "reported": "3"}),
    ],
)
def test_every_table_is_there_as_csv(client, year, query, first):
    (found, *_) = rows(client, f"/stats.csv?months=0&{query}")
    assert found.items() >= first.items()


def test_csv_can_be_of_one_body_or_area(client, year):
    assert [row["name"] for row in rows(client, f"/stats.csv?by=category&months=0&body={year.roads.pk}")] == [
        "Hull i vei"
    ]
    assert [row["name"] for row in rows(client, "/stats.csv?by=category&months=0&area=101")] == ["Gatelys"]


def test_what_makes_no_sense_gets_the_usual_page_or_none(client, year):
    for query in ("months=7", "months=-1", "months=%00", "months=" + "9" * 400, "area=" + "9" * 40):
        assert client.get(f"/stats?{query}").status_code == 200
    assert client.get("/stats.csv?by=phase").status_code == 404


def test_the_queries_of_the_page_do_not_grow_with_the_reports(client, year):
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/stats?months=0")
        return len(queries)

    asked()
    before = asked()
    for n in range(30):
        report(NOW - n * DAY, place=EAST)
    count_reports(now=NOW + DAY)
    assert asked() == before
