"""Whoever reported something that nothing was heard of is asked, once, whether it is still there."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from streetmend.bodies.queries import site
from streetmend.reports.models import Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.queries.allowed import updates_allowed
from streetmend.reports.services.notices import write_notice


def ask_whether_fixed(*, now: datetime, limit: int = 50) -> int:
    """The reporters of open public reports of which nothing was heard for so long as the site says have a mail due.

    Says how many. Nobody is asked twice about the same report.
    """
    days = site().ask_after_days
    if not days:
        return 0
    waiting = Report.objects.filter(
        visible=True, closed=False, asked_at=None, updated_at__lte=now - timedelta(days=days)
    ).order_by("updated_at")
    asked = 0
    for pk in list(waiting.values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            # nothing that readers see changes: the version stays
            if not Report.objects.filter(pk=pk, asked_at=None).update(asked_at=now):
                continue
            report = Report.objects.select_related("reporter").get(pk=pk)
            if report.email and updates_allowed(report):
                write_notice(
                    kind=NoticeKind.STILL_THERE,
                    email=report.email,
                    person=report.reporter,
                    report=report,
                    language=report.language,
                    now=now,
                    once=f"still.{pk}",
                )
                asked += 1
    return asked
