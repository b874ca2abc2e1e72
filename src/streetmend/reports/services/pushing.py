"""A body tells of a report by itself: the same inbox, the same rules and the same result as when we ask it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from streetmend.bodies.models import Body
from streetmend.photos.store import StoredPhoto
from streetmend.reports.errors import ReportError
from streetmend.reports.models import Delivery, Inbox, Update
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services import kept
from streetmend.reports.services.applying import apply_row
from streetmend.reports.services.attaching import attach
from streetmend.reports.services.inbox import PulledRow, store_pushed
from streetmend.reports.states import DeliveryState, State


class NotReceived(ReportError):
    """The body did not receive a report of this number, whether or not there is one."""

    field = "report"


def received_by(body: Body, row: PulledRow) -> Delivery | None:
    """The delivery by which the body has the report that the row speaks of; None where it did not receive it.

    By our number where the row gives it, else by the body's own, else by ours: a body that reads our server knows no other.
    """
    owed = (
        Delivery.objects.select_related("report", "endpoint")
        .filter(body=body, kind=DeliveryKind.REPORT)
        .exclude(state=DeliveryState.CANCELLED)
        .exclude(report__state=State.UNCONFIRMED)
    )
    if row.our_report_id:
        return owed.filter(report_id=_number(row.our_report_id)).first()
    theirs = (
        owed.filter(remote_id=row.remote_report_id).order_by("-id").first() if row.remote_report_id else None
    )
    return theirs or owed.filter(report_id=_number(row.remote_report_id)).first()


def _number(text: str) -> int:
    """Our number that the text is; 0, which no report has, where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def push_update(
    *, body: Body, row: PulledRow, now: datetime, photos: Sequence[StoredPhoto] = ()
) -> Update | None:
    """What the body says stands on the report and has moved it, as if it had been pulled; a repeat changes nothing.

    `row.state` and `row.word` are in the words that `body`'s endpoint would use. None where it says nothing at all. Raises
    NotReceived.
    """
    with transaction.atomic():
        owed = received_by(body, row)
        if owed is None:
            raise NotReceived("There is no such request that you received.")
        if owed.remote_id != row.remote_report_id or not row.remote_report_id:
            ours = row.remote_report_id == str(owed.report_id) and not row.our_report_id
            row = replace(
                row,
                our_report_id=str(owed.report_id),
                remote_report_id="" if ours else row.remote_report_id,
            )
        inbox_id = store_pushed(row=row, body_id=body.pk, endpoint_id=owed.endpoint_id, now=now)
        is_new = Inbox.objects.filter(pk=inbox_id, next_at__isnull=False).exists()
        apply_row(inbox_id=inbox_id, now=now)
        stored = Inbox.objects.select_related("update__report").get(pk=inbox_id)
        if stored.update is not None and photos and is_new:
            attach(photos, update=stored.update, now=now)
            kept.refresh(stored.update.report, now=now)
    return stored.update
