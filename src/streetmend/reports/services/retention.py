"""What is kept no longer than it is needed: the bodies of exchanges with endpoints."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from streetmend.reports.models import Attempt, Delivery
from streetmend.reports.states import FINAL_DELIVERY_STATES

#: so long after a delivery came to its end its exchanges are kept whole
EXCHANGES_KEPT = timedelta(days=90)
_AT_ONCE = 500


def forget_old_exchanges(*, now: datetime) -> int:
    """What was sent and answered 90 days before `now` (UTC) is gone, where its delivery is at its end; says of how many attempts.

    When each was tried, how it ended and what that meant stays. At most 500 deliveries at once.
    """
    before = now - EXCHANGES_KEPT
    ended = Delivery.objects.filter(state__in=[state.value for state in FINAL_DELIVERY_STATES]).filter(
        Q(accepted_at__lt=before) | Q(accepted_at=None, created_at__lt=before)
    )
    old = list(ended.exclude(params_snapshot={}).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    if not old:
        return 0
    with transaction.atomic():
        forgotten = Attempt.objects.filter(delivery__in=old).update(response_head="", params_snapshot={})
        Delivery.objects.filter(pk__in=old).update(params_snapshot={})
    return forgotten
