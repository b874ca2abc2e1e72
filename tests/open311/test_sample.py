"""The report and the queries that every server of this kind is known by, value for value."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from shapely import box

from streetmend.areas.services import NewArea, import_areas
from streetmend.bodies.models import Body, BodyArea, Category, CategoryName, Send, Site
from streetmend.reports.models import Delivery, Report
from streetmend.reports.services import Said, Told, add_update, submit
from streetmend.reports.services.claiming import claim_deliveries
from streetmend.reports.services.outbox import Claim, Prepared
from streetmend.reports.services.outcomes import Outcome, OutcomeClass
from streetmend.reports.services.recording import record_delivery
from streetmend.reports.states import Actor, State

pytestmark = pytest.mark.django_db(transaction=True)

BODIES = (
    (1, "Statens vegvesen region øst", 3, (10.0, 59.5, 11.5, 60.5)),
    (3, "Oslo", 301, (10.5, 59.8, 11.0, 60.1)),
)
OTHERS = (
    ("Trondheim", 1601, (10.2, 63.3, 10.6, 63.5)),
    ("Asker", 220, (10.4, 59.7, 10.49, 59.79)),
    ("Bærum", 219, (10.3, 59.9, 10.49, 60.0)),
)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture
def country() -> None:
    """Norway as far as the sample needs it."""
    Site.objects.update_or_create(
        pk=1,
        defaults={
            "name": "FiksGataMi",
            "time_zone": "Europe/Oslo",
            "languages": ["nb", "en"],
            "epoch": time.time_ns(),
        },
    )
    all_bodies = [(name, number, where) for _, name, number, where in BODIES] + list(OTHERS)
    areas = [
        NewArea(area_type="KOM", mapit_id=number, name=name, shape=box(*where), where=name)
        for name, number, where in all_bodies
    ]
    import_areas(areas=areas, now=moment("2011-01-01T00:00:00+01:00"))
    for name, number, _ in all_bodies:
        body = Body.objects.create(name=name, mapit_id=number, send=Send.EMAIL, email="post@example.org")
        BodyArea.objects.create(body=body, area_mapit_id=number)
        for kind in ("Annet", "Other"):
            category, _ = CategoryName.objects.get_or_create(name=kind)
            Category.objects.create(body=body, name=category, code=kind)


def make(at: str, lat: float, long: float, title: str, *, category: str = "Annet") -> Report:
    return submit(
        now=moment(at),
        lat=lat,
        long=long,
        title=title,
        category_name=category,
        told=Told("pere@example.org", "Petter Reinholdtsen", show_name=True),
        detail="Det støver veldig på tørre dager.  Her burde det vært brustein."
        if "brustein" in title
        else "",
        confirmed=True,
    ).report


def send(at: str) -> None:
    """Everything that is owed has been mailed at this moment."""

    def ready(deliveries: Sequence[Delivery]) -> dict[int, Prepared]:
        return {delivery.pk: Prepared({"to": "x"}) for delivery in deliveries}

    claims: list[Claim] = claim_deliveries(worker="w", now=moment(at), limit=50, prepare=ready)
    for claim in claims:
        outcome = Outcome(result=OutcomeClass.MAILED)
        record_delivery(worker="w", claim=claim, outcome=outcome, now=moment(at), random=lambda: 0.5)


@pytest.fixture
def sample(country: None) -> Report:
    report = make("2011-04-23T09:32:36+02:00", 59.916848, 10.728148, "Mangler brustein")
    send("2011-04-23T10:28:55+02:00")
    assert Delivery.objects.filter(report=report).count() == 2
    return report


DETAIL = "Det støver veldig på tørre dager.  Her burde det vært brustein."
VALUES = {
    "status": "open",
    "title": "Mangler brustein",
    "detail": DETAIL,
    "description": f"Mangler brustein: {DETAIL}",
    "interface_used": "Web interface",
    "requestor_name": "Petter Reinholdtsen",
    "requested_datetime": "2011-04-23T09:32:36+02:00",
    "updated_datetime": "2011-04-23T10:28:55+02:00",
    "agency_sent_datetime": "2011-04-23T10:28:55+02:00",
    "service_code": "Annet",
    "service_name": "Annet",
}


def test_the_sample_comes_out_in_xml_value_for_value(sample, get):
    answer = get(f"requests/{sample.pk}.xml")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    (row,) = answer.xml.findall("request")
    assert answer.xml.tag == "service_requests"
    for name, value in VALUES.items():
        assert row.findtext(name) == value, name
    assert float(row.findtext("lat") or 0) == 59.916848
    assert float(row.findtext("long") or 0) == 10.728148
    assert row.findtext("service_request_id") == str(sample.pk)
    recipients = [one.text for one in row.iterfind("agency_responsible/recipient")]
    assert recipients == ["Statens vegvesen region øst", "Oslo"]
    assert row.find("comment_count") is None


def test_the_sample_comes_out_in_json_value_for_value(sample, get):
    (row,) = get(f"requests/{sample.pk}.json").json
    assert {name: row[name] for name in VALUES} == VALUES
    assert (row["lat"], row["long"]) == (59.916848, 10.728148)
    assert row["agency_responsible"] == {"recipient": ["Statens vegvesen region øst", "Oslo"]}
    assert "comment_count" not in row


@pytest.fixture
def reports(sample: Report) -> dict[str, str]:
    """Reports around the eight queries' edges, by what they are."""
    made = {
        "sample": sample,
        "other": make("2011-04-24T10:00:00+02:00", 59.92, 10.73, "Noe annet", category="Other"),
        "trondheim before": make("2011-03-09T23:59:59+01:00", 63.4, 10.4, "Hull"),
        "trondheim after": make("2011-03-10T00:00:00+01:00", 63.4, 10.4, "Hull"),
        "trondheim closed": make("2011-03-01T12:00:00+01:00", 63.4, 10.4, "Hull"),
        "asker": make("2011-05-01T12:00:00+02:00", 59.75, 10.45, "Hull"),
        "bærum": make("2011-05-02T12:00:00+02:00", 59.95, 10.4, "Hull"),
        "bærum closed": make("2011-05-03T12:00:00+02:00", 59.95, 10.4, "Hull"),
    }
    for name in ("trondheim closed", "bærum closed"):
        add_update(
            report=made[name],
            actor=Actor.STAFF,
            said=Said("Ferdig.", State.FIXED),
            now=moment("2011-06-01T12:00:00+02:00"),
        )
    return {name: str(report.pk) for name, report in made.items()}


