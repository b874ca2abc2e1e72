"""What a person decides about one delivery. Each decision is a row that the worker acts on, and is logged with who made it.

No socket is opened here: the worker asks, sends and mails.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from streetmend.accounts.models import Person
from streetmend.reports.models import Delivery, DeliveryEvent, Report
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services.arrivals import arrived
from streetmend.reports.states import DeliveryActor, DeliveryState, may_deliver

COMMAND_LINE = "command line"
_LONGEST_ID = 255


class DecisionError(Exception):
    """The decision cannot be carried out; the text says why."""


class NotNow(DecisionError):
    """The delivery is in a state from which this does not lead on."""


class NumberTaken(DecisionError):
    """Another report has this number at the same endpoint."""


class NoNumber(DecisionError):
    """What was given is no number that an administration could have given."""


class NoAddress(DecisionError):
    """The body has no e-mail address."""


def ask_now(*, delivery_id: int, now: datetime, person: Person | None = None) -> Delivery:
    """The endpoint is asked at the next moment whether it has the report. Raises NotNow."""
    with transaction.atomic():
        _, delivery = _locked(delivery_id)
        if delivery.endpoint_id is None or delivery.state not in (
            DeliveryState.UNCERTAIN,
            DeliveryState.HELD,
            DeliveryState.REFUSED,
            DeliveryState.TOKEN,
            DeliveryState.ACCEPTED,
        ):
            raise NotNow(f"There is nothing to ask about a delivery that is {delivery.state}.")
        if delivery.state == DeliveryState.TOKEN:
            delivery.next_at = now
        else:
            delivery.check_wanted_at = now
        delivery.save(update_fields=["next_at", "check_wanted_at"])
        _log(delivery, "ask_now", "", now, person)
    return delivery


def it_is_there(*, delivery_id: int, remote_id: str, now: datetime, person: Person | None = None) -> Delivery:
    """The report counts as accepted under the number that the body told a person. Raises NotNow, NoNumber, NumberTaken."""
    number = remote_id.strip()
    if not number or len(number) > _LONGEST_ID or not number.isprintable():
        raise NoNumber("The number has to be 1 to 255 printable characters.")
    with transaction.atomic():
        report, delivery = _locked(delivery_id)
        _check(delivery, DeliveryState.ACCEPTED)
        taken = Delivery.objects.filter(
            endpoint=delivery.endpoint_id, kind=delivery.kind, remote_id=number
        ).exclude(pk=delivery.pk)
        if delivery.endpoint_id is not None and delivery.kind != DeliveryKind.UPDATE and taken.exists():
            raise NumberTaken(f"Report {taken[0].report_id} has the number {number!r} there already.")
        delivery.state, delivery.remote_id, delivery.proof = DeliveryState.ACCEPTED, number, "staff"
        delivery.accepted_at = now
        _settled(delivery)
        delivery.save()
        _log(delivery, "it_is_there", number, now, person)
        arrived(report=report, delivery=delivery, now=now)
    return delivery


def send_again(
    *, delivery_id: int, now: datetime, person: Person | None = None, anew: bool = False
) -> Delivery:
    """It is sent at the next moment, marked as a possible repeat where it may be there already. Raises NotNow.

    `anew`: what is sent is made again from the report and the endpoint's habits as they are now.
    """
    with transaction.atomic():
        _, delivery = _locked(delivery_id)
        lost = delivery.state == DeliveryState.ACCEPTED and delivery.missing_since is not None
        if delivery.state == DeliveryState.WAITING:
            delivery.next_at = now
        else:
            if not lost:
                _check(delivery, DeliveryState.WAITING)
            sent = delivery.state != DeliveryState.REFUSED and delivery.first_sent_at is not None
            queue_again(delivery, now=now, marked=sent, anew=anew)
        delivery.save()
        _log(delivery, "send_again", "", now, person)
    return delivery


def send_by_email(*, delivery_id: int, now: datetime, person: Person | None = None) -> Delivery:
    """It is sent to the body's e-mail address at the next moment, with a note where it may be there already.

    Raises NotNow, NoAddress.
    """
    with transaction.atomic():
        _, delivery = _locked(delivery_id)
        if delivery.state != DeliveryState.WAITING:
            _check(delivery, DeliveryState.BY_EMAIL)
        if delivery.endpoint_id is None:
            raise NotNow("It goes by e-mail already.")
        if not delivery.body.email:
            raise NoAddress(f"{delivery.body.name} has no e-mail address.")
        queue_mail(delivery, now=now)
        delivery.save()
        _log(delivery, "send_by_email", delivery.body.email, now, person)
    return delivery


def stop_delivery(
    *, delivery_id: int, now: datetime, person: Person | None = None, why: str = ""
) -> Delivery:
    """It is owed no more: nothing is sent and nothing is asked. Raises NotNow."""
    with transaction.atomic():
        _, delivery = _locked(delivery_id)
        _check(delivery, DeliveryState.CANCELLED)
        delivery.state, delivery.why = DeliveryState.CANCELLED, (why or "Stopped by a person.")[:500]
        _settled(delivery, keep_why=True)
        delivery.save()
        _log(delivery, "stop", why, now, person)
    return delivery


def retry_delivery(*, delivery_id: int, now: datetime, person: Person | None = None) -> Delivery:
    """Its next step is due now: what waits is sent, what is uncertain is asked about, what is held is sent again marked, what was
    refused is made and sent anew. Raises Delivery.DoesNotExist, NotNow.
    """
    state = DeliveryState(Delivery.objects.values_list("state", flat=True).get(pk=delivery_id))
    if state in (DeliveryState.UNCERTAIN, DeliveryState.TOKEN):
        return ask_now(delivery_id=delivery_id, now=now, person=person)
    return send_again(delivery_id=delivery_id, now=now, person=person, anew=state is DeliveryState.REFUSED)


def queue_again(delivery: Delivery, *, now: datetime, marked: bool, anew: bool = False) -> None:
    """The columns of a delivery that is due again; `marked` says in what is sent that it may be a repeat. Not saved here."""
    delivery.state, delivery.next_at, delivery.why = (
        DeliveryState.WAITING,
        now,
        "It is about to be sent again.",
    )
    delivery.note = _note(delivery) if marked else ""
    delivery.resends += 1 if delivery.first_sent_at is not None else 0
    delivery.negatives, delivery.checks, delivery.token = 0, 0, ""
    delivery.settle_until = delivery.check_wanted_at = delivery.missing_since = None
    if delivery.remote_id:
        # the number that the body does not know any more is kept beside the new one
        delivery.other_remote_id, delivery.remote_id, delivery.proof = delivery.remote_id, "", ""
    if anew:
        delivery.params_snapshot = {}
    elif marked and isinstance(request := delivery.params_snapshot.get("request"), dict):
        text = str(request.get("description", ""))
        before, _, rest = text.partition("\n\n")
        text = rest if before.startswith(_REPEAT) else text
        delivery.params_snapshot = {
            **delivery.params_snapshot,
            "request": {**request, "description": f"{delivery.note}\n\n{text}"},
        }


def queue_mail(delivery: Delivery, *, now: datetime) -> None:
    """The columns of a delivery that goes to the body's e-mail address instead. Not saved here."""
    delivery.note = _note(delivery) if delivery.first_sent_at is not None else ""
    delivery.state, delivery.next_at, delivery.endpoint = DeliveryState.WAITING, now, None
    delivery.params_snapshot, delivery.negatives, delivery.checks, delivery.token = {}, 0, 0, ""
    delivery.settle_until = delivery.check_wanted_at = None
    delivery.why = "It is about to be sent by e-mail."


