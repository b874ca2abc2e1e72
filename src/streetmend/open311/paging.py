"""How a reader gets from one page of requests to the next: page numbers, and cursors that miss and repeat nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from streetmend.georeport.search import split_query
from streetmend.open311.cursors import Cursor, Way
from streetmend.open311.packing import Kept
from streetmend.reports.queries import mass
from streetmend.reports.queries.search import Search

#: the headers that scripts of other sites may read
EXPOSED = "ETag, Last-Modified, Link, Retry-After, X-Next-Cursor, X-Total-Count"
#: more than so many requests are not counted
MOST_COUNTED = 10_000


def facts(page: mass.Page, search: Search) -> Mapping[str, object]:
    """What the headers of a page need, to be kept with it."""
    known: dict[str, object] = {"more": page.more, "rows": len(page.rows), "changed": page.changed()}
    if search.walk:
        known["reached"] = str(Cursor(_way(search), page.reached(search)))
    return known


def changed(kept: Kept, names: datetime | None) -> datetime | None:
    """When anything on the page last changed, be it a name."""
    moments = [moment for moment in (kept.facts["changed"], names) if isinstance(moment, datetime)]
    return max(moments) if kept.facts["rows"] else None


def tell(response: HttpResponse, request: HttpRequest, search: Search, kept: Kept) -> None:
    """The headers say where the other pages are (RFC 8288), where a walk goes on, and how many there are if that is cheap."""
    more, rows = bool(kept.facts["more"]), int(str(kept.facts["rows"]))
    if search.walk:
        # empty pages have no place of their own: a walk goes on from where it came
        reached = str(kept.facts["reached"]) if rows else str(Cursor(_way(search), search.after))
        tell_cursor(response, request, reached, more=more)
    elif search.offset is not None:
        number = search.offset // search.limit + 1
        pages = [("prev", number - 1)] * (number > 1) + [("next", number + 1)] * more
        _link(response, request, "page", [(name, str(page)) for name, page in pages])
        total = _total(search, rows, more)
        if total is not None:
            response.headers["X-Total-Count"] = str(total)


def tell_cursor(response: HttpResponse, request: HttpRequest, reached: str, *, more: bool) -> None:
    """The headers say where a walk goes on."""
    response.headers["X-Next-Cursor"] = reached
    _link(response, request, "cursor", [("next", reached)] * more)


def _way(search: Search) -> Way:
    return Way.CHANGES if search.changes else Way.NEWEST


def _total(search: Search, rows: int, more: bool) -> int | None:
    offset = search.offset or 0
    if not more and (rows or not offset):
        return offset + rows
    found = mass.count(search, most=MOST_COUNTED)
    return found if found <= MOST_COUNTED else None


def _link(response: HttpResponse, request: HttpRequest, parameter: str, pages: list[tuple[str, str]]) -> None:
    query = [pair for pair in split_query(request.META.get("QUERY_STRING", "")) if pair[0] != parameter]
    base = f"{settings.BASE_URL}{request.path}"
    links = [f'<{base}?{urlencode([*query, (parameter, value)])}>; rel="{name}"' for name, value in pages]
    if links:
        response.headers["Link"] = ", ".join(links)
