"""Reports, what is said about them, and the outbox: everything durable that starts with a resident."""

from streetmend.reports.models.outbox import Attempt, Delivery, Inbox, Notice, WorkerBeat
from streetmend.reports.models.report import Alert, ConfirmLink, Draft, Photo, Report, Update
from streetmend.reports.models.tally import Tally, TallyRun

__all__ = [
    "Alert",
    "Attempt",
    "ConfirmLink",
    "Delivery",
    "Draft",
    "Inbox",
    "Notice",
    "Photo",
    "Report",
    "Tally",
    "TallyRun",
    "Update",
    "WorkerBeat",
]
