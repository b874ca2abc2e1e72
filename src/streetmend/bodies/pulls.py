"""When an endpoint's list of services and its reports are fetched again, and by which worker. Only the worker calls these."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from streetmend.bodies.models import Endpoint, Pull, PullKind

#: the habit by which an endpoint is asked for each kind
_HABITS = {PullKind.SERVICES: "pull_services", PullKind.REPORTS: "pull_reports"}
#: what staff are told of the last time is cut here
_LONGEST = 4000


def claim_due(*, kind: PullKind, worker: str, now: datetime, limit: int, lease_seconds: int) -> list[Pull]:
    """At most `limit` endpoints that are to be asked now are this worker's to ask, for so long by the database's clock."""
    wanted = Q(**{f"endpoint__habits__{_HABITS[kind]}": True})
    usable = Q(endpoint__active=True, endpoint__body__active=True, endpoint__paused_at=None)
    due = Pull.objects.filter(
        usable,
        wanted,
        Q(next_at=None) | Q(next_at__lte=now),
        Q(lease_until=None) | Q(lease_until__lt=Now()),
        kind=kind,
    )
    _begin(kind)
    if limit < 1 or not due.exists():
        return []
    with transaction.atomic():
        locked = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
        pulls = list(locked.select_related("endpoint__body").order_by("next_at", "id")[:limit])
        Pull.objects.filter(pk__in=[pull.pk for pull in pulls]).update(
            lease_owner=worker, lease_until=Now() + timedelta(seconds=lease_seconds)
        )
    return pulls


def _begin(kind: PullKind) -> None:
    """Every endpoint that is to be asked has its row."""
    missing = Endpoint.objects.filter(**{f"habits__{_HABITS[kind]}": True}).exclude(pulls__kind=kind)
    new = [Pull(endpoint_id=endpoint, kind=kind) for endpoint in missing.values_list("id", flat=True)]
    if new:
        Pull.objects.bulk_create(new, ignore_conflicts=True)


def holds(*, pull_id: int, worker: str) -> bool:
    """Whether the lease is still the worker's. To be asked in the transaction that stores what was fetched."""
    return Pull.objects.filter(pk=pull_id, lease_owner=worker, lease_until__gte=Now()).exists()


def finish(
    *,
    pull_id: int,
    worker: str,
    next_at: datetime,
    ok_at: datetime | None = None,
    problem: str = "",
    cursor: datetime | None = None,
) -> bool:
    """The endpoint is asked again at `next_at` (UTC), by any worker; false where the lease was lost.

    `ok_at`: when it answered well, None where it did not; `problem`: what staff should know; `cursor`: everything before it is
    here, None where that did not move.
    """
    learned: dict[str, datetime] = {}
    if ok_at is not None:
        learned["last_ok_at"] = ok_at
    if cursor is not None:
        learned["cursor"] = cursor
    with transaction.atomic():
        finished = Pull.objects.filter(pk=pull_id, lease_owner=worker).update(
            lease_owner="", lease_until=None, next_at=next_at, problem=problem[:_LONGEST], **learned
        )
    return bool(finished)
