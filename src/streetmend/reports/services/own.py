"""What people do with what is theirs: take a report back, show or hide their name, have themselves erased."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from streetmend.accounts.models import Person
from streetmend.reports.errors import MoveRefused
from streetmend.reports.models import (
    Alert,
    Attempt,
    BouncingAddress,
    ConfirmLink,
    Delivery,
    Draft,
    Erasure,
    Letter,
    Notice,
    Photo,
    Report,
    Update,
)
from streetmend.reports.models.outbox import NoticeState
from streetmend.reports.services import kept
from streetmend.reports.services.owing import owe_update
from streetmend.reports.states import FINAL_DELIVERY_STATES, Actor, DeliveryState, State, may_move

#: these wait for staff; what was to be sent is not sent to anybody any more
_STUCK = (DeliveryState.HELD, DeliveryState.REFUSED)


def show_name(*, report: Report, shown: bool, now: datetime) -> None:
    """The reporter's name shows with the report and with what they said of it, or shows nowhere."""
    with transaction.atomic():
        locked = Report.objects.select_for_update().get(pk=report.pk)
        locked.show_name = shown and bool(locked.name)
        Update.objects.filter(report=locked, person=locked.reporter_id, actor=Actor.REPORTER).exclude(
            name=""
        ).update(show_name=shown)
        kept.refresh(locked, now=None)


def withdraw(*, report: Report, now: datetime) -> Report:
    """The reporter has taken the report back: what was not sent yet will not be.

    Where no administration has it, it shows nowhere any more; else it stays, as withdrawn, and they are told. Raises
    MoveRefused where it is closed.
    """
    with transaction.atomic():
        locked = Report.objects.select_for_update().get(pk=report.pk)
        if locked.state == State.WITHDRAWN:
            return locked
        if not may_move(Actor.REPORTER, State(locked.state), State.WITHDRAWN):
            raise MoveRefused(f"A report that is {locked.state} cannot be withdrawn.")
        waiting = Delivery.objects.filter(report=locked, state=DeliveryState.WAITING, first_sent_at=None)
        waiting.update(
            state=DeliveryState.CANCELLED, why="The reporter withdrew it before it was sent.", next_at=None
        )
        sent = Delivery.objects.filter(report=locked).exclude(state=DeliveryState.CANCELLED).exists()
        was_public = locked.state != State.UNCONFIRMED
        locked.state = State.WITHDRAWN
        locked.hidden = locked.hidden or not sent
        if was_public:
            said = Update.objects.create(
                report=locked,
                actor=Actor.REPORTER,
                person=locked.reporter,
                state=State.WITHDRAWN,
                told_state=State.WITHDRAWN,
                at=now,
                received_at=now,
                source="Web interface",
            )
            owe_update(said, now=now)
        kept.refresh(locked, now=now)
    return locked


def ask_to_be_erased(*, person: Person, now: datetime) -> Erasure:
    """Nobody can sign in as the person any more, their name shows nowhere, and no mail goes to them.

    What was not sent to an administration yet is sent without them. The rest goes as soon as nothing of theirs is on its way
    to one (`erase_who_asked`). A second wish is the first.
    """
    with transaction.atomic():
        wish, first = Erasure.objects.get_or_create(
            person=person, defaults={"asked_at": now, "address_mark": address_mark(person.email)}
        )
        if first:
            Person.objects.filter(pk=person.pk).update(is_active=False)
            Alert.objects.filter(person=person, ended_at=None).update(ended_at=now)
            for report in Report.objects.filter(reporter=person, show_name=True):
                show_name(report=report, shown=False, now=now)
            Report.objects.filter(reporter=person).update(name="", email="", phone="")
            Notice.objects.filter(email=person.email, state=NoticeState.WAITING).delete()
            Update.objects.filter(person=person).update(show_name=False)
            for report in Report.objects.filter(reporter=person, state=State.UNCONFIRMED):
                withdraw(report=report, now=now)
    return wish


def address_mark(email: str) -> str:
    """By what an erased address is known again by who knows it: its keyed hash, in hexadecimal digits."""
    return hmac.new(settings.SECRET_KEY.encode(), email.lower().encode(), hashlib.sha256).hexdigest()


def erase_who_asked(*, now: datetime, limit: int = 10) -> int:
    """Nothing personal is kept of those who asked for it and of whom nothing is on its way; says of how many.

    What they wrote about the street stays, without them. The row of the wish stays as the proof.
    """
    done = 0
    waiting = Erasure.objects.filter(done_at=None, person__isnull=False).order_by("asked_at")
    for pk in list(waiting.values_list("pk", flat=True)[: limit * 10]):
        with transaction.atomic():
            wish = Erasure.objects.select_for_update(of=("self",)).select_related("person").get(pk=pk)
            if wish.done_at is None and wish.person is not None and not _on_its_way(wish.person):
                _erase(wish, wish.person, now)
                done += 1
        if done >= limit:
            break
    return done


def _on_its_way(person: Person) -> bool:
    mine = Delivery.objects.filter(report__reporter=person)
    return mine.exclude(state__in=(*FINAL_DELIVERY_STATES, *_STUCK)).exists()


def _erase(wish: Erasure, person: Person, now: datetime) -> None:
    reports = Report.objects.filter(reporter=person)
    deliveries = Delivery.objects.filter(report__reporter=person)
    mails = Notice.objects.filter(email=person.email)
    wish.counts = {
        "reports": reports.count(),
        "updates": Update.objects.filter(person=person).count(),
        "alerts": Alert.objects.filter(person=person).count(),
        "mails": mails.count(),
    }
    # what staff send again one day is made ready anew, from what is left
    deliveries.update(params_snapshot={})
    Attempt.objects.filter(delivery__in=deliveries).update(response_head="", params_snapshot={})
    ConfirmLink.objects.filter(report__in=reports).delete()
    Draft.objects.filter(report__in=reports).delete()
    Draft.objects.filter(content__who__email__iexact=person.email).delete()
    mails.delete()
    BouncingAddress.objects.filter(email=person.email.lower()).delete()
    Letter.objects.filter(said_by=f"person {person.pk}").update(said_by="")
    Letter.objects.filter(sender=person.email.lower()).update(sender="", subject="")
    Update.objects.filter(person=person).update(person=None, name="", show_name=False)
    _without_photos(person, now)
    reports.update(reporter=None)
    wish.person, wish.done_at = None, now
    wish.save()
    person.delete()


def _without_photos(person: Person, now: datetime) -> None:
    """The person's photos show nowhere, and their files are swept away as any that nothing owns."""
    photos = Photo.objects.filter(Q(report__reporter=person) | Q(update__person=person))
    touched = set(photos.values_list("report", flat=True)) | set(
        photos.values_list("update__report", flat=True)
    )
    photos.delete()
    for report in Report.objects.select_for_update().filter(pk__in=touched - {None}):
        kept.refresh(report, now=now)
