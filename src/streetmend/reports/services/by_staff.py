"""What staff decide about a delivery. Each writes a row; the worker acts on it.

A delivery that a worker is just sending is nobody else's: staff wait until it has ended.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction

from streetmend.bodies.queries import mail_address
from streetmend.reports.errors import ReportError
from streetmend.reports.models import Attempt, Delivery, Report
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services import kept
from streetmend.reports.services.arrivals import arrived
from streetmend.reports.services.lost import is_lost
from streetmend.reports.services.outcomes import OutcomeClass
from streetmend.reports.services.owing import release_next
from streetmend.reports.states import DeliveryActor, DeliveryState, may_deliver
from streetmend.text import clean_text

#: what may be asked about: the rest is either known or not sent yet
ASKABLE = frozenset({DeliveryState.UNCERTAIN, DeliveryState.TOKEN})
REMOTE_ID_LENGTH = 255


class DeliveryMoved(ReportError):
    """The delivery is no longer where this could be done: somebody else, or the worker, was faster."""

    field = "delivery"


class IdTaken(ReportError):
    """Another report of ours has this id at the endpoint."""

    field = "remote_id"


class NoAddress(ReportError):
    """The body has no e-mail address."""

    field = "delivery"


def ask_now(*, delivery: Delivery, now: datetime) -> None:
    """The worker asks the body at once whether it has it, or for its number. Raises DeliveryMoved."""
    with transaction.atomic():
        locked, _ = _lock(delivery)
        if DeliveryState(locked.state) not in ASKABLE or locked.endpoint_id is None:
            raise DeliveryMoved("There is nothing to ask about it now.")
        _write(locked, check_wanted_at=now, next_at=now, settle_until=min(locked.settle_until or now, now))


def confirm_there(*, delivery: Delivery, remote_id: str, now: datetime) -> None:
    """The body has it under `remote_id` (at most 255 characters): a member of staff has seen it there. Its reporter is told.

    Raises DeliveryMoved, IdTaken, TextMissing, TextTooLong.
    """
    known = clean_text(remote_id, field="remote_id", max_length=REMOTE_ID_LENGTH, required=True)
    with transaction.atomic():
        locked, report = _lock(delivery)
        if not is_lost(locked):
            _must_move(locked, DeliveryState.ACCEPTED)
        twins = Delivery.objects.filter(endpoint=locked.endpoint_id, kind=locked.kind, remote_id=known)
        if locked.endpoint_id and twins.exclude(pk=locked.pk).exists():
            raise IdTaken("Another report of ours has this number there.")
        _write(
            locked,
            state=DeliveryState.ACCEPTED,
            remote_id=known,
            proof="staff",
            accepted_at=now,
            why="",
            next_at=None,
            settle_until=None,
            missing_since=None,
        )
        arrived(report=report, delivery=locked, now=now)


def send_again(*, delivery: Delivery, now: datetime) -> bool:
    """It is sent once more, as things are now; true where it is marked as a possible repeat, because it may be there.

    One that waits for something else first (to be confirmed, for the report, for what was said before it) keeps its place.
    Raises DeliveryMoved.
    """
    with transaction.atomic():
        locked, _ = _lock(delivery)
        if locked.state == DeliveryState.WAITING:
            if locked.next_at is None:
                raise DeliveryMoved("Its turn has not come yet.")
            _write(locked, next_at=now)
            return locked.first_sent_at is not None
        _must_move(locked, DeliveryState.WAITING)
        why = f"Lost there as {locked.remote_id}. " if is_lost(locked) else ""
        return _begin_anew(locked, now=now, why=f"{why}A member of staff sent it again.")


class Retried(StrEnum):
    """What a retry does."""

    DUE = "due"
    ASKED = "asked"
    SENT = "sent"
    MARKED = "marked"


def retry(*, delivery: Delivery, now: datetime) -> Retried:
    """What would be done next with the delivery is due at once. Of what may be there the body is asked first; nothing is risked.

    One that nothing is done with by itself any more is sent again, marked where it may be there. Raises DeliveryMoved.
    """
    state = DeliveryState(Delivery.objects.values_list("state", flat=True).get(pk=delivery.pk))
    if state in ASKABLE and delivery.endpoint_id is not None:
        ask_now(delivery=delivery, now=now)
        return Retried.ASKED
    again = (DeliveryState.WAITING, DeliveryState.HELD, DeliveryState.REFUSED)
    if state not in again and not is_lost(delivery):
        raise DeliveryMoved(f"There is nothing to repeat: it is {state}.")
    marked = send_again(delivery=delivery, now=now)
    if state == DeliveryState.WAITING:
        return Retried.DUE
    return Retried.MARKED if marked else Retried.SENT


def send_by_email(*, delivery: Delivery, now: datetime) -> bool:
    """It goes by e-mail instead; true where it is marked as a possible repeat, because it may be there.

    Raises DeliveryMoved, NoAddress.
    """
    with transaction.atomic():
        locked, _ = _lock(delivery)
        if locked.kind != DeliveryKind.REPORT:
            raise DeliveryMoved("Only a report goes by e-mail instead.")
        if not mail_address(locked.body, locked.category_name_id):
            raise NoAddress("This administration has no e-mail address.")
        if locked.endpoint_id is None:
            raise DeliveryMoved("It goes by e-mail already.")
        _must_move(locked, DeliveryState.BY_EMAIL)
        locked.endpoint = None
        return _begin_anew(locked, now=now, why="A member of staff sent it by e-mail instead.")


def stop_delivery(*, delivery: Delivery, now: datetime) -> None:
    """It is not sent, and the body does not count as one that gets the report. Raises DeliveryMoved."""
    with transaction.atomic():
        locked, report = _lock(delivery)
        _must_move(locked, DeliveryState.CANCELLED)
        _write(
            locked,
            state=DeliveryState.CANCELLED,
            why="A member of staff stopped it.",
            next_at=None,
            settle_until=None,
        )
        kept.refresh(report, now=None)
        release_next(report_id=report.pk, body_id=locked.body_id, now=now)


def _begin_anew(locked: Delivery, *, now: datetime, why: str) -> bool:
    """It waits, with nothing of what was sent before; that stays with the attempts that sent it. True where it may be there."""
    sure = not Attempt.objects.filter(delivery=locked).exclude(outcome__in=_CERTAINLY_NOT_THERE).exists()
    Attempt.objects.filter(delivery=locked, params_snapshot={}).update(params_snapshot=locked.params_snapshot)
    if is_lost(locked):
        # should it turn up again under its number, that is known to be this one
        Attempt.objects.filter(delivery=locked, n=locked.attempts, evidence_id="").update(
            evidence_id=locked.remote_id
        )
        _write(locked, remote_id="", reference="", proof="", accepted_at=None, missing_since=None)
    _write(
        locked,
        state=DeliveryState.WAITING,
        endpoint=locked.endpoint,
        params_snapshot={},
        first_sent_at=None if sure else locked.first_sent_at,
        resends=locked.resends + (not sure),
        why=why,
        next_at=now,
        settle_until=None,
        check_wanted_at=None,
    )
    return not sure


_CERTAINLY_NOT_THERE = (
    OutcomeClass.NOT_RECEIVED.value,
    OutcomeClass.CREDENTIALS.value,
    OutcomeClass.REFUSED.value,
)


def _lock(delivery: Delivery) -> tuple[Delivery, Report]:
    """The report, then its delivery: every service locks in this order."""
    report = Report.objects.select_for_update(no_key=True).get(pk=delivery.report_id)
    rows = Delivery.objects.select_for_update(no_key=True, of=("self",)).select_related("body", "endpoint")
    return rows.get(pk=delivery.pk), report


def _must_move(locked: Delivery, target: DeliveryState) -> None:
    if locked.state == DeliveryState.ACCEPTED and not is_lost(locked):
        raise DeliveryMoved("It is there.")
    if not may_deliver(DeliveryActor.STAFF, DeliveryState(locked.state), target):
        raise DeliveryMoved("Its state has changed meanwhile. Look at it again.")


def _write(locked: Delivery, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(changes))
