"""Whether what is kept for quick reads says what its sources say."""

from __future__ import annotations

from django.db.models import Count, F, Q

from streetmend.reports.models import Delivery, Report
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.queries import cells
from streetmend.reports.queries.search import Search
from streetmend.reports.states import CLOSED_STATES, DeliveryState, State


def wrong_kept() -> dict[str, int]:
    """By the kept column's name, in how many rows it is wrong; nothing where all is well. Reads every report once."""
    closed = Q(state__in=[state.value for state in CLOSED_STATES])
    shown = ~Q(state=State.UNCONFIRMED) & Q(hidden=False, private=False)
    told = Count("updates", filter=Q(updates__hidden=False), distinct=True)
    pictured = Q(photos__hidden=False)
    of_report = Delivery.objects.filter(kind=DeliveryKind.REPORT).exclude(state=DeliveryState.CANCELLED)
    found = {
        "closed": Report.objects.filter(closed & Q(closed=False) | ~closed & Q(closed=True)),
        "visible": Report.objects.filter(shown & Q(visible=False) | ~shown & Q(visible=True)),
        "comment_count": Report.objects.annotate(told=told).exclude(comment_count=F("told")),
        "has_photo": Report.objects.filter(has_photo=False).filter(pictured).distinct(),
        "delivery.visible": of_report.exclude(visible=F("report__visible")),
        "delivery.closed": of_report.exclude(closed=F("report__closed")),
    }
    counts = {name: rows.count() for name, rows in found.items()}
    counts["cells"] = abs(cells.total(Search()) - Report.objects.filter(visible=True).count())
    return {name: count for name, count in counts.items() if count}
