"""Statistics for anybody: how much is reported, what becomes of it, how long it takes; and a page for each body."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from streetmend.areas.queries import areas
from streetmend.bodies.queries import bodies, body_names, categories_in_use, category_names, site
from streetmend.bodies.values import BodyInfo
from streetmend.clock import SystemClock
from streetmend.reports.models.tally import FIXED_WITHIN, TallyOf
from streetmend.reports.queries import statistics
from streetmend.reports.queries.listing import Filters, listing
from streetmend.reports.queries.statistics import About, Counts, Span
from streetmend.web.charts import Pair, bars, share
from streetmend.web.forms import whole
from streetmend.web.tables import csv_answer

#: how many months back, this one too; 0: all
SPANS = (3, 12, 36, 0)
_USUAL = 12
_LATEST = 5


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table: what it is about, its figures, and where more of it stands."""

    name: str
    counts: Counts
    url: str
    bar: str


@require_safe
def stats(request: HttpRequest) -> HttpResponse:
    """All reports, or those in one area."""
    months, span = _span(request)
    area = whole(request.GET.get("area"))
    about = About() if area is None else About(TallyOf.AREA, area)
    name = "" if area is None else _area_names().get(area, "")
    if area is not None and not name:
        raise Http404
    context = {
        **_figures(about, span),
        "months": months,
        "spans": SPANS,
        "area": area,
        "area_name": name,
        **(_by_thing(span) if area is None else {}),
        "csv": f"/stats.csv?{urlencode({'months': months, **({'area': area} if area else {})})}",
    }
    return render(request, "web/stats.html", context)


@require_safe
def body(request: HttpRequest, body_id: int) -> HttpResponse:
    """One body: what it takes care of, what is reported to it and what becomes of that."""
    found = _body(body_id)
    months, span = _span(request)
    names = _area_names()
    mine = [choice for choice in categories_in_use(get_language() or "") if body_id in choice.body_ids]
    context = {
        **_figures(About(TallyOf.BODY, body_id), span),
        "body": found,
        "areas": sorted(names[number] for number in found.area_ids if number in names),
        "categories": sorted(mine, key=lambda choice: choice.label.casefold()),
        "latest": listing(Filters(body=body_id), page=1, size=_LATEST).rows,
        "months": months,
        "spans": SPANS,
        "csv": f"/stats.csv?{urlencode({'months': months, 'body': body_id})}",
    }
    return render(request, "web/body.html", context)


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """The figures as CSV: `by` month, category, body or area; of all reports, of one `body` or of one `area`."""
    _months, span = _span(request)
    about = _about(request)
    ways: dict[str, Callable[[], Iterable[tuple[str, str, Counts]]]] = {
        "month": lambda: ((f"{at:%Y-%m}", "", n) for at, n in statistics.by_month(about, span)),
        "category": lambda: _named(statistics.by_category(about, span), category_names()),
        "body": lambda: _named(statistics.by_thing(TallyOf.BODY, span), body_names()),
        "area": lambda: _named(statistics.by_thing(TallyOf.AREA, span), _area_names()),
    }
    by = request.GET.get("by", "month")
    if by not in ways:
        raise Http404
    head = [
        by,
        "name",
        "reported",
        "open",
        "fixed",
        "ended",
        *(f"fixed_in_{days}_days" for days in FIXED_WITHIN),
    ]
    rows = (
        [key, name, n.reported, n.open, n.fixed, n.ended, *(n.fixed_in[days] for days in FIXED_WITHIN)]
        for key, name, n in ways[by]()
    )
    return csv_answer(f"reports-by-{by}", head, rows)


def _named(
    found: Iterable[tuple[int, Counts]], names: Mapping[int, str]
) -> Iterator[tuple[str, str, Counts]]:
    return ((str(key), names.get(key, ""), counts) for key, counts in found)


def _about(request: HttpRequest) -> About:
    body_id, area = whole(request.GET.get("body")), whole(request.GET.get("area"))
    if body_id is not None:
        return About(TallyOf.BODY, body_id)
    return About() if area is None else About(TallyOf.AREA, area)


def _body(body_id: int) -> BodyInfo:
    found = next((one for one in bodies() if one.id == body_id), None)
    if found is None:
        raise Http404
    return found


def _area_names() -> dict[int, str]:
    return {area.mapit_id: area.name for area in areas()}


def _span(request: HttpRequest) -> tuple[int, Span]:
    """How many months the address asks for, and which these are in the site's zone."""
    asked = whole(request.GET.get("months"))
    months = asked if asked in SPANS else _USUAL
    if not months:
        return months, Span()
    today = SystemClock().now().astimezone(site().zone)
    number = today.year * 12 + today.month - months
    return months, Span(first=date(number // 12, number % 12 + 1, 1))


def _figures(about: About, span: Span) -> dict[str, Any]:
    labels = {choice.name_id: choice.label for choice in categories_in_use(get_language() or "")}
    monthly = statistics.by_month(about, span)
    pairs = [Pair(_short(at), counts.reported, counts.fixed) for at, counts in monthly]
    return {
        "total": statistics.total(about, span),
        "counted_at": statistics.counted_at(),
        "monthly": monthly,
        "chart": bars(pairs, title=_("Reported and fixed, month by month")),
        "by_category": _lines(
            statistics.by_category(about, span), {**category_names(), **labels}, "/reports?category={}".format
        ),
    }


def _by_thing(span: Span) -> dict[str, Any]:
    active = {body.id for body in bodies()}
    return {
        "by_body": _lines(
            statistics.by_thing(TallyOf.BODY, span),
            body_names(),
            lambda body_id: f"/bodies/{body_id}" if body_id in active else "",
        ),
        "by_area": _lines(statistics.by_thing(TallyOf.AREA, span), _area_names(), "/stats?area={}".format),
    }


def _short(month: date) -> str:
    """A month in as few letters as it can be read in; January says its year."""
    return str(month.year) if month.month == 1 else date_format(month, "b")


def _lines(
    found: list[tuple[int, Counts]], names: Mapping[int, str], url: Callable[[int], str]
) -> list[Line]:
    most = max((counts.reported for _key, counts in found), default=0)
    return [
        Line(names[key], counts, url(key), share(counts.reported, most))
        for key, counts in found
        if key in names
    ]
