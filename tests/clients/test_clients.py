"""Programs of other people against a live server, in both formats: what they were written for works unchanged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from streetmend.reports.models import Report
from streetmend.reports.services import Told, submit
from tests.clients.adapters import CLIENTS, Client
from tests.open311.sending import new_key
from tests.support.town import EAST, WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = 'Hull & "kant" <dypt>\nÆ Ø Å 🕳'
Connect = Callable[..., Client]

clients = pytest.mark.parametrize("kind", CLIENTS, ids=lambda kind: kind.name)
posting = pytest.mark.parametrize(
    "kind", [kind for kind in CLIENTS if kind.posts], ids=lambda kind: kind.name
)
formats = pytest.mark.parametrize("fmt", ["json", "xml"])
bases = pytest.mark.parametrize("base", ["/open311/v2/", "/open311/strict/v2/"], ids=["default", "strict"])


@pytest.fixture
def reports(transactional_db: None) -> list[str]:
    """Two open reports of yesterday, a light in the west and a hole in the east; the newer first."""
    make_town()
    now = datetime.now(UTC) - timedelta(days=1)
    made = [
        submit(
            now=now + timedelta(hours=hours), lat=place[0], long=place[1], title="Lykta & lampa", detail=TEXT,
            category_name=category, told=Told("kari@example.org", "Kari Nordmann"), confirmed=True,
        ).report
        for hours, place, category in ((0, WEST, "Gatelys"), (1, EAST, "Hull i vei"))
    ]  # fmt: skip
    return [str(one.pk) for one in reversed(made)]


@pytest.fixture
def connect(live_server) -> Connect:
    return lambda kind, fmt, base="/open311/v2/", key="": kind(f"{live_server.url}{base}", fmt, key)


@clients
@formats
@bases
def test_the_services_and_their_questions_are_read(reports, connect, kind, fmt, base):
    client = connect(kind, fmt, base)
    services = {one["service_code"]: one for one in client.services()}
    assert set(services) == {"Hull i vei", "Gatelys", "Forsøpling", "Skilt"}
    assert str(services["Skilt"]["metadata"]).lower() == "true"
    definition = client.definition("Skilt")
    assert definition["service_code"] == "Skilt"
    assert "stop" in str(definition["attributes"])
    assert client.definition("Hull i vei")["service_code"] == "Hull i vei"


@clients
@formats
@bases
def test_requests_are_searched_and_read_word_for_word(reports, connect, kind, fmt, base):
    client = connect(kind, fmt, base)
    newest, oldest = reports
    assert [one["service_request_id"] for one in client.requests()] == reports
    assert [one["service_request_id"] for one in client.requests(status="open")] == reports
    assert client.requests(status="closed") == []
    (only,) = client.requests(service_code="Gatelys")
    assert only["service_request_id"] == oldest
    assert " ".join(only["description"].split()) == f"Lykta & lampa: {' '.join(TEXT.split())}"
    several = client.requests(service_request_id=f"{newest},{oldest}")
    assert {one["service_request_id"] for one in several} == set(reports)
    one = client.request(newest)
    assert (one["service_request_id"], one["status"]) == (newest, "open")
    assert (float(one["lat"]), float(one["long"])) == EAST


@clients
@formats
def test_a_window_of_days_is_searched(reports, connect, kind, fmt):
    client = connect(kind, fmt)
    now = datetime.now(UTC)
    window = {
        "start_date": f"{now - timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}",
        "end_date": f"{now - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}",
    }
    assert client.requests(**window) == []
    window["end_date"] = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    assert [one["service_request_id"] for one in client.requests(**window)] == reports


@posting
@formats
@bases
def test_a_report_is_posted_and_found_again(reports, connect, kind, fmt, base):
    client = connect(kind, fmt, base, new_key()[1])
    told = client.post(
        service_code="Gatelys", lat=str(WEST[0]), long=str(WEST[1]), description=TEXT, email="ola@example.org"
    )
    number = str(told["service_request_id"])
    made = Report.objects.get(pk=number)
    assert f"{made.title} {made.detail}".split() == TEXT.split()
    assert made.email == "ola@example.org"
    assert client.request(number)["service_code"] == "Gatelys"


@posting
@formats
def test_discovery_leads_to_the_endpoints(reports, connect, kind, fmt):
    found = connect(kind, fmt).discovery()
    assert "/open311/v2/" in str(found["endpoints"])
    assert found["changeset"]


@posting
def test_answers_to_questions_and_a_name_arrive(reports, connect, kind):
    client = connect(kind, "json", key=new_key()[1])
    told = client.post(
        service_code="Skilt", lat=str(WEST[0]), long=str(WEST[1]), description="Skiltet er vekk",
        first_name="Ola", last_name="Nordmann", **{"attribute[kind]": "stop"},
    )  # fmt: skip
    made = Report.objects.get(pk=told["service_request_id"])
    assert made.name == "Ola Nordmann"
    assert made.answers
