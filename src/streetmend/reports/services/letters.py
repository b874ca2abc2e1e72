"""Mails that came to the address of answers: each has its row once, and what it says is on its report, or it is left to staff.

A mail is taken, with all that follows from it, in one transaction; the mailbox is emptied after that. So a crash in between
repeats the reading and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from streetmend.accounts.models import Person
from streetmend.bodies.models import Body, Category
from streetmend.photos.store import StoredPhoto
from streetmend.reports.errors import ReportError
from streetmend.reports.models import Delivery, Letter, LetterBox, Notice, Report, Update
from streetmend.reports.models.mail import LetterState
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services.updating import Said, add_update, write_body_update
from streetmend.reports.states import Actor, DeliveryState
from streetmend.text import DETAIL_LENGTH, TextError, clean_text

#: more mails of one sender about one report within an hour are a loop of two programs, or for staff to look at
MOST_AN_HOUR = 3
SOURCE = "E-mail"
#: rows are kept so long: no mail system repeats a mail after that
_KEPT = timedelta(days=400)
#: of mails that were moved aside staff see who and what for so long
ASIDE_KEPT = timedelta(days=30)
_AT_ONCE = 500
#: notices that may be answered
ANSWERED = frozenset(
    {NoticeKind.REPORT_SENT, NoticeKind.REPORT_UPDATED, NoticeKind.REPORT_NEWS, NoticeKind.STILL_THERE}
)


class Aside(Exception):
    """Nothing follows from the mail by itself; the text says why, for staff."""


class NotNow(Exception):
    """What the mail is about is just under way; it is to be read again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A mail as it was read: `key` by which it is known again, who wrote it and about what, in clean text; `at`: UTC."""

    key: str
    sender: str = ""
    subject: str = ""
    text: str = ""
    at: datetime | None = None
    photos: Sequence[StoredPhoto] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """What follows from a mail: why, whose word it is, of which report, and the update that it became."""

    why: str = ""
    said_by: str = ""
    report: Report | None = None
    update: Update | None = None
    state: LetterState = LetterState.TAKEN


def known_letter(*, key: str) -> LetterState | None:
    """What became of the mail when it came before; None where it did not."""
    found = Letter.objects.filter(key=key).values_list("state", flat=True).first()
    return LetterState(found) if found else None


def take_letter(*, incoming: Incoming, now: datetime, follow: Callable[[], Ending]) -> LetterState:
    """The mail has its row, and what `follow` makes true is true with it; a second time changes nothing.

    Where `follow` raises Aside, a rule of reports or of text, none of it is true and the row says why. Raises NotNow.
    """
    earlier = known_letter(key=incoming.key)
    if earlier is not None:
        return earlier
    try:
        with transaction.atomic():
            ending = _followed(follow)
            aside = ending.state == LetterState.ASIDE
            Letter.objects.create(
                key=incoming.key,
                received_at=now,
                state=ending.state,
                why=ending.why[:500],
                said_by=ending.said_by,
                report=ending.report,
                update=ending.update,
                sender=incoming.sender[:254] if aside else "",
                subject=incoming.subject[:200] if aside else "",
            )
    except IntegrityError:
        # another worker took it at the same moment
        earlier = known_letter(key=incoming.key)
        if earlier is None:
            raise
        return earlier
    return ending.state


def _followed(follow: Callable[[], Ending]) -> Ending:
    try:
        with transaction.atomic():
            return follow()
    except (Aside, ReportError, TextError) as why:
        return Ending(str(why), state=LetterState.ASIDE)


def answer_delivery(*, incoming: Incoming, delivery: Delivery, now: datetime) -> Ending:
    """What a body answered to its mail is an update of it; what the reporter did, whose copy it was, is theirs.

    Raises Aside, and as `add_update`.
    """
    report = Report.objects.select_related("reporter", "category_name").get(pk=delivery.report_id)
    if incoming.sender and incoming.sender == report.email.lower():
        return _of_person(incoming, report, report.reporter, now)
    body = _body_of(incoming.sender, delivery)
    text = _words(incoming)
    said_by = f"body {body.pk}"
    _stop_loop(report, said_by, now)
    update = write_body_update(
        report=report,
        body=body,
        text=text,
        at=min(incoming.at or now, now),
        now=now,
        remote_id=f"mail:{incoming.key}",
        source=SOURCE,
        photos=incoming.photos,
    )
    return Ending(said_by=said_by, report=report, update=update)


def answer_notice(*, incoming: Incoming, notice: Notice, now: datetime) -> Ending:
    """What somebody answered to a mail about a report is an update of theirs. Raises Aside, and as `add_update`."""
    if notice.report_id is None or NoticeKind(notice.kind) not in ANSWERED:
        raise Aside("It answers a mail that takes no answers.")
    report = Report.objects.select_related("reporter", "category_name").get(pk=notice.report_id)
    return _of_person(incoming, report, notice.person, now)


def _of_person(incoming: Incoming, report: Report, person: Person | None, now: datetime) -> Ending:
    if person is None or not person.is_active:
        raise Aside("We do not know any more who wrote it.")
    is_reporter = person.pk == report.reporter_id
    text = _words(incoming)
    said_by = f"person {person.pk}"
    _stop_loop(report, said_by, now)
    update = add_update(
        report=report,
        actor=Actor.REPORTER if is_reporter else Actor.RESIDENT,
        said=Said(text=text, photos=incoming.photos),
        now=now,
        person=person,
        name=report.name if is_reporter else "",
        show_name=report.show_name if is_reporter else False,
        source=SOURCE,
        form_token=f"mail:{incoming.key[:59]}",
    )
    return Ending(said_by=said_by, report=report, update=update)


def _words(incoming: Incoming) -> str:
    text = clean_text(incoming.text, field="text", max_length=DETAIL_LENGTH, multiline=True)
    if not text and not incoming.photos:
        raise Aside("It says nothing but what it quotes.")
    return text


def _stop_loop(report: Report, said_by: str, now: datetime) -> None:
    lately = Letter.objects.filter(
        report=report, said_by=said_by, state=LetterState.TAKEN, received_at__gt=now - timedelta(hours=1)
    )
    if lately.count() >= MOST_AN_HOUR:
        raise Aside(f"There were {MOST_AN_HOUR} mails of the same sender about this report within an hour.")


def mailed_with(delivery: Delivery) -> list[Delivery]:
    """The deliveries of the report that are one mail with this one, itself among them."""
    of_report = Delivery.objects.filter(report=delivery.report_id, kind=delivery.kind, endpoint=None)
    name = delivery.params_snapshot.get("message_id", "")
    if not name:
        return [delivery]
    together = of_report.filter(Q(params_snapshot__message_id=name) | Q(pk=delivery.pk))
    return list(together.exclude(state=DeliveryState.CANCELLED).select_related("body").order_by("pk"))


def _body_of(sender: str, delivery: Delivery) -> Body:
    """Which of the bodies that got the mail wrote: the only one, or the one whose address or whose domain it comes from."""
    bodies = {one.body_id: one.body for one in mailed_with(delivery)}
    if len(bodies) == 1:
        return next(iter(bodies.values()))
    domain = sender.rpartition("@")[2]
    for alike in (
        [body for body in bodies.values() if sender in _addresses(body)],
        [body for body in bodies.values() if domain in {one.rpartition("@")[2] for one in _addresses(body)}],
    ):
        if len(alike) == 1:
            return alike[0]
    raise Aside("It comes from an address of none of the administrations that got the mail.")


def _addresses(body: Body) -> set[str]:
    """All addresses of the body, in small letters: its own and those of its categories."""
    of_categories = Category.objects.filter(body=body).exclude(email="").values_list("email", flat=True)
    return {address.lower() for address in (body.email, *of_categories) if address}


# --- the mailbox


def claim_box(*, worker: str, now: datetime, lease_seconds: int) -> bool:
    """The mailbox is this worker's to read until the lease (by the database's clock) ends, if it is time; says whether it is."""
    due = LetterBox.objects.filter(
        Q(next_at=None) | Q(next_at__lte=now), Q(lease_until=None) | Q(lease_until__lt=Now()), pk=1
    )
    with transaction.atomic():
        LetterBox.objects.get_or_create(pk=1)
        return bool(due.update(lease_owner=worker, lease_until=Now() + timedelta(seconds=lease_seconds)))


def release_box(*, worker: str, next_at: datetime, now: datetime, problem: str = "") -> None:
    """Any worker reads the mailbox again at `next_at` (UTC); `problem` says why it could not be read, if so."""
    learned = {"last_ok_at": now} if not problem else {}
    with transaction.atomic():
        LetterBox.objects.filter(pk=1, lease_owner=worker).update(
            lease_owner="", lease_until=None, next_at=next_at, problem=problem[:500], **learned
        )


def forget_old_letters(*, now: datetime) -> int:
    """Whose mails were moved aside is not kept for longer than 30 days, and no row longer than 400; says of how many."""
    with transaction.atomic():
        old = Letter.objects.filter(received_at__lt=now - ASIDE_KEPT).exclude(sender="", subject="")
        changed = old.update(sender="", subject="")
        gone = Letter.objects.filter(received_at__lt=now - _KEPT).values_list("pk", flat=True)[:_AT_ONCE]
        deleted, _ = Letter.objects.filter(pk__in=list(gone)).delete()
    return changed + deleted
