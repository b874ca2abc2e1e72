"""Something is said about a report later: by its reporter, a resident, staff, or a body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from streetmend.accounts.models import Person
from streetmend.accounts.services import person_with_email
from streetmend.bodies.models import Body
from streetmend.bodies.queries import site
from streetmend.photos.store import StoredPhoto
from streetmend.reports.errors import (
    DescriptionMissing,
    LinkUnknown,
    MoveRefused,
    ReopeningNotAllowed,
    ReportClosedToUpdates,
    TooManyLinks,
    TooManyPhotos,
    UpdatesNotAllowed,
)
from streetmend.reports.models import ConfirmLink, Report, Update
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.queries.allowed import reopening_allowed, updates_allowed
from streetmend.reports.services import kept, links
from streetmend.reports.services.attaching import attach
from streetmend.reports.services.limits import when_to_ask
from streetmend.reports.services.notices import write_notice
from streetmend.reports.services.owing import owe_update
from streetmend.reports.services.refolding import surroundings
from streetmend.reports.services.submitting import MOST_LINKS, Told
from streetmend.reports.services.telling import tell
from streetmend.reports.states import CLOSED_STATES, OPEN_STATES, Actor, State, may_move
from streetmend.text import links_in


@dataclass(frozen=True, slots=True)
class Said:
    """What is said: words, a state to move to (or none), photos."""

    text: str = ""
    state: State | None = None
    photos: Sequence[StoredPhoto] = ()


def add_update(
    *,
    report: Report,
    actor: Actor,
    said: Said,
    now: datetime,
    person: Person | None = None,
    name: str = "",
    show_name: bool = False,
    source: str = "Web interface",
    form_token: str | None = None,
) -> Update:
    """The update stands on the report, the report is where it moves it to, and everybody who wants to know is told.

    A `form_token` that was used before returns the update of the first time. Raises DescriptionMissing, TooManyPhotos,
    TooManyLinks, MoveRefused, ReportClosedToUpdates, UpdatesNotAllowed, ReopeningNotAllowed.
    """
    if not said.text and said.state is None and not said.photos:
        raise DescriptionMissing("Write something, or choose a new state.", field="text")
    if len(said.photos) > site().max_photos:
        raise TooManyPhotos(f"At most {site().max_photos} photos go with an update.")
    if actor in (Actor.REPORTER, Actor.RESIDENT) and links_in(said.text) > MOST_LINKS:
        raise TooManyLinks(f"At most {MOST_LINKS} web addresses, please.", field="text")
    try:
        with transaction.atomic():
            if form_token and (earlier := Update.objects.filter(form_token=form_token).first()):
                return earlier
            locked = _open_to_updates(report)
            target = said.state if said.state and said.state != locked.state else None
            if actor in (Actor.REPORTER, Actor.RESIDENT):
                _must_be_allowed(locked, said)
            if target and not may_move(actor, State(locked.state), target):
                raise MoveRefused(f"A {actor} may not move a report from {locked.state} to {target}.")
            update = Update.objects.create(
                report=locked,
                actor=actor,
                person=person,
                name=name,
                show_name=show_name and bool(name),
                text=said.text,
                state=target or "",
                told_state=said.state or "",
                at=now,
                received_at=now,
                source=source,
                form_token=form_token or None,
            )
            attach(said.photos, update=update, now=now)
            owe_update(update, now=now)
            if target:
                locked.state = target
            kept.refresh(locked, now=now)
            tell(locked, [update], now=now)
    except IntegrityError:
        earlier = Update.objects.filter(form_token=form_token).first() if form_token else None
        if earlier is None:
            raise
        return earlier
    return update


def write_body_update(
    *,
    report: Report,
    body: Body,
    text: str,
    at: datetime,
    now: datetime,
    state: State | None = None,
    foreign_state: str = "",
    remote_id: str = "",
    source: str = "Open311",
    photos: Sequence[StoredPhoto] = (),
) -> Update:
    """The body's update, told in another way than by its endpoint, stands on the report and has moved it as its time allows.

    `at` (UTC) is when the body said it, held between the report's beginning and five minutes from now. The newest word about the
    state decides, in whatever order the words arrive. A hidden report stays hidden. An update of this `remote_id` that the
    report has already is returned as it is.
    """
    with transaction.atomic():
        locked = Report.objects.select_for_update(of=("self",)).select_related("category_name", "reporter")
        report = locked.get(pk=report.pk)
        updates = list(Update.objects.filter(report=report))
        for earlier in updates:
            if remote_id and (earlier.body_id, earlier.remote_id) == (body.pk, remote_id):
                return earlier
        update = Update(
            report=report,
            actor=Actor.BODY,
            body=body,
            name=body.name,
            show_name=True,
            text=text,
            told={"text": text},
            told_state=state or "",
            foreign_state=foreign_state,
            at=min(max(at, report.requested_at or report.created_at), now + timedelta(minutes=5)),
            received_at=now,
            remote_id=remote_id,
            source=source,
        )
        surroundings([report.pk]).fold(report, [*updates, update])
        update.save()
        attach(photos, update=update, now=now)
        Update.objects.bulk_update(updates, ["state", "text", "email_text", "hidden", "muted"])
        kept.refresh(report, now=now)
        if not update.hidden:
            tell(report, [update], now=now)
    return update


def request_update(*, report: Report, told: Told, said: Said, now: datetime, form_token: str) -> str:
    """A mail asks `told` to confirm what was said; nothing shows until the link's button is pressed. Returns the secret.

    An address with a fresh question of the same form gets no second mail (the empty string is returned).
    Raises as `add_update`, and TooManyMails.
    """
    if not said.text and said.state is None and not said.photos:
        raise DescriptionMissing("Write something, or choose a new state.", field="text")
    with transaction.atomic():
        locked = _open_to_updates(report)
        _must_be_allowed(locked, said)
        if ConfirmLink.objects.filter(report=locked, update_text__form_token=form_token).exists():
            return ""
        person = person_with_email(
            email=told.email, name=told.name, phone="", language=told.language, now=now
        )
        due_at = when_to_ask(person=person, now=now)
        secret = links.new_secret()
        ConfirmLink.objects.create(
            secret_hash=links.hash_of(secret),
            report=locked,
            update_text={
                "form_token": form_token,
                "person": person.pk,
                "name": told.name,
                "show_name": told.show_name,
                "text": said.text,
                "state": said.state or "",
                "photos": [asdict(photo) for photo in said.photos],
            },
            created_at=now,
            expires_at=now + links.LIFETIME,
        )
        write_notice(
            kind=NoticeKind.CONFIRM_UPDATE,
            email=told.email,
            person=person,
            report=locked,
            language=told.language,
            content={"secret": secret},
            now=now,
            due_at=due_at,
        )
    return secret


def confirm_update(*, secret: str, now: datetime) -> Report:
    """What was said under this link stands on the report; a second time changes nothing.

    Raises LinkUnknown, LinkExpired, and as `add_update`.
    """
    with transaction.atomic():
        link = links.find(secret, now=now)
        if link.report is None or not link.update_text:
            raise LinkUnknown("This link does not confirm an update.")
        if not ConfirmLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now):
            return link.report
        content = link.update_text
        person = Person.objects.filter(pk=content["person"]).first()
        if person:
            Person.objects.filter(pk=person.pk, verified_at=None).update(verified_at=now)
        is_reporter = person is not None and link.report.reporter_id == person.pk
        add_update(
            report=link.report,
            actor=Actor.REPORTER if is_reporter else Actor.RESIDENT,
            said=Said(
                text=content["text"],
                state=State(content["state"]) if content["state"] else None,
                photos=[StoredPhoto(**photo) for photo in content["photos"]],
            ),
            now=now,
            person=person,
            name=content["name"],
            show_name=content["show_name"],
        )
    return link.report


def may_still_be_told(report: Report) -> bool:
    """Whether residents may add to the report."""
    return not report.hidden and report.state not in (State.UNCONFIRMED, State.WITHDRAWN)


def is_open(report: Report) -> bool:
    """Whether the report still waits for something to be done."""
    return State(report.state) in OPEN_STATES


def _must_be_allowed(report: Report, said: Said) -> None:
    """The categories of the report's bodies let residents say it. Raises UpdatesNotAllowed, ReopeningNotAllowed."""
    if not updates_allowed(report):
        raise UpdatesNotAllowed("Reports of this kind take no updates of residents.")
    opens = State(report.state) in CLOSED_STATES and said.state in OPEN_STATES
    if opens and not reopening_allowed(report):
        raise ReopeningNotAllowed("A closed report of this kind is not opened again. Make a new one.")


def _open_to_updates(report: Report) -> Report:
    locked = Report.objects.select_for_update(of=("self",)).select_related("reporter").get(pk=report.pk)
    if not may_still_be_told(locked):
        raise ReportClosedToUpdates("This report takes no more updates.")
    return locked