_REPEAT = "This may repeat report"


def _note(delivery: Delivery) -> str:
    sent = delivery.first_sent_at
    when = f" sent at {sent:%Y-%m-%d %H:%M} UTC" if sent else ""
    return f"{_REPEAT} {delivery.report_id}{when}."


def _locked(delivery_id: int) -> tuple[Report, Delivery]:
    """The report, then its delivery, as every service locks. Raises Delivery.DoesNotExist."""
    report_id = Delivery.objects.values_list("report_id", flat=True).get(pk=delivery_id)
    report = Report.objects.select_for_update(no_key=True).get(pk=report_id)
    rows = Delivery.objects.select_for_update(no_key=True, of=("self",)).select_related("body", "endpoint")
    return report, rows.get(pk=delivery_id)


def _check(delivery: Delivery, target: DeliveryState) -> None:
    if not may_deliver(DeliveryActor.STAFF, DeliveryState(delivery.state), target):
        raise NotNow(f"A delivery that is {delivery.state} cannot become {target}.")


def _settled(delivery: Delivery, *, keep_why: bool = False) -> None:
    delivery.next_at = delivery.settle_until = delivery.check_wanted_at = delivery.missing_since = None
    delivery.lease_owner, delivery.lease_until = "", None
    if not keep_why:
        delivery.why = ""


def _log(delivery: Delivery, what: str, detail: str, now: datetime, person: Person | None) -> None:
    DeliveryEvent.objects.create(
        delivery=delivery,
        at=now,
        person=person,
        who=(person.email if person else COMMAND_LINE),
        what=what,
        detail=detail[:500],
    )
