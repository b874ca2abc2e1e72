"""Figures for those who watch the site, each in one query over an index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, Min, Model, QuerySet, TextChoices

from streetmend.bodies.models import Endpoint
from streetmend.reports.models import Delivery, Inbox, Notice, Report, WorkerBeat
from streetmend.reports.models.outbox import InboxState, NoticeState
from streetmend.reports.states import DeliveryState, State


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its name, its labels and what it counts."""

    name: str
    words: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


def figures(*, now: datetime) -> list[Figure]:
    """All figures at `now` (UTC); every state has its line, whether there is something in it or not."""
    return [
        *_by_state("reports", "Reports by state.", Report, State),
        *_by_state("deliveries", "Deliveries by state.", Delivery, DeliveryState),
        *_by_state("notices", "Mails to people by state.", Notice, NoticeState),
        *_by_state("inbox", "Updates fetched from endpoints by state.", Inbox, InboxState),
        Figure(
            "oldest_due_delivery_seconds",
            "How long the delivery that is due the longest has been due.",
            _waited(Delivery.objects.filter(state=DeliveryState.WAITING, next_at__lte=now), now),
        ),
        Figure(
            "oldest_due_notice_seconds",
            "How long the mail that is due the longest has been due.",
            _waited(Notice.objects.filter(state=NoticeState.WAITING, next_at__lte=now), now),
        ),
        *_workers(now),
        *_endpoints(),
    ]


def _by_state(
    name: str, words: str, model: type[Model], states: Iterable[StrEnum | TextChoices]
) -> list[Figure]:
    found = dict(model._default_manager.order_by().values_list("state").annotate(count=Count("pk")))
    return [Figure(name, words, found.get(state.value, 0), (("state", state.value),)) for state in states]


def _waited(rows: QuerySet[Any], now: datetime) -> float:
    first = rows.aggregate(first=Min("next_at"))["first"]
    return (now - first).total_seconds() if first else 0.0


def _workers(now: datetime) -> list[Figure]:
    beats = list(WorkerBeat.objects.values_list("at", flat=True))
    latest = (now - max(beats)).total_seconds() if beats else -1.0
    return [
        Figure("workers", "Workers that gave a sign of life within a minute.", _alive(beats, now)),
        Figure(
            "worker_silence_seconds", "Since the last sign of life of any worker; -1: there was none.", latest
        ),
    ]


def _alive(beats: list[datetime], now: datetime) -> int:
    return sum((now - at).total_seconds() < 60 for at in beats)


def _endpoints() -> list[Figure]:
    rows = (
        Endpoint.objects.filter(active=True)
        .order_by("id")
        .values_list("body__name", "id", "paused_at", "fail_streak")
    )
    labelled = [
        ((("body", body), ("endpoint", str(pk))), paused, failed) for body, pk, paused, failed in rows
    ]
    return [
        *(
            Figure(
                "endpoint_paused",
                "1 where nothing is sent to the endpoint until staff resume it.",
                float(paused is not None),
                labels,
            )
            for labels, paused, _ in labelled
        ),
        *(
            Figure("endpoint_failures", "Calls in a row that did not end well.", failed, labels)
            for labels, _, failed in labelled
        ),
    ]
