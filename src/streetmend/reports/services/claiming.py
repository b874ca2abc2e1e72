"""Who works on a delivery: what is due becomes one worker's, with the intent written down before the first byte leaves.

A claim takes a fixed number of statements, however many deliveries it takes on and however many are due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, Now, RowNumber

from streetmend.bodies.models import Body, Endpoint
from streetmend.crash import crash
from streetmend.database.rows import update_each
from streetmend.reports.models import Attempt, Delivery
from streetmend.reports.services.lanes import room_of, spend, watch_of
from streetmend.reports.services.outbox import (
    MAIL_TIMEOUT_SECONDS,
    MAILS_IN_FLIGHT,
    MARGIN_SECONDS,
    Claim,
    Prepare,
    Prepared,
    settle_of,
)
from streetmend.reports.services.together import whole, with_companions
from streetmend.reports.states import DeliveryState


def claim_deliveries(
    *, worker: str, now: datetime, limit: int, prepare: Prepare, margin_seconds: int = MARGIN_SECONDS
) -> list[Claim]:
    """At most `limit` due deliveries are this worker's, each with its attempt written down before a byte leaves.

    Oldest reports first, and no endpoint gets more at once, over all workers, than its `max_in_flight`; paused endpoints get
    nothing. `now` (UTC) says what is due; the lease ends `timeout_seconds` of the endpoint and `margin_seconds` later.
    """
    if limit < 1 or not _due(now).exists():
        return []
    with transaction.atomic():
        endpoints = _lock_endpoints(now, limit)
        chosen = _choose(endpoints, now, limit)
        if not chosen:  # others were quicker
            return []
        chosen = with_companions(chosen, _due(now))
        crash("chosen")
        rows = (
            _due(now)
            .select_for_update(skip_locked=True, no_key=True, of=("self",))
            .filter(pk__in=chosen)
            .select_related("report__category_name", "update")
            .defer(*_NOT_SENT)
            .order_by("requested_at", "id")
        )
        deliveries = whole(_with_their_ends(list(rows), endpoints), chosen, _due(now))
        posts = [delivery for delivery in deliveries if delivery.state == DeliveryState.WAITING]
        problems = _write_intents(posts, worker, now, prepare)
        crash("intent_written")
        _lease_posts(posts, worker, now, margin_seconds)
        _lease_tokens([one for one in deliveries if one.state == DeliveryState.TOKEN], worker, margin_seconds)
        crash("leased")
    return [
        Claim(
            delivery=delivery,
            attempt=delivery.attempts,
            deadline_seconds=_deadline(delivery),
            asks_token=delivery.state == DeliveryState.TOKEN,
            problem=problems.get(delivery.pk, ""),
        )
        for delivery in deliveries
    ]


def _due(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=Now()),
        state__in=(DeliveryState.WAITING, DeliveryState.TOKEN),
        next_at__lte=now,
    )


#: nothing that leaves is made of these; to read them too would double what a claim of many costs
_NOT_SENT = (
    "report__words", "report__area_ids", "report__recipient_ids", "report__form_token", "report__status_notes",
    "report__expected_at", "report__updates_ended_at", "report__asked_at", "report__updated_at", "report__sent_at",
    "report__comment_count", "report__cell_x", "report__cell_y", "report__version", "report__settled",
    "check_wanted_at", "lease_owner", "lease_until", "proof", "reference", "accepted_at", "settle_until",
    "other_remote_id", "missing_since", "visible", "closed",
)  # fmt: skip
_NOT_CALLED_WITH = (
    "pull_updates", "pull_seconds", "fail_streak", "last_ok_at", "last_error", "can_update_list", "updates_cursor",
    "week_swept_at", "month_swept_at", "next_pull_at", "lease_owner", "lease_until", "test_wanted_at", "tested_at",
    "test_result",
)  # fmt: skip
_LINE = ("requested_at", "seq", "id")


def _flying() -> QuerySet[Delivery]:
    return Delivery.objects.filter(lease_until__gte=Now()).order_by()


def _lock_endpoints(now: datetime, limit: int) -> dict[int, Endpoint]:
    """Endpoints with room to claim from, the one that has waited longest first.

    Each stays locked until the claim is committed, so that two workers never fill the same room; one that another worker is
    just claiming from is left to it, and the next one taken.
    """
    in_use = Endpoint.objects.filter(active=True, paused_at=None)
    line = _due(now).filter(endpoint=OuterRef("pk")).order_by(*_LINE)
    since = line.annotate(owed=Coalesce("requested_at", "created_at")).values("owed")[:1]
    waiting = in_use.exclude(pk__in=_full(in_use, now)).annotate(since=Subquery(since)).order_by()
    # sorted here: the databases would look at each line three times for it
    wanted = sorted((owed, pk) for pk, owed in waiting.values_list("pk", "since") if owed is not None)
    locked: dict[int, Endpoint] = {}
    rows = in_use.select_for_update(skip_locked=True, no_key=True, of=("self",)).select_related("watch")
    rows = rows.defer(*_NOT_CALLED_WITH)
    for start in range(0, len(wanted), limit):
        locked |= {one.pk: one for one in rows.filter(pk__in=[pk for _, pk in wanted[start : start + limit]])}
        if len(locked) >= limit:
            break
    return locked


def _full(in_use: QuerySet[Endpoint], now: datetime) -> list[int]:
    """Endpoints without room: they must not stand in the way of those that have some."""
    counts = dict(_flying().exclude(endpoint=None).values_list("endpoint_id").annotate(count=Count("pk")))
    flying = in_use.filter(pk__in=list(counts)).values_list("pk", "max_in_flight")
    slowed = Q(watch__open_until__isnull=False) | Q(watch__rate__isnull=False) | Q(habits__has_key="max_rate")
    return [pk for pk, most in flying if counts[pk] >= most] + [
        one.pk
        for one in in_use.filter(slowed).select_related("watch")
        if room_of(one, watch_of(one), counts.get(one.pk, 0), now) < 1
    ]


def _choose(endpoints: Mapping[int, Endpoint], now: datetime, limit: int) -> list[int]:
    """The ids to claim: from each endpoint's line, and from that of the mails, its oldest, as many as it has room for."""
    lines = Q(endpoint__in=list(endpoints)) | Q(endpoint=None)
    counts: dict[int | None, int] = dict(
        _flying().filter(lines).values_list("endpoint_id").annotate(count=Count("pk"))
    )
    room: dict[int | None, int] = {
        pk: room_of(endpoint, watch_of(endpoint), counts.get(pk, 0), now)
        for pk, endpoint in endpoints.items()
    }
    room[None] = MAILS_IN_FLIGHT - counts.get(None, 0)
    most = max(room.values())
    if most < 1:
        return []
    ranked = (
        _due(now)
        .filter(lines)
        .annotate(place=Window(RowNumber(), partition_by="endpoint_id", order_by=_LINE))
    )
    rows = (
        ranked.filter(place__lte=most)
        .order_by("place", "requested_at")
        .values_list("pk", "endpoint_id", "place")
    )
    chosen = [(pk, endpoint) for pk, endpoint, place in rows if place <= room.get(endpoint, 0)][:limit]
    leaving = Counter(endpoint for _, endpoint in chosen)
    for endpoint in endpoints.values():
        spend(endpoint=endpoint, watch=watch_of(endpoint), count=leaving[endpoint.pk], now=now)
    return [pk for pk, _ in chosen]


