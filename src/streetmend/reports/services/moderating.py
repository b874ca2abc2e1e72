"""Staff take something off the site, or put it back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from streetmend.reports.models import Delivery, Photo, Report, Update
from streetmend.reports.services import kept
from streetmend.reports.states import DeliveryState


def hide_report(*, report: Report, now: datetime) -> Report:
    """Nothing of the report shows anywhere any more, and what was not sent yet will not be."""
    with transaction.atomic():
        locked = Report.objects.select_for_update().get(pk=report.pk)
        if locked.hidden:
            return locked
        locked.hidden = True
        Delivery.objects.filter(report=locked, state=DeliveryState.WAITING, attempts=0).update(
            state=DeliveryState.CANCELLED, why="The report was hidden before it was sent.", next_at=None
        )
        kept.refresh(locked, now=now)
    return locked


def show_report(*, report: Report, now: datetime) -> Report:
    """The report shows again; what was cancelled because it was hidden, is owed again."""
    with transaction.atomic():
        locked = Report.objects.select_for_update().get(pk=report.pk)
        if not locked.hidden:
            return locked
        locked.hidden = False
        due = now if locked.requested_at else None
        Delivery.objects.filter(report=locked, state=DeliveryState.CANCELLED, attempts=0).update(
            state=DeliveryState.WAITING, why="It is about to be sent.", next_at=due
        )
        kept.refresh(locked, now=now)
    return locked


def hide_update(*, update: Update, now: datetime) -> None:
    """The update shows nowhere any more; the report's state stays as it is."""
    _flag_update(update, hidden=True, now=now)


def show_update(*, update: Update, now: datetime) -> None:
    """The update shows again."""
    _flag_update(update, hidden=False, now=now)


def hide_photo(*, photo: Photo, now: datetime) -> None:
    """The photo shows nowhere any more."""
    _flag_photo(photo, hidden=True, now=now)


def show_photo(*, photo: Photo, now: datetime) -> None:
    """The photo shows again."""
    _flag_photo(photo, hidden=False, now=now)


def _flag_update(update: Update, *, hidden: bool, now: datetime) -> None:
    with transaction.atomic():
        report = Report.objects.select_for_update().get(pk=update.report_id)
        Update.objects.filter(pk=update.pk).update(hidden=hidden, muted=False)
        kept.refresh(report, now=now)


def _flag_photo(photo: Photo, *, hidden: bool, now: datetime) -> None:
    with transaction.atomic():
        report_id = photo.report_id or (photo.update.report_id if photo.update else None)
        Photo.objects.filter(pk=photo.pk).update(hidden=hidden)
        if report_id:
            kept.refresh(Report.objects.select_for_update().get(pk=report_id), now=now)
