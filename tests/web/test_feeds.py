"""A list, its map and its feeds say the same, from one query string."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml import etree

from streetmend.bodies.models import Body
from streetmend.reports.models import Report
from streetmend.reports.queries.listing import Filters, listing
from streetmend.reports.services import Told, hide_report, submit
from streetmend.text import clean_text
from streetmend.web.tables import csv_answer
from tests.support.town import EAST, WEST, make_town

ATOM = {"a": "http://www.w3.org/2005/Atom", "g": "http://www.georss.org/georss"}


def report(
    title: str = "Lykta er mørk", *, place=WEST, ago: timedelta = timedelta(), category="Gatelys"
) -> int:
    return submit(
        now=datetime.now(UTC) - ago, lat=place[0], long=place[1], title=title, category_name=category,
        told=Told("kari@example.org"), confirmed=True,
    ).report.pk  # fmt: skip


def titles(client: Client, query: str) -> dict[str, list[str]]:
    """What each form says for the query, in its order."""
    feed = etree.fromstring(client.get(f"/reports.atom?{query}").content)
    points = json.loads(client.get(f"/reports.geojson?{query}").content)
    table = csv.DictReader(io.StringIO(client.get(f"/reports.csv?{query}").content.decode()))
    return {
        "atom": [str(one) for one in feed.xpath("a:entry/a:title/text()", namespaces=ATOM)],
        "geojson": [one["properties"]["title"] for one in points["features"]],
        "csv": [row["title"] for row in table],
    }


@pytest.fixture
def some(db: None) -> None:
    make_town()
    report("Old", ago=timedelta(days=40))
    report("Hole", place=EAST, category="Hull i vei", ago=timedelta(days=8))
    report("New")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["New", "Hole", "Old"]),
        ("days=7", ["New"]),
        ("days=30", ["New", "Hole"]),
        ("days=8", ["New", "Hole", "Old"]),
        ("q=hole", ["Hole"]),
        ("state=closed", []),
        ("page=7", ["New", "Hole", "Old"]),
    ],
)
def test_every_form_has_the_reports_that_the_query_asks_for(client, some, query, found):
    assert titles(client, query) == {"atom": found, "geojson": found, "csv": found}
    listed = client.get(f"/reports?{query}").content.decode()
    assert [title for title in ("New", "Hole", "Old") if f"<bdi>{title}</bdi>" in listed] == found


def test_an_entry_has_its_place_its_page_and_its_moment(client, some):
    feed = etree.fromstring(client.get("/reports.atom?q=hole").content)
    entry = feed.find("a:entry", ATOM)
    assert entry.findtext("g:point", namespaces=ATOM) == "60.0 4.2"
    assert entry.find("a:link", ATOM).get("href").startswith("http://127.0.0.1:8000/reports/")
    assert datetime.fromisoformat(entry.findtext("a:updated", namespaces=ATOM))
    assert feed.xpath("a:link[@rel='self']/@href", namespaces=ATOM) == [
        "http://127.0.0.1:8000/reports.atom?q=hole"
    ]


def test_a_point_is_long_then_lat(client, some):
    (point,) = json.loads(client.get("/reports.geojson?q=hole").content)["features"]
    assert point["geometry"] == {"type": "Point", "coordinates": [4.2, 60.0]}
    assert client.get("/reports.geojson").headers["Content-Type"] == "application/geo+json"


def test_the_list_links_to_its_forms_with_what_was_asked(client, some):
    page = client.get("/reports?q=hole&state=&page=1").content.decode()
    for form in ("atom", "csv", "geojson"):
        assert f'href="/reports.{form}?q=hole"' in page


def test_what_is_hidden_is_in_no_form(client, db):
    make_town()
    pk = report("Secret")
    hide_report(report=Report.objects.get(pk=pk), now=datetime.now(UTC))
    assert titles(client, "") == {"atom": [], "geojson": [], "csv": []}


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "+1", "-2+3", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_B_65_a_title_is_no_formula_in_a_table_and_numbers_stay_numbers(client, db, title):
    make_town()
    report(title)
    (row,) = csv.DictReader(io.StringIO(client.get("/reports.csv").content.decode()))
    assert row["title"] == f"'{title}"
    assert (row["lat"], row["long"], row["updates"]) == ("60.0", "4.0", "0")


def test_B_65_the_wide_equals_sign_is_quoted_too():
    answer = csv_answer("x", ["a"], [["＝1"], ["\t=1"], [-1]])
    assert answer.content.decode().splitlines() == ["a", "'＝1", "'\t=1", "-1"]


@pytest.fixture
def town(db: None) -> None:
    make_town()


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(min_size=1, max_size=60))
def test_any_text_comes_out_of_every_form_as_it_went_in(town, text):
    try:
        title = clean_text(text, field="title", max_length=200, required=True)
    except ValueError:
        return
    report(title)
    found = titles(Client(), "")
    assert found["atom"][0] == found["geojson"][0] == title
    assert found["csv"][0].removeprefix("'") == title.removeprefix("'")


def test_a_list_can_be_of_one_body_with_every_other_filter(client, some):
    west = Body.objects.get(mapit_id=101).pk
    for query, found in (
        ("", ["New", "Old"]),
        ("&days=7", ["New"]),
        ("&q=old", ["Old"]),
        ("&state=closed", []),
        ("&photo=yes", []),
    ):
        assert titles(client, f"body={west}{query}")["csv"] == found
        listed = client.get(f"/reports?body={west}{query}").content.decode()
        assert [title for title in ("New", "Hole", "Old") if f"<bdi>{title}</bdi>" in listed] == found


def test_a_list_knows_its_number_and_shows_no_page_beyond_ten_thousand_reports(some):
    report("One more")
    few = listing(Filters(), page=9, size=2, most=3)
    assert (few.total, few.more, few.page, few.pages) == (4, False, 2, 2)
    assert [row.title for row in few.rows] == ["Hole"]
    all_of_them = listing(Filters(), page=1, size=20)
    assert (all_of_them.total, all_of_them.more, len(all_of_them.rows)) == (4, False, 4)


def test_a_list_of_what_no_counts_are_kept_of_counts_to_ten_thousand_and_says_that_there_are_more(some):
    report("One more")
    of_late = Filters(since=datetime(2020, 1, 1, tzinfo=UTC))
    few = listing(of_late, page=9, size=2, most=3)
    assert (few.total, few.more, few.page, few.pages) == (3, True, 2, 2)


def test_a_list_can_be_of_one_area_with_every_other_filter(client, some):
    for query, found in (
        ("area=101", ["New", "Old"]),
        ("area=102", ["Hole"]),
        ("area=102&days=7", []),
        ("area=101&q=old", ["Old"]),
        ("area=101&state=closed", []),
        (f"area=101&body={Body.objects.get(mapit_id=103).pk}", []),
        (f"area=102&body={Body.objects.get(mapit_id=103).pk}", ["Hole"]),
        ("area=999", []),
    ):
        assert titles(client, query)["csv"] == found, query
        page = client.get(f"/reports?{query}").content.decode()
        assert [title for title in ("New", "Hole", "Old") if f"<bdi>{title}</bdi>" in page] == found, query
    assert '<option value="101" selected>Vestby</option>' in client.get("/reports?area=101").content.decode()
