"""Deliveries as operators see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from streetmend.reports.models import Delivery


@dataclass(frozen=True, slots=True)
class OwedRow:
    """One delivery. Times are UTC."""

    id: int
    report: int
    #: the body's name
    body: str
    kind: str
    state: str
    remote_id: str
    token: str
    attempts: int
    next_at: datetime | None
    why: str
    created_at: datetime
    accepted_at: datetime | None

    def as_plain(self) -> dict[str, Any]:
        """As JSON knows it; times in ISO 8601."""
        plain = asdict(self)
        return {
            key: value.isoformat() if isinstance(value, datetime) else value for key, value in plain.items()
        }


def owed(state: str | None = None) -> Iterator[OwedRow]:
    """All deliveries, or those in one state, the oldest first, a thousand at a time from the database."""
    rows = Delivery.objects.order_by("id")
    if state is not None:
        rows = rows.filter(state=state)
    columns = (
        "id",
        "report_id",
        "body__name",
        "kind",
        "state",
        "remote_id",
        "token",
        "attempts",
        "next_at",
        "why",
        "created_at",
        "accepted_at",
    )
    for row in rows.values_list(*columns).iterator(chunk_size=1000):
        yield OwedRow(*row)
