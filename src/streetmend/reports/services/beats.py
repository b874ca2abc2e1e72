"""Signs of life of the workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from streetmend.reports.models import WorkerBeat

_FORGET_AFTER = timedelta(days=1)


def beat(*, worker: str, now: datetime) -> None:
    """The worker is known to live at `now` (UTC); workers that were silent for a day are forgotten."""
    with transaction.atomic():
        WorkerBeat.objects.update_or_create(worker=worker, defaults={"at": now})
        WorkerBeat.objects.filter(at__lt=now - _FORGET_AFTER).delete()


def end_beat(*, worker: str) -> None:
    """The worker has ended and is known no more."""
    with transaction.atomic():
        WorkerBeat.objects.filter(worker=worker).delete()
