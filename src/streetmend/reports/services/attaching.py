"""Photos of the store become photos of a report or of an update."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from streetmend.photos.store import StoredPhoto
from streetmend.reports.models import Photo, Report, Update


def attach(
    photos: Sequence[StoredPhoto],
    *,
    now: datetime,
    report: Report | None = None,
    update: Update | None = None,
) -> None:
    """The photos stand on the report, or on the update, in their order. Inside the caller's transaction."""
    Photo.objects.bulk_create(
        Photo(
            report=report,
            update=update,
            name=photo.name,
            width=photo.width,
            height=photo.height,
            sha256=photo.sha256,
            alt=photo.alt,
            position=position,
            created_at=now,
        )
        for position, photo in enumerate(photos)
    )
