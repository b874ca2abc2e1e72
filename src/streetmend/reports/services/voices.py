"""What readers say of a report with one press: that they see it too, or that it should not be here."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction

from streetmend.reports.models import MeToo, Report
from streetmend.reports.services.notices import write_staff_notice


def see_it_too(*, report: Report, who: str, now: datetime) -> bool:
    """One more sees the problem; says whether it is one more. `who`, by which a second time is known, is kept as a hash only."""
    mark = hashlib.sha256(f"{report.pk}:{who}".encode()).hexdigest()
    with transaction.atomic():
        _, first = MeToo.objects.get_or_create(report=report, who=mark, defaults={"at": now})
    return first


def should_not_be_here(*, report: Report, reason: str, now: datetime) -> None:
    """Staff are told that somebody thinks so, and why. `reason` is clean text, or empty."""
    with transaction.atomic():
        write_staff_notice(
            subject=f"Should report {report.pk} be here?",
            text=f"{report.title}\n\nSomebody says: {reason or '(no reason)'}\n\nYou can hide it on the desk.",
            now=now,
        )
