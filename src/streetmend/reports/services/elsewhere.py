"""Reports that were made somewhere else and that a body already has: they are shown here, and never sent anywhere."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import IntegrityError, transaction

from streetmend.areas import queries as area_queries
from streetmend.areas.places import PlaceInvalid
from streetmend.bodies.models import Category, Endpoint
from streetmend.bodies.queries import responsible, site
from streetmend.reports.models import Delivery, Report
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services import kept
from streetmend.reports.services.alerting import announce_later
from streetmend.reports.services.wanted_photos import want_photos
from streetmend.reports.states import DeliveryState, State

#: how the delivery of such a report says that the body has it
PROOF = "theirs"
SOURCE = "Open311"
#: older ones are no news to anybody
NEWS = timedelta(hours=24)
#: deliveries that may be there already, under a number that we do not know yet
_ON_THEIR_WAY = (DeliveryState.SENDING, DeliveryState.TOKEN, DeliveryState.UNCERTAIN)
#: a row so near to a report of ours that is on its way may be that report (degrees, some 100 metres)
_NEAR = 0.001


@dataclass(frozen=True, slots=True)
class Foreign:
    """A report as an endpoint shows it, in our words. Texts are clean; `lat`, `long`: WGS84 degrees, None where it says none."""

    remote_id: str
    lat: float | None
    long: float | None
    title: str
    detail: str
    code: str
    category: str
    state: str
    requested_at: datetime | None
    updated_at: datetime | None = None
    expected_at: datetime | None = None
    private: bool = False
    address: str = ""
    status_notes: str = ""
    photo_urls: tuple[str, ...] = ()
    #: ids of our reports that the row names: by our address, or in the attribute that carries our id
    names_ours: frozenset[int] = frozenset()


class Fate(StrEnum):
    """What became of a row."""

    MADE = "made"
    KNOWN = "known"
    OURS = "ours"
    LATER = "later"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a row, and why it was skipped."""

    fate: Fate
    why: str = ""


def take_foreign(*, endpoint: Endpoint, row: Foreign, fallback_category: str, now: datetime) -> Taken:
    """The report is shown here, as one that its body has under its own number; a second time changes nothing.

    Left out are those without number, place or time, those outside the body's areas, and those of which no category is known
    here unless the body has `fallback_category`. A row that is a report of ours is none (`OURS`); one that may be a report of
    ours whose number is not known yet is looked at again (`LATER`). It is private where the endpoint or its category says so.
    `now`: UTC.
    """
    with transaction.atomic():
        theirs = Delivery.objects.filter(endpoint=endpoint, kind=DeliveryKind.REPORT)
        if theirs.filter(remote_id=row.remote_id).exists():
            return Taken(Fate.KNOWN)
        if row.names_ours and theirs.filter(report_id__in=row.names_ours).exists():
            return Taken(Fate.OURS)
        if row.lat is None or row.long is None:
            return Taken(Fate.SKIPPED, "it has no place")
        if why := _unusable(row, endpoint, row.lat, row.long):
            return Taken(Fate.SKIPPED, why)
        category = _category(row, endpoint, fallback_category)
        if category is None:
            return Taken(Fate.SKIPPED, f'there is no category for the service "{row.code or row.category}"')
        if _may_be_ours(endpoint, row.lat, row.long):
            return Taken(Fate.LATER)
        try:
            with transaction.atomic():
                _write(endpoint, row, (row.lat, row.long), category, now)
        except IntegrityError:
            # another worker took it at this moment
            if theirs.filter(remote_id=row.remote_id).exists():
                return Taken(Fate.KNOWN)
            raise
    return Taken(Fate.MADE)


def _unusable(row: Foreign, endpoint: Endpoint, lat: float, long: float) -> str:
    """Why no report can be made of the row; empty where one can."""
    if not row.remote_id or len(row.remote_id) > 255:
        return "it has no usable number"
    if row.requested_at is None:
        return "it has no time"
    if not row.title:
        return "it says nothing"
    if _covers(endpoint, lat, long):
        return ""
    if _covers(endpoint, long, lat):
        return "its lat and long seem to be exchanged"
    return "it lies outside the areas of the body"


def _covers(endpoint: Endpoint, lat: float, long: float) -> bool:
    try:
        found = responsible(lat, long)
    except PlaceInvalid:
        return False
    return endpoint.body_id in {body.id for body in found.bodies}


def _category(row: Foreign, endpoint: Endpoint, fallback: str) -> Category | None:
    """The body's category by its code, by its name, or the one that stands in."""
    of_body = Category.objects.select_related("name").filter(body_id=endpoint.body_id)
    return (
        of_body.filter(code=row.code).first()
        or of_body.filter(name__name=row.category).first()
        or (of_body.filter(name__name=fallback).first() if fallback else None)
    )


def _may_be_ours(endpoint: Endpoint, lat: float, long: float) -> bool:
    return Delivery.objects.filter(
        endpoint=endpoint,
        kind=DeliveryKind.REPORT,
        state__in=_ON_THEIR_WAY,
        remote_id="",
        report__lat__range=(lat - _NEAR, lat + _NEAR),
        report__long__range=(long - 2 * _NEAR, long + 2 * _NEAR),
    ).exists()


def _write(
    endpoint: Endpoint, row: Foreign, place: tuple[float, float], category: Category, now: datetime
) -> None:
    requested = min(row.requested_at or now, now).replace(microsecond=0)
    report = Report(
        lat=place[0],
        long=place[1],
        title=row.title,
        detail=row.detail,
        category_name_id=category.name_id,
        address=row.address,
        source=SOURCE,
        state=State(row.state),
        private=row.private or category.private,
        status_notes=row.status_notes,
        expected_at=row.expected_at,
        created_at=now,
        requested_at=requested,
        updated_at=max(requested, min(row.updated_at or requested, now)),
        sent_at=requested,
        language=site().languages[0],
    )
    delivery = Delivery(
        report=report,
        body_id=endpoint.body_id,
        endpoint=endpoint,
        state=DeliveryState.ACCEPTED,
        why="It was made there.",
        remote_id=row.remote_id,
        proof=PROOF,
        accepted_at=requested,
        mark=uuid.uuid4(),
        created_at=now,
        category_name_id=category.name_id,
    )
    areas = [area.mapit_id for area in area_queries.covering(*place)]
    kept.begin(report, photo_names=[], owed=[delivery], areas=areas)
    report.save(force_insert=True)
    Delivery.objects.bulk_create([delivery])
    _photos(report, row.photo_urls, now)
    if now - requested <= NEWS:
        announce_later(report, site(), now)


def _photos(report: Report, urls: Sequence[str], now: datetime) -> None:
    most = site().max_photos
    wanted = [url for url in urls if url.startswith(("http://", "https://"))][:most]
    if wanted:
        want_photos(wanted, now=now, report=report)
