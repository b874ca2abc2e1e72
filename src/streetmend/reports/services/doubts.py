"""Deliveries of which nobody knows whether they arrived: who asks, and what follows from each answer.

Nothing is sent again before the endpoint, asked properly, did not have it twice; where it cannot be asked, the endpoint's
`on_unknown` decides, and what is sent then says that it may be a repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Now

from streetmend.bodies.habits import habits_of
from streetmend.bodies.models import Endpoint, OnUnknown
from streetmend.bodies.queries import mail_address
from streetmend.crash import crash
from streetmend.reports.models import Attempt, Delivery, EndpointWatch, Report
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.queries.doubts import due_doubts
from streetmend.reports.services.arrivals import arrived
from streetmend.reports.services.lanes import watch_of
from streetmend.reports.services.notices import write_staff_notice
from streetmend.reports.services.outcomes import settle_time
from streetmend.reports.services.repeating import queue_again, queue_mail
from streetmend.reports.states import DeliveryState

#: negatives after which it certainly is not there
ENOUGH_NEGATIVES = 2
#: a lateness beyond this teaches nothing
LATEST = timedelta(hours=24)
_LONGEST_PAUSE = 3600.0
#: an endpoint that takes reports and fails to answer questions for so long counts as one that cannot be asked
HOPELESS = timedelta(hours=24)


class Decide(Protocol):
    """What follows for one delivery."""

    def __call__(self, *, delivery_id: int, now: datetime) -> object: ...


def claim_sweeps(*, worker: str, now: datetime, limit: int, seconds: int) -> list[Endpoint]:
    """At most `limit` endpoints about whose deliveries this worker asks now, for `seconds` and the deadline of a call."""
    due = due_doubts(now).filter(endpoint__active=True, endpoint__paused_at=None)
    if limit < 1 or not due.exists():
        return []
    mine = []
    with transaction.atomic():
        wanted = set(due.order_by().values_list("endpoint_id", flat=True).distinct())
        EndpointWatch.objects.bulk_create([EndpointWatch(pk=pk) for pk in wanted], ignore_conflicts=True)
        free = EndpointWatch.objects.filter(
            Q(ask_until=None) | Q(ask_until__lt=Now()),
            Q(ask_at=None) | Q(ask_at__lte=now),
            Q(open_until=None) | Q(open_until__lte=now),
            pk__in=wanted,
        )
        for watch in free.select_related("endpoint__body").order_by("ask_at", "pk")[:limit]:
            lease = timedelta(seconds=seconds + watch.endpoint.timeout_seconds)
            if free.filter(pk=watch.pk).update(ask_owner=worker, ask_until=Now() + lease):
                mine.append(watch.endpoint)
    return mine


def asking_is_hopeless(*, endpoint_id: int) -> bool:
    """Whether the endpoint takes reports, and for a day has not answered when it was asked whether it has one."""
    watch = EndpointWatch.objects.select_related("endpoint").filter(pk=endpoint_id).first()
    if watch is None or watch.failing_since is not None or watch.open_until is not None:
        return False
    waited = sum(_ask_pause(watch.endpoint, number) for number in range(1, watch.ask_failures + 1))
    return waited >= HOPELESS.total_seconds()


def _ask_pause(endpoint: Endpoint, failures: int) -> float:
    """How many seconds to wait after so many sweeps in a row that failed."""
    first = max(endpoint.settle_seconds / 10, 1.0)
    return min(first * 2.0 ** min(failures - 1, 10), _LONGEST_PAUSE)


def finish_sweep(
    *, endpoint_id: int, worker: str, now: datetime, can_find: bool | None = None, failed: bool = False
) -> bool:
    """The endpoint may be asked again by any worker; after a failure not at once. False where the lease was lost."""
    with transaction.atomic():
        watch = (
            EndpointWatch.objects.select_for_update(no_key=True, of=("self",))
            .select_related("endpoint")
            .filter(pk=endpoint_id, ask_owner=worker)
            .first()
        )
        if watch is None:
            return False
        watch.ask_owner, watch.ask_until = "", None
        watch.ask_failures = watch.ask_failures + 1 if failed else 0
        pause = timedelta(seconds=_ask_pause(watch.endpoint, watch.ask_failures))
        watch.ask_at = now + pause if failed else None
        if can_find is not None:
            watch.can_find, watch.can_find_at = can_find, now
        watch.save()
    return True


def settle_of(endpoint: Endpoint) -> timedelta:
    """How long an unknown outcome of this endpoint rests."""
    watch = watch_of(endpoint)
    return settle_time(
        settle_seconds=endpoint.settle_seconds,
        timeout_seconds=endpoint.timeout_seconds,
        late_seconds=watch.late_seconds if watch else 0.0,
    )


def found(*, delivery_id: int, remote_id: str, proof: str, others: Sequence[str] = (), now: datetime) -> bool:
    """The endpoint has it under this number, and perhaps under `others` as well; false where that changes nothing any more.

    `proof`: "found", "asked by number", "found by content". A number that another report has proves nothing.
    """
    with transaction.atomic():
        report, delivery = _locked(delivery_id)
        if delivery.state not in (DeliveryState.UNCERTAIN, DeliveryState.HELD, DeliveryState.REFUSED):
            return False
        taken = Delivery.objects.filter(
            endpoint=delivery.endpoint_id, kind=delivery.kind, remote_id=remote_id
        ).exclude(pk=delivery.pk)
        if taken.exists():
            return False
        if delivery.negatives:
            _learn_lateness(delivery, now)
        delivery.state, delivery.remote_id, delivery.proof = DeliveryState.ACCEPTED, remote_id[:255], proof
        delivery.accepted_at, delivery.why = now, ""
        delivery.next_at = delivery.settle_until = delivery.check_wanted_at = None
        if delivery.resends and not others:
            delivery.check_wanted_at = now + settle_of(_endpoint(delivery))
        for other in others:
            _duplicate(delivery, other, now)
        delivery.save()
        arrived(report=report, delivery=delivery, now=now)
        crash("found_written")
    return True


def found_again(*, delivery_id: int, others: Sequence[str], now: datetime) -> None:
    """An accepted delivery was looked for once more: the endpoint has it under `others` as well, or (with none) only once."""
    with transaction.atomic():
        _, delivery = _locked(delivery_id)
        delivery.check_wanted_at = None
        for other in others:
            if delivery.state == DeliveryState.ACCEPTED and other not in (
                delivery.remote_id,
                delivery.other_remote_id,
            ):
                _duplicate(delivery, other, now)
        delivery.save()


def _duplicate(delivery: Delivery, other: str, now: datetime) -> None:
    """Both numbers are kept, staff know, and the endpoint gets more time from now on."""
    delivery.other_remote_id, delivery.proof = other[:255], "duplicate found"
    _learn_lateness(delivery, now)
    body = delivery.body.name
    write_staff_notice(
        subject=f"{body} has report {delivery.report_id} twice",
        text=(
            f"Report {delivery.report_id} was sent again after an unknown outcome, and {body} has it under two numbers: "
            f"{delivery.remote_id} and {other}. Tell them that they are the same."
        ),
        now=now,
        once=f"duplicate.{delivery.mark}",
    )


def not_found(*, delivery_id: int, now: datetime) -> None:
    """The endpoint, which shows us our reports, does not have it: at the second time it is due again, else it rests once more."""
    with transaction.atomic():
        _, delivery = _locked(delivery_id)
        if delivery.state != DeliveryState.UNCERTAIN:
            _asked_in_vain(delivery)
            return
        delivery.check_wanted_at = None
        ripe = _ripe_at(delivery)
        if now < ripe:
            # somebody was impatient: it may still come into being there
            delivery.next_at = ripe
            delivery.save()
            return
        delivery.negatives += 1
        if delivery.negatives >= ENOUGH_NEGATIVES:
            queue_again(delivery, now=now, marked=delivery.resends > 0)
            delivery.why = "The endpoint was asked twice and does not have it; it is sent again."
        else:
            delivery.next_at = now + settle_of(_endpoint(delivery)) / 2
            delivery.why = (
                "The endpoint was asked and does not have it; it is asked once more before it is sent again."
            )
        delivery.save()
        crash("not_found_written")


def _ripe_at(delivery: Delivery) -> datetime:
    """When the last attempt has settled: before that, not being there means nothing."""
    last = Attempt.objects.filter(delivery=delivery).order_by("-n").first()
    if last is None:
        return delivery.created_at
    endpoint = _endpoint(delivery)
    ended = last.ended_at or last.started_at + timedelta(seconds=endpoint.timeout_seconds)
    return ended + settle_of(endpoint)


def cannot_be_asked(*, delivery_id: int, why: str, now: datetime, nothing_accepted: bool = False) -> None:
    """What the endpoint's `on_unknown` says happens, after `unknown_after_hours`; until then the endpoint is asked on.

    `nothing_accepted`: it answers, and only lacks a report of ours by which to judge that. Then the hours begin with its first
    answer: after an outage what waits is accepted within them, and nothing is repeated that need not be.
    """
    with transaction.atomic():
        _, delivery = _locked(delivery_id)
        if delivery.state != DeliveryState.UNCERTAIN:
            _asked_in_vain(delivery)
            return
        endpoint = _endpoint(delivery)
        wait = timedelta(hours=habits_of(endpoint).unknown_after_hours)
        last = Attempt.objects.filter(delivery=delivery).aggregate(last=Max("started_at"))["last"]
        since = last or delivery.first_sent_at or delivery.created_at
        if nothing_accepted:
            if delivery.asked_at is None or delivery.asked_at < since:
                delivery.asked_at = now
            since = max(since, delivery.asked_at)
        patience = since + wait
        delivery.check_wanted_at = None
        policy = endpoint.on_unknown
        if now < patience and policy != OnUnknown.HOLD:
            delivery.next_at = min(patience, now + max(settle_of(endpoint), timedelta(minutes=10)))
            delivery.why = f"{why} It is tried until {patience:%Y-%m-%d %H:%M} UTC."[:500]
        elif policy == OnUnknown.EMAIL and _may_be_mailed(delivery):
            queue_mail(delivery, now=now)
        elif policy == OnUnknown.RESEND_MARKED and not delivery.resends:
            queue_again(delivery, now=now, marked=True)
            delivery.why = f"{why} It is sent once more, marked as a possible repeat."[:500]
        else:
            delivery.state, delivery.next_at, delivery.settle_until = DeliveryState.HELD, None, None
            delivery.why = f"{why} Somebody has to find out whether it is there."[:500]
        delivery.save()
        crash("cannot_written")


def _may_be_mailed(delivery: Delivery) -> bool:
    address = mail_address(delivery.body, delivery.category_name_id)
    return bool(address) and delivery.kind == DeliveryKind.REPORT


def repeat_safely(*, delivery_id: int, now: datetime) -> None:
    """The endpoint honours our mark: the same bytes are due again and do no harm."""
    with transaction.atomic():
        _, delivery = _locked(delivery_id)
        if delivery.state != DeliveryState.UNCERTAIN:
            _asked_in_vain(delivery)
            return
        delivery.state, delivery.next_at, delivery.settle_until = DeliveryState.WAITING, now, None
        delivery.check_wanted_at = None
        delivery.why = "It is sent again: the endpoint knows repeats by their key."
        delivery.save()


def _asked_in_vain(delivery: Delivery) -> None:
    """A person wanted it asked, and nothing came of it."""
    delivery.check_wanted_at = None
    delivery.save(update_fields=["check_wanted_at"])


def _learn_lateness(delivery: Delivery, now: datetime) -> None:
    if delivery.first_sent_at is None or delivery.endpoint_id is None:
        return
    late = min(now - delivery.first_sent_at, LATEST).total_seconds()
    EndpointWatch.objects.filter(pk=delivery.endpoint_id, late_seconds__lt=late).update(late_seconds=late)


def _endpoint(delivery: Delivery) -> Endpoint:
    if delivery.endpoint is None:
        raise ValueError("a delivery by e-mail is not asked about")
    return delivery.endpoint


def _locked(delivery_id: int) -> tuple[Report, Delivery]:
    """The report, then its delivery, as every service locks."""
    report_id = Delivery.objects.values_list("report_id", flat=True).get(pk=delivery_id)
    report = Report.objects.select_for_update(no_key=True).get(pk=report_id)
    rows = Delivery.objects.select_for_update(no_key=True, of=("self",))
    return report, rows.select_related("body", "endpoint__watch").get(pk=delivery_id)
