"""A report in the making, kept after each step of the form."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from streetmend.accounts.services import person_with_email
from streetmend.reports.models import Draft, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services.limits import when_to_ask
from streetmend.reports.services.links import hash_of, new_secret
from streetmend.reports.services.notices import write_notice

#: drafts that nobody touched this long are forgotten
LIFETIME = timedelta(days=7)


def start_draft(*, content: dict[str, Any], now: datetime) -> str:
    """A new draft holds `content`; returns the token that finds it again."""
    token = new_secret()
    Draft.objects.create(token_hash=hash_of(token), content=content, created_at=now, updated_at=now)
    return token


def save_draft(*, token: str, content: dict[str, Any], now: datetime) -> bool:
    """The draft of `token` holds `content`; false where there is no such draft, or it was sent already."""
    return bool(
        Draft.objects.filter(token_hash=hash_of(token), report=None).update(content=content, updated_at=now)
    )


def keep_draft(*, token: str, content: dict[str, Any], now: datetime) -> bool:
    """The draft of `token`, a secret that its owner's device made, holds `content`; false where it was sent already.

    Unlike `save_draft` it makes the draft where there is none.
    """
    fresh = {"content": content, "created_at": now, "updated_at": now}
    _draft, made = Draft.objects.get_or_create(token_hash=hash_of(token), defaults=fresh)
    return made or save_draft(token=token, content=content, now=now)


def mail_draft_link(*, token: str, email: str, language: str, now: datetime) -> bool:
    """A mail with the link that goes on with the draft is due to the address; false where there is no such draft (any more).

    Counts towards the mails that an address is asked by. Raises TooManyMails.
    """
    with transaction.atomic():
        if not Draft.objects.filter(token_hash=hash_of(token), report=None).exists():
            return False
        person = person_with_email(email=email, language=language, now=now)
        write_notice(
            kind=NoticeKind.DRAFT,
            email=email,
            person=person,
            language=language,
            content={"secret": token},
            now=now,
            due_at=when_to_ask(person=person, now=now),
        )
    return True


def draft_became(*, token: str, report: Report, now: datetime) -> None:
    """The draft is finished: its words are forgotten and it leads to the report."""
    Draft.objects.filter(token_hash=hash_of(token)).update(content={}, report=report, updated_at=now)


def forget_old_drafts(*, now: datetime) -> int:
    """Drafts that nobody touched for `LIFETIME` are gone; says how many."""
    with transaction.atomic():
        count, _ = Draft.objects.filter(updated_at__lt=now - LIFETIME).delete()
    return count
