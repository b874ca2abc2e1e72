"""The kept columns of a report: recomputed from their sources, never counted up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, F

from streetmend.database.rows import update_each
from streetmend.reports.models import Delivery, Photo, Report, Update
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.states import CLOSED_STATES, DeliveryState, State
from streetmend.text import folded


def refresh(report: Report, *, now: datetime | None) -> None:
    """The kept columns of `report` and its deliveries say what their sources say, and its version is a new one.

    To be called inside the transaction of every change of anything that is shown. `now` (UTC) becomes `updated_at`; None leaves
    it as it is, for changes that are no news (a moderator hides a photo).
    """
    names = list(
        Photo.objects.filter(report=report, hidden=False)
        .order_by("position", "id")
        .values_list("name", flat=True)
    )
    recipients = list(
        Delivery.objects.filter(report=report, kind=DeliveryKind.REPORT)
        .exclude(state=DeliveryState.CANCELLED)
        .order_by("body_id")
        .values_list("body_id", flat=True)
    )
    comments = Update.objects.filter(report=report, hidden=False).count()
    _keep(report, photo_names=names, recipient_ids=recipients, comment_count=comments)
    report.words = words_of(report.title, report.detail, report.address)
    if now is not None:
        report.updated_at = max(report.updated_at, now)
    report.settled = False
    report.save()
    Report.objects.filter(pk=report.pk).update(version=F("version") + 1)
    _copy_to_deliveries(report)


def refresh_counts(reports: Sequence[Report], *, now: datetime) -> None:
    """As `refresh` for many reports of which only updates have changed: their state, notes, count of updates and time are saved.

    To be called inside the transaction that locked them.
    """
    shown = Update.objects.filter(report__in=[report.pk for report in reports], hidden=False)
    counts = dict(shown.order_by().values_list("report").annotate(count=Count("id")))
    for report in reports:
        report.comment_count = counts.get(report.pk, 0)
        report.closed = State(report.state) in CLOSED_STATES
        report.updated_at = max(report.updated_at, now)
        report.version += 1
        report.settled = False
    columns = ["state", "status_notes", "comment_count", "closed", "updated_at", "version", "settled"]
    Report.objects.bulk_update(reports, columns, batch_size=100)
    for closed in (True, False):
        ids = [report.pk for report in reports if report.closed is closed]
        Delivery.objects.filter(report__in=ids).exclude(closed=closed).update(closed=closed)


def refresh_sent(reports: Sequence[Report], *, now: datetime) -> None:
    """As `refresh` for many reports whose texts have not changed, and whose `sent_at` is saved besides.

    To be called inside the transaction that locked them; of their columns those of `SENT_LOOKS_AT` are enough.
    """
    ids = [report.pk for report in reports]
    names: dict[int, list[str]] = defaultdict(list)
    photos = Photo.objects.filter(report__in=ids, hidden=False).order_by("position", "id")
    for report_id, name in photos.values_list("report_id", "name"):
        names[report_id or 0].append(name)
    owed: dict[int, list[_Copy]] = defaultdict(list)
    for row in Delivery.objects.filter(report__in=ids).order_by("body_id").values_list(*_Copy._fields):
        owed[row[0]].append(_Copy(*row))
    shown = Update.objects.filter(report__in=ids, hidden=False).order_by()
    counts = dict(shown.values_list("report").annotate(count=Count("id")))
    for report in reports:
        recipients = [one.body_id for one in owed[report.pk] if _is_recipient(one)]
        _keep(
            report,
            photo_names=names[report.pk],
            recipient_ids=recipients,
            comment_count=counts.get(report.pk, 0),
        )
        report.updated_at = max(report.updated_at, now)
        report.version += 1
        report.settled = False
        if any(_differs(report, one) for one in owed[report.pk]):
            _copy_to_deliveries(report)
    rows = [tuple(getattr(report, name) for name in ("id", *_SENT)) for report in reports]
    update_each(Report, keys=["id"], columns=_SENT, rows=rows)


_SENT = (
    "sent_at", "photo_names", "has_photo", "recipient_ids", "comment_count", "closed", "visible", "updated_at",
    "version", "settled",
)  # fmt: skip
SENT_LOOKS_AT = (
    "sent_at",
    "updated_at",
    "version",
    "state",
    "hidden",
    "private",
    "requested_at",
    "category_name",
)


class _Copy(NamedTuple):
    """What a delivery has of its report."""

    report_id: int
    body_id: int
    kind: str
    state: str
    visible: bool
    requested_at: datetime | None
    closed: bool
    category_name_id: int


def _is_recipient(delivery: _Copy) -> bool:
    return delivery.kind == DeliveryKind.REPORT and delivery.state != DeliveryState.CANCELLED


def _differs(report: Report, delivery: _Copy) -> bool:
    """Whether the delivery's copy is not what the report says."""
    return (
        delivery.visible != (report.visible and _is_recipient(delivery))
        or delivery.requested_at != report.requested_at
        or delivery.closed != report.closed
        or delivery.category_name_id != report.category_name_id
    )


def begin(
    report: Report, *, photo_names: Sequence[str], owed: Sequence[Delivery], areas: Sequence[int]
) -> None:
    """The kept columns of a report that is about to be written with these photos and deliveries, and theirs, say so.

    `areas`: the MapIt ids of the areas of its place.
    """
    report.area_ids = sorted(areas)
    report.words = words_of(report.title, report.detail, report.address)
    _keep(
        report,
        photo_names=photo_names,
        recipient_ids=sorted(one.body_id for one in owed if one.state != DeliveryState.CANCELLED),
        comment_count=0,
    )
    for delivery in owed:
        delivery.requested_at, delivery.closed = report.requested_at, report.closed
        delivery.visible = report.visible


def _keep(
    report: Report, *, photo_names: Sequence[str], recipient_ids: Sequence[int], comment_count: int
) -> None:
    report.photo_names = list(photo_names)
    report.has_photo = bool(photo_names)
    report.recipient_ids = list(recipient_ids)
    report.comment_count = comment_count
    report.closed = State(report.state) in CLOSED_STATES
    report.visible = report.state != State.UNCONFIRMED and not report.hidden and not report.private


def words_of(title: str, detail: str, address: str) -> str:
    """What a search for words looks through."""
    return folded(f"{title}\n{detail}\n{address}")


def _copy_to_deliveries(report: Report) -> None:
    """Searches by body read the report's flags from the delivery's own index."""
    owed = Delivery.objects.filter(report=report)
    copied = {
        "requested_at": report.requested_at,
        "closed": report.closed,
        "category_name_id": report.category_name_id,
    }
    owed.filter(kind=DeliveryKind.REPORT).exclude(state=DeliveryState.CANCELLED).update(
        visible=report.visible, **copied
    )
    owed.exclude(
        kind=DeliveryKind.REPORT, state__in=[s for s in DeliveryState if s != DeliveryState.CANCELLED]
    ).update(visible=False, **copied)
