"""Statistics of public reports, summed from the kept tallies: what they cost does not grow with the reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet, Sum

from streetmend.reports.models import Tally, TallyRun
from streetmend.reports.models.tally import FIXED_WITHIN, TallyOf

_SUMS = {
    name: Sum(name) for name in ("reported", "fixed", "ended", *(f"fixed_in_{days}" for days in FIXED_WITHIN))
}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many reports there were and what became of them."""

    reported: int = 0
    fixed: int = 0
    #: closed in another way than fixed
    ended: int = 0
    #: days -> how many were fixed within so many days of becoming public
    fixed_in: Mapping[int, int] = field(default_factory=lambda: dict.fromkeys(FIXED_WITHIN, 0))

    @property
    def open(self) -> int:
        """How many are still open."""
        return self.reported - self.fixed - self.ended

    @property
    def fixed_percent(self) -> int | None:
        """The share that was fixed, in whole per cent; None where nothing was reported."""
        return round(100 * self.fixed / self.reported) if self.reported else None

    @property
    def half_within(self) -> int | None:
        """The fewest of the counted days within which at least half of the fixed ones were fixed.

        None where half of them took longer than all of these, or none was fixed.
        """
        if not self.fixed:
            return None
        return next((days for days, n in sorted(self.fixed_in.items()) if 2 * n >= self.fixed), None)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole months, the first day of the first and of the last one; None: from the beginning, until now."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class About:
    """Whose reports: everybody's, those that a body received (its id), those in an area (its MapIt id)."""

    of: TallyOf = TallyOf.ALL
    thing: int = 0


def counted_at() -> datetime | None:
    """Up to when (UTC) everything is counted; None: nothing is yet."""
    return TallyRun.objects.values_list("counted_at", flat=True).first()


def total(about: About, span: Span) -> Counts:
    """All of them together."""
    found = _rows(about, span).aggregate(**_SUMS)
    return _counts({name: value or 0 for name, value in found.items()})


def by_month(about: About, span: Span) -> list[tuple[date, Counts]]:
    """Month by month, the earliest first; months without a report are there too."""
    found = dict(_grouped(_rows(about, span), "month"))
    if not found:
        return []
    return [(month, found.get(month, Counts())) for month in _each(min(found), max(found))]


def by_category(about: About, span: Span) -> list[tuple[int, Counts]]:
    """For each category name (its id), the most reported first."""
    return _most_first(_grouped(_rows(about, span), "category_name"))


def by_thing(of: TallyOf, span: Span) -> list[tuple[int, Counts]]:
    """For each body (its id) or area (its MapIt id), the one with most reports first."""
    return _most_first(_grouped(_span(Tally.objects.filter(of=of), span), "thing"))


def _rows(about: About, span: Span) -> QuerySet[Tally]:
    return _span(Tally.objects.filter(of=about.of, thing=about.thing), span)


def _span(rows: QuerySet[Tally], span: Span) -> QuerySet[Tally]:
    if span.first is not None:
        rows = rows.filter(month__gte=span.first)
    if span.last is not None:
        rows = rows.filter(month__lte=span.last)
    return rows


def _grouped(rows: QuerySet[Tally], column: str) -> Iterator[tuple[Any, Counts]]:
    for row in rows.order_by().values(column).annotate(**_SUMS):
        yield row[column], _counts(row)


def _counts(row: Mapping[str, Any]) -> Counts:
    return Counts(
        reported=row["reported"],
        fixed=row["fixed"],
        ended=row["ended"],
        fixed_in={days: row[f"fixed_in_{days}"] for days in FIXED_WITHIN},
    )


def _most_first(found: Iterator[tuple[Any, Counts]]) -> list[tuple[int, Counts]]:
    return sorted(found, key=lambda one: (-one[1].reported, one[0]))


def _each(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first = date(first.year + first.month // 12, first.month % 12 + 1, 1)
