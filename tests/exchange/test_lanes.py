"""Every endpoint has lanes of its own: no endpoint gets more at once than it allows, and none delays another."""

from __future__ import annotations

import threading

from streetmend.bodies.models import Endpoint
from streetmend.exchange.preparing import prepare
from streetmend.exchange.worker import run
from streetmend.georeport import testing
from streetmend.reports.models import Delivery
from streetmend.reports.services.claiming import claim_deliveries
from streetmend.reports.states import DeliveryState
from tests.exchange.conftest import loopback
from tests.exchange.processes import until
from tests.exchange.reports import make_report
from tests.support import servers
from tests.support.servers import Connection
from tests.support.town import EAST


def test_an_endpoint_gets_no_more_at_once_than_its_lanes_over_all_workers(town, clock):
    for number in range(6):
        make_report(clock, title=f"Hull {number}", category="Hull i vei")
    taken = {}
    for worker in ("a", "b", "c"):
        claims = claim_deliveries(worker=worker, now=clock.now(), limit=16, prepare=prepare)
        taken[worker] = sorted(claim.delivery.endpoint_id for claim in claims)
    both = [town.endpoint.pk] * 2 + [town.roads_endpoint.pk] * 2
    assert taken == {"a": sorted(both), "b": [], "c": []}


def test_a_lane_that_is_free_again_is_filled_by_whoever_comes(town, clock):
    Endpoint.objects.update(max_in_flight=3)
    for number in range(5):
        make_report(clock, title=f"Lykt {number}")
    first = claim_deliveries(worker="a", now=clock.now(), limit=16, prepare=prepare)
    assert len(first) == 3
    done = [claim.delivery.pk for claim in first[:2]]
    for number, pk in enumerate(done):
        Delivery.objects.filter(pk=pk).update(
            state=DeliveryState.ACCEPTED, remote_id=str(number), lease_until=None
        )
    assert len(claim_deliveries(worker="b", now=clock.now(), limit=16, prepare=prepare)) == 2


def test_three_workers_together_never_have_more_calls_open_at_an_endpoint_than_it_allows(town, clock):
    guard = threading.Lock()
    now, most = 0, 0

    def count(connection: Connection) -> None:
        nonlocal now, most
        connection.request()
        with guard:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.05)
        with guard:
            now -= 1
        connection.answer(b"[]", "400 Bad Request", "Content-Type: application/json")

    with servers.serving(count) as slow:
        Endpoint.objects.filter(pk=town.endpoint.pk).update(url=slow.url("/"), pull_updates=False)
        for number in range(4):
            make_report(clock, title=f"Lykt {number}")
        threads = [
            threading.Thread(
                target=run, kwargs={"once": True, "clock": clock, "transport": loopback, "name": f"w{n}"}
            )
            for n in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (slow.connections, most) == (4, 2)


def test_a_dead_endpoint_delays_neither_another_one_nor_a_mail(town, endpoint, clock):
    """The dead one keeps its calls open for as long as the test lasts; all that goes elsewhere is there before."""
    hold = threading.Event()

    def silent(connection: Connection) -> None:
        connection.request()
        hold.wait(30)

    stop = threading.Event()
    with servers.serving(silent) as dead:
        Endpoint.objects.filter(pk=town.endpoint.pk).update(url=dead.url("/"), pull_updates=False)
        for number in range(12):
            make_report(clock, title=f"Hull {number}", category="Hull i vei")
        make_report(clock, place=EAST)
        worker = threading.Thread(
            target=run, kwargs={"clock": clock, "transport": loopback, "name": "one", "stop": stop}
        )
        worker.start()
        try:
            until(
                lambda: Delivery.objects.filter(endpoint=town.roads_endpoint, state="accepted").count() == 12,
                what="twelve reports at the endpoint that lives",
            )
            until(lambda: Delivery.objects.filter(state="by_email").count() == 1, what="the mail")
            assert Delivery.objects.filter(endpoint=town.endpoint, state="sending").count() == 2
            assert dead.connections == 2
        finally:
            stop.set()
            hold.set()
            worker.join()


def test_the_oldest_report_leaves_first_whatever_was_made_last(town, endpoint, clock, work):
    Endpoint.objects.update(max_in_flight=1)
    for number in range(5):
        make_report(clock, title=f"Lykt {number}")
        clock.advance(seconds=1)
    work()
    said = [entry.new.description.splitlines()[0] for entry in endpoint.ledger.entries()]
    assert said == [f"Lykt {number}" for number in range(5)]


def test_a_paused_endpoint_gets_nothing_and_the_others_go_on(town, endpoint, clock, work):
    Endpoint.objects.filter(pk=town.endpoint.pk).update(paused_at=clock.now())
    make_report(clock, category="Hull i vei")
    endpoint.script(testing.accept())
    work()
    states = dict(Delivery.objects.values_list("endpoint_id", "state"))
    assert states == {town.endpoint.pk: "waiting", town.roads_endpoint.pk: "accepted"}
