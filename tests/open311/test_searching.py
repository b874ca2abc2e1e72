"""Every search parameter, what is never shown, and what wrong ones get. Over a real socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from lxml import etree

from streetmend.reports.models import Report
from streetmend.reports.services import Told, hide_report, submit
from tests.support.town import EAST, WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
BEGAN = datetime(2024, 5, 1, 10, tzinfo=UTC)
both = pytest.mark.parametrize("fmt", ["xml", "json"])


def make(
    minutes: int = 0, *, place=WEST, category="Gatelys", title="Lykta er mørk", confirmed=True, **more
) -> str:
    told = Told("kari@example.org", "Kari Nordmann", show_name=more.pop("show_name", False))
    report = submit(
        now=BEGAN + timedelta(minutes=minutes), lat=place[0], long=place[1], title=title, category_name=category,
        told=told, confirmed=confirmed, **more,
    ).report  # fmt: skip
    return str(report.pk)


@pytest.fixture
def three(transactional_db) -> list[str]:
    """A light in the west, a hole in the east half an hour later, a light in the west an hour later; newest first."""
    make_town()
    made = [make(0), make(30, place=EAST, category="Hull i vei", title="Hull"), make(60, source="Open311")]
    return made[::-1]


@both
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [0, 1, 2]),
        ("service_code=Gatelys", [0, 2]),
        ("service_code=Gatelys,Hull%20i%20vei", [0, 1, 2]),
        ("service_code=Nothing", []),
        ("status=open", [0, 1, 2]),
        ("status=open,closed", [0, 1, 2]),
        ("status=closed", []),
        ("start_date=2024-05-01T12:30:00%2B02:00", [0, 1]),
        ("start_date=2024-05-01T12:30:00+02:00", [0, 1]),
        ("start_date=2024-05-01T12:30:01", [0]),
        ("end_date=2024-05-01T12:30:00%2B02:00", [2]),
        ("start_date=2024-05-01T10:30:00Z&end_date=2024-05-01T11:00:00Z", [1]),
        ("updated_after=2024-05-01T10:30:00Z", [0, 1]),
        ("updated_before=2024-05-01T10:30:00Z", [2]),
        ("agency_responsible=102", [1]),
        ("agency_responsible=101|102", [0, 1, 2]),
        ("agency_responsible=103", [1]),
        ("agency_responsible=10", []),
        ("interface_used=Web%20interface", [1, 2]),
        ("interface_used=Open311", [0]),
        ("interface_used=%25", []),
        ("has_photo=true", []),
        ("has_photo=false", [0, 1, 2]),
        ("max_requests=1", [0]),
        ("max_requests=5000", [0, 1, 2]),
        ("max_requests=many", [0, 1, 2]),
        ("q=lykta", [0, 2]),
        ("q=HULL", [1]),
        ("q=%25", []),
        ("bbox=4.1,59,4.3,61", [1]),
        ("lat=60&long=4.2&radius=500", [1]),
        ("page=2&page_size=2", [2]),
        ("unknown=1&service_code=", [0, 1, 2]),
    ],
)
def test_a_search_finds_what_it_asks_for(three, get, fmt, query, found):
    answer = get(f"requests.{fmt}?{query}")
    assert answer.status == 200, answer.body
    assert answer.ids == [three[place] for place in found]


@both
def test_B_30_signs_of_a_pattern_are_only_themselves(three, get, fmt):
    for sign in ("%", "_", "\\", "%25", "Gate_ys"):
        assert get(f"requests.{fmt}?service_code={quote(sign)}").ids == []
        assert get(f"requests.{fmt}?interface_used={quote(sign)}").ids == []


@both
@pytest.mark.parametrize(
    "value", ["' OR 1=1--", "';DROP TABLE reports_report;--", "$$", "\\'", "1) OR (1=1", "(a+)+$", "("]
)
def test_B_31_B_32_quotes_and_expressions_are_only_words(three, get, fmt, value):
    for name in ("service_code", "interface_used", "q"):
        answer = get(f"requests.{fmt}?{name}={quote(value)}")
        assert (answer.status, answer.ids) == (200, [])


@both
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("start_date=yesterday", ["start_date"]),
        ("start_date=2024-13-01&end_date=x", ["start_date", "end_date"]),
        ("status=fixed", ["status"]),
        ("has_photo=perhaps", ["has_photo"]),
        ("service_request_id=abc", ["service_request_id"]),
        ("agency_responsible=Oslo", ["agency_responsible"]),
        ("bbox=1,2,3", ["bbox"]),
        ("lat=60&long=4&radius=-1", ["radius"]),
        ("page=0", ["page"]),
        ("cursor=x", ["cursor"]),
    ],
)
def test_wrong_values_get_400_with_every_wrong_parameter_named_in_the_asked_format(
    three, get, fmt, query, named
):
    answer = get(f"requests.{fmt}?{query}")
    assert answer.status == 400
    if fmt == "xml":
        told = [one.text or "" for one in answer.xml.iterfind("error/description")]
    else:
        told = [row["description"] for row in answer.json]
    assert [text.partition(":")[0] for text in told] == named


@both
def test_what_is_hidden_private_or_not_confirmed_is_in_no_answer(three, get, fmt):
    hidden, private, unconfirmed = make(70), make(80, category="Forsøpling"), make(90, confirmed=False)
    hide_report(report=Report.objects.get(pk=hidden), now=BEGAN + timedelta(minutes=95))
    assert get(f"requests.{fmt}").ids == three
    assert get(f"requests.{fmt}?service_request_id={hidden},{private},{unconfirmed},{three[0]}").ids == [
        three[0]
    ]
    bodies = {get(f"requests/{number}.{fmt}").body for number in (hidden, private, unconfirmed, "999999")}
    assert len(bodies) == 1, "nobody can tell them apart"
    assert get(f"requests/{hidden}.{fmt}").status == 404


def test_a_name_is_shown_only_where_its_owner_allowed_it_and_an_address_never(three, get):
    shown = make(100, show_name=True)
    answer = get("requests.json")
    assert {row["service_request_id"]: row.get("requestor_name") for row in answer.json} == {
        **dict.fromkeys(three),
        shown: "Kari Nordmann",
    }
    assert b"kari@example.org" not in answer.body


def test_the_seeds_rolling_windows_miss_and_repeat_nothing(transactional_db, get, settings):
    make_town()
    settings.MAX_REQUESTS = 3
    made = [make(minute // 2) for minute in range(10)]
    seen: list[str] = []
    end = "2024-05-02T00:00:00Z"
    for _ in range(12):
        answer = get(f"requests.json?end_date={quote(end)}")
        if not answer.json:
            break
        seen += answer.ids
        end = answer.json[-1]["requested_datetime"]
    assert sorted(seen, key=int) == made


@pytest.mark.parametrize(
    ("path", "accept", "status", "kind"),
    [
        ("requests.xml", "application/json", 200, "text/xml"),
        ("requests", "application/json", 200, "application/json"),
        ("requests", "", 200, "text/xml"),
        ("requests", "image/png", 406, "text/xml"),
        ("requests.yaml", "", 404, "text/xml"),
        ("requests.XML", "", 200, "text/xml"),
        ("requests.JSON", "", 200, "application/json"),
        ("nothing.json", "", 404, "application/json"),
        ("requests/1/2.json", "", 404, "application/json"),
        ("", "", 404, "text/xml"),
    ],
)
def test_B_34_the_extension_decides_then_accept(three, get, path, accept, status, kind):
    answer = get(path, Accept=accept) if accept else get(path)
    assert answer.status == status
    assert answer.headers["content-type"].partition(";")[0] == kind


@both
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_B_43_other_methods_get_405_with_those_that_are_possible(three, get, fmt, method):
    answer = get(f"requests.{fmt}", method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    answer = get(f"services.{fmt}", method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_B_43_head_is_get_without_a_body(three, get):
    whole, head = get("requests.json"), get("requests.json", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]


def test_every_page_of_the_web_may_read_it(three, get):
    for path in ("requests.json", "nothing.json", "requests.json?status=x"):
        assert get(path).headers["access-control-allow-origin"] == "*"
    asked = get("requests.json", method="OPTIONS", Origin="https://elsewhere.example")
    assert asked.status == 204
    assert asked.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS, POST"
    assert "Idempotency-Key" in asked.headers["access-control-allow-headers"]


def test_who_has_the_answer_already_gets_304_until_something_changes(three, get):
    first = get("requests.json")
    assert get("requests.json", If_None_Match=first.headers["etag"]).status == 304
    hide_report(report=Report.objects.get(pk=three[0]), now=BEGAN + timedelta(hours=2))
    again = get("requests.json", If_None_Match=first.headers["etag"])
    assert (again.status, again.ids) == (200, three[1:])


def test_large_answers_are_packed_for_who_can_unpack_them(three, get):
    import gzip

    import brotli

    plain = get("requests.json")
    assert gzip.decompress(get("requests.json", Accept_Encoding="gzip").body) == plain.body
    assert brotli.decompress(get("requests.json", Accept_Encoding="gzip, br").body) == plain.body
    assert "content-encoding" not in plain.headers


@both
def test_B_05_any_text_comes_out_well_formed(transactional_db, get, fmt):
    make_town()
    words = "</description><x> ]]> & \" ' 𝕳 مرحبا 🚲 ‮abc"
    make(title=words)
    answer = get(f"requests.{fmt}")
    if fmt == "xml":
        parsed = etree.fromstring(answer.body, etree.XMLParser(resolve_entities=False))
        assert parsed.findtext("request/title") == words
    else:
        assert json.loads(answer.body)[0]["title"] == words


@both
def test_B_44_giant_queries_are_refused_in_the_asked_format(three, get, fmt):
    answer = get(f"requests.{fmt}?" + "&".join(f"a{n}=1" for n in range(1500)))
    assert answer.status == 400
    assert b"query" in answer.body


@pytest.mark.parametrize("dialect", ["strict", "fixmystreet"])
def test_the_other_dialects_are_values_of_the_same_server(three, get, dialect):
    answer = get(f"/open311/{dialect}/v2/requests/{three[0]}.json")
    assert answer.status == 200
    rows = answer.json["service_requests"] if dialect == "fixmystreet" else answer.json
    assert str(rows[0]["service_request_id"]) == three[0]
    assert ("title" in rows[0]) == (dialect == "fixmystreet")


def test_the_page_for_people_shows_examples_that_answer(three, get):
    from lxml import html

    page = html.fromstring(get("/open311/").body.decode())
    links = [link for link in page.xpath("//main//table//a/@href") if link]
    assert len(links) == 16
    for link in links:
        path = link.partition("//")[2].partition("/")[2]
        assert get(f"/{path}").status == 200, link


def test_B_33_there_is_no_callback_and_nothing_is_sniffed(three, get):
    plain = get("requests.json")
    answer = get("requests.json?callback=alert(1)//")
    assert answer.body == plain.body
    assert answer.headers["x-content-type-options"] == "nosniff"


@both
@pytest.mark.parametrize("value", ["", "nowhere.example", "x" * 500, "%00", "<b>"])
def test_B_35_any_jurisdiction_is_this_one(three, get, fmt, value):
    answer = get(f"requests.{fmt}?jurisdiction_id={quote(value, safe='%')}")
    assert (answer.status, answer.ids) == (200, three)
