"""Updates that are owed to bodies: what people say about a report later leaves in the order in which it was said.

It takes the way of its report: to the endpoint that has it, or by e-mail where the report went so.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Max, Q

from streetmend.bodies.queries import mail_address
from streetmend.reports.models import Delivery, Update
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.states import FINAL_DELIVERY_STATES, Actor, DeliveryState

_WAITS = "It waits for the report, or for what was said before it."
_ABOUT_TO_LEAVE = "It is about to be sent."
_NO_WAY = "The report itself went another way, by which this body gets no updates."
_SAID_BY = (Actor.REPORTER, Actor.RESIDENT, Actor.STAFF)
_TAKES_POSTS = Q(endpoint__send_updates=True, endpoint__active=True)
_TAKES_MAILS = Q(endpoint=None, body__mail_updates=True)


def owe_update(update: Update, *, now: datetime) -> None:
    """The update is owed once to each body that has the report by an endpoint that takes updates, or gets them by e-mail.

    What a body said itself is owed to nobody. Inside the transaction that writes the update, with its report locked. `now`: UTC.
    """
    if update.actor not in _SAID_BY:
        return
    having = Delivery.objects.filter(
        _TAKES_POSTS | _TAKES_MAILS, report_id=update.report_id, kind=DeliveryKind.REPORT
    ).exclude(state=DeliveryState.CANCELLED)
    for of_report in having.select_related("body").order_by("body_id"):
        if of_report.endpoint_id is None and not mail_address(of_report.body, of_report.category_name_id):
            continue
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

    Where the report goes another way by now, so do its updates, or they are cancelled where the body gets none that way.
    """
    owed = Delivery.objects.filter(report_id=report_id, body_id=body_id)
    of_report = owed.filter(kind=DeliveryKind.REPORT).select_related("body", "endpoint").first()
    if of_report is None:
        return
    _follow(of_report)
    if not _is_there(of_report):
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


def _is_there(of_report: Delivery) -> bool:
    """Whether the body has the report, so that something can be said about it."""
    if of_report.endpoint_id is None:
        return of_report.state == DeliveryState.BY_EMAIL
    return of_report.state == DeliveryState.ACCEPTED and bool(of_report.remote_id)


def _follow(of_report: Delivery) -> None:
    """What waits and was never tried takes the way that its report takes now, or is cancelled."""
    untried = Delivery.objects.filter(
        report_id=of_report.report_id,
        body_id=of_report.body_id,
        kind=DeliveryKind.UPDATE,
        state=DeliveryState.WAITING,
        attempts=0,
    )
    if of_report.state == DeliveryState.CANCELLED or not _takes_updates(of_report):
        untried.update(state=DeliveryState.CANCELLED, next_at=None, why=_NO_WAY)
    else:
        untried.exclude(endpoint=of_report.endpoint_id).update(endpoint=of_report.endpoint_id)


def _takes_updates(of_report: Delivery) -> bool:
    """Whether the body gets updates by the way that the report takes."""
    endpoint = of_report.endpoint
    if endpoint is None:
        address = mail_address(of_report.body, of_report.category_name_id)
        return of_report.body.mail_updates and bool(address)
    return True
