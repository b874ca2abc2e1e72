"""The words of administrations for the state of a report, in our states."""

from __future__ import annotations

from collections.abc import Mapping

from streetmend.reports.states import BODY_STATES, State

#: the words of GeoReport v2 and of mySociety's extension, in lower case with underscores -> our state; "" moves nothing
STATUSES: dict[str, str] = {
    "open": State.OPEN,
    "reopen": State.OPEN,
    "for_triage": State.OPEN,
    "investigating": State.INVESTIGATING,
    "action_scheduled": State.PLANNED,
    "planned": State.PLANNED,
    "in_progress": State.IN_PROGRESS,
    "fixed": State.FIXED,
    "closed": State.CLOSED,
    "cancelled": State.CLOSED,
    "duplicate": State.DUPLICATE,
    "not_councils_responsibility": State.NOT_RESPONSIBLE,
    "no_further_action": State.NO_ACTION,
    "internal_referral": State.REFERRED,
    "unchanged": "",
}
_IGNORE = "ignore"


def state_of(word: str, statuses_in: Mapping[str, str]) -> tuple[str, bool]:
    """Our state for a body's word ("" where it moves nothing), and whether the word is known.

    `statuses_in`, the endpoint's own words, comes first; it may say "ignore".
    """
    plain = word.strip().lower()
    ours = statuses_in.get(plain)
    if ours is None:
        joined = "_".join(plain.replace("-", " ").replace("_", " ").split())
        ours = statuses_in.get(joined, STATUSES.get(joined))
    if ours is None:
        return "", not plain
    if ours == _IGNORE or not ours:
        return "", True
    return (ours, True) if ours in set(BODY_STATES) else ("", False)
