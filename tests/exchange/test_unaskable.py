"""Endpoints that cannot be asked, in small; `make chaos PARTS="unaskable"` has hundreds of reports for each."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from chaos.unaskable import POLICIES, WAYS, Play
from streetmend.bodies.models import Endpoint
from streetmend.georeport import testing
from streetmend.georeport.testing import Answer, Behaviour
from streetmend.reports.models import Delivery
from streetmend.reports.states import DeliveryState
from tests.exchange.reports import make_report, posts

FIRST, *OTHERS = POLICIES


@pytest.mark.parametrize(
    ("way", "policy"), [*((way, FIRST) for way in WAYS), *(("it shows no words", other) for other in OTHERS)]
)
def test_F_47_where_it_cannot_be_asked_at_most_one_marked_repeat_leaves_and_all_is_seen(
    town, endpoint, clock, work, way, policy
):
    found = Play(endpoint, clock, Random(f"{way}{policy}"), work).play(way, policy, reports=13)
    assert found.violations == ()
    states = found.figures["states"]
    assert set(states) <= {"accepted", "held", "by_email"}
    assert states.get({"email": "by_email", "hold": "held", "resend_marked": "accepted"}[policy], 0) > 0


def test_what_two_requests_could_be_is_not_sent_again_as_if_neither_were_it(town, endpoint, clock, work):
    """Twins without marks: it is not known which is which, and so it is not known that one is missing."""
    endpoint.always(without_addresses(), operation="requests")
    Endpoint.objects.update(max_in_flight=1)
    endpoint.script(testing.accept(), testing.drop(stored=True), testing.drop(stored=True))
    for title in ("Noe helt annet, et annet sted, i en annen gate", "Lykta er mørk", "Lykta er mørk"):
        make_report(clock, title=title, detail="Den har vært mørk i ukevis, ved brua. " * 9)
    work()
    for _ in range(6):
        clock.advance(minutes=30)
        work()
    assert (posts(endpoint), Delivery.objects.filter(state=DeliveryState.UNCERTAIN).count()) == (3, 2)
    assert "more than one" in Delivery.objects.filter(state=DeliveryState.UNCERTAIN)[0].why


def without_addresses() -> Behaviour:
    def stripped(usual: Answer) -> Answer:
        return replace(usual, body=usual.body.replace(b"http://", b"").replace(b"/reports/", b" "))

    return Behaviour(name="without addresses", reply=stripped)


def test_after_an_outage_nothing_is_repeated_before_the_endpoint_has_accepted_what_waits(
    town, endpoint, clock, work
):
    """A new endpoint: of the first report nobody knows whether it came to it; then the endpoint was away for six hours."""
    Endpoint.objects.filter(pk=town.roads_endpoint.pk).update(active=False)
    Endpoint.objects.update(pull_updates=False)
    endpoint.script(testing.drop())
    first = make_report(clock)
    work()
    for operation in ("create", "requests", "services", "discovery"):
        endpoint.always(testing.fail(503), operation=operation)
    for _ in range(6):
        clock.advance(hours=1)
        work()
    for operation in ("create", "requests", "services", "discovery"):
        endpoint.always(None, operation=operation)
    clock.advance(hours=1)
    work()
    assert Delivery.objects.get().state == DeliveryState.UNCERTAIN
    assert "accepted nothing yet" in Delivery.objects.get().why
    make_report(clock, title="Et annet sted er det mørkt", detail="I en annen gate.")
    for _ in range(4):
        clock.advance(minutes=20)
        work()
    assert Delivery.objects.get(report=first).state == DeliveryState.ACCEPTED
    assert len(endpoint.ledger.entries()) == 2
    assert not any("gjenta" in entry.new.description for entry in endpoint.ledger.entries())


def test_where_nothing_else_is_ever_accepted_the_policy_acts_some_hours_after_the_first_answer(
    town, endpoint, clock, work
):
    Endpoint.objects.filter(pk=town.roads_endpoint.pk).update(active=False)
    Endpoint.objects.update(pull_updates=False)
    endpoint.always(without_addresses(), operation="requests")
    endpoint.script(testing.drop(stored=True))
    make_report(clock)
    work()
    clock.advance(hours=6)
    endpoint.ledger.forget(endpoint.ledger.entries()[0].service_request_id)
    work()
    assert Delivery.objects.get().resends == 0
    for _ in range(5):
        clock.advance(hours=1)
        work()
    assert (Delivery.objects.get().resends, posts(endpoint)) == (1, 2)
