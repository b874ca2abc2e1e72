"""Bad input to every GET: an error in the asked form that names the parameter, or what was meant. Over a real socket."""

from __future__ import annotations

import csv
import io
import json
import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from streetmend.georeport.parameters import SEARCH
from streetmend.reports.services import Told, submit
from tests.open311.conftest import Answered
from tests.support.town import EAST, WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
BEGAN = datetime(2024, 5, 1, 10, tzinfo=UTC)
FORMS = ["xml", "json", "geojson", "csv", "rss"]


@pytest.fixture
def two(transactional_db) -> list[str]:
    """A light in the west, a hole in the east a minute later; newest first."""
    make_town()
    made = []
    for minute, (place, category) in enumerate(((WEST, "Gatelys"), (EAST, "Hull i vei"))):
        report = submit(
            now=BEGAN + timedelta(minutes=minute), lat=place[0], long=place[1], title="Noe er galt",
            category_name=category, told=Told("kari@example.org", "Kari"), confirmed=True,
        ).report  # fmt: skip
        made.append(str(report.pk))
    return made[::-1]


def told(answer: Answered) -> list[str]:
    """The descriptions of the errors, from any form."""
    kind = answer.headers["content-type"].partition(";")[0]
    if kind == "application/json":
        return [row["description"] for row in answer.json]
    if kind == "text/csv":
        return [row["description"] for row in csv.DictReader(io.StringIO(answer.body.decode(), newline=""))]
    assert kind == "text/xml"
    return [one.text or "" for one in answer.xml.iterfind("error/description")]


#: row of the matrix, query, names of the parameters that are wrong
WRONG = [
    ("B-01", "service_code=a%00b", ["service_code"]),
    ("B-01", "q=%00", ["q"]),
    ("B-01", "interface_used=%00&status=%00", ["status", "interface_used"]),
    ("B-02", "q=a%01b", ["q"]),
    ("B-04", "q=%EF%BF%BF", ["q"]),
    ("B-05", "q=a%C2%85b", ["q"]),
    ("B-11", f"q={'a' * 5000}", ["q"]),
    ("B-13", "lat=nan&long=inf&radius=1e400", ["lat", "long", "radius"]),
    ("B-13", "bbox=nan,1,2,3", ["bbox"]),
    ("B-14", "lat=91&long=181&radius=5", ["lat", "long"]),
    ("B-14", "bbox=4,91,5,92", ["bbox"]),
    ("B-15", "lat=60,5&long=4&radius=5", ["lat"]),
    ("B-15", f"lat={quote('٦٠')}&long={quote('４')}&radius=1_0", ["lat", "long", "radius"]),
    ("B-15", f"lat=0x3c&long={'4' * 400}&radius=5", ["lat", "long"]),
    ("B-16", "lat=60", ["long", "radius"]),
    ("B-16", "lat=60&lat=61&long=4&radius=5", ["lat"]),
    ("B-18", f"service_request_id={'9' * 30}", ["service_request_id"]),
    ("B-18", "service_request_id=-1", ["service_request_id"]),
    ("B-18", "service_request_id=1.0", ["service_request_id"]),
    ("B-18", f"service_request_id={quote('١')}", ["service_request_id"]),
    ("B-18", f"service_request_id={'9' * 5000}", ["service_request_id"]),
    ("B-19", "service_request_id=" + ",".join(map(str, range(1, 1500))), ["service_request_id"]),
    ("B-19", "service_request_id=,,", ["service_request_id"]),
    ("B-20", "start_date=garbage&end_date=2024-02-30", ["start_date", "end_date"]),
    ("B-20", "start_date=0000-01-01&end_date=10000-01-01", ["start_date", "end_date"]),
    ("B-20", "updated_after=x&updated_before=y", ["updated_after", "updated_before"]),
    ("B-23", "start_date=2011-W10-4&end_date=1714557600", ["start_date", "end_date"]),
    ("B-27", "status=foo", ["status"]),
    ("B-28", "agency_responsible=101|abc|", ["agency_responsible"]),
    ("B-28", "agency_responsible=" + "|".join(map(str, range(200))), ["agency_responsible"]),
    ("B-29", "has_photo=maybe", ["has_photo"]),
    ("B-29", "has_photo=1", ["has_photo"]),
    ("B-92", "bbox=5,60,4,61", ["bbox"]),
    ("B-92", "bbox=4,60,5", ["bbox"]),
    ("B-92", "radius=-1&lat=60&long=4", ["radius"]),
    ("B-92", "page=0&page_size=x", ["page", "page_size"]),
]


