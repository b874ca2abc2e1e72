"""The outbox: who works on a delivery, the intent that is written before the first byte leaves, and what came of it.

Leases are counted by the database's clock, so that workers on machines with different clocks agree; every other time comes from
the caller. No row is ever moved but along the table in `reports.states`, and each statement that moves one says from where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import Now, RowNumber

from streetmend.bodies.models import Endpoint
from streetmend.crash import crash
from streetmend.reports.models import Attempt, Delivery, Report
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services.arrivals import arrived, follow_up
from streetmend.reports.services.lanes import room_of, spend, watch_of
from streetmend.reports.services.outcomes import (
    Outcome,
    OutcomeClass,
    Random,
    Standing,
    after_asking_token,
    after_sending,
    settle_time,
)
from streetmend.reports.services.together import whole, with_companions
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


def claim_deliveries(
    *, worker: str, now: datetime, limit: int, prepare: Prepare, margin_seconds: int = MARGIN_SECONDS
) -> list[Claim]:
    """At most `limit` due deliveries are this worker's, each with its attempt written down before a byte leaves.

    Oldest reports first, and no endpoint gets more at once, over all workers, than its `max_in_flight`; paused endpoints get
    nothing. `now` (UTC) says what is due; the lease ends `timeout_seconds` of the endpoint and `margin_seconds` later.
    """
    if limit < 1 or not _due(now).exists():
        return []
    with transaction.atomic():
        chosen = with_companions(_choose(now, limit), _due(now))
        crash("chosen")
        rows = (
            _due(now)
            .select_for_update(skip_locked=True, no_key=True, of=("self",))
            .filter(pk__in=chosen)
            .select_related("report__category_name", "body", "endpoint__watch", "update")
            .order_by("requested_at", "id")
        )
        deliveries = whole(rows, chosen, _due(now))
        posts = [delivery for delivery in deliveries if delivery.state == DeliveryState.WAITING]
        problems = _write_intents(posts, worker, now, prepare)
        crash("intent_written")
        _lease(deliveries, worker, margin_seconds)
        crash("leased")
    return [
        Claim(
            delivery=delivery,
            attempt=delivery.attempts,
            deadline_seconds=_deadline(delivery),
            asks_token=delivery.state == DeliveryState.TOKEN,
            problem=problems.get(delivery.pk, ""),
        )
        for delivery in deliveries
    ]


def _due(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=Now()),
        state__in=(DeliveryState.WAITING, DeliveryState.TOKEN),
        next_at__lte=now,
    )


def _choose(now: datetime, limit: int) -> list[int]:
    """The ids to claim: from each endpoint's line its oldest, as many as it has room for.

    The endpoints stay locked until the claim is committed, so that two workers never fill the same room; an endpoint that
    another worker is just claiming from is left to it.
    """
    due = _due(now)
    wanted = set(due.order_by().values_list("endpoint_id", flat=True).distinct())
    locked = Endpoint.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    endpoints = locked.select_related("watch").filter(pk__in=list(wanted), active=True, paused_at=None)
    flying = Delivery.objects.filter(lease_until__gte=Now()).order_by().values_list("endpoint_id")
    counts: dict[int | None, int] = dict(flying.annotate(count=Count("pk")))
    room: dict[int | None, int] = {
        endpoint.pk: room_of(endpoint, watch_of(endpoint), counts.get(endpoint.pk, 0), now)
        for endpoint in endpoints
    }
    if None in wanted:
        room[None] = MAILS_IN_FLIGHT - counts.get(None, 0)
    most = max(room.values(), default=0)
    if most < 1:
        return []
    ranked = due.annotate(
        place=Window(RowNumber(), partition_by="endpoint_id", order_by=("requested_at", "seq", "id"))
    )
    rows = (
        ranked.filter(place__lte=most)
        .order_by("place", "requested_at")
        .values_list("pk", "endpoint_id", "place")
    )
    chosen = [(pk, endpoint_id) for pk, endpoint_id, place in rows if place <= room.get(endpoint_id, 0)][
        :limit
    ]
    for endpoint in endpoints:
        count = sum(endpoint_id == endpoint.pk for _, endpoint_id in chosen)
        spend(endpoint=endpoint, watch=watch_of(endpoint), count=count, now=now)
    return [pk for pk, _ in chosen]


def _write_intents(posts: Sequence[Delivery], worker: str, now: datetime, prepare: Prepare) -> dict[int, str]:
    """The attempts are written; what is sent is frozen at the first one. Returns what cannot be sent at all, and why."""
    prepared = prepare([delivery for delivery in posts if not delivery.params_snapshot])
    attempts = []
    for delivery in posts:
        ready = prepared.get(delivery.pk) or Prepared(delivery.params_snapshot)
        delivery.attempts += 1
        delivery.params_snapshot = dict(ready.params)
        delivery.first_sent_at = delivery.first_sent_at or now
        delivery.settle_until = now + timedelta(seconds=_deadline(delivery)) + _settle(delivery)
        delivery.negatives = 0
        attempts.append(
            Attempt(
                delivery=delivery,
                endpoint=delivery.endpoint,
                n=delivery.attempts,
                worker=worker,
                started_at=now,
                request_hash=ready.request_hash,
            )
        )
    Attempt.objects.bulk_create(attempts)
    Delivery.objects.bulk_update(
        posts, ["attempts", "params_snapshot", "first_sent_at", "settle_until", "negatives"]
    )
    return {pk: ready.problem for pk, ready in prepared.items() if ready.problem}


def _lease(deliveries: Sequence[Delivery], worker: str, margin_seconds: int) -> None:
    """The leases begin: what waited is being sent, what has a token stays where it is."""
    for seconds in {_deadline(delivery) for delivery in deliveries}:
        mine = [delivery.pk for delivery in deliveries if _deadline(delivery) == seconds]
        lease = {"lease_owner": worker, "lease_until": Now() + timedelta(seconds=seconds + margin_seconds)}
        rows = Delivery.objects.filter(pk__in=mine)
        rows.filter(state=DeliveryState.TOKEN).update(checks=F("checks") + 1, **lease)
        rows.filter(state=DeliveryState.WAITING).update(state=DeliveryState.SENDING, next_at=None, **lease)


def _deadline(delivery: Delivery) -> int:
    return delivery.endpoint.timeout_seconds if delivery.endpoint else MAIL_TIMEOUT_SECONDS


def _settle(delivery: Delivery) -> timedelta:
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


def record_delivery(*, worker: str, claim: Claim, outcome: Outcome, now: datetime, random: Random) -> bool:
    """The delivery is what `outcome` makes of it; false where the lease was lost, and the answer is kept as evidence only.

    An id that the endpoint already gave to another report makes the outcome unknown. Acceptance makes the report sent and is
    told to its reporter; refused credentials pause the endpoint with one alarm.
    """
    try:
        with transaction.atomic():
            return _record(worker, claim, outcome, now, random)
    except IntegrityError:
        # another worker recorded the same id at the same moment: the second look sees it
        with transaction.atomic():
            return _record(worker, claim, outcome, now, random)


def _record(worker: str, claim: Claim, outcome: Outcome, now: datetime, random: Random) -> bool:
    report, delivery = _lock(claim.delivery.pk, claim.delivery.report_id)
    crash("record_locked")
    outcome = _doubt_known_id(delivery, outcome)
    mine = _holds(delivery, worker, claim)
    if not claim.asks_token:
        _close_attempt(delivery, claim.attempt, outcome, now, evidence=not mine)
    crash("attempt_closed")
    if mine:
        _move(delivery, claim, outcome, now, random)
        crash("delivery_moved")
        follow_up(report=report, delivery=delivery, outcome=outcome, now=now)
    crash("record_written")
    return mine


def _lock(delivery_id: int, report_id: int) -> tuple[Report, Delivery]:
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
            report, delivery = _lock(attempt.delivery_id, attempt.delivery.report_id)
            if delivery.state != DeliveryState.UNCERTAIN or delivery.attempts != attempt.n:
                continue
            _take_late_answer(report, delivery, attempt, now)
            used += 1
    return used


def _take_late_answer(report: Report, delivery: Delivery, attempt: Attempt, now: datetime) -> None:
    delivery.settle_until = None
    if attempt.outcome == OutcomeClass.NOT_RECEIVED:
        delivery.state, delivery.next_at, delivery.why = DeliveryState.WAITING, now, attempt.explanation
        delivery.first_sent_at = _first_sent(delivery, attempt.n)
        delivery.save()
        return
    delivery.state, delivery.next_at, delivery.why = DeliveryState.ACCEPTED, None, ""
    delivery.remote_id, delivery.proof, delivery.accepted_at = attempt.evidence_id, "late answer", now
    delivery.save()
    arrived(report=report, delivery=delivery, now=now)


def _holds(delivery: Delivery, worker: str, claim: Claim) -> bool:
    expected = DeliveryState.TOKEN if claim.asks_token else DeliveryState.SENDING
    return (
        delivery.state == expected and delivery.lease_owner == worker and delivery.attempts == claim.attempt
    )


def _doubt_known_id(delivery: Delivery, outcome: Outcome) -> Outcome:
    """An endpoint that gives one id to two reports has told us nothing about the second."""
    if outcome.result is not OutcomeClass.ACCEPTED:
        return outcome
    twin = (
        Delivery.objects.filter(
            endpoint=delivery.endpoint_id, kind=delivery.kind, remote_id=outcome.remote_id
        )
        .exclude(pk=delivery.pk)
        .first()
    )
    if twin is None or delivery.kind == DeliveryKind.UPDATE:
        return outcome
    why = f"The endpoint gave the id {outcome.remote_id!r}, which it had already given to report {twin.report_id}."
    return replace(outcome, result=OutcomeClass.UNKNOWN, why=why, alarm=why, error_class="SameIdTwice")


def _close_attempt(
    delivery: Delivery, number: int, outcome: Outcome, now: datetime, *, evidence: bool
) -> None:
    """The attempt says how it ended; an id that may not be written on the delivery stays here as evidence."""
    keep_id = evidence or outcome.result is not OutcomeClass.ACCEPTED
    Attempt.objects.filter(delivery=delivery, n=number, ended_at=None).update(
        ended_at=now,
        outcome=outcome.result.value,
        http_status=outcome.http_status,
        remote_date=outcome.remote_date[:100],
        error_class=outcome.error_class[:100],
        explanation=outcome.why[:500],
        response_head=outcome.response_head,
        sent_bytes=outcome.sent_bytes,
        evidence_id=outcome.remote_id[:255] if keep_id else "",
    )


def _move(delivery: Delivery, claim: Claim, outcome: Outcome, now: datetime, random: Random) -> None:
    standing = Standing(
        not_received=Attempt.objects.filter(
            delivery=delivery,
            outcome__in=(OutcomeClass.NOT_RECEIVED.value, OutcomeClass.MAIL_UNKNOWN.value),
        ).count(),
        owed_since=delivery.requested_at or delivery.created_at,
        settle=_settle(delivery),
    )
    if claim.asks_token:
        changes = after_asking_token(outcome, standing, checks=delivery.checks, now=now)
    else:
        changes = after_sending(outcome, standing, now=now, random=random)
        if outcome.result in (OutcomeClass.NOT_RECEIVED, OutcomeClass.CREDENTIALS):
            changes["first_sent_at"] = _first_sent(delivery, claim.attempt)
        if outcome.result is OutcomeClass.ACCEPTED and delivery.resends and delivery.endpoint is not None:
            # the first one may still turn up
            changes["check_wanted_at"] = now + _settle(delivery)
    for name, value in changes.items():
        setattr(delivery, name, value)
    delivery.save(update_fields=list(changes))


def _first_sent(delivery: Delivery, number: int) -> datetime | None:
    """When bytes may have left for the first time, if not at this attempt: None where they never did."""
    earlier = (
        Attempt.objects.filter(delivery=delivery, n__lt=number)
        .exclude(outcome__in=(OutcomeClass.NOT_RECEIVED.value, OutcomeClass.CREDENTIALS.value))
        .order_by("n")
        .first()
    )
    return earlier.started_at if earlier else None