both = pytest.mark.parametrize("fmt", ["xml", "json"])


@both
def test_discovery_says_what_this_server_is(country, get, fmt):
    answer = get(f"discovery.{fmt}")
    assert answer.status == 200
    assert answer.headers["content-type"] == ("text/xml" if fmt == "xml" else "application/json")
    found = answer.xml if fmt == "xml" else answer.json
    most = found.findtext("max_requests") if fmt == "xml" else found["max_requests"]
    assert int(most) == 1000
    assert b"http://wiki.open311.org/GeoReport_v2" in answer.body


@both
def test_services_are_every_category_in_use_once(country, get, fmt):
    answer = get(f"services.{fmt}")
    codes = (
        [one.text for one in answer.xml.iterfind("service/service_code")]
        if fmt == "xml"
        else [row["service_code"] for row in answer.json]
    )
    assert codes == ["Annet", "Other"]


@both
def test_services_of_a_place_are_those_of_the_bodies_there(country, get, fmt):
    assert len(get(f"services.{fmt}?lat=60&long=11").body) > 100
    nowhere = get(f"services.{fmt}?lat=0&long=0")
    assert nowhere.status == 200
    assert b"Annet" not in nowhere.body


@both
def test_one_request_by_its_number_and_by_the_parameter_are_the_same(reports, get, fmt):
    one = get(f"requests/{reports['sample']}.{fmt}")
    assert one.ids == [reports["sample"]]
    assert get(f"requests.{fmt}?service_request_id={reports['sample']}").body == one.body


@both
def test_all_requests_of_a_category(reports, get, fmt):
    assert get(f"requests.{fmt}?service_code=Other").ids == [reports["other"]]


@both
def test_all_closed_requests(reports, get, fmt):
    assert get(f"requests.{fmt}?status=closed").ids == [reports["bærum closed"], reports["trondheim closed"]]


@both
def test_all_open_requests_before_a_day_to_one_body(reports, get, fmt):
    answer = get(f"requests.{fmt}?status=open&agency_responsible=1601&end_date=2011-03-10")
    assert answer.ids == [reports["trondheim before"]]


@both
def test_all_open_requests_to_any_of_two_bodies(reports, get, fmt):
    for pipe in ("|", quote("|")):
        answer = get(
            f"requests.{fmt}?status=open&agency_responsible=220{quote(pipe) if pipe == '|' else pipe}219"
        )
        assert answer.ids == [reports["bærum"], reports["asker"]]
