"""One report as people read it: what it says, where it went, what has happened since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Prefetch

from streetmend.reports.models import Delivery, MeToo, Photo, Report, Update
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.states import Actor, DeliveryState, State

#: a delivery that is not there after so long is told to people as late
_LATE = timedelta(minutes=15)


class Where(StrEnum):
    """Where a report is on its way to one body, for people."""

    ACCEPTED = "accepted"
    MAILED = "mailed"
    NUMBER_AWAITED = "number_awaited"
    SOON = "soon"
    LATE = "late"
    UNCLEAR = "unclear"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Sent:
    """A report and one body: where it is, since when (UTC), and the body's number for it."""

    body: str
    where: Where
    at: datetime | None
    remote_id: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo that is shown."""

    name: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: `kind` is reported, sent or update; `sent` and the update's parts belong to it."""

    kind: str
    at: datetime
    sent: Sent | None = None
    who: str = ""
    by_body: bool = False
    by_reporter: bool = False
    state: str = ""
    foreign_state: str = ""
    text: str = ""
    photos: Sequence[Picture] = ()
    media_urls: Sequence[str] = ()
    update_id: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """A report with its photos, what happened (the newest first), and the bodies where it has not arrived."""

    report: Report
    photos: Sequence[Picture]
    events: Sequence[Event]
    on_its_way: Sequence[Sent]
    recipients: Sequence[str]


def visible_report(report_id: int) -> Report | None:
    """The report, if everybody may read it."""
    rows = Report.objects.select_related("category_name").filter(visible=True)
    return rows.filter(pk=report_id).first() if 0 < report_id < 2**63 else None


def is_public_photo(name: str) -> bool:
    """Whether a photo of this stored name stands on a public report."""
    photos = Photo.objects.filter(name=name, hidden=False)
    return (
        photos.filter(report__visible=True).exists()
        or photos.filter(update__hidden=False, update__report__visible=True).exists()
    )


def story(report: Report, *, now: datetime) -> Story:
    """The report's story at `now` (UTC), in four queries whatever its length."""
    shown = Photo.objects.filter(report=report, hidden=False).order_by("position", "id")
    photos = [_picture(photo) for photo in shown]
    sent = [_sent(delivery, now) for delivery in _deliveries(report)]
    begun = report.requested_at or report.created_at
    arrived = [one for one in sent if one.where in (Where.ACCEPTED, Where.MAILED) and one.at]
    events = [
        Event("reported", begun),
        *(Event("sent", one.at, sent=one) for one in arrived if one.at),
        *(_update(update) for update in _updates(report)),
    ]
    # what happened in the same second stands in the order of things: reported, sent, updated
    order = {"reported": 0, "sent": 1, "update": 2}
    events.sort(
        key=lambda event: (event.at.replace(microsecond=0), order[event.kind], event.update_id), reverse=True
    )
    return Story(
        report=report,
        photos=photos,
        events=events,
        on_its_way=[one for one in sent if one not in arrived],
        recipients=[one.body for one in sent],
    )


def _deliveries(report: Report) -> list[Delivery]:
    rows = Delivery.objects.select_related("body").filter(report=report, kind=DeliveryKind.REPORT)
    return list(rows.exclude(state=DeliveryState.CANCELLED).order_by("body_id"))


def _updates(report: Report) -> list[Update]:
    shown = Prefetch(
        "photos", Photo.objects.filter(hidden=False).order_by("position", "id"), to_attr="shown_photos"
    )
    rows = Update.objects.select_related("body").prefetch_related(shown)
    return list(rows.filter(report=report, hidden=False).order_by("at", "id"))


def said_since(report: Report, *, first: int, not_by: int | None) -> list[Update]:
    """What shows of the report's updates from the one of id `first` on, but for a person's own; in the order they were said."""
    rows = Update.objects.filter(report=report, hidden=False, pk__gte=first)
    if not_by is not None:
        rows = rows.exclude(person=not_by)
    return list(rows.order_by("at", "id"))


def _picture(photo: Photo) -> Picture:
    return Picture(photo.name, photo.width, photo.height, photo.alt)


_WHERE = {
    DeliveryState.ACCEPTED: Where.ACCEPTED,
    DeliveryState.BY_EMAIL: Where.MAILED,
    DeliveryState.TOKEN: Where.NUMBER_AWAITED,
    DeliveryState.UNCERTAIN: Where.UNCLEAR,
    DeliveryState.HELD: Where.UNCLEAR,
    DeliveryState.REFUSED: Where.REFUSED,
}


def _sent(delivery: Delivery, now: datetime) -> Sent:
    where = _WHERE.get(DeliveryState(delivery.state))
    if where is None and delivery.state == DeliveryState.WAITING and delivery.first_sent_at is not None:
        # it is to be sent once more, because nobody knows of the first time: it may be there
        where = Where.UNCLEAR
    if where is None:
        owed_since = delivery.requested_at or delivery.created_at
        where = Where.LATE if now - owed_since > _LATE else Where.SOON
    number = delivery.reference or delivery.remote_id
    return Sent(delivery.body.name, where, delivery.accepted_at, number)


def _update(update: Update) -> Event:
    by_body = update.actor == Actor.BODY
    who = update.body.name if by_body and update.body else update.name if update.show_name else ""
    return Event(
        "update",
        update.at,
        who=who,
        by_body=by_body,
        by_reporter=update.actor == Actor.REPORTER,
        state=update.state,
        foreign_state=update.foreign_state,
        text=update.text,
        photos=[_picture(photo) for photo in getattr(update, "shown_photos", [])],
        media_urls=_left(update),
        update_id=update.pk,
    )


def _left(update: Update) -> list[str]:
    """The addresses of photos of which none could be fetched, for those who want to look there."""
    if getattr(update, "shown_photos", []):
        return []
    return [url for url in update.media_urls if url.startswith(("http://", "https://"))]


def seen_too(report: Report) -> int:
    """How many said that they see the problem too."""
    return MeToo.objects.filter(report=report).count()


def may_be_undone(report: Report, *, now: datetime) -> bool:
    """Whether the report is confirmed and none of its bodies has been told yet: it can be taken back as if it never was."""
    if report.state != State.OPEN:
        return False
    owed = list(
        Delivery.objects.filter(report=report, kind=DeliveryKind.REPORT).values_list(
            "state", "first_sent_at", "next_at"
        )
    )
    return bool(owed) and all(
        state == DeliveryState.WAITING and first is None and due is not None and due > now
        for state, first, due in owed
    )
