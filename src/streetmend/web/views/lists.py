"""All public reports: the list and the map of what the filters leave. The address is the state of the page."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from streetmend.areas.queries import areas
from streetmend.bodies.queries import bodies, categories_in_use
from streetmend.clock import SystemClock
from streetmend.reports.queries.listing import Filters, listing
from streetmend.web.forms import whole
from streetmend.web.maps.configuring import map_data
from streetmend.web.maps.drawing import draw
from streetmend.web.maps.site_map import ground, start_window
from streetmend.web.pins import window_and_marks

#: how old the oldest is at most, in days
DAYS = (7, 30, 90, 365)
_A_PAGE = 20
_WIDTH, _HEIGHT = 720, 620


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """The list with its map."""
    filters, days = filters_of(request)
    found = listing(filters, page=whole(request.GET.get("page")) or 1, size=_A_PAGE)
    around, marks = window_and_marks(filters, total=found.total, width=_WIDTH, height=_HEIGHT)
    window = around or start_window(width=_WIDTH, height=_HEIGHT)
    choices = categories_in_use(get_language() or "")
    context = {
        "filters": filters,
        "days": days,
        "choices_of_days": DAYS,
        "narrowed": bool(filters.category or filters.body or filters.area or filters.with_photo or days),
        "asked": _asked(request),
        "found": found,
        "map_data": map_data("show", window, pins=_asked(request).removeprefix("?")),
        "map": draw(ground(), window, marks.pins, name="all"),
        "marks": marks,
        "categories": sorted(choices, key=lambda choice: choice.label.casefold()),
        "bodies": bodies(),
        "areas": sorted(areas(), key=lambda area: area.name.casefold()),
        "earlier": _page_url(request, found.page - 1) if found.page > 1 else "",
        "later": _page_url(request, found.page + 1) if found.page < found.pages else "",
    }
    return render(request, "web/reports.html", context)


def filters_of(request: HttpRequest) -> tuple[Filters, int]:
    """What the address asks for, and of how many days (0: of all); what makes no sense asks for nothing."""
    days = whole(request.GET.get("days"))
    days = days if days in DAYS else 0
    since = SystemClock().now() - timedelta(days=days) if days else None
    state = request.GET.get("state", "")
    filters = Filters(
        words=request.GET.get("q", "").replace("\x00", "").strip()[:200],
        state=state if state in ("open", "closed") else "",
        category=whole(request.GET.get("category")),
        body=whole(request.GET.get("body")),
        area=whole(request.GET.get("area")),
        with_photo=request.GET.get("photo") == "yes",
        since=since,
    )
    return filters, days


def _asked(request: HttpRequest) -> str:
    """The query string of the same reports without a page, for the feeds of them."""
    query = [(name, value) for name, value in request.GET.items() if name != "page" and value]
    return f"?{urlencode(query)}" if query else ""


def _page_url(request: HttpRequest, number: int) -> str:
    query = [(name, value) for name, value in request.GET.items() if name != "page" and value]
    return f"/reports?{urlencode([*query, ('page', str(number))])}"
