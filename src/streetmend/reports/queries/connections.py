"""The connections to bodies, as staff see them: how each endpoint does, and what is owed to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, F, Max, Min, Q, Window
from django.db.models.functions import RowNumber

from streetmend.bodies.models import Endpoint
from streetmend.reports.models import Attempt, Delivery, WorkerBeat
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services.lost import LOST
from streetmend.reports.services.outcomes import OutcomeClass
from streetmend.reports.states import FINAL_DELIVERY_STATES, DeliveryState

#: a worker that was silent for longer does not work
SILENT = timedelta(minutes=2)
#: an answer's time is told from so many of the last calls of an endpoint, among so many of all
_CALLS, _LOOK_BACK = 200, 100_000
_FAILING = 3
_SUCCESS_DAYS = 30
#: clocks that differ by less agree
_WORTH_SAYING = 2


#: of what was accepted, that which the body has lost since
_NOT_AT_ITS_END = ~Q(state__in=FINAL_DELIVERY_STATES) | Q(
    state=DeliveryState.ACCEPTED, missing_since__isnull=False, why=LOST
)


class Lamp(StrEnum):
    """How an endpoint does, in one word."""

    WORKS = "works"
    TROUBLE = "trouble"
    DOWN = "down"
    PAUSED = "paused"
    UNUSED = "unused"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed to an endpoint: counts by state, and since when (UTC) the oldest that is not there has been owed."""

    counts: Mapping[str, int]
    oldest: datetime | None = None

    @property
    def queue(self) -> int:
        """How many are still to be sent, or being sent."""
        return self.counts.get(DeliveryState.WAITING, 0) + self.counts.get(DeliveryState.SENDING, 0)

    @property
    def lost(self) -> int:
        """How many the body accepted and does not know any more."""
        return self.counts.get(DeliveryState.ACCEPTED, 0)

    @property
    def waiting_for_people(self) -> int:
        """How many stand where only a person goes on."""
        return self.counts.get(DeliveryState.HELD, 0) + self.counts.get(DeliveryState.REFUSED, 0)


@dataclass(frozen=True, slots=True)
class Times:
    """How long an endpoint took to answer, in seconds: half of its last calls took at most `p50`, 95 of 100 at most `p95`."""

    p50: float
    p95: float
    calls: int


@dataclass(frozen=True, slots=True)
class Connection:
    """One endpoint with its lamp, its queue and its times; None where nothing is known."""

    endpoint: Endpoint
    lamp: Lamp
    owed: Owed
    times: Times | None
    #: of 100 deliveries that began in the last 30 days, how many are there
    success: int | None

    @property
    def behind(self) -> int:
        """How many seconds the endpoint's clock is behind ours, where that is worth saying; else 0."""
        skew = round(self.endpoint.skew_seconds)
        return skew if skew >= _WORTH_SAYING else 0

    @property
    def ahead(self) -> int:
        """How many seconds the endpoint's clock is ahead of ours, where that is worth saying; else 0."""
        skew = -round(self.endpoint.skew_seconds)
        return skew if skew >= _WORTH_SAYING else 0


def connections() -> list[Connection]:
    """Every endpoint, by its body's name, in a fixed number of queries."""
    rows = list(Endpoint.objects.select_related("body", "certificate", "watch").order_by("body__name", "id"))
    return _with_figures(rows)


def connection(endpoint_id: int) -> Connection | None:
    """One endpoint, if there is such a one."""
    rows = list(Endpoint.objects.select_related("body", "certificate", "watch").filter(pk=endpoint_id))
    return _with_figures(rows)[0] if rows else None


def mails_owed() -> Owed:
    """What goes to bodies by e-mail."""
    return _owed(Q(endpoint=None)).get(None, Owed({}))


def silent_since(*, now: datetime) -> tuple[bool, datetime | None]:
    """Whether no worker works at `now` (UTC), and when one last showed a sign of life (None: none ever did)."""
    last: datetime | None = WorkerBeat.objects.aggregate(last=Max("at"))["last"]
    return last is None or now - last > SILENT, last


def latest_numbers(*, endpoint_id: int, limit: int) -> list[str]:
    """The endpoint's numbers for the latest of our reports that it has."""
    there = Delivery.objects.filter(
        endpoint=endpoint_id, kind=DeliveryKind.REPORT, state=DeliveryState.ACCEPTED
    ).exclude(remote_id="")
    return list(there.order_by("-accepted_at").values_list("remote_id", flat=True)[:limit])


def _with_figures(rows: Sequence[Endpoint]) -> list[Connection]:
    ids = [row.pk for row in rows]
    owed, times, success = _owed(Q(endpoint__in=ids)), _times(ids), _success(ids)
    return [
        Connection(row, lamp_of(row), owed.get(row.pk, Owed({})), times.get(row.pk), success.get(row.pk))
        for row in rows
    ]


