"""The pretend endpoint misbehaves on a real socket as real ones do, and a client is never hung up by it."""

import http.client
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from streetmend.georeport import testing
from streetmend.georeport.calls import Endpoint
from streetmend.georeport.client import Client
from streetmend.georeport.dialect import Dialect
from streetmend.georeport.errors import NotFound, Refused, Unclear, Unreachable
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.testing import PretendEndpoint, Seen, Server, serving
from streetmend.georeport.types import Attribute, NewRequest, Service, ServiceDefinition, Upload

HOLE = NewRequest(service_code="POT", lat=60.1, long=5.2, description="A hole")
POTHOLE = Service(service_code="POT", service_name="Pothole")


@contextmanager
def running(**habits: object) -> Iterator[tuple[PretendEndpoint, Server, Client]]:
    endpoint = PretendEndpoint(services=[POTHOLE], **habits)
    with serving(endpoint) as server:
        yield endpoint, server, Client(Endpoint(server.url), timeout=5)


def speak(server: Server, said: bytes) -> bytes:
    """What the server answers to these bytes."""
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    with socket.create_connection((host, port), timeout=10) as line:
        line.sendall(said)
        return b"".join(iter(lambda: line.recv(65536), b""))


@pytest.mark.parametrize("operation", ["create", "services"])
def test_F_27_an_answer_that_drips_for_ever_is_given_up_at_the_deadline(operation):
    with running() as (endpoint, _, client):
        endpoint.always(testing.trickle(0.02), operation=operation)
        impatient = Client(client.endpoint, timeout=0.3)
        with pytest.raises(Unclear, match="No answer"):
            impatient.create(HOLE) if operation == "create" else impatient.services()
        assert len(endpoint.ledger.entries()) == (operation == "create")


def test_an_answer_that_drips_and_ends_in_time_is_read():
    with running() as (endpoint, _, client):
        endpoint.script(testing.trickle(0.0001), operation="services")
        assert [service.service_code for service in client.services()] == ["POT"]


def test_F_28_an_answer_to_a_post_that_never_ends_is_read_to_its_limit_only():
    with running() as (endpoint, _, client):
        endpoint.script(testing.endless())
        with pytest.raises(Unclear, match="bytes"):
            client.create(HOLE)
        assert len(endpoint.ledger.entries()) == 1


def test_F_29_a_bomb_is_small_on_the_wire_and_large_when_unpacked():
    endpoint = PretendEndpoint()
    endpoint.script(testing.bomb(20))
    answer = endpoint.handle("POST", "/requests.xml", FORM, b"service_code=POT&lat=1&long=1")
    assert len(answer.body) < 100_000
    assert len(zlib.decompress(answer.body, 16 + zlib.MAX_WBITS)) == 20_000_000


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_bytes_that_are_no_http_are_unclear():
    with running() as (endpoint, _, client):
        endpoint.script(testing.no_http(), testing.no_http(b"220 mail.example ESMTP\r\n"))
        for _ in range(2):
            with pytest.raises(Unclear):
                client.create(HOLE)


@pytest.mark.parametrize(
    "behaviour", [testing.drop(), testing.deaf(0.1)], ids=lambda behaviour: behaviour.name
)
def test_F_21_F_22_a_reset_before_ten_megabytes_are_read_is_unclear_and_stores_nothing(behaviour):
    photo = Upload(filename="1.jpeg", content_type="image/jpeg", content=bytes(10_000_000))
    with running() as (endpoint, _, client):
        endpoint.script(behaviour)
        with pytest.raises(Unclear):
            client.create(NewRequest(service_code="POT", lat=60.1, long=5.2, uploads=(photo,)))
        assert endpoint.ledger.entries() == ()
        assert [seen.operation for seen in endpoint.ledger.seen()] == ["create"]
        client.create(NewRequest(service_code="POT", lat=60.1, long=5.2, uploads=(photo,)))
        assert [len(upload.content) for upload in endpoint.ledger.entries()[0].uploads] == [10_000_000]


def test_what_is_scripted_for_one_operation_leaves_the_others_alone():
    with running() as (endpoint, _, client):
        endpoint.always(testing.fail(), operation="services")
        with pytest.raises(Unclear):
            client.services()
        assert client.create(HOLE).service_request_id == "1"
        endpoint.always(None, operation="services")
        assert len(client.services()) == 1


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Transfer-Encoding: chunked", b"411"),
        (b"Content-Length: many", b"400"),
        (b"Content-Length: 999999999999", b"413"),
    ],
)
def test_B_42_a_body_whose_length_is_not_told_is_refused(head, status):
    with running() as (endpoint, server, _):
        said = speak(server, b"POST /requests.xml HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n0\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 " + status)
        assert endpoint.ledger.seen() == ()


@pytest.mark.parametrize("method", ["HEAD", "DELETE", "PUT", "OPTIONS", "TRACE"])
def test_B_43_other_methods_are_answered_and_seen(method):
    with running() as (endpoint, server, _):
        said = speak(server, method.encode() + b" /services.xml HTTP/1.1\r\nHost: x\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 404")
        assert said.endswith(b"\r\n\r\n") is (method == "HEAD")
        assert [seen.method for seen in endpoint.ledger.seen()] == [method]


