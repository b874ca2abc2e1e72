"""Leases, attempts and what follows from outcomes, on real databases with real workers' names and threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connections

from streetmend.reports.models import Attempt, Delivery, Notice, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import Told, hide_report, submit
from streetmend.reports.services.claiming import claim_deliveries
from streetmend.reports.services.outbox import (
    Claim,
    Prepared,
    repeat_mails,
    rescue_deliveries,
    use_evidence,
)
from streetmend.reports.services.outcomes import BACK_OFF, HELD_UP, Outcome, OutcomeClass
from streetmend.reports.services.recording import record_delivery
from streetmend.reports.states import DeliveryState
from tests.support.clock import SettableClock
from tests.support.town import EAST, WEST, Town, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


def make_report(
    clock: SettableClock, *, place: tuple[float, float] = WEST, category: str = "Gatelys"
) -> Report:
    return submit(
        now=clock.now(),
        lat=place[0],
        long=place[1],
        title="Lykta er mørk",
        category_name=category,
        told=Told(email="kari@example.org", name="Kari Nordmann", language="nb"),
        confirmed=True,
    ).report


def ready(deliveries: Sequence[Delivery]) -> dict[int, Prepared]:
    return {delivery.pk: Prepared({"title": delivery.report.title}, "hash") for delivery in deliveries}


def claim(clock: SettableClock, worker: str = "one", limit: int = 10) -> list[Claim]:
    return claim_deliveries(worker=worker, now=clock.now(), limit=limit, prepare=ready)


def end(clock: SettableClock, claimed: Claim, outcome: Outcome, worker: str = "one") -> Delivery:
    record_delivery(worker=worker, claim=claimed, outcome=outcome, now=clock.now(), random=lambda: 0.5)
    return Delivery.objects.get(pk=claimed.delivery.pk)


def expire(delivery: Delivery) -> None:
    """The lease is over: its worker was gone for longer than it lasts."""
    row = Delivery.objects.get(pk=delivery.pk)
    assert row.lease_until is not None
    Delivery.objects.filter(pk=delivery.pk).update(lease_until=row.lease_until - timedelta(hours=1))


ACCEPTED = Outcome(result=OutcomeClass.ACCEPTED, remote_id="77", http_status=200)
NOT_RECEIVED = Outcome(result=OutcomeClass.NOT_RECEIVED, why="Connection refused.", sent_bytes=0)
UNKNOWN = Outcome(result=OutcomeClass.UNKNOWN, why="The answer did not come in time.")


def test_an_attempt_is_written_down_before_anything_leaves(town, clock):
    report = make_report(clock)
    (claimed,) = claim(clock)
    delivery = Delivery.objects.get(report=report)
    assert (delivery.state, delivery.attempts, delivery.lease_owner) == (DeliveryState.SENDING, 1, "one")
    assert delivery.params_snapshot == {"title": "Lykta er mørk"}
    attempt = Attempt.objects.get(delivery=delivery)
    assert (attempt.n, attempt.outcome, attempt.started_at) == (1, "", clock.now())
    assert claimed.deadline_seconds == town.endpoint.timeout_seconds


def test_an_unconfirmed_report_is_not_claimed(town, clock):
    submit(
        now=clock.now(), lat=WEST[0], long=WEST[1], title="Hull", category_name="Gatelys",
        told=Told(email="ola@example.org"),
    )  # fmt: skip
    clock.advance(days=30)
    assert claim(clock) == []


def test_accepted_makes_the_report_sent_and_tells_its_reporter_once(town, clock):
    report = make_report(clock)
    (claimed,) = claim(clock)
    before = Report.objects.get(pk=report.pk).version
    clock.advance(seconds=3)
    delivery = end(clock, claimed, ACCEPTED)
    assert (delivery.state, delivery.remote_id, delivery.proof) == (DeliveryState.ACCEPTED, "77", "answer")
    assert (delivery.accepted_at, delivery.next_at, delivery.lease_owner) == (clock.now(), None, "")
    report.refresh_from_db()
    assert report.sent_at == clock.now()
    assert report.version > before
    notice = Notice.objects.get(kind=NoticeKind.REPORT_SENT)
    assert (notice.email, notice.language, notice.next_at) == ("kari@example.org", "nb", clock.now())
    assert notice.content == {"body": "Vestby kommune", "remote_id": "77"}
    assert claim(clock) == []


def test_two_bodies_are_two_promises_and_the_first_arrival_makes_it_sent(town, clock):
    report = make_report(clock, category="Hull i vei")
    first, second = claim(clock)
    end(clock, first, ACCEPTED)
    sent_at = Report.objects.get(pk=report.pk).sent_at
    clock.advance(minutes=5)
    end(clock, second, NOT_RECEIVED)
    clock.advance(minutes=5)
    (again,) = claim(clock)
    end(clock, again, Outcome(result=OutcomeClass.ACCEPTED, remote_id="abc/9"))
    assert Report.objects.get(pk=report.pk).sent_at == sent_at
    assert set(Delivery.objects.values_list("state", "remote_id")) == {
        ("accepted", "77"),
        ("accepted", "abc/9"),
    }
    assert Notice.objects.filter(kind=NoticeKind.REPORT_SENT).count() == 2


def test_what_a_worker_was_late_for_makes_later_waits_no_longer(town, clock):
    make_report(clock)
    late = Outcome(result=OutcomeClass.NOT_RECEIVED, error_class=HELD_UP)
    failed = Outcome(result=OutcomeClass.NOT_RECEIVED, why="Connection refused.")
    for outcome in (late, late, late, failed):
        delivery = end(clock, claim(clock)[0], outcome)
        assert delivery.next_at == clock.now() + timedelta(seconds=BACK_OFF[0])
        clock.set(delivery.next_at)


def test_what_was_not_received_is_due_again_after_longer_and_longer(town, clock):
    make_report(clock)
    for step in (*BACK_OFF, BACK_OFF[-1]):
        (claimed,) = claim(clock)
        delivery = end(clock, claimed, NOT_RECEIVED)
        assert delivery.state == DeliveryState.WAITING
        assert delivery.next_at == clock.now() + timedelta(seconds=step)
        assert delivery.why == "Connection refused."
        assert delivery.first_sent_at is None
        clock.advance(seconds=step - 1)
        assert claim(clock) == []
        clock.advance(seconds=1)


def test_jitter_spreads_the_repeats_by_a_fifth_either_way(town, clock):
    make_report(clock)
    for drawn, expected in ((0.0, 4.0), (0.999999, 6.0)):
        Delivery.objects.update(state="waiting", next_at=clock.now(), lease_owner="", lease_until=None)
        Attempt.objects.all().delete()
        (claimed,) = claim(clock)
        record_delivery(
            worker="one",
            claim=claimed,
            outcome=NOT_RECEIVED,
            now=clock.now(),
            random=lambda drawn=drawn: drawn,
        )
        waits = Delivery.objects.get().next_at - clock.now()
        assert waits.total_seconds() == pytest.approx(expected, abs=0.001)


def test_after_two_weeks_without_a_hand_over_staff_have_it(town, clock):
    make_report(clock)
    clock.advance(days=14, seconds=1)
    (claimed,) = claim(clock)
    delivery = end(clock, claimed, NOT_RECEIVED)
    assert (delivery.state, delivery.next_at) == (DeliveryState.REFUSED, None)
    assert "14 days" in delivery.why


def test_an_unknown_outcome_rests_and_is_never_claimed_again(town, clock):
    make_report(clock)
    (claimed,) = claim(clock)
    delivery = end(clock, claimed, UNKNOWN)
    assert delivery.state == DeliveryState.UNCERTAIN
    assert delivery.settle_until == clock.now() + timedelta(seconds=town.endpoint.settle_seconds)
    assert delivery.next_at == delivery.settle_until
    clock.advance(days=400)
    assert claim(clock) == []
    assert use_evidence(now=clock.now()) == 0
    assert repeat_mails(now=clock.now()) == 0


def test_an_unknown_outcome_rests_for_two_deadlines_at_least(town, clock):
    type(town.endpoint).objects.update(settle_seconds=10, timeout_seconds=60)
    make_report(clock)
    (claimed,) = claim(clock)
    assert end(clock, claimed, UNKNOWN).settle_until == clock.now() + timedelta(seconds=120)


def test_a_lost_lease_makes_it_uncertain_and_never_waiting(town, clock):
    make_report(clock)
    (claimed,) = claim(clock)
    assert rescue_deliveries() == 0
    expire(claimed.delivery)
    assert rescue_deliveries() == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.lease_owner, delivery.lease_until) == (DeliveryState.UNCERTAIN, "", None)
    assert delivery.settle_until == clock.now() + timedelta(seconds=60 + 600)
    clock.advance(days=1)
    assert claim(clock) == []


def test_an_answer_after_the_lease_was_lost_is_kept_as_evidence_and_then_believed(town, clock):
    report = make_report(clock)
    (claimed,) = claim(clock)
    expire(claimed.delivery)
    rescue_deliveries()
    delivery = end(clock, claimed, ACCEPTED)
    assert (delivery.state, delivery.remote_id) == (DeliveryState.UNCERTAIN, "")
    assert Attempt.objects.get().evidence_id == "77"
    assert use_evidence(now=clock.now()) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.remote_id, delivery.proof) == (
        DeliveryState.ACCEPTED,
        "77",
        "late answer",
    )
    assert Report.objects.get(pk=report.pk).sent_at == clock.now()


def test_a_late_certainty_that_nothing_left_makes_it_due_again(town, clock):
    make_report(clock)
    (claimed,) = claim(clock)
    expire(claimed.delivery)
    rescue_deliveries()
    end(clock, claimed, NOT_RECEIVED)
    assert use_evidence(now=clock.now()) == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.next_at) == (DeliveryState.WAITING, clock.now())
    assert len(claim(clock)) == 1


def test_refused_credentials_pause_the_endpoint_with_one_alarm_and_resuming_drains(town, clock):
    from streetmend.bodies.health import resume_endpoint

    for _ in range(5):
        make_report(clock)
    first, second = claim(clock)
    wrong_key = Outcome(result=OutcomeClass.CREDENTIALS, why="403 The key is revoked.", http_status=403)
    end(clock, first, wrong_key)
    end(clock, second, wrong_key)
    town.endpoint.refresh_from_db()
    assert (town.endpoint.paused_at, town.endpoint.paused_why) == (clock.now(), "403 The key is revoked.")
    assert Notice.objects.filter(kind=NoticeKind.STAFF).count() == 1
    assert claim(clock) == []
    assert set(Delivery.objects.values_list("state", flat=True)) == {"waiting"}
    assert resume_endpoint(endpoint_id=town.endpoint.pk, now=clock.now())
    assert len(claim(clock)) == 2


def test_a_refusal_goes_to_staff_with_the_endpoints_own_words(town, clock):
    make_report(clock)
    (claimed,) = claim(clock)
    delivery = end(clock, claimed, Outcome(result=OutcomeClass.REFUSED, why="400 service_code not found"))
    assert (delivery.state, delivery.why, delivery.next_at) == ("refused", "400 service_code not found", None)
    clock.advance(days=20)
    assert claim(clock) == []


def test_five_refusals_in_a_row_for_one_reason_are_the_endpoints_fault(town, clock):
    refused = Outcome(result=OutcomeClass.REFUSED, why="400 no", http_status=400)
    for number in range(5):
        town.endpoint.refresh_from_db()
        assert town.endpoint.paused_at is None, number
        make_report(clock)
        (claimed,) = claim(clock)
        end(clock, claimed, refused)
    town.endpoint.refresh_from_db()
    assert town.endpoint.paused_at == clock.now()
    assert Notice.objects.filter(kind=NoticeKind.STAFF).count() == 1


def test_refusals_with_a_success_between_pause_nothing(town, clock):
    for number in range(9):
        make_report(clock)
        (claimed,) = claim(clock)
        outcome = Outcome(result=OutcomeClass.REFUSED, why="400 no", http_status=400)
        if number == 4:
            outcome = ACCEPTED
        end(clock, claimed, outcome)
    town.endpoint.refresh_from_db()
    assert town.endpoint.paused_at is None


def test_the_same_id_for_another_report_is_no_acceptance(town, clock):
    make_report(clock)
    make_report(clock)
    first, second = claim(clock)
    end(clock, first, ACCEPTED)
    delivery = end(clock, second, ACCEPTED)
    assert (delivery.state, delivery.remote_id) == (DeliveryState.UNCERTAIN, "")
    assert "already given" in delivery.why
    assert Notice.objects.filter(kind=NoticeKind.STAFF).count() == 1
    assert Notice.objects.filter(kind=NoticeKind.REPORT_SENT).count() == 1


def test_the_same_id_from_another_endpoint_is_another_number(town, clock):
    make_report(clock, category="Hull i vei")
    for claimed in claim(clock):
        assert end(clock, claimed, ACCEPTED).state == DeliveryState.ACCEPTED


def test_an_endpoint_gets_no_more_at_once_than_its_places(town, clock):
    for _ in range(6):
        make_report(clock)
    assert len(claim(clock, "one")) == 2
    assert claim(clock, "two") == []
    for held in Delivery.objects.filter(state="sending"):
        expire(held)
    rescue_deliveries()
    assert len(claim(clock, "two")) == 2


def test_a_full_line_at_one_endpoint_leaves_room_for_the_others(town, clock):
    for _ in range(30):
        make_report(clock)
    make_report(clock, place=EAST)
    claimed = claim(clock, limit=16)
    assert [c.delivery.endpoint_id for c in claimed].count(town.endpoint.pk) == 2
    assert [c.delivery.endpoint_id for c in claimed].count(None) == 1


def test_the_oldest_reports_go_first(town, clock):
    ids = []
    for _ in range(4):
        ids.append(make_report(clock).pk)
        clock.advance(seconds=5)
    assert [c.delivery.report_id for c in claim(clock)] == ids[:2]


def test_a_hidden_report_is_not_sent(town, clock):
    hide_report(report=make_report(clock), now=clock.now())
    assert claim(clock) == []


def test_what_was_frozen_at_the_first_attempt_is_what_every_repeat_sends(town, clock):
    report = make_report(clock)
    (claimed,) = claim(clock)
    end(clock, claimed, NOT_RECEIVED)
    Report.objects.filter(pk=report.pk).update(title="Something else")
    clock.advance(minutes=1)
    (again,) = claim(clock)
    assert again.delivery.params_snapshot == {"title": "Lykta er mørk"}
    assert again.attempt == 2


def test_a_token_is_asked_about_at_its_times_and_then_nobody_knows(town, clock):
    make_report(clock)
    (claimed,) = claim(clock)
    delivery = end(clock, claimed, Outcome(result=OutcomeClass.TOKEN, token="t1"))
    assert (delivery.state, delivery.token) == (DeliveryState.TOKEN, "t1")
    began, asked = clock.now(), []
    for _ in range(10):
        clock.set(delivery.next_at)
        (polled,) = claim(clock)
        assert polled.asks_token
        asked.append((clock.now() - began).total_seconds() / 60)
        delivery = end(
            clock, polled, Outcome(result=OutcomeClass.TOKEN, token="t1", why="There is no number yet.")
        )
    assert asked == [1, 2, 5, 10, 30, 60, 180, 360, 720, 1440]
    assert delivery.state == DeliveryState.UNCERTAIN
    assert Attempt.objects.count() == 1


def test_a_number_for_a_token_is_proof(town, clock):
    make_report(clock)
    (claimed,) = claim(clock)
    end(clock, claimed, Outcome(result=OutcomeClass.TOKEN, token="t1"))
    clock.advance(minutes=1)
    (polled,) = claim(clock)
    delivery = end(clock, polled, ACCEPTED)
    assert (delivery.state, delivery.remote_id, delivery.proof) == (DeliveryState.ACCEPTED, "77", "token")


def test_a_token_whose_worker_died_is_asked_about_again(town, clock):
    make_report(clock)
    (claimed,) = claim(clock)
    end(clock, claimed, Outcome(result=OutcomeClass.TOKEN, token="t1"))
    clock.advance(minutes=1)
    (polled,) = claim(clock)
    assert claim(clock, "two") == []
    expire(polled.delivery)
    assert rescue_deliveries() == 0
    assert len(claim(clock, "two")) == 1


def test_an_uncertain_mail_may_be_repeated(town, clock):
    make_report(clock, place=EAST)
    (claimed,) = claim(clock)
    expire(claimed.delivery)
    assert rescue_deliveries() == 1
    clock.advance(minutes=2)
    assert repeat_mails(now=clock.now()) == 1
    (again,) = claim(clock)
    delivery = end(clock, again, Outcome(result=OutcomeClass.MAILED))
    assert (delivery.state, delivery.proof) == (DeliveryState.BY_EMAIL, "mail server")
    assert Report.objects.get().sent_at == clock.now()


def test_F_14_a_delivery_that_is_being_sent_is_not_claimed_a_second_time(town, clock):
    make_report(clock)
    claim(clock)
    Delivery.objects.update(next_at=clock.now())  # somebody put it into the queue by hand
    assert claim(clock, "two") == []
    assert Attempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_F_13_many_workers_and_one_delivery_make_one_attempt(clock):
    make_town()
    workers, rounds = 8, 25
    for number in range(rounds):
        make_report(clock)
        gate = threading.Barrier(workers)
        got: list[int] = []

        def work(name: str, gate: threading.Barrier = gate, got: list[int] = got) -> None:
            gate.wait()
            try:
                got.append(len(claim(clock, name)))
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work, args=(f"worker {n}",)) for n in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == workers
        assert sum(got) == 1, number
        delivery = Delivery.objects.get(state="sending")
        assert Attempt.objects.filter(delivery=delivery).count() == 1
        Delivery.objects.filter(pk=delivery.pk).update(
            state="accepted", remote_id=str(number), lease_until=None, next_at=None
        )
