"""Public reports as lists: the newest, those near a place, those that filters leave. Plain rows, a fixed number of queries."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from streetmend.bodies.queries import category_names
from streetmend.nearness import around, metres_between
from streetmend.reports.models import Delivery, Report
from streetmend.reports.models.outbox import DeliveryKind

_COLUMNS = (
    "id",
    "title",
    "state",
    "address",
    "lat",
    "long",
    "category_name_id",
    "photo_names",
    "requested_at",
    "comment_count",
    "detail",
    "updated_at",
)


#: as many reports a list has at most
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A public report in a list. WGS84 degrees; times are UTC. `metres`: how far from the place that was asked about."""

    id: int
    title: str
    state: str
    address: str
    lat: float
    long: float
    category: str
    photo: str
    requested_at: datetime
    comment_count: int
    detail: str
    updated_at: datetime
    metres: float = 0.0


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list shows; what is left empty asks for nothing. `state` is open or closed, `body` and `category` are ids."""

    words: str = ""
    state: str = ""
    category: int | None = None
    body: int | None = None
    with_photo: bool = False
    #: became public at that moment (UTC) or later
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list, and how many reports and pages there are in all."""

    rows: list[Listed]
    total: int
    page: int
    pages: int
    #: there are more than `total`
    more: bool = False


def recent(limit: int) -> list[Listed]:
    """The newest public reports."""
    return _listed(Report.objects.filter(visible=True).order_by("-requested_at", "-id")[:limit])


def near(
    lat: float,
    long: float,
    *,
    metres: float,
    limit: int,
    category: str | None = None,
    open_only: bool = False,
) -> list[Listed]:
    """The public reports within `metres` of the place (WGS84 degrees), the nearest first."""
    rows = Report.objects.filter(visible=True, **_box(lat, long, metres))
    if category is not None:
        rows = rows.filter(category_name__name=category)
    if open_only:
        rows = rows.filter(closed=False)
    found = [
        row for row in _listed(rows.order_by("-requested_at")[:500], (lat, long)) if row.metres <= metres
    ]
    return sorted(found, key=lambda row: row.metres)[:limit]


def in_box(box: tuple[float, float, float, float], *, limit: int = 500) -> list[Listed]:
    """The newest public reports between south, west, north and east (WGS84 degrees)."""
    south, west, north, east = box
    rows = Report.objects.filter(visible=True, lat__range=(south, north), long__range=(west, east))
    return _listed(rows.order_by("-requested_at", "-id")[:limit])


def listing(filters: Filters, *, page: int, size: int, most: int = MOST) -> Listing:
    """A page of the reports that the filters leave, the newest first; a page beyond the last one is the last one.

    Nobody turns ten thousand pages: what lies beyond `most` is not counted and not shown.
    """
    ids = _filtered(filters)
    total = ids[: most + 1].count()
    if not total:
        return Listing([], 0, 1, 1)
    pages = math.ceil(min(total, most) / size)
    page = min(max(page, 1), pages)
    start = (page - 1) * size
    shown = list(ids[start : min(start + size, most)])
    return Listing(_in_order(shown), min(total, most), page, pages, total > most)


def places(
    filters: Filters, *, limit: int, box: tuple[float, float, float, float] | None = None
) -> list[Listed]:
    """The newest reports that the filters leave, for a map; `box`: between south, west, north and east only (degrees)."""
    return _in_order(list(_filtered(filters, box)[:limit]))


def _in_order(ids: list[int]) -> list[Listed]:
    """The reports of these ids, in their order."""
    rows = {row.id: row for row in _listed(Report.objects.filter(pk__in=ids, visible=True))}
    return [rows[pk] for pk in ids if pk in rows]


def _filtered(filters: Filters, box: tuple[float, float, float, float] | None = None) -> QuerySet[Any, int]:
    """The ids of the reports that the filters leave, the newest first.

    Those of one body are found by the index of its deliveries, which have the report's flags; all others by those of the reports.
    """
    if filters.body is None:
        return _told_of(_within(Report.objects.filter(visible=True), box, ""), filters, "").values_list(
            "pk", flat=True
        )
    theirs = Delivery.objects.filter(kind=DeliveryKind.REPORT, visible=True, body=filters.body)
    return _told_of(_within(theirs, box, "report__"), filters, "report__").values_list("report", flat=True)


def _within(rows: QuerySet[Any], box: tuple[float, float, float, float] | None, report: str) -> QuerySet[Any]:
    if box is None:
        return rows
    south, west, north, east = box
    return rows.filter(**{f"{report}lat__range": (south, north), f"{report}long__range": (west, east)})


def _told_of(rows: QuerySet[Any], filters: Filters, report: str) -> QuerySet[Any]:
    """The rows that the filters leave; `report` leads from a row to its report where it is none itself."""
    if filters.state:
        rows = rows.filter(closed=filters.state == "closed")
    if filters.category is not None:
        rows = rows.filter(category_name=filters.category)
    if filters.since is not None:
        rows = rows.filter(requested_at__gte=filters.since)
    if filters.with_photo:
        rows = rows.filter(**{f"{report}has_photo": True})
    for word in filters.words.split()[:8]:
        told = (Q(**{f"{report}{field}__icontains": word}) for field in ("title", "detail", "address"))
        rows = rows.filter(reduce(or_, told))
    return rows.order_by("-requested_at", "-report" if report else "-id")


def _box(lat: float, long: float, metres: float) -> Mapping[str, Any]:
    south, west, north, east = around(lat, long, metres)
    return {"lat__range": (south, north), "long__range": (west, east)}


def _listed(rows: QuerySet[Report], place: tuple[float, float] | None = None) -> list[Listed]:
    names = category_names()
    found = []
    for (
        pk,
        title,
        state,
        address,
        lat,
        long,
        name_id,
        photos,
        at,
        comments,
        detail,
        updated,
    ) in rows.values_list(*_COLUMNS):
        metres = metres_between(place, (lat, long)) if place else 0.0
        photo = photos[0] if photos else ""
        found.append(
            Listed(
                pk,
                title,
                state,
                address,
                lat,
                long,
                names.get(name_id, ""),
                photo,
                at,
                comments,
                detail,
                updated,
                metres,
            )
        )
    return found
