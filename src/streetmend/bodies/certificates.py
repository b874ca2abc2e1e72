"""When the certificates of endpoints are looked at, and what was seen. Only the worker calls these."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from streetmend.bodies.models import Certificate, Endpoint

#: so often each is looked at; and so long after a look that never came back
EVERY = timedelta(hours=24)
_LEASE = timedelta(minutes=10)
#: staff hear of it so long before
WARNING = timedelta(days=14)


def claim_certificates(*, now: datetime, limit: int) -> list[Endpoint]:
    """At most `limit` endpoints at https addresses whose certificates are due (`now`: UTC); each is claimed by one worker."""
    secure = Endpoint.objects.filter(active=True, body__active=True, url__istartswith="https://")
    due = secure.filter(Q(certificate=None) | Q(certificate__next_at=None) | Q(certificate__next_at__lte=now))
    found = []
    for endpoint in due.select_related("body").order_by("pk")[:limit]:
        with transaction.atomic():
            row, _ = Certificate.objects.get_or_create(endpoint=endpoint)
            mine = Certificate.objects.filter(pk=row.pk, next_at=row.next_at)
            free = row.next_at is None or row.next_at <= now
            if free and mine.update(next_at=now + _LEASE):
                found.append(endpoint)
    return found


def note_certificate(*, endpoint_id: int, ends_at: datetime | None, problem: str, now: datetime) -> None:
    """What was seen stands there, and it is looked at again in a day; without `ends_at`, what was known before stays."""
    known = {"ends_at": ends_at} if ends_at is not None else {}
    with transaction.atomic():
        Certificate.objects.filter(endpoint=endpoint_id).update(
            looked_at=now, problem=problem[:500], next_at=now + EVERY, **known
        )