@pytest.mark.parametrize("form", FORMS)
def test_B_01_B_02_B_04_B_05_B_11_to_B_29_B_92_wrong_values_get_400_and_their_names_in_any_form(
    two, get, form
):
    for row, query, named in WRONG:
        answer = get(f"requests.{form}?{query}")
        assert answer.status == 400, (row, query[:80])
        assert [text.partition(":")[0] for text in told(answer)] == named, (row, query[:80])
        assert answer.headers["cache-control"] == "no-store"


#: row of the matrix, query, which of the two reports it finds
MEANT = [
    ("B-10", "service_code=Gate%256Cys", []),
    ("B-10", "q=%25u0041", []),
    ("B-12", "q=%20%20&service_code=&status=%20", [0, 1]),
    ("B-13", "lat=-0.0&long=-0.0&radius=5", []),
    ("B-15", "lat=%2060%20&long=4&radius=500", [1]),
    ("B-18", "service_request_id=%20ONE%20", [1]),
    ("B-18", "service_request_id=999999999999999999", []),
    ("B-19", "service_request_id=ONE,TWO,,ONE", [1, 0]),
    ("B-20", "start_date=2024-04-30T24:00", [0, 1]),
    ("B-20", "end_date=2024-05-01T12:00:60%2B02:00", [1]),
    ("B-21", "start_date=2024-05-01T12:01:00+02:00", [0]),
    ("B-21", "start_date=2024-05-01T12:01:00 02:00".replace(" ", "%20"), [0]),
    ("B-22", "end_date=9999-12-31T23:59:59-23:59&start_date=0001-01-01T00:00%2B23:59", [0, 1]),
    ("B-22", "updated_after=0001-01-01T00:00%2B23:59&updated_before=9999-12-31T23:59:59-23:59", [0, 1]),
    ("B-23", "start_date=2024-05-01", [0, 1]),
    ("B-23", "start_date=20240501&end_date=2024-05-01T12:01", [1]),
    ("B-24", "start_date=2025-01-01&end_date=2024-01-01", []),
    ("B-26", "max_requests=-1", [0, 1]),
    ("B-26", "max_requests=0", [0, 1]),
    ("B-26", "max_requests=all", [0, 1]),
    ("B-26", "max_requests=1e3", [0, 1]),
    ("B-26", "max_requests=1000000000", [0, 1]),
    ("B-27", "status=OPEN", [0, 1]),
    ("B-27", "status=%20open", [0, 1]),
    ("B-27", "status=open,closed", [0, 1]),
    ("B-28", "agency_responsible=101%7C999", [1]),
    ("B-29", "has_photo=FALSE", [0, 1]),
    ("B-33", "callback=alert(1)//", [0, 1]),
    ("B-35", "jurisdiction_id=" + "x" * 500, [0, 1]),
    ("B-36", "attribute[]=x&attribute[a][b]=y&attribute[__proto__]=z&unknown=1", [0, 1]),
    ("B-92", "bbox=-180,-90,180,90", [0, 1]),
    ("B-92", "page=999999999999999999&page_size=1000", []),
]


@pytest.mark.parametrize("form", ["xml", "json"])
def test_B_10_to_B_36_B_92_what_can_be_meant_is_understood(two, get, form):
    for row, query, found in MEANT:
        answer = get(f"requests.{form}?{query.replace('ONE', two[1]).replace('TWO', two[0])}")
        assert answer.status == 200, (row, query, answer.body)
        assert answer.ids == [two[place] for place in found], (row, query)


@pytest.mark.parametrize("form", FORMS)
def test_B_09_bytes_that_are_no_utf_8_are_only_letters_that_nothing_has(two, get, form):
    for value in ("%ff", "%c0%af", "%e6%f8%e5", "%ed%a0%80", "+ADw-"):
        answer = get(f"requests.{form}?service_code={value}")
        assert answer.status in (200, 400)
        if answer.status == 200 and form in ("xml", "json"):
            assert answer.ids == []
    charset = get(f"requests.{form}", Accept_Charset="utf-99", Accept="text/html;charset=utf-7")
    assert charset.status == 200
    charset.body.decode("utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_B_18_no_text_in_the_place_of_an_id_is_an_id(two, get, form):
    texts = [
        "9" * 30,
        str(2**63),
        "-1",
        "1.0",
        "١",
        "1_0",
        " 1",
        "0001",
        "9" * 5000,
        "%00",
        "NaN",
        "' OR 1=1--",
        "*",
    ]
    for text in texts:
        answer = get(f"requests/{quote(text)}.{form}")
        assert answer.status == 404, text[:40]
        assert told(answer) == ["service_request_id: There is no such request here."]


@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("lat=91&long=x", ["lat", "long"]),
        ("lat=60", ["long"]),
        ("long=4", ["lat"]),
        ("lat=nan&long=inf", ["lat", "long"]),
        ("lat=60,5&long=4", ["lat"]),
        ("lat=60&lat=61&long=4", ["lat"]),
        ("lat=%00&long=4", ["lat"]),
    ],
)
def test_B_13_B_14_B_15_B_16_a_place_that_is_none_gets_400_from_services(two, get, form, query, named):
    for path in ("services", "services/Gatelys"):
        answer = get(f"{path}.{form}?{query}")
        assert answer.status == 400
        assert [text.partition(":")[0] for text in told(answer)] == named


