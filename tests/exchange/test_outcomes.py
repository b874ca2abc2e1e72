"""Failed calls: what certainly did not arrive is sent again, what may have arrived is parked and never simply repeated."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest

from streetmend.bodies.models import Endpoint
from streetmend.georeport import testing
from streetmend.georeport.testing import Behaviour
from streetmend.reports.models import Attempt, Delivery, Notice
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services.outcomes import BACK_OFF
from streetmend.reports.states import DeliveryState
from tests.exchange.reports import is_parked, make_report, only_delivery, posts
from tests.support import servers
from tests.support.servers import Connection


def closed_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_F_17_a_refused_connection_is_tried_again_after_longer_and_longer_until_it_is_there(
    town, endpoint, server, clock, work
):
    Endpoint.objects.update(url=f"http://127.0.0.1:{closed_port()}/")
    make_report(clock)
    for number, step in enumerate(BACK_OFF, 1):
        work()
        delivery = only_delivery()
        assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, number)
        assert delivery.next_at == clock.now() + timedelta(seconds=step)
        assert delivery.first_sent_at is None
        attempt = Attempt.objects.get(n=number)
        assert (attempt.outcome, attempt.sent_bytes) == ("not_received", 0)
        clock.advance(seconds=step)
    Endpoint.objects.update(url=server.url)
    work()
    assert only_delivery().state == DeliveryState.ACCEPTED
    assert (posts(endpoint), len(endpoint.ledger.entries())) == (1, 1)


def test_a_host_that_has_no_address_is_tried_again(town, clock, work):
    Endpoint.objects.update(url="http://nobody.invalid/open311/v2")
    make_report(clock)
    work()
    delivery = only_delivery()
    assert (delivery.state, Attempt.objects.get().error_class) == (DeliveryState.WAITING, "NameNotResolved")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/",
        "http://10.0.0.7/open311",
        "http://[::ffff:10.0.0.7]/open311",
        "http://0.0.0.0/open311",
        "ftp://example.org/open311",
    ],
)
def test_B_55_an_endpoint_at_an_address_that_is_not_public_gets_nothing_and_staff_hear_of_it_once_a_day(
    town, clock, work, url
):
    Endpoint.objects.update(url=url)
    make_report(clock)
    for _ in range(3):
        work()
        clock.advance(minutes=5)
    delivery = only_delivery()
    assert delivery.state == DeliveryState.WAITING
    assert Attempt.objects.exclude(sent_bytes=0).count() == 0
    expected = 1 if Attempt.objects.first().error_class == "AddressRefused" else 0
    assert Notice.objects.filter(kind=NoticeKind.STAFF).count() == expected


def test_a_delivery_that_cannot_be_made_ready_is_left_to_staff_and_holds_up_no_other(
    town, endpoint, clock, work
):
    Endpoint.objects.filter(pk=town.roads_endpoint.pk).update(url="http://[broken")
    make_report(clock, category="Hull i vei")
    work()
    states = dict(Delivery.objects.values_list("body_id", "state"))
    assert states == {town.west.pk: DeliveryState.ACCEPTED, town.roads.pk: DeliveryState.REFUSED}
    assert "cannot be used" in Delivery.objects.get(body=town.roads).why


def test_F_33_an_endpoint_that_asks_to_slow_down_gets_it_again_later(town, endpoint, clock, work):
    endpoint.script(testing.busy(429, retry_after="120"))
    make_report(clock)
    work()
    assert only_delivery().next_at == clock.now() + timedelta(seconds=120)
    clock.advance(seconds=119)
    work()
    assert posts(endpoint) == 1
    clock.advance(seconds=1)
    work()
    assert (posts(endpoint), only_delivery().state) == (2, DeliveryState.ACCEPTED)


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [("garbage", 5), ("315360000", 3600), ("-7", 5), ("Fri, 31 Dec 2049 23:59:59 GMT", 3600)]
)  # fmt: skip
def test_F_32_what_an_endpoint_asks_us_to_wait_is_kept_within_an_hour(
    town, endpoint, clock, work, retry_after, seconds
):
    endpoint.script(testing.busy(429, retry_after=retry_after))
    make_report(clock)
    work()
    assert only_delivery().next_at == clock.now() + timedelta(seconds=seconds)


UNCLEAR: dict[str, Behaviour] = {
    "F-22 reset before a byte was read": testing.drop(),
    "F-23 stored, then reset": testing.drop(stored=True),
    "F-31 500, not stored": testing.fail(500),
    "F-31 500, stored": testing.fail(500, stored=True),
    "F-31 502": testing.fail(502, stored=True),
    "F-31 503 with Retry-After": testing.busy(503, retry_after="1"),
    "F-31 503, stored": testing.busy(503, retry_after="1", stored=True),
    "F-30 broken off in the middle of the answer": testing.break_off(),
    "F-30 half an answer": testing.cut_short(),
    "408": testing.refuse(408, "Too slow."),
    "425": testing.refuse(425, "Too early."),
    "409 without an id": testing.refuse(409, "Conflict."),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_F_22_F_23_F_30_F_31_what_may_have_arrived_is_parked_and_asked_about_before_it_is_sent_again(
    town, endpoint, clock, work, name
):
    make_report(clock, title="En annen")
    work()
    endpoint.script(UNCLEAR[name])
    report = make_report(clock)
    work()
    delivery = Delivery.objects.get(report=report)
    assert is_parked(delivery)
    assert delivery.settle_until is not None
    stored = len(endpoint.ledger.entries()) == 2
    for minutes in (5, 5, 5):
        clock.advance(minutes=minutes)
        work()
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.ACCEPTED
    assert posts(endpoint) == (2 if stored else 3)
    assert delivery.proof == ("found" if stored else "answer")
    numbers = [entry.service_request_id for entry in endpoint.ledger.entries()]
    assert sorted(Delivery.objects.values_list("remote_id", flat=True)) == numbers == ["1", "2"]


@pytest.mark.parametrize("stored", [True, False])
def test_F_24_an_answer_slower_than_the_deadline_leaves_it_open(town, endpoint, clock, work, stored):
    Endpoint.objects.update(timeout_seconds=1)
    endpoint.script(Behaviour(name="slow", wait=30, stores=stored))
    make_report(clock)
    work()
    delivery = only_delivery()
    assert is_parked(delivery)
    assert Attempt.objects.get().error_class == "DeadlinePassed"
    clock.advance(minutes=10)
    work()
    assert posts(endpoint) == 1
    assert len(endpoint.ledger.entries()) == (1 if stored else 0)
    assert only_delivery().state == (DeliveryState.ACCEPTED if stored else DeliveryState.UNCERTAIN)


def test_F_24_one_endpoint_that_does_not_answer_does_not_delay_another(town, endpoint, server, clock, work):
    def silent(connection: Connection) -> None:
        connection.request()
        connection.wait_for_end()

    with servers.serving(silent) as dead:
        Endpoint.objects.filter(pk=town.endpoint.pk).update(url=dead.url(), timeout_seconds=2)
        for number in range(4):
            make_report(clock, title=f"Hull {number}", category="Hull i vei")
        work()
    states = Delivery.objects.values_list("endpoint_id", "state")
    assert sorted(state for endpoint_id, state in states if endpoint_id == town.roads_endpoint.pk) == (
        ["accepted"] * 4
    )
    assert {state for endpoint_id, state in states if endpoint_id == town.endpoint.pk} == {"uncertain"}


# --- tokens


def test_F_39_a_token_whose_number_is_ready_at_once_is_accepted_by_it(town, endpoint, clock, work):
    endpoint.script(testing.token(ready_after=0))
    make_report(clock)
    work()
    delivery = only_delivery()
    assert (delivery.state, delivery.token) == (DeliveryState.TOKEN, "token-1")
    clock.advance(minutes=1)
    work()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.remote_id, delivery.proof) == (DeliveryState.ACCEPTED, "1", "token")
    assert posts(endpoint) == 1


def test_F_39_a_token_whose_number_comes_later_is_asked_about_and_never_posted_again(
    town, endpoint, clock, work
):
    endpoint.script(testing.token(ready_after=3))
    make_report(clock)
    for _ in range(12):
        work()
        clock.advance(minutes=1)
    delivery = only_delivery()
    assert (delivery.state, delivery.remote_id) == (DeliveryState.ACCEPTED, "1")
    assert (posts(endpoint), len(endpoint.ledger.seen("token"))) == (1, 4)


def test_F_39_a_token_that_never_gets_a_number_is_parked_after_a_day(town, endpoint, clock, work):
    endpoint.script(testing.token(ready_after=None))
    make_report(clock)
    work()
    delivery = only_delivery()
    while delivery.state == DeliveryState.TOKEN:
        assert delivery.next_at is not None
        clock.set(delivery.next_at)
        work()
        delivery.refresh_from_db()
    assert is_parked(delivery)
    clock.advance(days=9)
    work()
    assert (posts(endpoint), len(endpoint.ledger.entries())) == (1, 1)


def test_F_39_a_token_that_the_endpoint_does_not_know_any_more_is_parked(town, endpoint, clock, work):
    endpoint.script(testing.token(forgotten=True))
    make_report(clock)
    work()
    clock.advance(minutes=1)
    work()
    assert is_parked(only_delivery())
    clock.advance(days=2)
    work()
    assert posts(endpoint) == 1


def test_F_39_a_token_is_asked_about_again_where_the_asking_fails(town, endpoint, clock, work):
    endpoint.script(testing.token())
    endpoint.script(testing.fail(500), testing.drop(), testing.html(), operation="token")
    make_report(clock)
    for _ in range(40):
        work()
        clock.advance(minutes=1)
    delivery = only_delivery()
    assert (delivery.state, delivery.remote_id, posts(endpoint)) == (DeliveryState.ACCEPTED, "1", 1)


def test_two_bodies_have_a_delivery_each_with_its_own_number(town, endpoint, clock, work):
    report = make_report(clock, category="Hull i vei")
    work()
    deliveries = {delivery.body_id: delivery for delivery in Delivery.objects.filter(report=report)}
    assert set(deliveries) == {town.west.pk, town.roads.pk}
    by_code = {entry.new.service_code: entry for entry in endpoint.ledger.entries()}
    assert deliveries[town.west.pk].remote_id == by_code["POT"].service_request_id
    assert deliveries[town.roads.pk].remote_id == by_code["R-POT"].service_request_id
    assert deliveries[town.west.pk].mark != deliveries[town.roads.pk].mark


def test_one_of_two_bodies_that_cannot_be_reached_keeps_the_other_from_nothing(town, endpoint, clock, work):
    Endpoint.objects.filter(pk=town.roads_endpoint.pk).update(url=f"http://127.0.0.1:{closed_port()}/")
    make_report(clock, category="Hull i vei")
    work()
    for _ in range(3):
        clock.advance(hours=1)
        work()
    states = dict(Delivery.objects.values_list("body_id", "state"))
    assert states == {town.west.pk: DeliveryState.ACCEPTED, town.roads.pk: DeliveryState.WAITING}
    assert posts(endpoint) == 1
