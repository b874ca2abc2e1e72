"""Somebody wants to be told about a report."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from streetmend.accounts.models import Person
from streetmend.accounts.services import person_with_email
from streetmend.reports.errors import LinkUnknown
from streetmend.reports.models import Alert, ConfirmLink, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import links
from streetmend.reports.services.limits import when_to_ask
from streetmend.reports.services.notices import write_notice


def follow(*, report: Report, email: str, language: str, now: datetime) -> None:
    """A mail asks the address to confirm that it wants news of the report; whoever follows already gets none.

    Raises TooManyMails.
    """
    with transaction.atomic():
        person = person_with_email(email=email, name="", phone="", language=language, now=now)
        alert, _ = Alert.objects.get_or_create(person=person, report=report, defaults={"created_at": now})
        if alert.confirmed_at and not alert.ended_at:
            return
        due_at = when_to_ask(person=person, now=now)
        secret = links.new_secret()
        ConfirmLink.objects.create(
            secret_hash=links.hash_of(secret), alert=alert, created_at=now, expires_at=now + links.LIFETIME
        )
        write_notice(
            kind=NoticeKind.CONFIRM_ALERT,
            email=email,
            person=person,
            report=report,
            language=language,
            content={"secret": secret},
            now=now,
            due_at=due_at,
        )


def confirm_alert(*, secret: str, now: datetime) -> Alert:
    """The alert of this link is wanted; a second time changes nothing. Raises LinkUnknown, LinkExpired."""
    with transaction.atomic():
        link = links.find(secret, now=now)
        if link.alert is None:
            raise LinkUnknown("This link does not confirm an alert.")
        if ConfirmLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now):
            Alert.objects.filter(pk=link.alert.pk).update(confirmed_at=now, ended_at=None)
            proven = Person.objects.filter(alerts=link.alert.pk, verified_at=None).values_list(
                "pk", flat=True
            )
            Person.objects.filter(pk__in=list(proven)).update(verified_at=now)
    return link.alert


def end_alert(*, alert: Alert, now: datetime) -> None:
    """The alert tells nothing any more."""
    Alert.objects.filter(pk=alert.pk, ended_at=None).update(ended_at=now)


def end_news(*, report: Report, now: datetime) -> None:
    """Who made the report gets no more mails about what is said of it; a second time changes nothing."""
    Report.objects.filter(pk=report.pk, updates_ended_at=None).update(updates_ended_at=now)
