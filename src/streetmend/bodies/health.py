"""An endpoint's health: whether it answers, whether it is paused, and who pulls from it. Only the worker calls these, but for
`pause_endpoint`, `resume_endpoint` and `want_test`, which are staff's too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from streetmend.bodies.models import Endpoint

#: a good answer is noted at most so often: a row that every delivery writes would make its endpoint's deliveries wait in line
_NOTE_EVERY = timedelta(seconds=30)


def note_good_answer(*, endpoint_id: int, now: datetime) -> None:
    """The endpoint is known to have answered well at `now` (UTC), give or take half a minute."""
    note_good_answers(endpoint_ids=[endpoint_id], now=now)


def note_good_answers(*, endpoint_ids: Iterable[int], now: datetime) -> None:
    """As `note_good_answer` for many endpoints."""
    stale = (
        Q(last_ok_at=None) | Q(last_ok_at__lt=now - _NOTE_EVERY) | Q(fail_streak__gt=0) | ~Q(last_error="")
    )
    with transaction.atomic():
        rows = Endpoint.objects.filter(stale, pk__in=list(endpoint_ids)).order_by("pk")
        ids = list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
        if ids:
            Endpoint.objects.filter(pk__in=ids).update(last_ok_at=now, fail_streak=0, last_error="")


def note_failure(*, endpoint_id: int, why: str) -> None:
    """One more call in a row did not end well, and this is what the last one ran into."""
    Endpoint.objects.filter(pk=endpoint_id).update(fail_streak=F("fail_streak") + 1, last_error=why[:500])


def pause_endpoint(*, endpoint_id: int, why: str, now: datetime) -> bool:
    """Nothing more is sent to the endpoint or asked of it until `resume_endpoint`; true for the call that paused it."""
    paused = Endpoint.objects.filter(pk=endpoint_id, paused_at=None).update(
        paused_at=now, paused_why=why[:500]
    )
    return bool(paused)


def resume_endpoint(*, endpoint_id: int, now: datetime) -> bool:
    """The endpoint gets what is owed to it again, and is asked for news at once; true where it had been paused."""
    with transaction.atomic():
        resumed = Endpoint.objects.filter(pk=endpoint_id, paused_at__isnull=False).update(
            paused_at=None, paused_why="", fail_streak=0, next_pull_at=now
        )
    return bool(resumed)


def claim_pulls(*, worker: str, now: datetime, limit: int, margin_seconds: int) -> list[Endpoint]:
    """At most `limit` endpoints whose news are due are this worker's to ask, each for the deadline of a call and the margin.

    The lease is counted by the database's clock.
    """
    due = Endpoint.objects.filter(
        Q(next_pull_at=None) | Q(next_pull_at__lte=now),
        Q(lease_until=None) | Q(lease_until__lt=Now()),
        active=True,
        body__active=True,
        pull_updates=True,
        paused_at=None,
    )
    if limit < 1 or not due.exists():
        return []
    with transaction.atomic():
        rows = due.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by(
            "next_pull_at", "id"
        )
        endpoints = list(rows.select_related("body")[:limit])
        for endpoint in endpoints:
            lease = timedelta(seconds=endpoint.timeout_seconds + margin_seconds)
            Endpoint.objects.filter(pk=endpoint.pk).update(lease_owner=worker, lease_until=Now() + lease)
    return endpoints


def hold_pull(*, endpoint_id: int, worker: str, margin_seconds: int) -> bool:
    """The worker's lease on the endpoint's news begins anew; false where another worker has it by now.

    To be called first in the transaction that stores a page: a page that came too late is then not stored.
    """
    mine = Endpoint.objects.filter(pk=endpoint_id, lease_owner=worker, lease_until__gte=Now())
    seconds = mine.values_list("timeout_seconds", flat=True).first()
    if seconds is None:
        return False
    return bool(mine.update(lease_until=Now() + timedelta(seconds=seconds + margin_seconds)))


def move_cursor(*, endpoint_id: int, cursor: datetime) -> None:
    """Everything that the endpoint said before `cursor` (UTC) is stored. To be called in the transaction that stored it."""
    Endpoint.objects.filter(Q(updates_cursor=None) | Q(updates_cursor__lt=cursor), pk=endpoint_id).update(
        updates_cursor=cursor
    )


def note_sweep(*, endpoint_id: int, which: Literal["week_swept_at", "month_swept_at"], now: datetime) -> None:
    """The endpoint's updates of the last week, or month, were fetched again at `now` (UTC); a month holds a week."""
    swept = {"week_swept_at": now} | ({"month_swept_at": now} if which == "month_swept_at" else {})
    with transaction.atomic():
        Endpoint.objects.filter(pk=endpoint_id).update(**swept)


def finish_pull(
    *,
    endpoint_id: int,
    worker: str,
    next_at: datetime,
    skew_seconds: float | None = None,
    can_update_list: bool | None = None,
) -> bool:
    """The endpoint's news are due again at `next_at` (UTC), for any worker; false where the lease was lost.

    `skew_seconds`: how far our clock is ahead of the endpoint's; `can_update_list`: whether it can list its updates; None leaves
    what was known.
    """
    learned: dict[str, float | bool] = {}
    if skew_seconds is not None:
        learned["skew_seconds"] = skew_seconds
    if can_update_list is not None:
        learned["can_update_list"] = can_update_list
    with transaction.atomic():
        finished = Endpoint.objects.filter(pk=endpoint_id, lease_owner=worker).update(
            lease_owner="", lease_until=None, next_pull_at=next_at, **learned
        )
    return bool(finished)


def want_test(*, endpoint_id: int, now: datetime) -> None:
    """The worker tests the endpoint soon, by questions alone; `now`: UTC."""
    Endpoint.objects.filter(pk=endpoint_id).update(test_wanted_at=now)


def claim_tests(*, limit: int) -> list[Endpoint]:
    """At most `limit` endpoints whose test was wanted are the caller's to test, paused ones too; nobody else's."""
    wanted = Endpoint.objects.filter(test_wanted_at__isnull=False)
    if not wanted.exists():
        return []
    with transaction.atomic():
        rows = wanted.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by(
            "test_wanted_at"
        )
        endpoints = list(rows.select_related("body")[:limit])
        Endpoint.objects.filter(pk__in=[row.pk for row in endpoints]).update(test_wanted_at=None)
    return endpoints


def note_test(*, endpoint_id: int, result: Mapping[str, int | float | str], now: datetime) -> None:
    """The endpoint was tested at `now` (UTC), and this is what it did."""
    Endpoint.objects.filter(pk=endpoint_id).update(tested_at=now, test_result=dict(result))
