"""Our states in words for people who read mails. (The words of administrations are in `reports.statuses`.)"""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

from streetmend.reports.states import State
from streetmend.reports.statuses import STATUSES, state_of

__all__ = ["STATUSES", "state_name", "state_of"]

_NAMES = {
    State.UNCONFIRMED: gettext_noop("Not confirmed"),
    State.OPEN: gettext_noop("Open"),
    State.INVESTIGATING: gettext_noop("Being looked into"),
    State.PLANNED: gettext_noop("Planned"),
    State.IN_PROGRESS: gettext_noop("In progress"),
    State.FIXED: gettext_noop("Fixed"),
    State.NO_ACTION: gettext_noop("No further action"),
    State.NOT_RESPONSIBLE: gettext_noop("Not their responsibility"),
    State.DUPLICATE: gettext_noop("Reported before"),
    State.REFERRED: gettext_noop("Passed on"),
    State.CLOSED: gettext_noop("Closed"),
    State.WITHDRAWN: gettext_noop("Withdrawn"),
}


def state_name(state: str) -> str:
    """The state for people, in the language of the moment."""
    return gettext(_NAMES[State(state)])
