"""The pretend endpoint does to a client what real ones do, and remembers what has really arrived."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from streetmend.georeport import testing
from streetmend.georeport.calls import Endpoint
from streetmend.georeport.client import Client
from streetmend.georeport.dialect import Dialect
from streetmend.georeport.errors import KeyRefused, NotFound, Refused, Unclear
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.testing import Behaviour, PretendEndpoint, serving
from streetmend.georeport.types import (
    Attribute,
    AttributeValue,
    NewRequest,
    RequestUpdate,
    Service,
    ServiceDefinition,
)

HOLE = NewRequest(service_code="POT", lat=60.1, long=5.2, description="Et hull i Øvregaten 🕳")
SERVICES = (
    Service(service_code="POT", service_name="Pothole"),
    Service(service_code="a/b c", service_name="Odd"),
)
SIZE = Attribute(
    code="SIZE",
    datatype="singlevaluelist",
    required=True,
    values=(AttributeValue("S", "Small"), AttributeValue("L", "L")),
)

both_formats = pytest.mark.parametrize("fmt", ["xml", "json"])


@contextmanager
def endpoint_and_client(
    fmt: Literal["xml", "json"] = "xml", *, key: str = "secret", **habits: object
) -> Iterator[tuple[PretendEndpoint, Client]]:
    endpoint = PretendEndpoint(
        services=SERVICES, key="secret", jurisdiction_id="town.example", base="/open311/v2/", **habits
    )
    with serving(endpoint) as server:
        line = Endpoint(f"{server.url}open311/v2/", "town.example", key, Dialect(format=fmt))
        yield endpoint, Client(line, timeout=10)


@both_formats
def test_a_client_finds_posts_follows_and_searches(fmt):
    with endpoint_and_client(fmt) as (endpoint, client):
        assert [service.service_code for service in client.services()] == ["POT", "a/b c"]
        accepted = client.create(HOLE)
        assert client.request(accepted.service_request_id or "").description == HOLE.description
        endpoint.say("1", "closed", "Filled.")
        now = datetime.now(UTC)
        page = client.updates(start=now - timedelta(hours=1), end=now + timedelta(minutes=1))
        assert [(row.service_request_id, row.status, row.description) for row in page] == [
            ("1", "closed", "Filled.")
        ]
        assert [row.status_notes for row in client.requests(RequestSearch(status=("closed",)))] == ["Filled."]
        assert list(client.requests(RequestSearch(status=("open",)))) == []
        assert endpoint.ledger.entries()[0].new.description == HOLE.description


@both_formats
def test_an_update_that_a_client_posts_is_in_the_ledger_once_however_often_it_is_posted(fmt):
    with endpoint_and_client(fmt) as (endpoint, client):
        number = client.create(HOLE).service_request_id
        update = RequestUpdate(
            update_id="77",
            service_request_id=number,
            status="open",
            description="Still there.",
            updated_datetime=datetime(2024, 5, 1, 10, tzinfo=UTC),
        )
        first, second = client.post_update(update), client.post_update(update)
        assert first.remote_id == second.remote_id == "p1"
        assert [posted.update.description for posted in endpoint.ledger.posted()] == ["Still there."]


@both_formats
def test_a_token_has_its_number_after_as_many_questions_as_was_scripted(fmt):
    with endpoint_and_client(fmt) as (endpoint, client):
        endpoint.script(testing.token(ready_after=1), testing.token(forgotten=True))
        token = client.create(HOLE).token or ""
        assert client.token(token).service_request_id is None
        assert client.token(token).service_request_id == "1"
        with pytest.raises(NotFound):
            client.token(client.create(HOLE).token or "")


@both_formats
@pytest.mark.parametrize(
    ("behaviour", "error", "stored"),
    [
        (testing.refuse(), Refused, 0),
        (testing.unauthorised(), KeyRefused, 0),
        (testing.fail(), Unclear, 0),
        (testing.fail(stored=True), Unclear, 1),
        (testing.busy(), Unclear, 0),
        (testing.drop(), Unclear, 0),
        (testing.drop(stored=True), Unclear, 1),
        (testing.break_off(), Unclear, 1),
        (testing.redirect("http://elsewhere.example/"), Unclear, 1),
        (testing.empty_id(), Unclear, 1),
        (testing.two_requests(), Unclear, 1),
        (testing.html(), Unclear, 1),
        (testing.nothing(), Unclear, 1),
        (testing.doctype(), Unclear, 1),
        (testing.cut_short(), Unclear, 1),
    ],
    ids=lambda value: value.name if isinstance(value, Behaviour) else None,
)
def test_each_fault_is_told_apart_and_the_ledger_knows_whether_it_was_stored(fmt, behaviour, error, stored):
    with endpoint_and_client(fmt) as (endpoint, client):
        endpoint.script(behaviour)
        with pytest.raises(error):
            client.create(HOLE)
        assert len(endpoint.ledger.entries()) == stored
        assert client.create(HOLE).service_request_id, "what is scripted is over after one request"


def test_an_answer_that_is_slower_than_the_client_waits_is_unclear_and_stored():
    with endpoint_and_client() as (endpoint, client):
        endpoint.script(testing.slow(30))
        impatient = Client(client.endpoint, timeout=0.3)
        with pytest.raises(Unclear):
            impatient.create(HOLE)
        assert len(endpoint.ledger.entries()) == 1


def test_what_is_stored_late_cannot_be_found_before():
    now = [datetime(2024, 5, 1, tzinfo=UTC)]
    with endpoint_and_client(clock=lambda: now[0]) as (endpoint, client):
        endpoint.script(testing.slow(0, late=timedelta(minutes=2)))
        number = client.create(HOLE).service_request_id or ""
        with pytest.raises(NotFound):
            client.request(number)
        now[0] += timedelta(minutes=2)
        assert client.request(number).service_request_id == number


def test_the_same_idempotency_key_is_the_same_request_where_the_endpoint_honours_it():
    with endpoint_and_client(honours_keys=True) as (endpoint, client):
        first = client.create(HOLE, idempotency_key="k")
        assert client.create(HOLE, idempotency_key="k") == first
        assert len(endpoint.ledger.entries()) == 1


def test_a_wrong_key_a_wrong_jurisdiction_an_unknown_service_and_a_missing_answer_are_refused():
    with endpoint_and_client(key="wrong") as (endpoint, client), pytest.raises(KeyRefused):
        client.create(HOLE)
    definition = ServiceDefinition(service_code="POT", attributes=(SIZE,))
    with endpoint_and_client(definitions=[definition]) as (endpoint, client):
        with pytest.raises(Refused, match="SIZE"):
            client.create(HOLE)
        with pytest.raises(Refused, match="no service NONE"):
            client.create(NewRequest(service_code="NONE", lat=1, long=1))
        elsewhere = Client(Endpoint(client.endpoint.url, "other.example", "secret"))
        with pytest.raises(NotFound):
            elsewhere.services()
        assert endpoint.ledger.entries() == ()
        assert client.definition("POT") == definition
        assert client.definition("a/b c").attributes == ()


def test_an_endpoint_without_the_extension_answers_404_to_updates():
    with endpoint_and_client(has_updates=False) as (_, client), pytest.raises(NotFound):
        client.updates(start=datetime(2024, 1, 1, tzinfo=UTC), end=datetime(2024, 2, 1, tzinfo=UTC))


def test_nothing_that_is_asked_for_raises_and_all_of_it_is_seen():
    endpoint = PretendEndpoint()
    for method, target in (
        ("GET", "/nothing"),
        ("DELETE", "/requests.xml"),
        ("GET", "/requests.json?start_date=x"),
    ):
        assert endpoint.handle(method, target).status in (400, 404)
    assert endpoint.handle("POST", "/requests.xml", {"Content-Type": "image/png"}, b"\x89PNG").status == 400
    assert len(endpoint.ledger.seen()) == 4
    with pytest.raises(ValueError, match="create"):
        endpoint.script(testing.fail(), operation="nothing")
