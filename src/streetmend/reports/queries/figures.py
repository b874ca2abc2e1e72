"""Figures for those who watch the site, each in one query over an index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import (
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Min,
    Model,
    Q,
    QuerySet,
    Sum,
    TextChoices,
)

from streetmend.bodies.models import Endpoint
from streetmend.reports.models import Attempt, Delivery, Inbox, Notice, Report, WorkerBeat
from streetmend.reports.models.outbox import InboxState, NoticeState
from streetmend.reports.services.outcomes import OutcomeClass
from streetmend.reports.states import FINAL_DELIVERY_STATES, DeliveryState, State


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its name, its labels and what it counts."""

    name: str
    words: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()
    #: of Prometheus: "gauge", "counter" or "histogram"
    kind: str = "gauge"
    #: what stands behind the name in the line of a histogram
    part: str = ""


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
        *_by_age(now),
        *_attempts(),
        *_connections(now),
        *_breakers(now),
        *_call_times(),
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


def _by_age(now: datetime) -> list[Figure]:
    """What stands longest, by state, and what is lost in doubt."""
    going = Delivery.objects.exclude(
        state__in=(DeliveryState.ACCEPTED, DeliveryState.BY_EMAIL, DeliveryState.CANCELLED)
    )
    rows = going.filter(report__requested_at__isnull=False).order_by().values_list("state")
    oldest = dict(rows.annotate(since=Min("created_at")))
    waiting = Notice.objects.filter(state=NoticeState.WAITING).aggregate(first=Min("created_at"))["first"]
    orphans = Inbox.objects.filter(state=InboxState.ORPHAN).count()
    errors = Inbox.objects.filter(state=InboxState.ERROR).count()
    return [
        *(
            Figure(
                "delivery_age_seconds",
                "How long the oldest delivery of the state has been owed; 0: there is none.",
                (now - oldest[state]).total_seconds() if state in oldest else 0.0,
                (("state", state.value),),
            )
            for state in DeliveryState
            if state not in FINAL_DELIVERY_STATES
        ),
        Figure(
            "mail_outbox_age_seconds",
            "How long the oldest mail to people has been waiting.",
            (now - waiting).total_seconds() if waiting else 0.0,
        ),
        Figure("inbox_orphans", "Updates of reports that we do not know (yet).", orphans),
        Figure("inbox_row_errors_total", "Updates that could not be applied.", errors),
    ]


def _attempts() -> list[Figure]:
    """Every attempt by endpoint and outcome, and those after which nobody knows."""
    rows = Attempt.objects.exclude(outcome="").order_by("endpoint_id", "outcome")
    counted = rows.values_list("endpoint_id", "outcome").annotate(count=Count("pk"))
    unknown = sum(count for _, outcome, count in counted if outcome == OutcomeClass.UNKNOWN.value)
    twice = Delivery.objects.filter(proof="duplicate found").count()
    return [
        *(
            Figure(
                "deliveries_total",
                "Attempts to deliver, by how they ended.",
                count,
                (("endpoint", str(endpoint_id or "mail")), ("outcome", outcome)),
            )
            for endpoint_id, outcome, count in counted
        ),
        Figure("delivery_unknown_total", "Attempts after which nobody knew whether it arrived.", unknown),
        Figure("deliveries_duplicated_total", "Deliveries that were found to be there twice.", twice),
    ]


def _connections(now: datetime) -> list[Figure]:
    """The clocks and the last good answers of the endpoints in use."""
    rows = Endpoint.objects.filter(active=True).order_by("id")
    found = list(rows.values_list("id", "skew_seconds", "updates_cursor", "pull_updates"))
    return [
        *(
            Figure(
                "endpoint_clock_skew_seconds",
                "How far our clock is ahead of the endpoint's.",
                skew,
                (("endpoint", str(pk)),),
            )
            for pk, skew, _, _ in found
        ),
        *(
            Figure(
                "pull_last_success_age_seconds",
                "How long ago the point lies up to which all news of the endpoint are here.",
                (now - cursor).total_seconds(),
                (("endpoint", str(pk)),),
            )
            for pk, _, cursor, pulls in found
            if pulls and cursor is not None
        ),
    ]


def _breakers(now: datetime) -> list[Figure]:
    """Which endpoints are left alone for a while."""
    rows = Endpoint.objects.filter(active=True).order_by("id").values_list("id", "watch__open_until")
    return [
        Figure(
            "endpoint_breaker_state",
            "0: deliveries leave; 1: it is being tried again; 2: it is left alone after failures.",
            0 if until is None else 1 if until <= now else 2,
            (("endpoint", str(pk)),),
        )
        for pk, until in rows
    ]


#: upper bounds in seconds
_TOOK = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


def _call_times() -> list[Figure]:
    """How long the endpoints took to answer what was sent to them."""
    took = ExpressionWrapper(F("ended_at") - F("started_at"), output_field=DurationField())
    answered = Attempt.objects.filter(
        endpoint__isnull=False, http_status__isnull=False, ended_at__isnull=False
    )
    within = {
        f"within_{number}": Count("pk", filter=Q(took__lte=timedelta(seconds=bound)))
        for number, bound in enumerate(_TOOK)
    }
    counted = answered.annotate(took=took).order_by("endpoint_id").values_list("endpoint_id")
    found: list[Figure] = []
    for pk, calls, seconds, *sooner in counted.annotate(calls=Count("pk"), seconds=Sum("took"), **within):
        endpoint = (("endpoint", str(pk)),)
        parts = [
            *(
                ("_bucket", (*endpoint, ("le", f"{bound:g}")), float(number))
                for bound, number in zip(_TOOK, sooner, strict=True)
            ),
            ("_bucket", (*endpoint, ("le", "+Inf")), float(calls)),
            ("_sum", endpoint, seconds.total_seconds()),
            ("_count", endpoint, float(calls)),
        ]
        words = "How long it took to answer what was sent there."
        found += [
            Figure("endpoint_call_seconds", words, value, labels, kind="histogram", part=part)
            for part, labels, value in parts
        ]
    return found