def test_services_are_offered_and_withdrawn_while_it_runs():
    definition = ServiceDefinition(service_code="LAMP", attributes=(Attribute(code="POLE", required=True),))
    with running() as (endpoint, _, client):
        endpoint.offer(Service(service_code="LAMP", service_name="Lamp", metadata=True), definition)
        assert [service.service_code for service in client.services()] == ["POT", "LAMP"]
        assert client.definition("LAMP") == definition
        with pytest.raises(Refused, match="POLE"):
            client.create(NewRequest(service_code="LAMP", lat=1, long=1))
        endpoint.withdraw("LAMP")
        with pytest.raises(NotFound):
            client.definition("LAMP")


def test_a_program_is_told_of_every_new_request_once():
    told: list[str] = []
    with running(honours_keys=True) as (endpoint, _, client):
        endpoint.on_stored = lambda entry: told.append(entry.service_request_id)
        endpoint.script(testing.slow(0, late=timedelta(hours=1)))
        client.create(HOLE, idempotency_key="a")
        client.create(HOLE, idempotency_key="a")
        client.create(HOLE, idempotency_key="b")
    assert told == ["1", "2"]


def test_a_search_finds_by_every_window_and_page_that_a_sweep_needs():
    now = [datetime(2024, 5, 1, tzinfo=UTC)]
    with running(clock=lambda: now[0]) as (endpoint, _, client):
        for _ in range(5):
            client.create(HOLE)
            now[0] += timedelta(days=1)
        endpoint.say("1", "closed", "Done.")

        def found(**asked: object) -> list[str]:
            return [row.service_request_id for row in client.requests(RequestSearch(**asked))]

        assert found() == ["5", "4", "3", "2", "1"]
        assert found(service_request_id=("2", "4", "9")) == ["2", "4"]
        assert found(
            start_date=datetime(2024, 5, 2, tzinfo=UTC), end_date=datetime(2024, 5, 4, tzinfo=UTC)
        ) == ["3", "2"]
        assert found(updated_after=now[0]) == ["1"]
        assert found(updated_before=datetime(2024, 5, 3, tzinfo=UTC)) == ["2"]
        assert found(max_requests=2) == ["5", "4"]
        assert found(page=2, page_size=2) == ["3", "2"]
        assert found(page=9, page_size=2) == []
        assert found(service_code="POT", status=("closed",)) == ["1"]


def test_the_ledger_knows_every_request_as_it_came():
    with running() as (endpoint, _, client):
        client.services(lat=60.1, long=5.2)
        client.create(HOLE, idempotency_key="k")
        services, create = endpoint.ledger.seen()
        assert isinstance(services, Seen)
        assert (services.path, services.query) == ("/services.xml", "lat=60.1&long=5.2")
        assert create.headers["idempotency-key"] == "k"
        assert dict(endpoint.ledger.entries()[0].fields)["description"] == "A hole"
        endpoint.ledger.forget("1")
        with pytest.raises(NotFound):
            client.request("1")


# --- what else a client does with answers


def test_F_34_a_get_follows_redirects_to_a_limit_and_a_post_follows_none():
    with running() as (there, there_server, _), running() as (here, _, client):
        here.script(testing.redirect(f"{there_server.url}services.xml"), operation="services")
        assert len(client.services()) == 1
        assert [seen.operation for seen in there.ledger.seen()] == ["services"]
        here.script(testing.redirect(f"{there_server.url}requests.xml", status=307))
        with pytest.raises(Unclear, match="sent us elsewhere"):
            client.create(HOLE)
        here.always(testing.redirect("/services.xml"), operation="services")
        with pytest.raises(Unclear):
            client.services()
        assert len(here.ledger.seen("services")) == 1 + 4
        assert len(there.ledger.seen()) == 1


def test_F_34_a_key_in_a_header_goes_to_no_other_host():
    with running() as (there, there_server, _), running() as (here, server, _):
        dialect = Dialect(key_in="bearer", key_on_get=True)
        client = Client(Endpoint(server.url, api_key="secret", dialect=dialect), timeout=5)
        here.script(testing.redirect(f"{there_server.url}services.xml"), operation="services")
        client.services()
        assert here.ledger.seen()[0].headers["authorization"] == "Bearer secret"
        assert "authorization" not in there.ledger.seen()[0].headers


@pytest.mark.parametrize("url", ["ftp://x.example/", "http://", "file:///etc/hostname", "no address", ""])
def test_B_90_an_address_that_is_none_of_a_web_server_is_unreachable(url):
    with pytest.raises(Unreachable):
        Client(Endpoint(url), timeout=1).services()


def test_B_90_an_address_that_cannot_be_taken_apart_makes_no_endpoint():
    with pytest.raises(ValueError, match="IPv6"):
        Endpoint("http://[::1")


def test_F_17_a_closed_port_is_unreachable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable):
            Client(Endpoint(f"http://127.0.0.1:{taken.getsockname()[1]}/"), timeout=5).create(HOLE)


def test_the_server_stops_with_requests_that_still_wait():
    with running() as (endpoint, server, _):
        endpoint.script(testing.slow(3600), operation="services")
        waiting = http.client.HTTPConnection("127.0.0.1", urlsplit(server.url).port, timeout=10)
        waiting.request("GET", "/services.xml")
        while not endpoint.ledger.seen():
            pass
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        waiting.getresponse()
    waiting.close()
