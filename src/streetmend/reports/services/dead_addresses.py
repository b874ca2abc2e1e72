"""Addresses from which mails come back: people get no more mails there than those that somebody has just asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from streetmend.reports.models import BouncingAddress, Notice
from streetmend.reports.models.outbox import NoticeKind

#: so many mails come back before an address counts as dead
MOST_BOUNCES = 3
#: a bounce so long after the last one is the first again; and so long a dead address is left alone
FORGIVEN = timedelta(days=180)
#: what somebody asked for a moment ago is tried all the same, and so is what staff must know
ALWAYS = frozenset(
    {
        NoticeKind.CONFIRM_REPORT,
        NoticeKind.CONFIRM_UPDATE,
        NoticeKind.CONFIRM_ALERT,
        NoticeKind.SIGN_IN,
        NoticeKind.DRAFT,
        NoticeKind.STAFF,
    }
)
DEAD = f"Mails to this address came back {MOST_BOUNCES} times."


def count_bounce(*, email: str, why: str, now: datetime) -> None:
    """One more mail to the address came back, or was refused for good. Inside the caller's transaction."""
    row, first = BouncingAddress.objects.get_or_create(
        email=email.lower(), defaults={"bounces": 1, "last_at": now, "why": why[:500]}
    )
    if first:
        return
    count = 1 if row.last_at < now - FORGIVEN else F("bounces") + 1
    BouncingAddress.objects.filter(pk=row.pk).update(bounces=count, last_at=now, why=why[:500])


def address_works(*, email: str) -> None:
    """Somebody has read a mail there: what came back before counts no more."""
    with transaction.atomic():
        BouncingAddress.objects.filter(email=email.lower()).delete()


def dead_among(notices: Iterable[Notice], *, now: datetime) -> set[int]:
    """The ids of the notices that are not sent, because their addresses are dead; none of those that were asked for."""
    unasked = [notice for notice in notices if NoticeKind(notice.kind) not in ALWAYS]
    if not unasked:
        return set()
    dead = set(
        BouncingAddress.objects.filter(
            email__in={notice.email.lower() for notice in unasked},
            bounces__gte=MOST_BOUNCES,
            last_at__gte=now - FORGIVEN,
        ).values_list("email", flat=True)
    )
    return {notice.pk for notice in unasked if notice.email.lower() in dead}
