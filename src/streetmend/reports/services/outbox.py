"""The outbox: what a claim of a delivery is, and what becomes of one whose worker did not come back.

`claiming` takes deliveries on, `recording` writes down what came of them.

Leases are counted by the database's clock, so that workers on machines with different clocks agree; every other time comes from
the caller. No row is ever moved but along the table in `reports.states`, and each statement that moves one says from where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from streetmend.crash import crash
from streetmend.reports.models import Attempt, Delivery, Report
from streetmend.reports.services.arrivals import arrived
from streetmend.reports.services.lanes import watch_of
from streetmend.reports.services.outcomes import OutcomeClass, settle_time
from streetmend.reports.states import DeliveryState

#: a lease outlives the deadline of the call by this much
MARGIN_SECONDS = 30
#: what goes by e-mail has one lane, with so many in flight over all workers
MAILS_IN_FLIGHT = 4
MAIL_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Prepared:
    """What will be sent, without secrets, frozen for every repeat; or `problem`: why it cannot be sent at all."""

    params: Mapping[str, Any]
    request_hash: str = ""
    problem: str = ""


#: what to send for each of these deliveries, by the delivery's id; reads the database, opens nothing else
Prepare = Callable[[Sequence[Delivery]], Mapping[int, Prepared]]


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is this worker's for now: to be sent (`attempt` is its number), or its token to be asked about."""

    delivery: Delivery
    attempt: int
    deadline_seconds: int
    asks_token: bool = False
    problem: str = ""


def settle_of(delivery: Delivery) -> timedelta:
    """How long an unknown outcome of the delivery rests."""
    endpoint = delivery.endpoint
    if endpoint is None:
        return timedelta()
    watch = watch_of(endpoint)
    return settle_time(
        settle_seconds=endpoint.settle_seconds,
        timeout_seconds=endpoint.timeout_seconds,
        late_seconds=watch.late_seconds if watch else 0.0,
    )


def rescue_deliveries() -> int:
    """What was being sent by a worker whose lease is over is uncertain: nobody knows how far it came. Says how many.

    Any worker does this, in one statement. Never are they simply due again.
    """
    lost = Delivery.objects.filter(state=DeliveryState.SENDING, lease_until__lt=Now())
    if not lost.exists():
        return 0
    with transaction.atomic():
        count = lost.update(
            state=DeliveryState.UNCERTAIN,
            next_at=F("settle_until"),
            lease_owner="",
            lease_until=None,
            why="The worker that was sending it did not come back; it may have arrived or not.",
        )
        crash("rescue_written")
    crash("rescued")
    return count


def repeat_mails(*, now: datetime) -> int:
    """Uncertain deliveries by e-mail are due again: their repeat has the same Message-ID and does no harm. Says how many."""
    lost = Delivery.objects.filter(state=DeliveryState.UNCERTAIN, endpoint=None, next_at__lte=now)
    if not lost.exists():
        return 0
    with transaction.atomic():
        return lost.update(
            state=DeliveryState.WAITING,
            next_at=now,
            settle_until=None,
            why="It is sent again with the same Message-ID.",
        )


def lock_both(delivery_id: int, report_id: int) -> tuple[Report, Delivery]:
    """The report, then its delivery: every service locks in this order."""
    report = Report.objects.select_for_update(no_key=True).get(pk=report_id)
    rows = Delivery.objects.select_for_update(no_key=True, of=("self",))
    return report, rows.select_related("body", "endpoint__watch").get(pk=delivery_id)


def use_evidence(*, now: datetime) -> int:
    """Uncertain deliveries whose last attempt was answered after its lease are what the answer says. Says how many.

    An id is proof that it is there; a call that certainly was not received is due again.
    """
    late = Attempt.objects.filter(
        delivery__state=DeliveryState.UNCERTAIN,
        delivery__next_at__isnull=False,
        delivery__attempts=F("n"),
        outcome__in=(OutcomeClass.ACCEPTED.value, OutcomeClass.NOT_RECEIVED.value),
    )
    used = 0
    for attempt in late.select_related("delivery"):
        with transaction.atomic():
            report, delivery = lock_both(attempt.delivery_id, attempt.delivery.report_id)
            if delivery.state != DeliveryState.UNCERTAIN or delivery.attempts != attempt.n:
                continue
            _take_late_answer(report, delivery, attempt, now)
            used += 1
    return used


def _take_late_answer(report: Report, delivery: Delivery, attempt: Attempt, now: datetime) -> None:
    delivery.settle_until = None
    if attempt.outcome == OutcomeClass.NOT_RECEIVED:
        delivery.state, delivery.next_at, delivery.why = DeliveryState.WAITING, now, attempt.explanation
        delivery.first_sent_at = first_sent_before(delivery, attempt.n)
        delivery.save()
        return
    delivery.state, delivery.next_at, delivery.why = DeliveryState.ACCEPTED, None, ""
    delivery.remote_id, delivery.proof, delivery.accepted_at = attempt.evidence_id, "late answer", now
    delivery.save()
    arrived(report=report, delivery=delivery, now=now)


def first_sent_before(delivery: Delivery, number: int) -> datetime | None:
    """When bytes may have left for the first time, if not at this attempt: None where they never did."""
    earlier = (
        Attempt.objects.filter(delivery=delivery, n__lt=number)
        .exclude(outcome__in=(OutcomeClass.NOT_RECEIVED.value, OutcomeClass.CREDENTIALS.value))
        .order_by("n")
        .first()
    )
    return earlier.started_at if earlier else None
