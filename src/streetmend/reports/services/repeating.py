"""A delivery of which it was not known whether it arrived is due once more: the columns that change. Nothing is saved here.

What is prepared anew says that it may repeat what is there; what is known to be safe goes out as it was.
"""

from __future__ import annotations

from datetime import datetime

from streetmend.reports.models import Attempt, Delivery
from streetmend.reports.states import DeliveryState


def queue_again(delivery: Delivery, *, now: datetime, marked: bool) -> None:
    """It is due at `now` (UTC) by the same way; `marked`: it says then that it may be a repeat."""
    delivery.state, delivery.next_at = DeliveryState.WAITING, now
    delivery.resends += 1
    _forget(delivery)
    if marked:
        _keep_what_was_sent(delivery)
        delivery.params_snapshot = {}


def queue_mail(delivery: Delivery, *, now: datetime) -> None:
    """It is due at `now` (UTC) by e-mail instead, marked where something of it may have left before."""
    delivery.state, delivery.next_at, delivery.endpoint = DeliveryState.WAITING, now, None
    _forget(delivery)
    _keep_what_was_sent(delivery)
    delivery.params_snapshot = {}
    delivery.why = "It is about to be sent by e-mail."


def _forget(delivery: Delivery) -> None:
    delivery.negatives, delivery.checks, delivery.token = 0, 0, ""
    delivery.settle_until = delivery.check_wanted_at = None


def _keep_what_was_sent(delivery: Delivery) -> None:
    """With the attempts that sent it."""
    Attempt.objects.filter(delivery=delivery, params_snapshot={}).update(
        params_snapshot=delivery.params_snapshot
    )
