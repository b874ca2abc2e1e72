"""The tallies of public reports say what the reports say: counted anew, month by month, never counted up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from itertools import islice

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import TruncMonth

from streetmend.areas import queries as areas
from streetmend.areas.places import PlaceInvalid
from streetmend.bodies.queries import site
from streetmend.reports.models import Report, Tally, TallyRun, Update
from streetmend.reports.models.tally import FIXED_WITHIN, TallyOf
from streetmend.reports.states import CLOSED_STATES, State

#: how old the statistics may be
EVERY = timedelta(minutes=10)
#: how often everything is counted, and not only the months in which something changed
ALL_EVERY = timedelta(days=1)
#: a change whose transaction ended late is seen by the next count
_MARGIN = timedelta(minutes=10)
_AT_ONCE = 5000

_Key = tuple[TallyOf, int, int]


@dataclass(slots=True)
class _Count:
    """What one tally counts."""

    reported: int = 0
    fixed: int = 0
    ended: int = 0
    fixed_in: list[int] = field(default_factory=lambda: [0] * len(FIXED_WITHIN))

    def add(self, state: str, took: timedelta) -> None:
        """One more report; `took`: from becoming public to its end, if it ended."""
        self.reported += 1
        if state == State.FIXED:
            self.fixed += 1
            for place, days in enumerate(FIXED_WITHIN):
                self.fixed_in[place] += took <= timedelta(days=days)
        elif state in CLOSED_STATES:
            self.ended += 1


def count_reports(*, now: datetime) -> int:
    """The tallies say what the reports say at `now` (UTC), where a count is due and nobody else is at it.

    Says how many months were counted. Months in which a report changed are counted every ten minutes, all of them once a
    day. Reads without a transaction, writes each month in one.
    """
    run = _mine(now)
    if run is None:
        return 0
    all_due = run.all_counted_at is None or run.all_counted_at <= now - ALL_EVERY
    since = None if all_due or run.counted_at is None else run.counted_at - _MARGIN
    months = _months(since)
    if all_due:
        Tally.objects.exclude(month__in=months).delete()
    for month in months:
        _count_month(month)
    run.counted_at = now
    if all_due:
        run.all_counted_at = now
    run.save(update_fields=["counted_at", "all_counted_at"])
    return len(months)


def _mine(now: datetime) -> TallyRun | None:
    """The row of the count that is due, after its next time was moved on: of several workers one gets it."""
    with transaction.atomic():
        TallyRun.objects.get_or_create(pk=1, defaults={"next_at": now})
        if not TallyRun.objects.filter(pk=1, next_at__lte=now).update(next_at=now + EVERY):
            return None
    return TallyRun.objects.get(pk=1)


def _months(since: datetime | None) -> list[date]:
    """The months of public reports, or of those that changed since then, the oldest first."""
    rows = Report.objects.filter(visible=True)
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    months = rows.order_by().annotate(month=TruncMonth("requested_at", tzinfo=site().zone))
    return sorted({month.date() for month in months.values_list("month", flat=True).distinct() if month})


def _count_month(month: date) -> None:
    counts: dict[_Key, _Count] = defaultdict(_Count)
    zone = site().zone
    for state, category, recipients, lat, long, took in _reports(_begins(month, zone), _ends(month, zone)):
        for of, thing in _things(recipients, lat, long):
            counts[of, thing, category].add(state, took)
    rows = [
        Tally(
            month=month,
            of=of,
            thing=thing,
            category_name_id=category,
            reported=count.reported,
            fixed=count.fixed,
            ended=count.ended,
            **{f"fixed_in_{days}": n for days, n in zip(FIXED_WITHIN, count.fixed_in, strict=True)},
        )
        for (of, thing, category), count in counts.items()
    ]
    with transaction.atomic():
        Tally.objects.filter(month=month).delete()
        Tally.objects.bulk_create(rows, batch_size=1000)


def _begins(month: date, zone: tzinfo) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=zone)


def _ends(month: date, zone: tzinfo) -> datetime:
    return _begins(date(month.year + month.month // 12, month.month % 12 + 1, 1), zone)


def _things(recipients: list[int], lat: float, long: float) -> Iterator[tuple[TallyOf, int]]:
    """All that a report counts for."""
    yield TallyOf.ALL, 0
    for body in recipients:
        yield TallyOf.BODY, body
    try:
        covering = areas.covering(lat, long)
    except PlaceInvalid:
        covering = ()
    for area in covering:
        yield TallyOf.AREA, area.mapit_id


def _reports(start: datetime, end: datetime) -> Iterator[tuple[str, int, list[int], float, float, timedelta]]:
    """State, category, bodies, place and time to the end of each public report of the span, some thousands at a time."""
    columns = (
        "id",
        "state",
        "closed",
        "category_name_id",
        "recipient_ids",
        "lat",
        "long",
        "requested_at",
        "updated_at",
    )
    wanted = Report.objects.filter(visible=True, requested_at__gte=start, requested_at__lt=end)
    rows = wanted.order_by("requested_at", "id").values_list(*columns).iterator(chunk_size=_AT_ONCE)
    while some := list(islice(rows, _AT_ONCE)):
        ended = _ended([row[0] for row in some if row[2]])
        for pk, state, _closed, category, recipients, lat, long, requested, updated in some:
            yield state, category, recipients, lat, long, ended.get(pk, updated) - requested


def _ended(ids: list[int]) -> dict[int, datetime]:
    """When the closed ones of these reports were closed, by the last update that did so."""
    found: dict[int, datetime] = {}
    for start in range(0, len(ids), 500):
        closing = Update.objects.filter(
            report__in=ids[start : start + 500], state__in=CLOSED_STATES, hidden=False
        )
        found.update(closing.order_by().values_list("report").annotate(at=Max("at")))
    return found
