"""The certificates of endpoints are looked at by the worker, once a day, and shown on the connection's page."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from streetmend.bodies.certificates import EVERY, claim_certificates
from streetmend.bodies.models import Certificate, Endpoint
from streetmend.fetch import AddressRefused, ConnectFailed, Fetcher, TlsFailed
from streetmend.reports.models import Notice
from streetmend.reports.models.outbox import NoticeKind
from tests.support.certificates import DAY, Authority
from tests.support.servers import Connection, serving


def nothing(connection: Connection) -> None:
    connection.wait_for_end()


def end_of(url: str, **making) -> datetime:
    async def look() -> datetime:
        async with Fetcher(**{"allow": ["127.0.0.0/8"], **making}) as fetcher:
            return await fetcher.certificate_end(url, deadline_seconds=5)

    return asyncio.run(look())


@pytest.mark.parametrize("until", [30 * DAY, -DAY], ids=["valid", "expired"])
def test_the_end_of_a_certificate_is_read_whether_or_not_it_is_trusted_or_over(until):
    with serving(nothing, Authority().server_context("endpoint.example", until)) as server:
        end = end_of(server.url())
    assert abs(end - (datetime.now(UTC) + until)) < timedelta(hours=1)


def test_an_address_that_may_not_be_called_is_not_called():
    with serving(nothing, Authority().server_context("endpoint.example")) as server:
        with pytest.raises(AddressRefused):
            end_of(server.url(), allow=[])
        assert server.connections == 0


def test_a_server_without_tls_and_one_that_is_not_there_are_told():
    plain = serving(lambda connection: connection.say(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with plain as server, pytest.raises((TlsFailed, ConnectFailed)):
        end_of(server.url().replace("http:", "https:"))
    with pytest.raises(ConnectFailed):
        end_of("https://127.0.0.1:9/")


def test_the_worker_looks_once_a_day_and_staff_hear_of_one_that_runs_out_once(town, clock, work):
    clock.set(datetime.now(UTC))
    with serving(nothing, Authority().server_context("127.0.0.1", 10 * DAY)) as server:
        Endpoint.objects.filter(pk=town.endpoint.pk).update(url=server.url(), pull_updates=False)
        work()
        work()
        seen = Certificate.objects.get()
        assert (seen.endpoint_id, seen.looked_at, seen.problem) == (town.endpoint.pk, clock.now(), "")
        assert seen.next_at == clock.now() + EVERY
        assert server.connections == 1
        clock.advance(EVERY)
        work()
        assert server.connections == 2
    (notice,) = Notice.objects.filter(kind=NoticeKind.STAFF, message_id__startswith="<certificate.")
    assert "Vestby kommune" in notice.content["subject"]


def test_an_endpoint_that_cannot_be_reached_keeps_what_was_known(town, clock, work):
    Endpoint.objects.filter(pk=town.endpoint.pk).update(url="https://127.0.0.1:9/", pull_updates=False)
    until = clock.now() + 90 * DAY
    Certificate.objects.create(endpoint=town.endpoint, ends_at=until)
    work()
    seen = Certificate.objects.get()
    assert seen.ends_at == until
    assert "cannot be reached" in seen.problem


def test_one_worker_looks_at_each_and_plain_addresses_have_none(town, clock):
    assert claim_certificates(now=clock.now(), limit=10) == []
    Endpoint.objects.filter(pk=town.endpoint.pk).update(url="https://endpoint.example/")
    assert [one.pk for one in claim_certificates(now=clock.now(), limit=10)] == [town.endpoint.pk]
    assert claim_certificates(now=clock.now(), limit=10) == []