def lamp_of(row: Endpoint) -> Lamp:
    """How the endpoint does, by what its last calls did."""
    if not row.active or not row.body.active:
        return Lamp.OFF
    if row.paused_at is not None:
        return Lamp.PAUSED
    if row.fail_streak:
        return Lamp.DOWN if row.fail_streak >= _FAILING else Lamp.TROUBLE
    return Lamp.WORKS if row.last_ok_at else Lamp.UNUSED


def _owed(which: Q) -> dict[int | None, Owed]:
    """By endpoint: what is not at its end, and since when."""
    going = Delivery.objects.filter(_NOT_AT_ITS_END, which)
    # one that is not confirmed yet is owed to nobody
    going = going.filter(report__requested_at__isnull=False)
    counts: dict[int | None, dict[str, int]] = defaultdict(dict)
    oldest: dict[int | None, datetime] = {}
    grouped = going.order_by().values_list("endpoint_id", "state")
    for endpoint_id, state, count, since in grouped.annotate(count=Count("pk"), since=Min("created_at")):
        counts[endpoint_id][state] = count
        if state != DeliveryState.ACCEPTED:
            oldest[endpoint_id] = min(since, oldest.get(endpoint_id, since))
    return {endpoint_id: Owed(found, oldest.get(endpoint_id)) for endpoint_id, found in counts.items()}


def _times(ids: Sequence[int]) -> dict[int, Times]:
    newest = Attempt.objects.aggregate(newest=Max("id"))["newest"] or 0
    place = Window(RowNumber(), partition_by="endpoint_id", order_by="-id")
    ended = Attempt.objects.filter(
        endpoint__in=ids, id__gt=newest - _LOOK_BACK, ended_at__isnull=False, http_status__isnull=False
    )
    took: dict[int, list[float]] = defaultdict(list)
    rows = ended.annotate(place=place).filter(place__lte=_CALLS)
    for endpoint_id, started, finished in rows.values_list("endpoint_id", "started_at", "ended_at"):
        if finished is not None:
            took[endpoint_id].append((finished - started).total_seconds())
    return {endpoint_id: _times_of(sorted(found)) for endpoint_id, found in took.items()}


def _times_of(took: Sequence[float]) -> Times:
    last = len(took) - 1
    return Times(p50=took[last // 2], p95=took[round(last * 0.95)], calls=len(took))


def _success(ids: Sequence[int]) -> dict[int, int]:
    found = Delivery.objects.filter(endpoint__in=ids).aggregate(newest=Max("created_at"))
    newest: datetime | None = found["newest"]
    if newest is None:
        return {}
    since: datetime = newest - timedelta(days=_SUCCESS_DAYS)
    recent = Delivery.objects.filter(endpoint__in=ids, attempts__gt=0, created_at__gt=since).exclude(
        state=DeliveryState.CANCELLED
    )
    counted = recent.order_by().values_list("endpoint_id")
    there = Count("pk", filter=Q(state=DeliveryState.ACCEPTED))
    rows = counted.annotate(all=Count("pk"), there=there)
    return {endpoint_id: round(100 * good / whole) for endpoint_id, whole, good in rows}


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt as staff read it; `seconds`: how long it took, None while it runs."""

    attempt: Attempt
    seconds: float | None
    sent: Mapping[str, object]


def deliveries_in_trouble(*, endpoint_id: int | None, limit: int) -> list[Delivery]:
    """What is not at its end at an endpoint (None: by e-mail), what a person must decide first, then the oldest."""
    rows = Delivery.objects.filter(endpoint=endpoint_id, report__requested_at__isnull=False)
    rows = rows.filter(_NOT_AT_ITS_END)
    order = {state: place for place, state in enumerate(_FIRST)}
    found = rows.select_related("report", "body").order_by(F("next_at").asc(nulls_first=True), "id")[:limit]
    return sorted(found, key=lambda row: (order.get(DeliveryState(row.state), len(order)), row.created_at))


_FIRST = (DeliveryState.ACCEPTED, DeliveryState.HELD, DeliveryState.REFUSED, DeliveryState.UNCERTAIN)


def delivery(delivery_id: int) -> Delivery | None:
    """The delivery with what it belongs to, if there is such a one."""
    rows = Delivery.objects.select_related("report__category_name", "body", "endpoint", "update")
    return rows.filter(pk=delivery_id).first()


def tries(row: Delivery) -> list[Try]:
    """Every attempt at the delivery, the latest first, each with what it sent."""
    return [
        Try(
            attempt,
            (attempt.ended_at - attempt.started_at).total_seconds() if attempt.ended_at else None,
            attempt.params_snapshot or row.params_snapshot,
        )
        for attempt in row.tries.select_related("endpoint").order_by("-n")
    ]


def is_doubtful(row: Delivery) -> bool:
    """Whether sending it once more may make a second one: an earlier try may have arrived."""
    certain = (OutcomeClass.NOT_RECEIVED, OutcomeClass.CREDENTIALS, OutcomeClass.REFUSED)
    return row.tries.exclude(outcome__in=[one.value for one in certain]).exists()
