"""Photos that lie at other people's addresses: wanted in the transaction of what they belong to, fetched later by a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from streetmend.photos.store import StoredPhoto
from streetmend.reports.models import Delivery, Photo, Report, Update, WantedPhoto
from streetmend.reports.models.posting import WantedPhotoState
from streetmend.reports.services import kept
from streetmend.reports.states import DeliveryState

#: how long to wait before the 2nd, 3rd ... try
STEPS = (timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))
#: a report waits so long for its photos before it leaves for its bodies
PATIENCE = timedelta(seconds=60)


def want_photos(
    urls: Sequence[str],
    *,
    now: datetime,
    report: Report | None = None,
    update: Update | None = None,
    after: int = 0,
) -> None:
    """The photos at these addresses will be fetched for the report, or the update; what was wanted before is not wanted again.

    `after`: how many photos it has already. A report that is about to leave waits a minute for them. Inside the caller's
    transaction.
    """
    known = set(WantedPhoto.objects.filter(report=report, update=update).values_list("url", flat=True))
    WantedPhoto.objects.bulk_create(
        WantedPhoto(
            report=report, update=update, url=url, position=after + place, next_at=now, created_at=now
        )
        for place, url in enumerate(dict.fromkeys(urls))
        if url not in known
    )
    if report is not None:
        _about_to_leave(report.pk).filter(next_at__lt=now + PATIENCE).update(next_at=now + PATIENCE)


def claim_photos(*, worker: str, now: datetime, limit: int, lease_seconds: int) -> list[WantedPhoto]:
    """At most `limit` photos that are due, oldest first, are this worker's to fetch until the lease (the database's clock) ends.

    What another worker had and never brought is due again.
    """
    lost = WantedPhoto.objects.filter(state=WantedPhotoState.FETCHING, lease_until__lt=Now())
    due = WantedPhoto.objects.filter(state=WantedPhotoState.WAITING, next_at__lte=now)
    if limit < 1 or not (due.exists() or lost.exists()):
        return []
    with transaction.atomic():
        lost.update(state=WantedPhotoState.WAITING, lease_owner="", lease_until=None)
        rows = list(due.select_for_update(skip_locked=True, no_key=True).order_by("next_at", "id")[:limit])
        for row in rows:
            row.attempts += 1
            row.state, row.lease_owner = WantedPhotoState.FETCHING, worker
        WantedPhoto.objects.bulk_update(rows, ["attempts", "state", "lease_owner"])
        WantedPhoto.objects.filter(pk__in=[row.pk for row in rows]).update(
            lease_until=Now() + timedelta(seconds=lease_seconds)
        )
    return rows


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What one try brought: a photo in the store, or `why` there is none; `final` where another try would end the same way."""

    photo: StoredPhoto | None = None
    why: str = ""
    final: bool = False


def record_photo(*, worker: str, wanted: WantedPhoto, result: FetchResult, now: datetime) -> bool:
    """The photo stands where it was wanted, or is tried again later, or is given up; false where the lease was lost.

    The last one of a report lets the report leave.
    """
    with transaction.atomic():
        report = _report_of(wanted)
        row = (
            WantedPhoto.objects.select_for_update(no_key=True)
            .filter(
                pk=wanted.pk, state=WantedPhotoState.FETCHING, lease_owner=worker, attempts=wanted.attempts
            )
            .first()
        )
        if row is None or report is None:
            return False
        row.lease_owner, row.lease_until, row.next_at, row.why = "", None, None, result.why[:500]
        if result.photo is not None:
            row.state = WantedPhotoState.FETCHED
            _hang(row, result.photo, now)
            _shown_here(row)
            kept.refresh(report, now=now)
        elif result.final or row.attempts > len(STEPS):
            row.state = WantedPhotoState.FAILED
        else:
            row.state, row.next_at = WantedPhotoState.WAITING, now + STEPS[row.attempts - 1]
        row.save()
        if row.report_id and not _still_wanted(row.report_id):
            _about_to_leave(row.report_id).filter(next_at__gt=now).update(next_at=now)
    return True


def _report_of(wanted: WantedPhoto) -> Report | None:
    """The report, locked: all that changes a report takes it first."""
    number = wanted.report_id
    if wanted.update_id is not None:
        number = Update.objects.filter(pk=wanted.update_id).values_list("report_id", flat=True).first()
    if number is None:
        return None
    return Report.objects.select_for_update(no_key=True).filter(pk=number).first()


def _hang(row: WantedPhoto, photo: StoredPhoto, now: datetime) -> None:
    """The place that it was told in is its place, whatever comes first; photos are shown by place and then by number."""
    Photo.objects.create(
        report_id=row.report_id,
        update_id=row.update_id,
        name=photo.name,
        width=photo.width,
        height=photo.height,
        sha256=photo.sha256,
        alt=photo.alt,
        position=row.position,
        created_at=now,
    )


def _shown_here(row: WantedPhoto) -> None:
    """The update leads to the photo at the other address no more."""
    update = Update.objects.filter(pk=row.update_id).first() if row.update_id else None
    if update is not None:
        update.media_urls = [url for url in update.media_urls if url != row.url]
        update.save(update_fields=["media_urls"])


def still_elsewhere(update: Update, urls: Sequence[str]) -> list[str]:
    """Those of the addresses whose photos do not stand on the update yet."""
    fetched = WantedPhoto.objects.filter(
        update__isnull=False, update=update.pk, state=WantedPhotoState.FETCHED
    )
    here = set(fetched.values_list("url", flat=True))
    return [url for url in urls if url not in here]


def _still_wanted(report_id: int) -> bool:
    """Whether the first try of one of the report's photos is still to come, or under way."""
    open_states = (WantedPhotoState.WAITING, WantedPhotoState.FETCHING)
    return WantedPhoto.objects.filter(report=report_id, state__in=open_states).exists()


def _about_to_leave(report_id: int) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        report=report_id, state=DeliveryState.WAITING, attempts=0, next_at__isnull=False
    )