def _with_their_ends(deliveries: list[Delivery], endpoints: Mapping[int, Endpoint]) -> list[Delivery]:
    """The deliveries with the bodies and endpoints that many of them share: read once, not once for each."""
    bodies = Body.objects.in_bulk({delivery.body_id for delivery in deliveries})
    for delivery in deliveries:
        delivery.body = bodies[delivery.body_id]
        if delivery.endpoint_id is not None:
            delivery.endpoint = endpoints[delivery.endpoint_id]
    return deliveries


def _write_intents(posts: Sequence[Delivery], worker: str, now: datetime, prepare: Prepare) -> dict[int, str]:
    """The attempts are written; what is sent is decided at the first one. Returns what cannot be sent at all, and why."""
    prepared = prepare([delivery for delivery in posts if not delivery.params_snapshot])
    attempts = []
    for delivery in posts:
        ready = prepared.get(delivery.pk) or Prepared(delivery.params_snapshot)
        delivery.attempts += 1
        delivery.params_snapshot = dict(ready.params)
        attempts.append(
            Attempt(
                delivery=delivery,
                endpoint_id=delivery.endpoint_id,
                n=delivery.attempts,
                worker=worker,
                started_at=now,
                request_hash=ready.request_hash,
            )
        )
    Attempt.objects.bulk_create(attempts)
    return {pk: ready.problem for pk, ready in prepared.items() if ready.problem}


def _lease_posts(posts: Sequence[Delivery], worker: str, now: datetime, margin_seconds: int) -> None:
    """What waited is being sent from now on, and what is sent of it stays as it is; one statement for all."""
    rows = [
        (
            one.pk,
            DeliveryState.WAITING,
            DeliveryState.SENDING,
            None,
            one.attempts,
            one.params_snapshot,
            one.first_sent_at or now,
            now + timedelta(seconds=_deadline(one)) + settle_of(one),
            0,
            worker,
            _deadline(one) + margin_seconds,
        )
        for one in posts
    ]
    columns = [
        "state", "next_at", "attempts", "params_snapshot", "first_sent_at", "settle_until", "negatives", "lease_owner",
    ]  # fmt: skip
    update_each(Delivery, keys=["id", "state"], columns=columns, rows=rows, seconds_from_now="lease_until")


def _lease_tokens(tokens: Sequence[Delivery], worker: str, margin_seconds: int) -> None:
    """What has a token stays where it is."""
    for deadline in {_deadline(delivery) for delivery in tokens}:
        mine = [delivery.pk for delivery in tokens if _deadline(delivery) == deadline]
        Delivery.objects.filter(pk__in=mine, state=DeliveryState.TOKEN).update(
            checks=F("checks") + 1, **_lease(worker, deadline + margin_seconds)
        )


def _lease(worker: str, seconds: int) -> dict[str, Any]:
    return {"lease_owner": worker, "lease_until": Now() + timedelta(seconds=seconds)}


def _deadline(delivery: Delivery) -> int:
    return delivery.endpoint.timeout_seconds if delivery.endpoint else MAIL_TIMEOUT_SECONDS
