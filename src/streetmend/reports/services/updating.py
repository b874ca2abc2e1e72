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
    ReportClosedToUpdates,
    TooManyLinks,
    TooManyPhotos,
)
from streetmend.reports.models import Alert, ConfirmLink, Report, Update
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import kept, links
from streetmend.reports.services.attaching import attach
from streetmend.reports.services.limits import when_to_ask
from streetmend.reports.services.notices import write_notice
from streetmend.reports.services.submitting import MOST_LINKS, Told
from streetmend.reports.states import OPEN_STATES, Actor, State, may_move
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
    TooManyLinks, MoveRefused, ReportClosedToUpdates.
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
            if target:
                locked.state = target
            kept.refresh(locked, now=now)
            tell(update, now=now)
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
    media_urls: Sequence[str] = (),
    source: str = "Open311",
) -> Update:
    """The body's update stands on the report and has moved its state, where the table and the order of time allow.

    `at` (UTC) is when the body said it, held between the report's beginning and five minutes from now. The newest word about the
    state decides, in whatever order the words arrive. A hidden report stays hidden. Runs inside the caller's transaction.
    """
    locked = Report.objects.select_for_update().get(pk=report.pk)
    when = min(max(at, locked.requested_at or locked.created_at), now + timedelta(minutes=5))
    newest = Update.objects.filter(report=locked).exclude(told_state="").order_by("-at", "-id").first()
    may = (
        state is not None
        and state != locked.state
        and may_move(Actor.BODY, State(locked.state), state)
        and (newest is None or newest.at <= when)
    )
    update = Update.objects.create(
        report=locked,
        actor=Actor.BODY,
        body=body,
        name=body.name,
        show_name=True,
        text=text,
        state=state if may and state else "",
        told_state=state or "",
        foreign_state=foreign_state,
        at=when,
        received_at=now,
        remote_id=remote_id,
        source=source,
        media_urls=list(media_urls),
    )
    if may and state:
        locked.state = state
    kept.refresh(locked, now=now)
    tell(update, now=now)
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


def tell(update: Update, *, now: datetime) -> None:
    """The reporter and the followers of a visible report are told of the update, but nobody of his own words."""
    report = update.report
    if report.hidden or report.state == State.UNCONFIRMED:
        return
    wanting: dict[str, tuple[Person | None, str]] = {}
    if report.email and report.reporter_id:
        wanting[report.email] = (report.reporter, report.language)
    if not report.private:
        for alert in Alert.objects.select_related("person").filter(
            report=report, confirmed_at__isnull=False, ended_at=None
        ):
            wanting.setdefault(alert.person.email, (alert.person, alert.person.language))
    for email, (person, language) in wanting.items():
        if person is not None and update.person_id == person.pk:
            continue
        write_notice(
            kind=NoticeKind.REPORT_UPDATED,
            email=email,
            person=person,
            report=report,
            update=update,
            language=language,
            now=now,
        )


def may_still_be_told(report: Report) -> bool:
    """Whether residents may add to the report."""
    return not report.hidden and report.state not in (State.UNCONFIRMED, State.WITHDRAWN)


def is_open(report: Report) -> bool:
    """Whether the report still waits for something to be done."""
    return State(report.state) in OPEN_STATES


def _open_to_updates(report: Report) -> Report:
    locked = Report.objects.select_for_update(of=("self",)).select_related("reporter").get(pk=report.pk)
    if not may_still_be_told(locked):
        raise ReportClosedToUpdates("This report takes no more updates.")
    return locked
