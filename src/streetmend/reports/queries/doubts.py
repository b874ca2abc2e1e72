"""What an endpoint is asked about, and the accepted reports by which it shows that it can be asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet

from streetmend.reports.models import Attempt, Delivery, EndpointWatch
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.states import DeliveryState

#: how long it is believed that an endpoint shows our reports when asked
BELIEVED = timedelta(hours=24)
#: only what was accepted so lately serves as the control
CONTROL = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One delivery to ask about. Times are UTC; `request` is what was sent."""

    id: int
    report_id: int
    kind: str
    state: str
    first_sent_at: datetime
    last_sent_at: datetime
    remote_id: str
    #: numbers that answers held which were not believed
    evidence: tuple[str, ...]
    request: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Control:
    """An accepted report that the endpoint has to show when it is asked."""

    remote_id: str
    #: between these two it left (UTC)
    sent_at: datetime
    sent_until: datetime


def due_doubts(now: datetime) -> QuerySet[Delivery]:
    """What is due to be asked about at `now` (UTC), at whatever endpoint."""
    uncertain = Q(state=DeliveryState.UNCERTAIN, next_at__lte=now)
    return Delivery.objects.filter(uncertain | Q(check_wanted_at__lte=now), endpoint__isnull=False)


def doubts_of(*, endpoint_id: int, now: datetime, limit: int = 1000) -> list[Doubt]:
    """What there is to ask this endpoint about at `now` (UTC), what was sent first coming first."""
    rows = list(
        due_doubts(now)
        .filter(endpoint=endpoint_id)
        .annotate(last=Max("tries__started_at"))
        .order_by("first_sent_at", "id")[:limit]
    )
    evidence: dict[int, list[str]] = {}
    late = Attempt.objects.filter(delivery__in=[row.pk for row in rows]).exclude(evidence_id="")
    for delivery_id, number in late.order_by("n").values_list("delivery_id", "evidence_id"):
        evidence.setdefault(delivery_id, []).append(number)
    return [
        Doubt(
            id=row.pk,
            report_id=row.report_id,
            kind=row.kind,
            state=row.state,
            first_sent_at=row.first_sent_at or row.created_at,
            last_sent_at=row.last or row.first_sent_at or row.created_at,
            remote_id=row.remote_id,
            evidence=tuple(evidence.get(row.pk, ())),
            request=dict(row.params_snapshot.get("request") or {}),
        )
        for row in rows
    ]


def controls_of(*, endpoint_id: int, now: datetime, limit: int = 20) -> list[Control]:
    """The last reports that the endpoint accepted, the latest first."""
    accepted = _accepted(endpoint_id, now).annotate(last=Max("tries__started_at"))
    controls = []
    for row in accepted.order_by("-accepted_at", "-id")[:limit]:
        first = row.first_sent_at or row.created_at
        last = row.last or first
        # an answer is the last attempt's; what was found may be of any of them
        controls.append(Control(row.remote_id, last if row.proof in _PROVED_AT_ONCE else first, last))
    return controls


_PROVED_AT_ONCE = ("answer", "token")


def _accepted(endpoint_id: int, now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        endpoint=endpoint_id,
        kind=DeliveryKind.REPORT,
        state=DeliveryState.ACCEPTED,
        accepted_at__gte=now - CONTROL,
        missing_since=None,
    ).exclude(remote_id="")


def accepted_among(
    *, endpoint_id: int, remote_ids: Sequence[str], now: datetime, limit: int = 20
) -> list[Doubt]:
    """Of the reports with these numbers, those that the endpoint accepted of us lately: what was sent, and when."""
    found: list[Doubt] = []
    for place in range(0, len(remote_ids), 500):
        rows = _accepted(endpoint_id, now).filter(remote_id__in=remote_ids[place : place + 500])
        for row in rows.order_by("-accepted_at", "-id")[: limit - len(found)]:
            sent = row.first_sent_at or row.created_at
            request = dict(row.params_snapshot.get("request") or {})
            found.append(
                Doubt(row.pk, row.report_id, row.kind, row.state, sent, sent, row.remote_id, (), request)
            )
        if len(found) >= limit:
            break
    return found


def can_find_lately(*, endpoint_id: int, now: datetime) -> bool:
    """Whether the endpoint showed one of our reports within the last day."""
    return EndpointWatch.objects.filter(
        pk=endpoint_id, can_find=True, can_find_at__gte=now - BELIEVED
    ).exists()


def owners_of(*, url: str, remote_ids: Iterable[str]) -> dict[str, set[int]]:
    """For numbers of the server at this address: the deliveries that have them."""
    owners: dict[str, set[int]] = {}
    ids = list(remote_ids)
    for place in range(0, len(ids), 500):
        some = ids[place : place + 500]
        known = Delivery.objects.filter(
            Q(remote_id__in=some) | Q(other_remote_id__in=some), endpoint__url=url, kind=DeliveryKind.REPORT
        )
        for pk, number, other in known.values_list("pk", "remote_id", "other_remote_id"):
            for one in (number, other):
                if one:
                    owners.setdefault(one, set()).add(pk)
    return owners
