"""Public reports as lists: the newest, those near a place, those that filters leave. Plain rows, a fixed number of queries."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import F, QuerySet

from streetmend.bodies.queries import category_names
from streetmend.nearness import around, longer_east, metres_between
from streetmend.reports.models import Report
from streetmend.reports.queries import cells, mass
from streetmend.reports.queries.search import Search, Window
from streetmend.reports.queries.search_sql import rows_between

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


_MOST_WORDS = 8
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
    """What a list shows; what is left empty asks for nothing. `state` is open or closed, `body` and `category` are ids.

    `area` is a MapIt id.
    """

    words: str = ""
    state: str = ""
    category: int | None = None
    body: int | None = None
    area: int | None = None
    with_photo: bool = False
    #: became public at that moment (UTC) or later
    since: datetime | None = None

    @property
    def search(self) -> Search:
        """The same as a search: lists, maps and the Open311 server find by the same statements."""
        return Search(
            categories=None if self.category is None else (self.category,),
            bodies=None if self.body is None else (self.body,),
            area=self.area,
            closed=self.state == "closed" if self.state else None,
            has_photo=True if self.with_photo else None,
            since=self.since,
            words=tuple(self.words.split()[:_MOST_WORDS]),
            offset=0,
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list, and how many reports and pages there are in all."""

    rows: list[Listed]
    total: int
    page: int
    pages: int
    #: there are more than `total`, which were not counted
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
    south, west, north, east = around(lat, long, metres)
    # a row of cells at a time, along the longitudes
    rows = Report.objects.filter(
        visible=True,
        cell_y__in=list(rows_between(south, north)),
        long__range=(west, east),
        lat__range=(south, north),
    )
    if category is not None:
        rows = rows.filter(category_name__name=category)
    if open_only:
        rows = rows.filter(closed=False)
    up, aside = F("lat") - lat, (F("long") - long) * longer_east(lat)
    nearest = rows.order_by(up * up + aside * aside)[:limit]
    return [row for row in _listed(nearest, (lat, long)) if row.metres <= metres]


def listing(filters: Filters, *, page: int, size: int, most: int = MOST) -> Listing:
    """A page of the reports that the filters leave, the newest first; a page beyond the last one is the last one.

    Nobody turns ten thousand pages: what lies beyond `most` is not shown, and where no counts are kept it is not counted.
    """
    search = filters.search
    known = cells.countable(search)
    total = cells.total(search) if known else mass.count(search, most=most)
    if not total:
        return Listing([], 0, 1, 1)
    reached = min(total, most)
    pages = math.ceil(reached / size)
    page = min(max(page, 1), pages)
    start = (page - 1) * size
    shown = mass.ids(replace(search, offset=start, limit=min(size, reached - start)))
    return Listing(_in_order(shown), total if known else reached, page, pages, not known and total > most)


def places(filters: Filters, *, limit: int, box: cells.Box | None = None) -> list[Listed]:
    """The newest reports that the filters leave, for a map; `box`: between south, west, north and east only (degrees)."""
    return _in_order(mass.ids(_inside(filters, limit, box)))


def spots(filters: Filters, *, limit: int, box: cells.Box) -> list[tuple[float, float]]:
    """The places (lat, long) of at most `limit` reports that the filters leave, in no order; `box` as for `places`."""
    return mass.spots(_inside(filters, limit, box))


def _inside(filters: Filters, limit: int, box: cells.Box | None) -> Search:
    search = replace(filters.search, limit=limit)
    if box is None:
        return search
    south, west, north, east = box
    return replace(search, window=Window(south, west, north, east))


def _in_order(ids: list[int]) -> list[Listed]:
    """The reports of these ids, in their order."""
    rows = {row.id: row for row in _listed(Report.objects.filter(pk__in=ids, visible=True))}
    return [rows[pk] for pk in ids if pk in rows]


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
