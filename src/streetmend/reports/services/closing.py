"""Open reports of which nothing was heard for as long as their category says are closed, and say why."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import override

from streetmend.bodies.directory import directory
from streetmend.reports.errors import ReportError
from streetmend.reports.models import Delivery, Report
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services.updating import Said, add_update
from streetmend.reports.states import Actor, State


def close_silent_reports(*, now: datetime, limit: int = 50) -> int:
    """Reports of categories with `close_after_days` that had no news for so long are closed by an update of the site's staff.

    At most `limit` of each category at a time; says how many. `now`: UTC.
    """
    known = directory()
    closed = 0
    for (body_id, name_id), category in known.category_of.items():
        if not category.close_after_days:
            continue
        of_body = Delivery.objects.filter(
            body=body_id, category_name=name_id, kind=DeliveryKind.REPORT, closed=False
        )
        silent = Report.objects.filter(
            pk__in=of_body.values("report"),
            closed=False,
            requested_at__isnull=False,
            updated_at__lte=now - timedelta(days=category.close_after_days),
        )
        for report in silent.order_by("updated_at")[:limit]:
            closed += _close(report, category.close_after_days, known.site.first_language, now)
    return closed


def _close(report: Report, days: int, language: str, now: datetime) -> int:
    with override(language):
        words = _("Closed by itself: nothing was heard of it for %(days)d days.") % {"days": days}
    try:
        add_update(
            report=report,
            actor=Actor.STAFF,
            said=Said(text=words, state=State.CLOSED),
            now=now,
            # two workers may see it at the same moment
            form_token=f"silent-{report.pk}-{report.updated_at:%Y%m%d%H%M%S}",
        )
    except ReportError:
        # it is hidden, or was closed meanwhile
        return 0
    return 1
