"""What is hidden, private or not confirmed cannot be told from what never was, wherever one asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from streetmend.open311.finishing import ANSWERS
from streetmend.photos.store import StoredPhoto
from streetmend.reports.models import Report
from streetmend.reports.services import Said, Told, add_update, hide_report, submit
from streetmend.reports.states import Actor
from tests.support.town import EAST, WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
BEGAN = datetime(2024, 5, 1, 10, tzinfo=UTC)
KINDS = ["hidden", "private", "unconfirmed"]
BASES = ["/open311/v2/", "/open311/strict/v2/", "/open311/fixmystreet/v2/"]
FORMS = ["xml", "json", "geojson", "csv", "rss"]
NEVER = "987654321"
#: every question, with the number of the report that nobody may read in it
QUESTIONS = [
    *(f"requests/ID.{form}" for form in [*FORMS, "html"]),
    *(f"requests.{form}?service_request_id=ID" for form in FORMS),
    *(f"requests.{form}?service_request_id=ID,PUBLIC" for form in FORMS),
    "requests.html?service_request_id=ID",
    "servicerequestupdates.xml?service_request_id=ID",
    "servicerequestupdates.json?service_request_id=ID",
]
#: questions that would find it, were it public
SEARCHES = [
    *(f"requests.{form}?start_date=2024-05-01T12:00:00" for form in FORMS),
    "requests.json?updated_after=2024-05-01T00:00:00",
    "requests.json?updated_before=2034-05-01T00:00:00",
    "requests.json?cursor=*",
    "requests.json?cursor=*&updated_after=1970-01-01",
    "requests.json?cursor=*&max_requests=1",
    "requests.json?page=1&page_size=1",
    "requests.json?q=secretly",
    "requests.json?has_photo=true",
    "requests.json?bbox=3.9,59.9,4.1,60.1",
    "requests.json?lat=60&long=4&radius=100",
    "requests.json?agency_responsible=101",
    "requests.json?agency_responsible=101|102",
    "requests.json?service_code=Gatelys",
    "requests.json?service_code=Fors%C3%B8pling",
    "requests.json?status=open&interface_used=Web%20interface",
    "servicerequestupdates.xml",
    "servicerequestupdates.json?start_date=2024-05-01",
    "services.json",
    "services.json?lat=60&long=4",
    "discovery.json",
]


def make(*, place=WEST, title="secretly", category="Gatelys", confirmed=True) -> Report:
    photo = StoredPhoto("ab" * 16 + ".jpg", 10, 10, "0" * 64, "") if title == "secretly" else None
    return submit(
        now=BEGAN, lat=place[0], long=place[1], title=title, category_name=category,
        told=Told("kari@example.org", "Kari"), confirmed=confirmed, photos=[photo] if photo else [],
    ).report  # fmt: skip


def make_secret(kind: str) -> Report:
    """A report of this kind, with an update wherever there can be one."""
    report = make(category="Forsøpling" if kind == "private" else "Gatelys", confirmed=kind != "unconfirmed")
    if kind != "unconfirmed":
        add_update(report=report, actor=Actor.STAFF, said=Said("Secretly done."), now=BEGAN)
    if kind == "hidden":
        hide_report(report=report, now=BEGAN + timedelta(minutes=1))
    return report


@pytest.fixture
def public(transactional_db) -> Report:
    make_town()
    report = make(place=EAST, title="Hull", category="Hull i vei")
    add_update(report=report, actor=Actor.STAFF, said=Said("Vi ser på det."), now=BEGAN)
    return report


def said(answer, *but: str) -> tuple:
    """All of an answer but what the clock writes into it, and these headers."""
    left_out = {"date", "x-request-id", *but}
    return answer.status, answer.body, {name: v for name, v in answer.headers.items() if name not in left_out}


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("kind", KINDS)
def test_B_77_an_id_that_nobody_may_read_is_answered_like_one_that_never_was(public, get, base, kind):
    secret = make_secret(kind)
    for question in QUESTIONS:
        asked = question.replace("PUBLIC", str(public.pk))
        ANSWERS.clear()
        # the tag tells questions apart, whatever their answers are
        answer, never = (
            said(get(base + asked.replace("ID", number)), "etag") for number in (str(secret.pk), NEVER)
        )
        assert answer == never, question
        assert b"ecretly" not in answer[1]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("kind", KINDS)
def test_B_77_no_search_count_cursor_or_feed_shows_that_it_exists(public, get, base, kind):
    before = {question: said(get(base + question)) for question in SEARCHES}
    make_secret(kind)
    after = {question: said(get(base + question)) for question in SEARCHES}
    assert after == before


@pytest.mark.parametrize("kind", KINDS)
def test_B_77_it_costs_the_database_as_much_as_one_that_never_was(public, client, kind):
    secret = make_secret(kind)
    cost = {}
    for number in (str(secret.pk), NEVER):
        ANSWERS.clear()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(f"/open311/v2/requests/{number}.json")
            client.get(f"/open311/v2/servicerequestupdates.json?service_request_id={number}")
        cost[number] = [query["sql"].replace(number, "ID") for query in queries]
    assert cost[str(secret.pk)] == cost[NEVER]


@pytest.mark.parametrize("kind", KINDS)
def test_B_78_its_photo_is_answered_like_one_that_never_was(public, get, kind):
    secret = make_secret(kind)
    name = secret.photos.get().name
    unknown = "cd" * 16 + ".jpg"
    for folder in ("/photos/{:.2}/", "/photos/small/"):
        shown, never = get(folder.format(name) + name), get(folder.format(unknown) + unknown)
        assert (shown.status, never.status) == (404, 404)
        assert len(shown.body) == len(never.body)
