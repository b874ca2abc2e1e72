"""What another worker did in the meantime is left to it, and what nobody can do any more changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from streetmend.bodies.models import Endpoint
from streetmend.reports.models import Attempt, Delivery, EndpointWatch, Inbox, Report, Update
from streetmend.reports.models.outbox import InboxState
from streetmend.reports.services.applying import apply_rows
from streetmend.reports.services.doubts import (
    asking_is_hopeless,
    cannot_be_asked,
    claim_sweeps,
    finish_sweep,
    found,
    found_again,
    not_found,
    repeat_safely,
)
from streetmend.reports.services.inbox import PulledRow, store_pushed
from streetmend.reports.services.lanes import claim_probes, record_probe
from streetmend.reports.services.outbox import use_evidence
from streetmend.reports.services.outcomes import Outcome, OutcomeClass
from streetmend.reports.services.recording import record_delivery
from streetmend.reports.states import DeliveryState
from tests.reports.test_outbox import claim, make_report
from tests.support.clock import SettableClock
from tests.support.meanwhile import meanwhile
from tests.support.town import EAST, Town, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def uncertain(town: Town, clock: SettableClock) -> Delivery:
    """A delivery of which nobody knows whether it arrived, after it has settled."""
    make_report(clock)
    (mine,) = claim(clock)
    outcome = Outcome(result=OutcomeClass.UNKNOWN, why="Reset.")
    record_delivery(worker="one", claim=mine, outcome=outcome, now=clock.now(), random=lambda: 0.5)
    clock.advance(minutes=30)
    return Delivery.objects.get()


def test_evidence_that_another_worker_has_used_is_not_used_again(uncertain, clock):
    Attempt.objects.update(outcome=OutcomeClass.ACCEPTED.value, evidence_id="R-1")
    accepted = DeliveryState.ACCEPTED
    with meanwhile("reports_attempt", lambda: Delivery.objects.update(state=accepted, remote_id="R-1")):
        assert use_evidence(now=clock.now()) == 0
    assert Delivery.objects.get().proof == ""


def test_an_endpoint_that_another_worker_asks_already_is_left_to_it(uncertain, clock):
    taken = {"ask_owner": "other", "ask_until": clock.now() + timedelta(days=36_500)}
    with meanwhile('FROM "reports_endpointwatch"', lambda: EndpointWatch.objects.update(**taken)):
        assert claim_sweeps(worker="one", now=clock.now(), limit=5, seconds=60) == []
    assert EndpointWatch.objects.get().ask_owner == "other"
    assert not finish_sweep(endpoint_id=uncertain.endpoint_id, worker="one", now=clock.now())
    assert EndpointWatch.objects.get().ask_owner == "other"


def test_an_endpoint_that_another_worker_probes_already_is_left_to_it(town, clock):
    EndpointWatch.objects.create(pk=town.endpoint.pk, open_until=clock.now())
    later = clock.now() + timedelta(days=36_500)
    with meanwhile("INNER JOIN", lambda: EndpointWatch.objects.update(probe_until=later)):
        assert claim_probes(now=clock.now(), limit=5) == []


@pytest.mark.parametrize("open_for", [None, timedelta(minutes=1)])
def test_a_probe_whose_breaker_was_closed_or_opened_anew_meanwhile_says_nothing(town, clock, open_for):
    until = clock.now() + open_for if open_for else None
    EndpointWatch.objects.create(pk=town.endpoint.pk, open_until=until, opened=3)
    for answered in (True, False):
        record_probe(endpoint_id=town.endpoint.pk, answered=answered, now=clock.now())
    watch = EndpointWatch.objects.get()
    assert (watch.open_until, watch.opened, watch.probed) == (until, 3, False)


def test_asking_is_hopeless_after_a_day_of_failures_where_the_endpoint_takes_reports_all_the_while(
    town, clock
):
    number = town.endpoint.pk
    assert not asking_is_hopeless(endpoint_id=number)
    watch = EndpointWatch.objects.create(pk=number, ask_failures=40)
    assert asking_is_hopeless(endpoint_id=number)
    for field in ("failing_since", "open_until"):
        EndpointWatch.objects.update(**{field: clock.now()})
        assert not asking_is_hopeless(endpoint_id=number)
        EndpointWatch.objects.update(**{field: None})
    watch.ask_failures = 3
    watch.save()
    assert not asking_is_hopeless(endpoint_id=number)


@pytest.mark.parametrize("state", [DeliveryState.WAITING, DeliveryState.ACCEPTED, DeliveryState.CANCELLED])
def test_an_answer_that_comes_after_the_delivery_has_moved_on_changes_nothing(uncertain, clock, state):
    wanted = clock.now()
    Delivery.objects.update(state=state, check_wanted_at=wanted)
    before = Delivery.objects.values("state", "next_at", "why", "negatives", "remote_id").get()
    now, number = clock.now(), uncertain.pk
    assert not found(delivery_id=number, remote_id="R-1", proof="found", now=now)
    not_found(delivery_id=number, now=now)
    cannot_be_asked(delivery_id=number, why="It is gone.", now=now)
    repeat_safely(delivery_id=number, now=now)
    assert Delivery.objects.values("state", "next_at", "why", "negatives", "remote_id").get() == before
    # a person wanted it asked, and it was
    assert Delivery.objects.get().check_wanted_at is None


def test_F_43_a_number_that_another_report_has_proves_nothing(uncertain, clock):
    make_report(clock)
    Delivery.objects.exclude(pk=uncertain.pk).update(remote_id="R-1", state=DeliveryState.ACCEPTED)
    assert not found(delivery_id=uncertain.pk, remote_id="R-1", proof="found", now=clock.now())
    assert Delivery.objects.get(pk=uncertain.pk).state == DeliveryState.UNCERTAIN


def test_what_is_found_again_under_its_own_number_is_there_once(uncertain, clock):
    assert found(delivery_id=uncertain.pk, remote_id="R-1", proof="found", now=clock.now())
    found_again(delivery_id=uncertain.pk, others=["R-1"], now=clock.now())
    assert Delivery.objects.get().other_remote_id == ""
    found_again(delivery_id=uncertain.pk, others=["R-2"], now=clock.now())
    found_again(delivery_id=uncertain.pk, others=["R-2"], now=clock.now())
    delivery = Delivery.objects.get()
    assert (delivery.other_remote_id, delivery.proof) == ("R-2", "duplicate found")
    Delivery.objects.update(state=DeliveryState.HELD, other_remote_id="")
    found_again(delivery_id=uncertain.pk, others=["R-3"], now=clock.now())
    assert Delivery.objects.get().other_remote_id == ""


def test_a_delivery_that_was_never_tried_has_settled_from_its_beginning(uncertain, clock):
    Attempt.objects.all().delete()
    Delivery.objects.update(first_sent_at=None)
    not_found(delivery_id=uncertain.pk, now=clock.now())
    assert Delivery.objects.get().negatives == 1
    assert found(delivery_id=uncertain.pk, remote_id="R-1", proof="found", now=clock.now())
    assert not EndpointWatch.objects.filter(late_seconds__gt=0).exists()


def test_what_went_by_mail_is_not_asked_about(town, clock):
    make_report(clock, place=EAST)
    claim(clock)
    Delivery.objects.update(state=DeliveryState.UNCERTAIN)
    Attempt.objects.update(ended_at=clock.now())
    with pytest.raises(ValueError, match="e-mail"):
        not_found(delivery_id=Delivery.objects.get().pk, now=clock.now())


def test_habits_that_are_none_neither_hold_a_delivery_up_nor_lose_an_update(town, clock):
    """Somebody wrote them past the services."""
    Endpoint.objects.update(habits={"max_rate": "fast"})
    make_report(clock)
    assert len(claim(clock)) == 1
    Delivery.objects.update(remote_id="R-1", state=DeliveryState.ACCEPTED)
    row = PulledRow(
        remote_report_id="R-1", remote_update_id="u1", word="fixed", state="fixed", at=clock.now()
    )
    stored = store_pushed(row=row, body_id=town.west.pk, endpoint_id=town.endpoint.pk, now=clock.now())
    assert apply_rows(inbox_ids=[stored], now=clock.now()) == 1
    assert (Inbox.objects.get().state, Report.objects.get().state) == (InboxState.APPLIED, "fixed")
    assert Update.objects.count() == 1
