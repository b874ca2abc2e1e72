"""What holds for every route of the reading server: tags and 304, packing, HEAD, readable from everywhere. One table."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import brotli
import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from streetmend.open311.finishing import ANSWERS, PIECES
from streetmend.open311.packing import WORTH_PACKING
from streetmend.reports.models import Report
from streetmend.reports.services import Said, Told, add_update, submit
from streetmend.reports.services.settling import settle_changes
from streetmend.reports.states import Actor
from tests.support.town import EAST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
BEGAN = datetime(2024, 5, 1, 10, tzinfo=UTC)
BASES = ("/open311/v2/", "/open311/strict/v2/", "/open311/fixmystreet/v2/")
ROUTES = (
    "discovery.xml",
    "discovery.json",
    "services.xml",
    "services.json",
    "services.json?lat=60&long=4.2",
    "services/Skilt.xml",
    "services/Skilt.json",
    "requests.xml?start_date=2024-01-01",
    "requests.json?start_date=2024-01-01",
    "requests.geojson?start_date=2024-01-01",
    "requests.csv?start_date=2024-01-01",
    "requests.rss?start_date=2024-01-01",
    "requests.json?cursor=*&start_date=2024-01-01",
    "requests.json?page=1&page_size=1&start_date=2024-01-01",
    "requests/ID.xml",
    "requests/ID.json",
    "requests/ID.geojson",
    "requests/ID.csv",
    "requests/ID.rss",
    "servicerequestupdates.xml",
    "servicerequestupdates.json",
)
TABLE = [*(base + route for base in BASES for route in ROUTES), "/open311/openapi.json"]
#: what is not found, wrong, or elsewhere is readable from everywhere as well
OTHERS = (
    "nothing.json",
    "requests.yaml",
    "requests.csv?status=x",
    "requests/999999.xml",
    "requests.html",
    "services.json?lat=1",
    "servicerequestupdates.json?start_date=x",
)


@pytest.fixture
def number(transactional_db) -> str:
    """A town with a few reports of long texts, and updates of them."""
    make_town()
    for minute in range(3):
        report = submit(
            now=BEGAN + timedelta(minutes=minute), lat=EAST[0], long=EAST[1], title="Hull i veien", detail="Dypt. " * 100,
            category_name="Hull i vei", told=Told("kari@example.org", "Kari"), confirmed=True,
        ).report  # fmt: skip
        add_update(
            report=report,
            actor=Actor.STAFF,
            said=Said("Vi ser på det. " * 40),
            now=BEGAN + timedelta(hours=1),
        )
    return str(report.pk)


def test_every_route_is_tagged_and_304_for_who_has_the_answer(number, get):
    for path in TABLE:
        path = path.replace("ID", number)
        first = get(path)
        assert (first.status, first.headers["cache-control"]) == (200, "no-cache"), path
        tag = first.headers["etag"]
        for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
            again = get(path, If_None_Match=known)
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag), path
            assert again.headers["access-control-allow-origin"] == "*"
        assert get(path, If_None_Match='"other"').body == first.body


def test_every_route_is_packed_for_who_can_unpack_it(number, get):
    packed = 0
    for path in TABLE:
        path = path.replace("ID", number)
        plain = get(path)
        assert "content-encoding" not in plain.headers
        assert "Accept-Encoding" in plain.headers["vary"]
        if len(plain.body) < WORTH_PACKING:
            continue
        packed += 1
        for coding, unpack in (("gzip", gzip.decompress), ("br", brotli.decompress)):
            answer = get(path, Accept_Encoding=coding)
            assert answer.headers["content-encoding"] == coding
            assert unpack(answer.body) == plain.body, path
    assert packed > 30


def test_B_43_head_of_every_route_is_get_without_a_body(number, get):
    for path in [*TABLE, *(BASES[0] + other for other in OTHERS)]:
        path = path.replace("ID", number)
        whole, head = get(path), get(path, method="HEAD")
        assert (head.status, head.body) == (whole.status, b""), path
        # an empty answer needs no length, and the tests' server tells none to HEAD
        left_out = {"date", "x-request-id", *(() if whole.body else ("content-length",))}
        assert {k: v for k, v in head.headers.items() if k not in left_out} == {
            k: v for k, v in whole.headers.items() if k not in left_out
        }, path


def test_B_94_every_route_can_be_read_from_every_page_of_the_web_and_carries_no_cookie(number, get):
    for path in [*TABLE, *(BASES[0] + other for other in OTHERS)]:
        path = path.replace("ID", number)
        for headers in ({}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}):
            answer = get(path, **headers)
            assert answer.headers["access-control-allow-origin"] == "*", path
            assert "access-control-allow-credentials" not in answer.headers
            assert "set-cookie" not in answer.headers
            assert {"ETag", "Link", "X-Next-Cursor"} <= set(
                answer.headers["access-control-expose-headers"].split(", ")
            )
        asked = {"Origin": "https://elsewhere.example", "Access_Control_Request_Method": "GET"}
        flight = get(path, method="OPTIONS", **asked)
        if flight.status != 404:
            assert flight.status == 204, path
            assert "GET" in flight.headers["access-control-allow-methods"]


def test_B_43_no_route_can_be_written_with_another_method(number, get):
    for path in TABLE:
        for method in ("PUT", "DELETE", "PATCH", "TRACE"):
            answer = get(path.replace("ID", number), method=method)
            assert (answer.status, "GET" in answer.headers["allow"]) == (405, True), path


def test_a_time_of_change_is_told_and_decides_nothing(number, get):
    for route in ("requests.json", f"requests/{number}.xml"):
        answer = get(route)
        assert answer.headers["last-modified"].endswith(" GMT")
        again = get(route, If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT")
        assert again.status == 200, "what has left an answer has no time of its own"


def test_what_has_just_changed_has_no_time_of_change_yet(number, get):
    Report.objects.filter(pk=number).update(updated_at=datetime.now(UTC))
    assert "last-modified" not in get(f"requests/{number}.json").headers


@pytest.mark.parametrize(
    "route",
    [
        "requests.json",
        "requests.xml?status=open&start_date=2024-01-01&has_photo=false",
        "requests.json?service_code=Gatelys,Hull%20i%20vei",
        "requests.json?service_code=Nothing&bbox=4,59,5,61",
        "requests.csv?agency_responsible=101|102",
        "requests.geojson?q=hull",
        "requests.json?cursor=*",
        "requests.json?cursor=*&q=hull&bbox=4,59,5,61",
        "requests/ID.json",
        "servicerequestupdates.xml",
        "requests.json?bbox=4,59,5,61",
        "requests.json?bbox=4,59,5,61&q=hull&updated_after=1970-01-01&page=1",
        "requests.rss?lat=60&long=4&radius=5000",
        "requests.json?cursor=*&updated_after=1970-01-01",
        "requests.json?updated_after=1970-01-01",
        "requests.xml?updated_before=2999-01-01&service_code=Gatelys",
        "requests.json?page=1&page_size=1",
        "requests.json?page=7&service_code=Gatelys",
    ],
)
def test_no_page_costs_more_than_two_statements(number, client, route):
    settle_changes()
    path = BASES[0] + route.replace("ID", number)
    client.get(path)  # the names of this town are known then
    ANSWERS.clear()
    PIECES.clear()
    for changed in (False, False, True, True):
        if changed:
            Report.objects.filter(pk=number).update(version=F("version") + 1)
        for headers in ({}, {"if-none-match": '"other"'}):
            with CaptureQueriesContext(connection) as statements:
                answer = client.get(path, headers=headers)
            assert answer.status_code == 200
            assert len(statements) <= 2, [one["sql"] for one in statements]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("fmt", ["xml", "json"])
def test_the_questions_of_a_service_are_told_in_every_dialect(number, get, base, fmt):
    answer = get(f"{base}services/Skilt.{fmt}")
    empty = get(f"{base}services/Gatelys.{fmt}")
    assert (answer.status, empty.status, get(f"{base}services/Nothing.{fmt}").status) == (200, 200, 404)
    if fmt == "xml":
        (asked,) = answer.xml.findall("attributes/attribute")
        told = {str(one.tag): one.text for one in asked if not len(one)}
        values = [(one.findtext("key"), one.findtext("name")) for one in asked.findall("values/value")]
        assert empty.xml.find("attributes") is not None
        assert not len(empty.xml.find("attributes"))
    else:
        roots = [one.json.get("service_definition", one.json) for one in (answer, empty)]
        assert ("service_definition" in answer.json) == (base == BASES[2])
        (asked,) = roots[0]["attributes"]
        told = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in asked.items()
        }
        values = [(one["key"], one["name"]) for one in asked["values"]]
        assert roots[1]["attributes"] == []
    wanted = {
        "code": "kind",
        "datatype": "singlevaluelist",
        "required": "true",
        "variable": "true",
        "order": "1",
    }
    assert told | wanted == told
    assert values == [("stop", "Stopp"), ("yield", "Vikeplikt")]
