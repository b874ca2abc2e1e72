"""What came of sending is written down: one outcome by itself, or many that came at about the same time together.

A record is a compare-and-set: it changes a delivery only where the claim still holds. Where the lease was lost, the answer is
kept as evidence on its attempt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from streetmend.crash import crash
from streetmend.database.rows import update_each
from streetmend.reports.models import Attempt, Delivery, Report
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services.arrivals import follow_up, many_arrived
from streetmend.reports.services.kept import SENT_LOOKS_AT
from streetmend.reports.services.outbox import Claim, first_sent_before, lock_both, settle_of
from streetmend.reports.services.outcomes import (
    HELD_UP,
    Outcome,
    OutcomeClass,
    Random,
    Standing,
    accepted,
    after_asking_token,
    after_sending,
)
from streetmend.reports.states import DeliveryState


@dataclass(frozen=True, slots=True)
class End:
    """What came of a claim."""

    claim: Claim
    outcome: Outcome


def record_deliveries(*, worker: str, ends: Sequence[End], now: datetime, random: Random) -> list[bool]:
    """Every delivery is what its outcome makes of it, as by `record_delivery`; what that says of each, in order.

    Reports that were simply accepted are written down together, in one transaction and a fixed number of statements; everything
    else, and whatever is odd about one of those, one after the other.
    """
    recorded = _record_accepted(worker, [end for end in ends if _is_simple(end)], now)
    return [
        end.claim.delivery.pk in recorded
        or record_delivery(worker=worker, claim=end.claim, outcome=end.outcome, now=now, random=random)
        for end in ends
    ]


def _is_simple(end: End) -> bool:
    delivery = end.claim.delivery
    return (
        end.outcome.result is OutcomeClass.ACCEPTED
        and not end.outcome.alarm
        and not end.claim.asks_token
        and delivery.kind == DeliveryKind.REPORT
        and delivery.endpoint_id is not None
    )


def _record_accepted(worker: str, ends: Sequence[End], now: datetime) -> Collection[int]:
    """The ids of the deliveries that are accepted now; the others are as they were."""
    if not ends:
        return ()
    try:
        with transaction.atomic():
            return _accept(worker, {end.claim.delivery.pk: end for end in ends}, now)
    except IntegrityError:
        # another worker recorded one of the ids at the same moment: each is looked at by itself
        return ()


def _accept(worker: str, ends: Mapping[int, End], now: datetime) -> Collection[int]:
    reports, deliveries = _lock_all(ends)
    crash("record_locked")
    known = _known_ids(ends)
    held = {
        pk: delivery
        for pk, delivery in deliveries.items()
        if _holds(delivery, worker, ends[pk].claim)
        and not delivery.resends
        and (delivery.endpoint_id, ends[pk].outcome.remote_id) not in known
    }
    if not held:
        return ()
    _close_attempts([ends[pk] for pk in held], now)
    crash("attempt_closed")
    changes = {pk: accepted(ends[pk].outcome, now=now) for pk in held}
    columns = list(next(iter(changes.values())))
    for pk, delivery in held.items():
        for name, value in changes[pk].items():
            setattr(delivery, name, value)
    rows = [(pk, *changed.values()) for pk, changed in changes.items()]
    update_each(Delivery, keys=["id"], columns=columns, rows=rows)
    crash("delivery_moved")
    many_arrived(reports=reports, deliveries=list(held.values()), now=now)
    crash("record_written")
    return held.keys()


def _close_attempts(ends: Sequence[End], now: datetime) -> None:
    said = [_said(end.outcome, now, keep_id=False) for end in ends]
    rows = [
        (end.claim.delivery.pk, end.claim.attempt, *columns.values())
        for end, columns in zip(ends, said, strict=True)
    ]
    update_each(Attempt, keys=["delivery", "n"], columns=list(said[0]), rows=rows)


def _lock_all(ends: Mapping[int, End]) -> tuple[Mapping[int, Report], Mapping[int, Delivery]]:
    """All reports, then their deliveries, each in the order of their ids: two workers never wait for each other in a circle."""
    wanted = {end.claim.delivery.report_id for end in ends.values()}
    locked = Report.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=wanted).order_by("pk")
    reports = {report.pk: report for report in locked.select_related("reporter").only(*_OF_REPORTS)}
    rows = Delivery.objects.select_for_update(no_key=True).filter(pk__in=list(ends)).order_by("pk")
    deliveries = {delivery.pk: delivery for delivery in rows.only(*_OF_DELIVERIES)}
    for delivery in deliveries.values():
        delivery.body = ends[delivery.pk].claim.delivery.body
    return reports, deliveries


#: what an acceptance looks at or is told with; of many rows, the rest would be read for nothing
_OF_REPORTS = ("reporter", "email", "language", *SENT_LOOKS_AT)
_OF_DELIVERIES = (
    "report", "body", "endpoint", "kind", "state", "attempts", "lease_owner", "resends", "mark",
)  # fmt: skip


def _known_ids(ends: Mapping[int, End]) -> Collection[tuple[int | None, str]]:
    """Endpoints with numbers that they gave before, or gave twice now."""
    given = [(end.claim.delivery.endpoint_id, end.outcome.remote_id) for end in ends.values()]
    twice = {pair for pair, times in Counter(given).items() if times > 1}
    rows = Delivery.objects.filter(
        endpoint__in={endpoint for endpoint, _ in given},
        kind=DeliveryKind.REPORT,
        remote_id__in={remote_id for _, remote_id in given},
    ).values_list("endpoint_id", "remote_id")
    return twice | set(rows)


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
    report, delivery = lock_both(claim.delivery.pk, claim.delivery.report_id)
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
        **_said(outcome, now, keep_id=keep_id)
    )


def _said(outcome: Outcome, now: datetime, *, keep_id: bool) -> dict[str, Any]:
    """The columns of an attempt that ended."""
    return {
        "ended_at": now,
        "outcome": outcome.result.value,
        "http_status": outcome.http_status,
        "remote_date": outcome.remote_date[:100],
        "error_class": outcome.error_class[:100],
        "explanation": outcome.why[:500],
        "response_head": outcome.response_head,
        "sent_bytes": outcome.sent_bytes,
        "evidence_id": outcome.remote_id[:255] if keep_id else "",
    }


def _move(delivery: Delivery, claim: Claim, outcome: Outcome, now: datetime, random: Random) -> None:
    standing = Standing(
        not_received=Attempt.objects.filter(
            delivery=delivery,
            outcome__in=(OutcomeClass.NOT_RECEIVED.value, OutcomeClass.MAIL_UNKNOWN.value),
        )
        .exclude(error_class=HELD_UP)
        .count(),
        owed_since=delivery.requested_at or delivery.created_at,
        settle=settle_of(delivery),
    )
    if claim.asks_token:
        changes = after_asking_token(outcome, standing, checks=delivery.checks, now=now)
    else:
        changes = after_sending(outcome, standing, now=now, random=random)
        if outcome.result in (OutcomeClass.NOT_RECEIVED, OutcomeClass.CREDENTIALS):
            changes["first_sent_at"] = first_sent_before(delivery, claim.attempt)
        if outcome.result is OutcomeClass.ACCEPTED and delivery.resends and delivery.endpoint is not None:
            # the first one may still turn up
            changes["check_wanted_at"] = now + settle_of(delivery)
    for name, value in changes.items():
        setattr(delivery, name, value)
    delivery.save(update_fields=list(changes))
