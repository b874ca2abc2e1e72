"""Reports whose reporters have been kept for long enough."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from streetmend.reports.models import Delivery, Report
from streetmend.reports.states import FINAL_DELIVERY_STATES, DeliveryState, State

#: where a delivery goes no further by itself: nothing is on its way
AT_REST = (*FINAL_DELIVERY_STATES, DeliveryState.HELD, DeliveryState.REFUSED)


def months_before(moment: datetime, months: int) -> datetime:
    """The same day and time so many calendar months earlier, or that month's last day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def due(*, now: datetime, months: int) -> list[QuerySet[Report]]:
    """Reports that are closed, and those that nobody confirmed, with no news for so many months, the oldest first.

    None of which anything is on its way to an administration.
    """
    going = Delivery.objects.filter(report=OuterRef("pk")).exclude(state__in=AT_REST)
    old = Report.objects.filter(forgotten_at=None, updated_at__lt=months_before(now, months))
    kinds = (old.filter(closed=True), old.filter(state=State.UNCONFIRMED))
    return [kind.filter(~Exists(going)).order_by("updated_at") for kind in kinds]


def count_due(*, now: datetime, months: int) -> int:
    """How many reports these are."""
    return sum(kind.count() for kind in due(now=now, months=months))