def test_B_17_at_sea_nothing_can_be_reported_and_off_the_coast_what_the_nearest_takes(two, get):
    assert get("services.json?lat=0&long=0").json == []
    assert get("services/Gatelys.json?lat=0&long=0").status == 404
    off = get("services.json?lat=60&long=3.895").json
    assert off == get("services.json?lat=60&long=4").json != []
    border = get("services.json?lat=60&long=4.1").json
    assert border == get("services.json?lat=60&long=4.1").json != []


@pytest.mark.parametrize("form", ["xml", "json"])
def test_B_34_B_44_odd_addresses_are_not_found_in_a_form_that_programs_read(two, get, form):
    odd = [
        f"requests.json.{form}.x",
        f"services/..%2f..%2fetc.{form}",
        f"requests//1.{form}",
        f"%2e%2e/requests.{form}",
        f"requests;..;/1.{form}",
        f"requests%5c1.{form}",
        f"discovery/1.{form}",
        f"nothing.{form}",
        f"services/%00.{form}",
        f"services/{'x' * 3000}.{form}",
        f"servicerequestupdates/1.{form}",
    ]
    for path in odd:
        answer = get(path)
        assert answer.status in (400, 404), path
        assert b"<html" not in answer.body.lower()
        assert told(answer)


def test_B_42_two_hosts_and_a_strange_encoding_of_the_body_are_answered_and_nothing_hangs(two, live_server):
    host = urlsplit(live_server.url)
    for extra in ("Transfer-Encoding: xchunked\r\n", "Content-Length: -5\r\n", "Content-Length: x\r\n"):
        with socket.create_connection((host.hostname, host.port), timeout=20) as connection:
            asked = f"GET /open311/v2/requests.json HTTP/1.1\r\nHost: localhost\r\n{extra}Connection: close\r\n\r\n"
            connection.sendall(asked.encode())
            status = connection.makefile("rb").readline().split()[1]
        assert status < b"500"


# --- anything at all ---

ROUTES = [
    "discovery",
    "services",
    "services/Gatelys",
    "requests",
    "requests/1",
    "servicerequestupdates",
    "tokens/x",
]
NAMES = [*(one.name for one in SEARCH), "callback", "attribute[x]"]
VALUES = st.one_of(
    st.text(max_size=30),
    st.binary(max_size=12).map(lambda raw: raw.decode("latin-1")),
    st.sampled_from(
        [
            "",
            "*",
            "n.1.1",
            "c.0.0",
            "u.1.1",
            "c.-62135596800000000.1",
            "1",
            "open",
            "true",
            "2024-01-01",
            "4,59,5,60",
        ]
    ),
)


def test_B_31_whatever_is_asked_is_answered_in_the_form_that_was_asked_for(two, get):
    @settings(max_examples=150)
    @given(
        st.sampled_from(ROUTES),
        st.sampled_from(FORMS),
        st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=5),
        st.sampled_from(["/open311/v2/", "/open311/strict/v2/", "/open311/fixmystreet/v2/"]),
    )
    def anything(route: str, form: str, pairs: list[tuple[str, str]], base: str) -> None:
        query = "&".join(f"{quote(name)}={quote(value, errors='replace')}" for name, value in pairs)
        answer = get(f"{base}{route}.{form}?{query}")
        assert answer.status in (200, 400, 404), answer.body
        kind = answer.headers["content-type"]
        if "json" in kind:
            json.loads(answer.body)
        elif "xml" in kind:
            etree.fromstring(answer.body)
        else:
            assert kind.startswith("text/csv")
            assert list(csv.reader(io.StringIO(answer.body.decode(), newline="")))

    anything()
