"""A report comes in, is confirmed by its reporter, and is owed to its bodies from the same moment."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.db import IntegrityError, transaction

from streetmend.accounts.models import Person
from streetmend.accounts.services import person_with_email
from streetmend.bodies.answers import check as check_answers
from streetmend.bodies.directory import united_questions
from streetmend.bodies.models import Send
from streetmend.bodies.queries import Responsible, Why, responsible, site
from streetmend.bodies.values import BodyInfo, CategoryInfo, SiteInfo
from streetmend.crash import crash
from streetmend.photos.store import StoredPhoto
from streetmend.reports.errors import (
    AnswersWrong,
    CategoryStopped,
    CategoryUnknown,
    DescriptionMissing,
    LinkUnknown,
    NobodyResponsible,
    PhoneMissing,
    PhotoMissing,
    TooManyPhotos,
)
from streetmend.reports.models import ConfirmLink, Delivery, Notice, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import kept, links
from streetmend.reports.services.alerting import announce_later
from streetmend.reports.services.attaching import attach
from streetmend.reports.services.limits import when_to_ask
from streetmend.reports.services.notices import write_notice, write_staff_notice
from streetmend.reports.states import DeliveryState, State
from streetmend.text import links_in

#: a text with more web addresses than this is most likely not about a street
MOST_LINKS = 3

_ABOUT_TO_LEAVE = "It is about to be sent."


@dataclass(frozen=True, slots=True)
class Told:
    """Who tells, as told: nothing of it is proven until a link is followed."""

    email: str = ""
    name: str = ""
    phone: str = ""
    show_name: bool = False
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a submission."""

    report: Report
    #: the secret of the confirm link that was mailed; empty where none was needed, or at a repeat
    secret: str
    #: true when this form had been sent before and the report of the first time is returned
    repeated: bool


def submit(
    *,
    now: datetime,
    lat: float,
    long: float,
    title: str,
    category_name: str,
    told: Told,
    detail: str = "",
    answers: Mapping[str, Sequence[str]] | None = None,
    address: str = "",
    place_hint: str = "",
    photos: Sequence[StoredPhoto] = (),
    source: str = "Web interface",
    form_token: str | None = None,
    confirmed: bool = False,
    private: bool = False,
) -> Submitted:
    """The report exists, with one delivery for each body responsible, and, unless it is `confirmed`, a mail that asks for it.

    `lat`, `long`: WGS84 degrees. `now`: UTC. Texts are clean already (`streetmend.text`). `answers`: question code -> values. A
    `form_token` that was used before returns the report of the first time and changes nothing.

    Raises NobodyResponsible, CategoryUnknown, CategoryStopped, DescriptionMissing, PhoneMissing, PhotoMissing, TooManyPhotos,
    AnswersWrong.
    """
    here = site()
    if form_token and (earlier := Report.objects.filter(form_token=form_token).first()):
        return Submitted(earlier, "", repeated=True)
    found = responsible(lat, long, category_name)
    report = new_report(
        here=here,
        found=found,
        title=title,
        detail=detail,
        told=told,
        answers=answers or {},
        address=address,
        place_hint=place_hint,
        source=source,
        has_photo=bool(photos),
        private=private,
        now=now,
    )
    report.form_token = form_token or None
    try:
        with transaction.atomic():
            secret = take_in(report, told, found, photos, here, confirmed=confirmed, now=now)
            crash("report_written")
    except IntegrityError:
        # the same form was sent twice at the same moment: the other one won
        earlier = Report.objects.filter(form_token=form_token).first() if form_token else None
        if earlier is None:
            raise
        return Submitted(earlier, "", repeated=True)
    crash("report_kept")
    return Submitted(report, secret, repeated=False)


