"""What is owed, what is under way, and whether anybody works on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Min, Q

from streetmend.reports.models import Delivery, Notice, WorkerBeat
from streetmend.reports.models.outbox import DeliveryKind, NoticeState
from streetmend.reports.states import DeliveryState


def numbers_to_ask_about(*, endpoint_id: int, after: int, limit: int) -> list[tuple[int, str]]:
    """The ids of deliveries of open reports, from `after` on, with the endpoint's numbers for them."""
    rows = Delivery.objects.filter(
        endpoint=endpoint_id,
        kind=DeliveryKind.REPORT,
        state=DeliveryState.ACCEPTED,
        closed=False,
        pk__gt=after,
    ).exclude(remote_id="")
    return list(rows.order_by("pk").values_list("pk", "remote_id")[:limit])


def owed_since(*, endpoint_id: int) -> datetime | None:
    """When the first report went to the endpoint (UTC); None where none did."""
    found: datetime | None = Delivery.objects.filter(
        endpoint=endpoint_id, kind=DeliveryKind.REPORT
    ).aggregate(first=Min("first_sent_at"))["first"]
    return found


def last_beat() -> datetime | None:
    """When a worker last showed a sign of life (UTC); None where none ever did."""
    found: datetime | None = WorkerBeat.objects.order_by("-at").values_list("at", flat=True).first()
    return found


@dataclass(frozen=True, slots=True)
class OwedRow:
    """One delivery: what, to whom, where it stands, why, and when something comes next (UTC; None: nothing by itself)."""

    id: int
    report: int
    body: str
    kind: str
    state: str
    remote_id: str
    attempts: int
    next_at: datetime | None
    why: str
    proof: str
    created_at: datetime
    first_sent_at: datetime | None
    accepted_at: datetime | None
    settle_until: datetime | None


def owed(*, state: DeliveryState | None = None) -> Iterator[OwedRow]:
    """Every delivery, or those of one state, the oldest first."""
    rows = Delivery.objects.order_by("created_at", "id")
    if state is not None:
        rows = rows.filter(state=state)
    found = rows.values_list(
        "id",
        "report_id",
        "body__name",
        "kind",
        "state",
        "remote_id",
        "attempts",
        "next_at",
        "why",
        "proof",
        "created_at",
        "first_sent_at",
        "accepted_at",
        "settle_until",
        "endpoint__paused_at",
        "endpoint__paused_why",
        "endpoint__watch__open_until",
        "endpoint__watch__ask_failures",
        "endpoint__watch__ask_at",
    )
    for row in found.iterator(chunk_size=2000):
        yield _with_the_endpoint(OwedRow(*row[:-5]), _Standing(*row[-5:]))


@dataclass(frozen=True, slots=True)
class _Standing:
    """How its endpoint stands, as far as deliveries wait for that."""

    paused_at: datetime | None
    paused_why: str | None
    open_until: datetime | None
    ask_failures: int | None
    ask_at: datetime | None


def _with_the_endpoint(row: OwedRow, endpoint: _Standing) -> OwedRow:
    """The row with what its endpoint adds to why, and to when something comes next."""
    if row.next_at is None or row.accepted_at is not None:
        return row
    if endpoint.paused_at is not None:
        why = f"Its endpoint is paused until somebody resumes it. {endpoint.paused_why or ''}"
        return replace(row, next_at=None, why=f"{row.why} {why}".strip())
    if row.state == DeliveryState.UNCERTAIN and endpoint.ask_failures:
        why = f"The endpoint could not be asked the last {endpoint.ask_failures} times."
        return _later(row, why, endpoint.ask_at)
    if row.state == DeliveryState.WAITING and endpoint.open_until is not None:
        return _later(row, "Its endpoint fails and is left alone for a while.", endpoint.open_until)
    return row


def _later(row: OwedRow, why: str, at: datetime | None) -> OwedRow:
    due = max(filter(None, (row.next_at, at)), default=None)
    return replace(row, next_at=due, why=f"{row.why} {why}".strip())


def overdue(*, before: datetime) -> int:
    """How many deliveries and notices should have left before the moment (UTC), those of paused endpoints left aside."""
    deliveries = Delivery.objects.filter(
        Q(endpoint=None) | Q(endpoint__paused_at=None),
        state__in=(DeliveryState.WAITING, DeliveryState.TOKEN),
        next_at__lt=before,
    )
    notices = Notice.objects.filter(state=NoticeState.WAITING, next_at__lt=before)
    return deliveries.count() + notices.count()


def stuck() -> dict[DeliveryState, int]:
    """How many deliveries stand in each state in which only a person goes on, of those states that have some."""
    states = (DeliveryState.UNCERTAIN, DeliveryState.HELD, DeliveryState.REFUSED)
    counts = Delivery.objects.filter(state__in=states).values_list("state").annotate(count=Count("id"))
    return {DeliveryState(state): count for state, count in counts.order_by("state")}
