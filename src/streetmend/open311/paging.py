"""How a reader gets from one page of requests to the next: page numbers, and cursors that miss and repeat nothing."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from streetmend.georeport.search import split_query
from streetmend.open311 import cursors
from streetmend.open311.cursors import Cursor
from streetmend.open311.packing import Facts, Kept
from streetmend.reports.queries import mass
from streetmend.reports.queries.search import Search
from streetmend.reports.queries.search_sql import Way

#: the headers that scripts of other sites may read
EXPOSED = "ETag, Last-Modified, Link, Retry-After, X-Next-Cursor, X-Total-Count"
#: more than so many requests are not counted
MOST_COUNTED = 10_000


def facts(outline: mass.Outline, search: Search, few: Way | None, made: int) -> Facts:
    """What the headers of a page need, and how it was found, to be kept with it."""
    return Facts(
        rows=len(outline.ids),
        more=outline.more,
        changed=outline.changed(),
        reached=str(Cursor(_way(search), outline.reached(search))) if search.walk else "",
        few=few,
        made=made,
    )


def changed(kept: Kept, names: datetime | None) -> datetime | None:
    """When anything on the page last changed, be it a name."""
    moments = [moment for moment in (kept.facts.changed, names) if moment is not None]
    return max(moments) if kept.facts.rows else None


def tell(
    response: HttpResponse, request: HttpRequest, search: Search, kept: Kept, counted: int | None
) -> None:
    """The headers say where the other pages are (RFC 8288), where a walk goes on, and how many there are if that is cheap.

    `counted`: how many there are, or one more than `MOST_COUNTED`; None where nobody counted.
    """
    more, rows = kept.facts.more, kept.facts.rows
    if search.walk:
        # empty pages have no place of their own: a walk goes on from where it came
        reached = kept.facts.reached if rows else str(Cursor(_way(search), search.after))
        tell_cursor(response, request, reached, more=more)
    elif search.offset is not None:
        number = search.offset // search.limit + 1
        pages = [("prev", number - 1)] * (number > 1) + [("next", number + 1)] * more
        _link(response, request, "page", [(name, str(page)) for name, page in pages])
        total = counted if counted is not None and counted <= MOST_COUNTED else None
        if not more and (rows or not search.offset):
            total = search.offset + rows
        if total is not None:
            response.headers["X-Total-Count"] = str(total)


def tell_cursor(response: HttpResponse, request: HttpRequest, reached: str, *, more: bool) -> None:
    """The headers say where a walk goes on."""
    response.headers["X-Next-Cursor"] = reached
    _link(response, request, "cursor", [("next", reached)] * more)


def _way(search: Search) -> cursors.Way:
    return cursors.Way.CHANGES if search.changes else cursors.Way.NEWEST


def _link(response: HttpResponse, request: HttpRequest, parameter: str, pages: list[tuple[str, str]]) -> None:
    query = [pair for pair in split_query(request.META.get("QUERY_STRING", "")) if pair[0] != parameter]
    base = f"{settings.BASE_URL}{request.path}"
    links = [f'<{base}?{urlencode([*query, (parameter, value)])}>; rel="{name}"' for name, value in pages]
    if links:
        response.headers["Link"] = ", ".join(links)
