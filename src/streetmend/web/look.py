"""How states look and what they are called; the same words as in mails."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from streetmend.reports.states import State


@dataclass(frozen=True, slots=True)
class Look:
    """A state for people: `name` is the class of its plate and pin, and of its icon; `word` is said."""

    name: str
    word: str | Promise


LOOKS: dict[State, Look] = {
    State.UNCONFIRMED: Look("closed", _("Not confirmed")),
    State.OPEN: Look("received", _("Open")),
    State.INVESTIGATING: Look("progress", _("Being looked into")),
    State.PLANNED: Look("progress", _("Planned")),
    State.IN_PROGRESS: Look("progress", _("In progress")),
    State.FIXED: Look("fixed", _("Fixed")),
    State.NO_ACTION: Look("closed", _("No further action")),
    State.NOT_RESPONSIBLE: Look("closed", _("Not their responsibility")),
    State.DUPLICATE: Look("closed", _("Reported before")),
    State.REFERRED: Look("closed", _("Passed on")),
    State.CLOSED: Look("closed", _("Closed")),
    State.WITHDRAWN: Look("closed", _("Withdrawn")),
}


def look_of(state: str) -> Look:
    """How a state looks; what is no state of ours looks closed and says itself."""
    try:
        return LOOKS[State(state)]
    except ValueError:
        return Look("closed", state)
