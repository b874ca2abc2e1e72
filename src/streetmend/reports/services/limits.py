"""Nobody can have an address flooded by mails that ask to confirm."""

from __future__ import annotations

from datetime import datetime, timedelta

from streetmend.accounts.models import Person
from streetmend.reports.errors import TooManyMails
from streetmend.reports.models import Notice
from streetmend.reports.models.outbox import NoticeKind

_KINDS = (
    NoticeKind.CONFIRM_REPORT,
    NoticeKind.CONFIRM_UPDATE,
    NoticeKind.CONFIRM_ALERT,
    NoticeKind.DRAFT,
)
#: so many of them leave at once within `WITHIN`; each further one a `SPACE` later
AT_ONCE = 10
WITHIN = timedelta(minutes=10)
SPACE = timedelta(minutes=1)
#: so many are taken on in a day
A_DAY = 50


def when_to_ask(*, person: Person | None, now: datetime) -> datetime:
    """When (UTC) the next mail that asks this person to confirm something may leave. Raises TooManyMails."""
    if person is None:
        return now
    asked = Notice.objects.filter(person=person, kind__in=_KINDS, created_at__gt=now - timedelta(days=1))
    if asked.count() >= A_DAY:
        raise TooManyMails(
            "This address was asked to confirm very many things today. Confirm one of them, or try again tomorrow."
        )
    lately = asked.filter(created_at__gt=now - WITHIN).count()
    return now + SPACE * max(0, lately - AT_ONCE + 1)
