"""Requests as points, as a table, as a feed and as pages; and the history of updates. Over a real socket."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.conf import settings
from lxml import etree

from streetmend.bodies.models import Body
from streetmend.reports.models import Report, Update
from streetmend.reports.services import Said, Told, add_update, hide_report, hide_update, submit
from streetmend.reports.states import Actor, State
from tests.open311.conftest import Answered
from tests.support.town import EAST, WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
BEGAN = datetime(2024, 5, 1, 10, tzinfo=UTC)
GEORSS = "{http://www.georss.org/georss}point"
DIALECTS = ["/open311/v2/", "/open311/strict/v2/", "/open311/fixmystreet/v2/"]


def make(minutes: int = 0, *, place=WEST, category="Gatelys", title="Lykta er mørk", **more) -> str:
    report = submit(
        now=BEGAN + timedelta(minutes=minutes), lat=place[0], long=place[1], title=title, category_name=category,
        told=Told("kari@example.org", "Kari Nordmann"), confirmed=True, **more,
    ).report  # fmt: skip
    return str(report.pk)


@pytest.fixture
def two(transactional_db) -> list[str]:
    """A light in the west, a minute later a hole in the east; newest first."""
    make_town()
    return [make(0, detail="<b>Helt</b> & mørkt"), make(1, place=EAST, category="Hull i vei", title="Hull")][
        ::-1
    ]


def table(answer: Answered) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))


def test_points_have_longitude_first_and_the_fields_as_properties(two, get):
    answer = get("requests.geojson?status=open")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/geo+json")
    found = json.loads(answer.body)
    assert found["type"] == "FeatureCollection"
    assert [one["id"] for one in found["features"]] == two
    hole = found["features"][0]
    assert hole["geometry"] == {"type": "Point", "coordinates": [EAST[1], EAST[0]]}
    assert hole["properties"]["service_code"] == "Hull i vei"
    assert hole["properties"]["url"] == f"{settings.BASE_URL}/reports/{two[0]}"


def test_a_table_has_the_fields_as_columns(two, get):
    answer = get("requests.csv")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    rows = table(answer)
    assert [row["service_request_id"] for row in rows] == two
    assert (rows[1]["title"], rows[1]["detail"]) == ("Lykta er mørk", "<b>Helt</b> & mørkt")
    assert (float(rows[0]["lat"]), float(rows[0]["long"])) == EAST
    assert rows[0]["requested_datetime"] == "2024-05-01T12:01:00+02:00"
    assert rows[0]["agency_responsible"] == "Østby kommune; Veietaten"
    assert rows[0]["expected_datetime"] == ""


@pytest.mark.parametrize("start", ["=1+1", "+47", "-2", "@SUM(A1)", "＝1", "＋1", "－1", "＠a"])
def test_B_65_no_cell_is_a_formula(transactional_db, get, start):
    make_town()
    make(title=f"{start}|cmd", detail=f"{start} igjen")
    (row,) = table(get("requests.csv"))
    shown = Report.objects.get()
    assert (row["title"], row["detail"]) == (f"'{shown.title}", f"'{shown.detail}")
    assert row["description"] == f"'{shown.title}: {shown.detail}"
    assert (float(row["lat"]), float(row["long"])) == WEST


def test_B_06_no_cell_turns_its_line_around(transactional_db, get):
    make_town()
    make(title="Hull", detail="a ‮cba‬ b")
    assert "‮" in Report.objects.get().detail
    assert table(get("requests.csv"))[0]["detail"] == "a cba b"


def test_a_feed_has_a_place_for_each_item_and_no_markup_in_it(two, get):
    answer = get("requests.rss")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/rss+xml; charset=utf-8")
    items = answer.xml.findall("channel/item")
    assert [one.findtext("guid") for one in items] == [
        f"{settings.BASE_URL}/reports/{number}" for number in two
    ]
    light = items[1]
    assert light.findtext("title") == "Lykta er mørk"
    assert light.findtext("description") == "Lykta er mørk: &lt;b&gt;Helt&lt;/b&gt; &amp; mørkt"
    assert light.findtext("pubDate") == "Wed, 01 May 2024 10:00:00 GMT"
    assert light.findtext("category") == "Gatelys"
    assert [float(number) for number in str(light.findtext(GEORSS)).split()] == list(WEST)


@pytest.mark.parametrize("base", DIALECTS)
@pytest.mark.parametrize("extension", ["geojson", "csv", "rss"])
def test_one_request_is_there_in_each_form_and_dialect(two, get, base, extension):
    path = f"{base}requests/{two[0]}.{extension.upper()}"
    answer = get(path)
    assert answer.status == 200
    text = answer.body.decode()
    assert "Hull" in text
    assert "Lykta" not in text
    assert ("extended_status" in text) == (base == DIALECTS[0] and extension != "rss")


def test_pages_for_people_are_elsewhere(two, get):
    body = Body.objects.get(mapit_id=102)
    for asked, page in (
        ("requests.html", "/reports"),
        (f"requests/{two[0]}.html", f"/reports/{two[0]}"),
        ("requests.html?status=open&q=hull&has_photo=true", "/reports?q=hull&state=open&photo=yes"),
        ("requests.html?agency_responsible=102", f"/reports?body={body.pk}"),
    ):
        answer = get(asked)
        assert (answer.status, answer.headers["location"]) == (302, f"{settings.BASE_URL}{page}")
        assert answer.headers["access-control-allow-origin"] == "*"
    category = get(f"requests.html?service_code={quote('Hull i vei')}").headers["location"]
    path = category.removeprefix(settings.BASE_URL)
    page = get(path).body.decode()
    assert f"/reports/{two[0]}" in page
    assert f"/reports/{two[1]}" not in page


@pytest.mark.parametrize(
    ("extension", "kind"),
    [
        ("geojson", "application/json; charset=utf-8"),
        ("csv", "text/csv; charset=utf-8"),
        ("rss", "text/xml; charset=utf-8"),
        ("html", "text/xml; charset=utf-8"),
    ],
)
def test_errors_come_in_the_form_that_was_asked_for(two, get, extension, kind):
    answer = get(f"requests.{extension}?status=x&has_photo=x")
    assert (answer.status, answer.headers["content-type"]) == (400, kind)
    for name in (b"status: ", b"has_photo: "):
        assert name in answer.body
    assert get(f"requests/999999.{extension}").status == 404
    assert get(f"services.{extension}").status == 404
    assert get(f"requests.{extension}", method="POST").status == 405


@pytest.mark.parametrize("extension", ["geojson", "csv", "rss"])
def test_every_form_is_304_until_something_changes(two, get, extension):
    first = get(f"requests.{extension}")
    assert get(f"requests.{extension}", If_None_Match=first.headers["etag"]).status == 304
    hide_report(report=Report.objects.get(pk=two[0]), now=BEGAN + timedelta(hours=2))
    assert get(f"requests.{extension}", If_None_Match=first.headers["etag"]).status == 200


# --- the history of updates ---


@pytest.fixture
def said(two) -> list[Update]:
    """Three updates, the earliest first, two of them within one second."""
    light, hole = (Report.objects.get(pk=number) for number in two[::-1])
    at = BEGAN + timedelta(hours=1)
    return [
        add_update(report=light, actor=Actor.STAFF, said=Said("Vi ser på det.", State.INVESTIGATING), now=at),
        add_update(
            report=hole, actor=Actor.STAFF, said=Said("Fint bilde."), now=at + timedelta(milliseconds=300)
        ),
        add_update(
            report=light, actor=Actor.STAFF, said=Said("Ferdig.", State.FIXED), now=at + timedelta(hours=1)
        ),
    ]


def updates(answer: Answered) -> list[dict[str, str]]:
    assert answer.status == 200, answer.body
    if answer.body.startswith(b"<"):
        return [{str(one.tag): one.text or "" for one in row} for row in answer.xml.findall("request_update")]
    found = answer.json["service_request_updates"] if isinstance(answer.json, dict) else answer.json
    return [{name: str(value) for name, value in row.items()} for row in found]


@pytest.mark.parametrize("base", DIALECTS)
@pytest.mark.parametrize("fmt", ["xml", "json"])
def test_the_history_of_every_public_report_can_be_read(said, two, get, base, fmt):
    found = updates(get(f"{base}servicerequestupdates.{fmt}"))
    light, hole = two[::-1]
    assert [
        (row["update_id"], row["service_request_id"], row["status"], row["description"]) for row in found
    ] == [
        (str(said[0].pk), light, "investigating", "Vi ser på det."),
        (str(said[1].pk), hole, "unchanged", "Fint bilde."),
        (str(said[2].pk), light, "fixed", "Ferdig."),
    ]
    assert found[0]["updated_datetime"] == "2024-05-01T13:00:00+02:00"


@pytest.mark.parametrize("fmt", ["xml", "json"])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("start_date=2024-05-01T13:00:00%2B02:00", [0, 1, 2]),
        ("start_date=2024-05-01T13:00:01%2B02:00", [2]),
        ("end_date=2024-05-01T12:00:00Z", [0, 1]),
        ("start_date=2024-05-02", []),
        ("max_requests=2", [0, 1]),
        ("max_requests=1", [0]),
        ("service_request_id=LIGHT", [0, 2]),
        ("service_request_id=999999", []),
    ],
)
def test_a_window_of_the_history_has_what_lies_in_it(said, two, get, fmt, query, found):
    rows = updates(get(f"servicerequestupdates.{fmt}?{query.replace('LIGHT', two[1])}"))
    assert [row["update_id"] for row in rows] == [str(said[place].pk) for place in found]


@pytest.mark.parametrize("fmt", ["xml", "json"])
def test_what_is_hidden_is_in_no_history(said, two, get, fmt):
    hide_update(update=said[0], now=BEGAN + timedelta(hours=5))
    hide_report(report=Report.objects.get(pk=two[0]), now=BEGAN + timedelta(hours=5))
    rows = updates(get(f"servicerequestupdates.{fmt}"))
    assert [row["update_id"] for row in rows] == [str(said[2].pk)]
    hidden = get(f"servicerequestupdates.{fmt}?service_request_id={two[0]}")
    unknown = get(f"servicerequestupdates.{fmt}?service_request_id=999999")
    assert (hidden.status, hidden.body) == (unknown.status, unknown.body)


def test_rolling_windows_over_the_history_miss_nothing_and_repeat_only_the_last_second(two, get):
    report = Report.objects.get(pk=two[0])
    made = [
        add_update(
            report=report,
            actor=Actor.STAFF,
            said=Said(f"Nr {n}"),
            now=BEGAN + timedelta(hours=1, seconds=n // 2),
        )
        for n in range(9)
    ]
    seen: list[str] = []
    start = "2024-05-01T00:00:00Z"
    for _ in range(12):
        rows = updates(get(f"servicerequestupdates.json?max_requests=3&start_date={quote(start)}"))
        seen += [row["update_id"] for row in rows if row["update_id"] not in seen]
        start = rows[-1]["updated_datetime"]
    assert seen == [str(one.pk) for one in made]
    walk: list[str] = []
    cursor = "*"
    for _ in range(6):
        page = get(f"servicerequestupdates.json?max_requests=2&cursor={cursor}")
        walk += [row["update_id"] for row in updates(page)]
        cursor = page.headers["x-next-cursor"]
    assert walk == seen


def test_a_wrong_window_gets_400_with_each_fault(said, get):
    answer = get("servicerequestupdates.json?start_date=x&end_date=y&service_request_id=z")
    assert answer.status == 400
    named = {row["description"].partition(":")[0] for row in answer.json}
    assert named == {"start_date", "end_date", "service_request_id"}


# --- any text in any form ---


def test_B_08_texts_of_all_planes_are_the_same_in_every_form(transactional_db, get):
    make_town()
    title = 'Ærlig 𝕳𝖚𝖑𝖑 🚲 مرحبا 漢字 👩‍👩‍👧 & <b>"x"</b> ]]> ; , \''
    number = make(title=title, detail='a\nb, "c";\td — é 🇳🇴')
    shown = Report.objects.get(pk=number)
    assert shown.title == title
    assert get("requests.json").json[0]["title"] == title
    assert json.loads(get("requests.geojson").body)["features"][0]["properties"]["detail"] == shown.detail
    assert get("requests.xml").xml.findtext("request/detail") == shown.detail
    row = table(get("requests.csv"))[0]
    assert (row["title"], row["detail"]) == (title, shown.detail)
    assert get("requests.rss").xml.findtext("channel/item/title") == title
    assert etree.fromstring(get("requests.rss").body).tag == "rss"
