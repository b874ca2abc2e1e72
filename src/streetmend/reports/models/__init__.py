"""Reports, what is said about them, and the outbox: everything durable that starts with a resident."""

from streetmend.reports.models.changes import LastChange
from streetmend.reports.models.devices import Device
from streetmend.reports.models.erasing import Erasure, Forgetting
from streetmend.reports.models.mail import BouncingAddress, Letter, LetterBox
from streetmend.reports.models.outbox import (
    Attempt,
    Delivery,
    EndpointWatch,
    Inbox,
    Notice,
    Outbound,
    WorkerBeat,
)
from streetmend.reports.models.places import AreaRun, CellChange, CellCount, ReportArea
from streetmend.reports.models.posting import Posting, WantedPhoto
from streetmend.reports.models.report import (
    Alert,
    AlertHit,
    ConfirmLink,
    Draft,
    HowOften,
    MeToo,
    NewReport,
    Photo,
    Report,
    Update,
)
from streetmend.reports.models.tally import Tally, TallyRun

__all__ = [
    "Alert",
    "AlertHit",
    "AreaRun",
    "Attempt",
    "BouncingAddress",
    "CellChange",
    "CellCount",
    "ConfirmLink",
    "Delivery",
    "Device",
    "Draft",
    "EndpointWatch",
    "Erasure",
    "Forgetting",
    "HowOften",
    "Inbox",
    "LastChange",
    "Letter",
    "LetterBox",
    "MeToo",
    "NewReport",
    "Notice",
    "Outbound",
    "Photo",
    "Posting",
    "Report",
    "ReportArea",
    "Tally",
    "TallyRun",
    "Update",
    "WantedPhoto",
    "WorkerBeat",
]
