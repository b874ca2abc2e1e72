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
from streetmend.bodies.models import Body, Category, Endpoint, Send
from streetmend.bodies.queries import Responsible, Why, responsible, site
from streetmend.bodies.values import SiteInfo
from streetmend.photos.store import StoredPhoto
from streetmend.reports.errors import (
    AnswersWrong,
    CategoryUnknown,
    DescriptionMissing,
    LinkUnknown,
    NobodyResponsible,
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
    trusted: bool = False,
) -> Submitted:
    """The report exists, with one delivery for each body responsible, and, unless it is `confirmed`, a mail that asks for it.

    `lat`, `long`: WGS84 degrees. `now`: UTC. Texts are clean already (`streetmend.text`). `answers`: question code -> values. A
    `form_token` that was used before returns the report of the first time and changes nothing. A report with more than
    `MOST_LINKS` web addresses is looked at by staff first, unless it comes from somebody who is `trusted`.

    Raises NobodyResponsible, CategoryUnknown, DescriptionMissing, TooManyPhotos, AnswersWrong.
    """
    here = _acceptable(title, photos)
    if form_token and (earlier := Report.objects.filter(form_token=form_token).first()):
        return Submitted(earlier, "", repeated=True)
    responsible_here = responsible(lat, long, category_name)
    categories = _categories(responsible_here)
    report = Report(
        lat=lat,
        long=long,
        title=title,
        detail=detail,
        category_name=categories[0].name,
        answers=_answers(responsible_here, answers or {}, here.zone),
        address=address,
        place_hint=place_hint,
        name=told.name,
        show_name=told.show_name and bool(told.name),
        email=told.email,
        phone=told.phone,
        language=told.language,
        source=source,
        private=private or any(category.private for category in categories),
        created_at=now,
        updated_at=now,
        form_token=form_token or None,
    )
    return _take_in(report, told, categories, photos, here if confirmed else None, now, trusted=trusted)


def _acceptable(title: str, photos: Sequence[StoredPhoto]) -> SiteInfo:
    """The site the report is for, unless it is one that no site takes."""
    if not title:
        raise DescriptionMissing("Say in a few words what the problem is.")
    here = site()
    if len(photos) > here.max_photos:
        raise TooManyPhotos(f"At most {here.max_photos} photos go with a report.")
    return here


def _take_in(
    report: Report,
    told: Told,
    categories: list[Category],
    photos: Sequence[StoredPhoto],
    confirmed_on: SiteInfo | None,
    now: datetime,
    *,
    trusted: bool,
) -> Submitted:
    """The report, its photos, deliveries and mail are there, all or none; `confirmed_on`: public at once, on that site."""
    try:
        with transaction.atomic():
            report.reporter = _reporter(told, now)
            report.save(force_insert=True)
            attach(photos, report=report, now=now)
            _owe(report, categories, now)
            secret = "" if confirmed_on else _ask_to_confirm(report, now)
            if confirmed_on:
                _publish(report, confirmed_on, now, trusted=trusted)
            kept.refresh(report, now=now)
            if confirmed_on:
                announce_later(report, confirmed_on, now)
    except IntegrityError:
        # the same form was sent twice at the same moment: the other one won
        earlier = Report.objects.filter(form_token=report.form_token).first() if report.form_token else None
        if earlier is None:
            raise
        return Submitted(earlier, "", repeated=True)
    return Submitted(report, secret, repeated=False)


def confirm_report(*, secret: str, now: datetime) -> Report:
    """The report of this link is public (unless private) and on its way; a second time changes nothing.

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
        _publish(report, here, now, trusted=False)
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


def _categories(here: Responsible) -> list[Category]:
    """The categories of the name that was asked for, of every body responsible here, by body."""
    if here.why == Why.NOBODY:
        raise NobodyResponsible("Nobody is responsible here.")
    if here.why == Why.NO_SUCH_CATEGORY:
        raise CategoryUnknown("Choose one of the categories of this place.")
    found = list(
        Category.objects.select_related("body", "name", "endpoint")
        .filter(pk__in=[category.id for category in here.categories])
        .order_by("body_id", "id")
    )
    if not found:
        # it was there a moment ago, when what we keep in memory was read
        raise CategoryUnknown("Choose one of the categories of this place.")
    return found


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


def _owe(report: Report, categories: list[Category], now: datetime) -> None:
    """One delivery a body; not due (next_at is null) until the report is confirmed."""
    Delivery.objects.bulk_create(
        Delivery(
            report=report,
            body=category.body,
            endpoint=_endpoint(category),
            state=DeliveryState.WAITING,
            why="The reporter has not confirmed the report yet.",
            mark=uuid.uuid4(),
            created_at=now,
            category_name=report.category_name,
        )
        for category in categories
        if category.body.send != Send.NONE
    )


def _endpoint(category: Category) -> Endpoint | None:
    """Where the category's reports go by Open311: its own endpoint, or its body's first; None means by e-mail."""
    body: Body = category.body
    if body.send != Send.OPEN311:
        return None
    return category.endpoint or body.endpoints.filter(active=True).order_by("id").first()


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


def _publish(report: Report, here: SiteInfo, now: datetime, *, trusted: bool) -> None:
    """The report is open from this second on, and its deliveries are due; or staff are asked to look at it first."""
    report.state = State.OPEN
    report.requested_at = now.replace(microsecond=0)
    waiting = Delivery.objects.filter(report=report, state=DeliveryState.WAITING, next_at=None)
    addresses = links_in(f"{report.title} {report.detail}")
    if addresses > MOST_LINKS and not trusted:
        report.hidden = True
        waiting.update(state=DeliveryState.CANCELLED, why="Staff look at it first: it has many links.")
        write_staff_notice(
            subject=f"Report {report.pk} has {addresses} links and waits for you",
            text="It is hidden and not sent. Show it on the desk if it is about a street: then it is sent too.",
            now=now,
            once=f"links.{report.pk}",
        )
        return
    wait = timedelta(minutes=here.undo_minutes if report.source == "Web interface" else 0)
    waiting.update(next_at=now + wait, why="It is about to be sent.")
