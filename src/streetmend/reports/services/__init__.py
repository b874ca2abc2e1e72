"""The only writers of reports: each function leaves the database in a state that its first line describes."""

from streetmend.reports.services.drafts import draft_became, forget_old_drafts, save_draft, start_draft
from streetmend.reports.services.following import confirm_alert, end_alert, end_news, follow
from streetmend.reports.services.moderating import hide_photo, hide_report, hide_update, show_report
from streetmend.reports.services.submitting import (
    Submitted,
    Told,
    change_confirm_address,
    confirm_report,
    send_confirm_link_again,
    submit,
)
from streetmend.reports.services.updating import (
    Said,
    add_update,
    confirm_update,
    request_update,
    write_body_update,
)

__all__ = [
    "Said",
    "Submitted",
    "Told",
    "add_update",
    "change_confirm_address",
    "confirm_alert",
    "confirm_report",
    "confirm_update",
    "draft_became",
    "end_alert",
    "end_news",
    "follow",
    "forget_old_drafts",
    "hide_photo",
    "hide_report",
    "hide_update",
    "request_update",
    "save_draft",
    "send_confirm_link_again",
    "show_report",
    "start_draft",
    "submit",
    "write_body_update",
]
