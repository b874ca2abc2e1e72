"""The reports of a list in other forms, from the same query string: a feed to follow, points for a map, a table.

Each holds the newest; who wants to read everything, or by machine, asks the Open311 server.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from streetmend.bodies.queries import site
from streetmend.reports.queries.listing import Listed, places
from streetmend.web.look import look_of
from streetmend.web.requests import site_of
from streetmend.web.tables import csv_answer
from streetmend.web.views.lists import filters_of

_IN_A_FEED = 100
_IN_A_TABLE = 1000


class _GeoFeed(Atom1Feed):
    """Atom with the place of each entry (GeoRSS Simple: lat, then long)."""

    def root_attributes(self) -> dict[str, str]:
        return {**super().root_attributes(), "xmlns:georss": "http://www.georss.org/georss"}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("georss:point", item["point"])


@require_safe
def atom(request: HttpRequest) -> HttpResponse:
    """The newest reports as an Atom feed with places."""
    filters, _days = filters_of(request)
    feed = _GeoFeed(
        title=site_of(request).name,
        link=_url("/reports", request),
        feed_url=_url("/reports.atom", request),
        description=_("New reports"),
        feed_guid=_url("/reports.atom", request),
    )
    for row in places(filters, limit=_IN_A_FEED):
        url = f"{settings.BASE_URL}/reports/{row.id}"
        feed.add_item(
            title=row.title,
            link=url,
            unique_id=url,
            description=_summary(row),
            pubdate=row.requested_at,
            updateddate=row.updated_at,
            categories=[row.category],
            point=f"{row.lat} {row.long}",
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@require_safe
def geojson(request: HttpRequest) -> HttpResponse:
    """The newest reports as points (RFC 7946: long, then lat)."""
    filters, _days = filters_of(request)
    features = [
        {
            "type": "Feature",
            "id": row.id,
            "geometry": {"type": "Point", "coordinates": [row.long, row.lat]},
            "properties": {**_facts(row), "url": f"{settings.BASE_URL}/reports/{row.id}"},
        }
        for row in places(filters, limit=_IN_A_TABLE)
    ]
    found = {"type": "FeatureCollection", "features": features}
    return JsonResponse(found, content_type="application/geo+json", json_dumps_params={"ensure_ascii": False})


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    """The newest reports as CSV."""
    filters, _days = filters_of(request)
    head = [
        "number",
        "title",
        "state",
        "category",
        "address",
        "lat",
        "long",
        "reported",
        "updated",
        "updates",
        "url",
    ]
    rows = (
        {
            **_facts(row),
            "number": row.id,
            "lat": row.lat,
            "long": row.long,
            "url": f"{settings.BASE_URL}/reports/{row.id}",
        }
        for row in places(filters, limit=_IN_A_TABLE)
    )
    return csv_answer("reports", head, ([row[name] for name in head] for row in rows))


def _facts(row: Listed) -> dict[str, object]:
    zone = site().zone
    return {
        "title": row.title,
        "state": row.state,
        "category": row.category,
        "address": row.address,
        "reported": row.requested_at.astimezone(zone).isoformat(),
        "updated": row.updated_at.astimezone(zone).isoformat(),
        "updates": row.comment_count,
    }


def _summary(row: Listed) -> str:
    parts = [str(look_of(row.state).word), row.category, row.address, row.detail]
    return "\n".join(part for part in parts if part)


def _url(path: str, request: HttpRequest) -> str:
    query = request.META.get("QUERY_STRING", "")
    return f"{settings.BASE_URL}{path}?{query}" if query else f"{settings.BASE_URL}{path}"
