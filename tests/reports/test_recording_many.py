"""Outcomes that are written down together: what each says of its delivery is what it would say alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from streetmend.bodies.models import Endpoint
from streetmend.reports.models import Attempt, Delivery, Notice, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import Told, submit
from streetmend.reports.services.claiming import claim_deliveries
from streetmend.reports.services.outbox import Claim, Prepared
from streetmend.reports.services.outcomes import Outcome, OutcomeClass
from streetmend.reports.services.recording import End, record_deliveries
from streetmend.reports.states import DeliveryState
from tests.support.clock import SettableClock
from tests.support.town import WEST, Town, make_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    made = make_town()
    Endpoint.objects.update(max_in_flight=50)
    return made


def claims_of(
    clock: SettableClock, count: int, *, worker: str = "w", email: str = "kari@example.org"
) -> list[Claim]:
    """So many reports, taken in and claimed."""
    for number in range(count):
        submit(
            now=clock.now(), lat=WEST[0], long=WEST[1] + number * 1e-5, title=f"Lamp {number}", category_name="Gatelys",
            told=Told(email=email), confirmed=True,
        )  # fmt: skip
    return claim_deliveries(worker=worker, now=clock.now(), limit=50, prepare=ready)


def ready(deliveries: Sequence[Delivery]) -> dict[int, Prepared]:
    return {delivery.pk: Prepared({"request": {"number": delivery.pk}}, "hash") for delivery in deliveries}


def accepted(remote_id: str) -> Outcome:
    return Outcome(
        result=OutcomeClass.ACCEPTED,
        why="Taken.",
        remote_id=remote_id,
        http_status=201,
        response_head="<x/>",
        sent_bytes=9,
    )


def record(clock: SettableClock, ends: list[End], *, worker: str = "w") -> list[bool]:
    return record_deliveries(worker=worker, ends=ends, now=clock.now(), random=lambda: 0.5)


def test_reports_that_were_accepted_together_are_each_accepted_told_and_shown(town, clock):
    claims = claims_of(clock, 5)
    clock.advance(timedelta(seconds=1))
    told = record(clock, [End(claim, accepted(f"n{claim.delivery.pk}")) for claim in claims])
    assert told == [True] * 5
    for claim in claims:
        delivery = Delivery.objects.get(pk=claim.delivery.pk)
        assert (delivery.state, delivery.remote_id) == (DeliveryState.ACCEPTED, f"n{delivery.pk}")
        assert (delivery.proof, delivery.accepted_at) == ("answer", clock.now())
        assert (delivery.lease_owner, delivery.lease_until, delivery.next_at) == ("", None, None)
        attempt = Attempt.objects.get(delivery=delivery)
        assert (attempt.outcome, attempt.ended_at, attempt.http_status) == ("accepted", clock.now(), 201)
        assert (attempt.response_head, attempt.sent_bytes, attempt.evidence_id) == ("<x/>", 9, "")
        report = Report.objects.get(pk=delivery.report_id)
        assert (report.sent_at, report.updated_at) == (clock.now(), clock.now())
        assert (report.recipient_ids, report.visible, report.settled) == ([town.west.pk], True, False)
        assert report.version == 2
    assert Notice.objects.filter(kind=NoticeKind.REPORT_SENT).count() == 5
    endpoint = Endpoint.objects.get(pk=town.endpoint.pk)
    assert (endpoint.last_ok_at, endpoint.fail_streak) == (clock.now(), 0)


def test_each_of_many_outcomes_is_what_it_would_be_alone(town, clock):
    first, second, third, fourth = claims_of(clock, 4)
    told = record(
        clock,
        [
            End(first, accepted("1")),
            End(second, Outcome(result=OutcomeClass.UNKNOWN, why="Nobody knows.", sent_bytes=10)),
            End(third, accepted("3")),
            End(fourth, Outcome(result=OutcomeClass.REFUSED, why="No such category.", http_status=400)),
        ],
    )
    assert told == [True] * 4
    states = [Delivery.objects.get(pk=one.delivery.pk).state for one in (first, second, third, fourth)]
    assert states == ["accepted", "uncertain", "accepted", "refused"]


def test_F_43_an_id_given_twice_among_many_is_believed_for_none_but_the_first(town, clock):
    first, second, third = claims_of(clock, 3)
    record(clock, [End(first, accepted("7")), End(second, accepted("7")), End(third, accepted("8"))])
    found = {one.pk: one for one in Delivery.objects.all()}
    assert found[first.delivery.pk].remote_id == "7"
    assert found[third.delivery.pk].remote_id == "8"
    doubted = found[second.delivery.pk]
    assert (doubted.state, doubted.remote_id) == (DeliveryState.UNCERTAIN, "")
    assert Attempt.objects.get(delivery=doubted).evidence_id == "7"


def test_F_43_an_id_that_is_known_from_before_is_not_believed_among_many(town, clock):
    (earlier,) = claims_of(clock, 1)
    record(clock, [End(earlier, accepted("7"))])
    first, second = claims_of(clock, 2)
    record(clock, [End(first, accepted("9")), End(second, accepted("7"))])
    assert Delivery.objects.get(pk=first.delivery.pk).state == DeliveryState.ACCEPTED
    assert Delivery.objects.get(pk=second.delivery.pk).state == DeliveryState.UNCERTAIN


def test_an_answer_among_many_whose_lease_was_lost_is_kept_as_evidence(town, clock):
    lost, held = claims_of(clock, 2)
    Delivery.objects.filter(pk=lost.delivery.pk).update(state=DeliveryState.UNCERTAIN, lease_owner="")
    told = record(clock, [End(lost, accepted("1")), End(held, accepted("2"))])
    assert told == [False, True]
    assert Delivery.objects.get(pk=lost.delivery.pk).remote_id == ""
    assert Attempt.objects.get(delivery=lost.delivery.pk).evidence_id == "1"


def test_what_was_recorded_changes_nothing_when_it_is_recorded_again(town, clock):
    claims = claims_of(clock, 3)
    ends = [End(claim, accepted(f"n{claim.delivery.pk}")) for claim in claims]
    record(clock, ends)
    before = list(Delivery.objects.order_by("pk").values())
    clock.advance(timedelta(minutes=1))
    assert record(clock, ends) == [False] * 3
    assert list(Delivery.objects.order_by("pk").values()) == before
    assert Notice.objects.filter(kind=NoticeKind.REPORT_SENT).count() == 3


def test_a_claim_and_a_record_take_the_same_number_of_statements_for_few_and_many(
    town, clock, django_assert_max_num_queries
):
    claims_of(clock, 0)
    with django_assert_max_num_queries(1):
        assert claim_deliveries(worker="w", now=clock.now(), limit=50, prepare=ready) == []
    for number in range(40):
        submit(
            now=clock.now(), lat=WEST[0], long=WEST[1] + number * 1e-5, title=f"Lamp {number}", category_name="Gatelys",
            told=Told(), confirmed=True,
        )  # fmt: skip
    with django_assert_max_num_queries(20):
        claims = claim_deliveries(worker="w", now=clock.now(), limit=50, prepare=ready)
    assert len(claims) == 40
    ends = [End(claim, accepted(f"n{claim.delivery.pk}")) for claim in claims]
    with django_assert_max_num_queries(22):
        assert record(clock, ends) == [True] * 40


def test_endpoints_without_room_do_not_stand_in_the_way_of_one_that_has_some(town, clock):
    claims_of(clock, 4)
    Endpoint.objects.filter(pk=town.endpoint.pk).update(max_in_flight=4)
    for number in range(3):
        submit(
            now=clock.now(), lat=WEST[0], long=WEST[1], title=f"Lamp {number}", category_name="Gatelys",
            told=Told(), confirmed=True,
        )  # fmt: skip
    clock.advance(timedelta(hours=1))
    submit(
        now=clock.now(), lat=WEST[0], long=WEST[1], title="Sign", category_name="Skilt", told=Told(), confirmed=True,
        answers={"kind": ["stop"]},
    )  # fmt: skip
    (only,) = claim_deliveries(worker="w", now=clock.now(), limit=1, prepare=ready)
    assert only.delivery.endpoint_id == town.roads_endpoint.pk