def new_report(
    *,
    here: SiteInfo,
    found: Responsible,
    title: str,
    detail: str,
    told: Told,
    answers: Mapping[str, Sequence[str]],
    address: str,
    source: str,
    has_photo: bool,
    now: datetime,
    place_hint: str = "",
    private: bool = False,
) -> Report:
    """A report, not written yet, of which nothing is wrong. `found`: who is responsible at its place for its category.

    Raises NobodyResponsible, CategoryUnknown, CategoryStopped, DescriptionMissing, PhoneMissing, PhotoMissing,
    AnswersWrong.
    """
    if not title:
        raise DescriptionMissing("Say in a few words what the problem is.")
    if found.why == Why.NOBODY:
        raise NobodyResponsible("Nobody is responsible here.")
    if found.why == Why.NO_SUCH_CATEGORY:
        raise CategoryUnknown("Choose one of the categories of this place.")
    if stop := next((category.stop for category in found.categories if category.stop), ""):
        raise CategoryStopped(stop)
    if not told.phone and any(category.phone_required for category in found.categories):
        raise PhoneMissing("is required for this category")
    if not has_photo and any(category.photo_required for category in found.categories):
        raise PhotoMissing("is required for this category")
    return Report(
        lat=found.lat,
        long=found.long,
        title=title,
        detail=detail,
        category_name_id=found.categories[0].name_id,
        answers=_answers(found, answers, here.zone),
        address=address,
        place_hint=place_hint,
        name=told.name,
        show_name=told.show_name and bool(told.name),
        email=told.email,
        phone=told.phone,
        language=told.language,
        source=source,
        private=private or found.private,
        created_at=now,
        updated_at=now,
    )


def take_in(
    report: Report,
    told: Told,
    found: Responsible,
    photos: Sequence[StoredPhoto],
    here: SiteInfo,
    *,
    confirmed: bool,
    now: datetime,
    held: str = "",
) -> str:
    """The report, its photos, deliveries and mail are there; `confirmed`: it is public at once. Inside the caller's transaction.

    `held`: why it is hidden and goes nowhere until staff show it; empty where it is not. All that is kept with it is known
    already, so each row is written once. Returns the secret of the confirm link, if there is one.

    Raises TooManyPhotos, TooManyMails.
    """
    if len(photos) > here.max_photos:
        raise TooManyPhotos(f"At most {here.max_photos} photos go with a report.")
    report.reporter = _reporter(told, now)
    owed = _owed(report, found, now)
    if confirmed:
        report.state, report.requested_at = State.OPEN, now.replace(microsecond=0)
        for delivery in owed:
            delivery.next_at, delivery.why = now + _undo(report, here), _ABOUT_TO_LEAVE
    if held:
        report.hidden = True
        for delivery in owed:
            delivery.state, delivery.next_at, delivery.why = DeliveryState.CANCELLED, None, held
    areas = [area.mapit_id for area in found.areas]
    kept.begin(report, photo_names=[photo.name for photo in photos], owed=owed, areas=areas)
    report.save(force_insert=True)
    if photos:
        attach(photos, report=report, now=now)
    Delivery.objects.bulk_create(owed)
    secret = "" if confirmed else _ask_to_confirm(report, now)
    if confirmed:
        announce_later(report, here, now)
    return secret


def confirm_report(*, secret: str, now: datetime) -> Report:
    """The report of this link is public (unless private) and on its way; a second time changes nothing.

    Of somebody whom nobody knows but by this link, one with more than `MOST_LINKS` web addresses waits for staff, hidden.
    Raises LinkUnknown, LinkExpired.
    """
    with transaction.atomic():
        link = links.find(secret, now=now)
        if link.report_id is None or link.update_text:
            raise LinkUnknown("This link does not confirm a report.")
        report = Report.objects.select_for_update().get(pk=link.report_id)
        first_time = ConfirmLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now)
        if not first_time or report.state != State.UNCONFIRMED:
            return report
        if report.reporter_id:
            Person.objects.filter(pk=report.reporter_id, verified_at=None).update(verified_at=now)
        here = site()
        _publish(report, here, now)
        kept.refresh(report, now=now)
        announce_later(report, here, now)
    return report


def send_confirm_link_again(*, report: Report, now: datetime, wait: timedelta = timedelta(minutes=1)) -> bool:
    """A new link is on its way to the reporter, unless one left within `wait` or the report needs none; says which."""
    with transaction.atomic():
        locked = Report.objects.select_for_update().get(pk=report.pk)
        latest = (
            Notice.objects.filter(report=locked, kind=NoticeKind.CONFIRM_REPORT)
            .order_by("-created_at")
            .first()
        )
        if locked.state != State.UNCONFIRMED or (latest and latest.created_at > now - wait):
            return False
        _ask_to_confirm(locked, now)
    return True


