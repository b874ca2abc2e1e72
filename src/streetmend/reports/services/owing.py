"""Updates that are owed to bodies: what people say about a report later leaves in the order in which it was said."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Max

from streetmend.reports.models import Delivery, Update
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.states import FINAL_DELIVERY_STATES, Actor, DeliveryState

_WAITS = "It waits for the report, or for what was said before it."
_ABOUT_TO_LEAVE = "It is about to be sent."
_NOT_BY_ENDPOINT = "The report itself does not go to the endpoint any more."
_SAID_BY = (Actor.REPORTER, Actor.RESIDENT, Actor.STAFF)


def owe_update(update: Update, *, now: datetime) -> None:
    """The update is owed once to each body that has the report by an endpoint that takes updates.

    What a body said itself is owed to nobody. Inside the transaction that writes the update, with its report locked. `now`: UTC.
    """
    if update.actor not in _SAID_BY:
        return
    having = Delivery.objects.filter(
        report_id=update.report_id,
        kind=DeliveryKind.REPORT,
        endpoint__send_updates=True,
        endpoint__active=True,
    ).exclude(state__in=(DeliveryState.CANCELLED, DeliveryState.BY_EMAIL))
    for of_report in having.order_by("body_id"):
        earlier = Delivery.objects.filter(
            report_id=update.report_id, body_id=of_report.body_id, kind=DeliveryKind.UPDATE
        )
        Delivery.objects.create(
            report_id=update.report_id,
            body_id=of_report.body_id,
            endpoint_id=of_report.endpoint_id,
            kind=DeliveryKind.UPDATE,
            update=update,
            seq=(earlier.aggregate(last=Max("seq"))["last"] or 0) + 1,
            state=DeliveryState.WAITING,
            why=_WAITS,
            mark=uuid.uuid4(),
            created_at=now,
            requested_at=of_report.requested_at,
            category_name_id=of_report.category_name_id,
        )
        release_next(report_id=update.report_id, body_id=of_report.body_id, now=now)


def release_next(*, report_id: int, body_id: int, now: datetime) -> None:
    """The body's next update of the report is due, if the body has the report and all that was said before. `now`: UTC.

    A body that does not get the report by its endpoint any more gets no updates of it either: they are cancelled.
    """
    owed = Delivery.objects.filter(report_id=report_id, body_id=body_id)
    if owed.filter(
        kind=DeliveryKind.REPORT, state__in=(DeliveryState.CANCELLED, DeliveryState.BY_EMAIL)
    ).exists():
        owed.filter(kind=DeliveryKind.UPDATE, state=DeliveryState.WAITING, attempts=0).update(
            state=DeliveryState.CANCELLED, next_at=None, why=_NOT_BY_ENDPOINT
        )
        return
    if not (
        owed.filter(kind=DeliveryKind.REPORT, state=DeliveryState.ACCEPTED).exclude(remote_id="").exists()
    ):
        return
    following = (
        owed.filter(kind=DeliveryKind.UPDATE).exclude(state__in=FINAL_DELIVERY_STATES).order_by("seq").first()
    )
    if (
        following is not None
        and following.state == DeliveryState.WAITING
        and following.next_at is None
        and following.attempts == 0
    ):
        Delivery.objects.filter(pk=following.pk, state=DeliveryState.WAITING, next_at=None).update(
            next_at=now, why=_ABOUT_TO_LEAVE
        )
