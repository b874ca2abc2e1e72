"""Where the updates of a report leave it."""

from streetmend.reports.models import Report
from streetmend.reports.services.folding import fold


def state_by_updates(report: Report) -> str:
    """Where all updates of the report together leave it, in the order in which they were said."""
    return fold(report, list(report.updates.all()), rules={}, category="", references={}).state