def change_confirm_address(*, report: Report, email: str, now: datetime) -> bool:
    """The report waits to be confirmed by another address, which gets a link; those of the old one lead nowhere.

    False, and nothing is changed, where the report needs no confirmation any more. Raises TooManyMails, EmailInvalid.
    """
    with transaction.atomic():
        locked = Report.objects.select_for_update().get(pk=report.pk)
        if locked.state != State.UNCONFIRMED:
            return False
        locked.email = email
        locked.reporter = person_with_email(
            email=email, name=locked.name, phone=locked.phone, language=locked.language, now=now
        )
        locked.save(update_fields=["email", "reporter"])
        ConfirmLink.objects.filter(report=locked, used_at=None).delete()
        _ask_to_confirm(locked, now)
    return True


def _answers(here: Responsible, given: Mapping[str, Sequence[str]], zone: tzinfo) -> list[dict[str, object]]:
    """The answers as kept, or AnswersWrong with all that is wrong at once."""
    questions = united_questions(question for category in here.categories for question in category.questions)
    answers, errors = check_answers(questions, given, zone=zone)
    if errors:
        raise AnswersWrong(errors)
    return [{"code": code, "values": values} for code, values in answers.items()]


def _reporter(told: Told, now: datetime) -> Person | None:
    if not told.email:
        return None
    return person_with_email(
        email=told.email, name=told.name, phone=told.phone, language=told.language, now=now
    )


def _owed(report: Report, found: Responsible, now: datetime) -> list[Delivery]:
    """One delivery a body, not written yet; not due (next_at is null) until the report is confirmed."""
    bodies = {body.id: body for body in found.bodies}
    return [
        Delivery(
            report=report,
            body_id=category.body_id,
            endpoint_id=_endpoint(category, bodies[category.body_id]),
            state=DeliveryState.WAITING,
            why="The reporter has not confirmed the report yet.",
            mark=uuid.uuid4(),
            created_at=now,
            category_name_id=report.category_name_id,
        )
        for category in sorted(found.categories, key=lambda category: (category.body_id, category.id))
        if _way(category, bodies[category.body_id]) != Send.NONE
    ]


def _way(category: CategoryInfo, body: BodyInfo) -> str:
    """How the category's reports go: as it says itself, else as its body's."""
    return category.send or body.send


def _endpoint(category: CategoryInfo, body: BodyInfo) -> int | None:
    """Where the category's reports go by Open311: its own endpoint, or its body's first; None means by e-mail."""
    if _way(category, body) != Send.OPEN311:
        return None
    return category.endpoint_id or body.endpoint_id


def _ask_to_confirm(report: Report, now: datetime) -> str:
    due_at = when_to_ask(person=report.reporter, now=now)
    secret = links.new_secret()
    ConfirmLink.objects.create(
        secret_hash=links.hash_of(secret), report=report, created_at=now, expires_at=now + links.LIFETIME
    )
    write_notice(
        kind=NoticeKind.CONFIRM_REPORT,
        email=report.email,
        person=report.reporter,
        report=report,
        language=report.language,
        content={"secret": secret},
        now=now,
        due_at=due_at,
    )
    return secret


def _publish(report: Report, here: SiteInfo, now: datetime) -> None:
    """The report is open from this second on, and its deliveries are due; one full of links is looked at by staff first."""
    report.state = State.OPEN
    report.requested_at = now.replace(microsecond=0)
    waiting = Delivery.objects.filter(report=report, state=DeliveryState.WAITING, next_at=None)
    addresses = links_in(f"{report.title} {report.detail}")
    if addresses <= MOST_LINKS:
        waiting.update(next_at=now + _undo(report, here), why=_ABOUT_TO_LEAVE)
        return
    report.hidden = True
    waiting.update(state=DeliveryState.CANCELLED, why="Staff look at it first: it has many links.")
    write_staff_notice(
        subject=f"Report {report.pk} has {addresses} links and waits for you",
        text="It is hidden and not sent. Show it on the desk if it is about a street: then it is sent too.",
        now=now,
        once=f"links.{report.pk}",
    )


def _undo(report: Report, here: SiteInfo) -> timedelta:
    """How long the report can be taken back before it is sent."""
    return timedelta(minutes=here.undo_minutes if report.source == "Web interface" else 0)
