"""What all updates of a report together make of it: one pass in the order in which they were said.

Arrival decides nothing: whatever order the updates came in, in whatever portions and however often, the same set of them gives
the same state, the same public words and the same entries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from streetmend.bodies.habits import Habits, Template
from streetmend.bodies.wording import filled, gaps
from streetmend.reports.models import Report, Update
from streetmend.reports.states import CLOSED_STATES, OPEN_STATES, Actor, State, may_move

#: numbers that count up, with a short word before them: "17", "u17", "UPD-17"
_COUNTED = re.compile(r"[^\d]{0,10}(\d{1,18})", re.ASCII)
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Rules:
    """How one endpoint's updates are read: what it may do, and the words for what it leaves unsaid."""

    templates: Sequence[Template] = ()
    may_reopen: bool = True
    blank_updates: bool = False
    publish_text: bool = True


def rules_of(habits: Habits) -> Rules:
    """The part of an endpoint's habits that says how its updates are read."""
    return Rules(habits.templates, habits.may_reopen, habits.blank_updates, habits.publish_text)


@dataclass(frozen=True, slots=True)
class Folded:
    """Where the report stands, and the body's latest public words ("" where it has said none)."""

    state: State
    notes: str


@dataclass(slots=True)
class _Before:
    """What a body said last, against which its next words are news or not."""

    text: str = ""
    photos: Sequence[str] = ()
    foreign_state: str = ""
    code: str = ""


@dataclass(slots=True)
class _Pass:
    """The state of one pass."""

    state: State
    notes: str = ""
    bodies: dict[int | None, _Before] = field(default_factory=dict)


def fold(
    report: Report,
    updates: Sequence[Update],
    *,
    rules: Mapping[int, Rules],
    category: str,
    references: Mapping[int, str],
) -> Folded:
    """Each update says what it moved, and those of bodies what they publicly say and whether that is any news.

    `updates` are all of the report's; their columns are changed in place and not saved. `rules` and `references` (the body's own
    number of the report) are by endpoint, `category` is the report's. A report that was never confirmed, or was withdrawn
    without a word, stays where it is.
    """
    current = State(report.state)
    going = _Pass(State.OPEN)
    for update in sorted(updates, key=order):
        moved = _move(update, going, rules)
        if update.actor == Actor.BODY and "text" in update.told:
            number = _endpoint(update)
            values = {
                "title": report.title,
                "number": str(report.pk),
                "category": category,
                "reference": references.get(number, ""),
                "state": str(going.state),
            }
            _say(update, going, rules.get(number, Rules()), moved, values)
        if update.actor == Actor.BODY and update.text and not update.hidden:
            going.notes = update.text
    stays = current in (State.UNCONFIRMED, State.WITHDRAWN) or not any(map(_claimed, updates))
    return Folded(current if stays else going.state, going.notes)


def order(update: Update) -> tuple[datetime, int, str, str, str, int]:
    """By when it was said; what was said in one second by the number that the body gave it, so that no arrival decides."""
    number = _COUNTED.fullmatch(update.remote_id)
    said = str(update.told.get("text", ""))
    return (
        update.at,
        int(number[1]) if number else 0,
        update.remote_id,
        update.told_state,
        said,
        update.pk or 0,
    )


def _endpoint(update: Update) -> int:
    """The endpoint that told it; 0 where it came in another way."""
    return int(update.told.get("endpoint", 0))


def _claimed(update: Update) -> str:
    """The state that the update says the report has."""
    return update.told_state or update.state


def _move(update: Update, going: _Pass, rules: Mapping[int, Rules]) -> bool:
    """The pass goes on from where the update moves the report; says whether it did."""
    claimed = _claimed(update)
    moves = bool(claimed) and _may(update, going.state, State(claimed), rules)
    if moves:
        going.state = State(claimed)
    if update.told_state:
        update.state = update.told_state if moves else ""
    return moves


def _may(update: Update, state: State, target: State, rules: Mapping[int, Rules]) -> bool:
    if not may_move(Actor(update.actor), state, target):
        return False
    if update.actor != Actor.BODY:
        return True
    if update.told.get("coarse") and (state in OPEN_STATES) == (target in OPEN_STATES):
        # a plain status list knows only open and closed: it moves between the two
        return False
    reopens = state in CLOSED_STATES and target in OPEN_STATES
    return not reopens or rules.get(_endpoint(update), Rules()).may_reopen


def _say(update: Update, going: _Pass, rules: Rules, moved: bool, values: Mapping[str, str]) -> None:
    """The body's update has its public words, the words for mails, and shows if it is any news."""
    told = update.told
    before = going.bodies.setdefault(update.body_id, _Before())
    code = str(told.get("code", ""))
    changed = moved or bool(code and code != before.code)
    words = str(told["text"])
    public = words if rules.publish_text and not told.get("private") else ""
    template = _template(rules, update, code, values["category"]) if changed else None
    update.text, update.email_text = _words(public, str(told.get("email_text", "")), template, told, values)
    says = bool(update.text) and update.text != before.text
    photos = told.get("photos", [])
    shows = bool(photos) and photos != before.photos
    wonders = bool(update.foreign_state) and update.foreign_state != before.foreign_state
    blank = rules.blank_updates and not words
    is_news = moved or says or shows or wonders or blank
    if update.muted or not update.hidden:
        # what staff have hidden stays hidden
        update.hidden = update.muted = not is_news
    going.bodies[update.body_id] = _Before(
        update.text or before.text,
        photos or before.photos,
        update.foreign_state,
        code or before.code,
    )


def _words(
    public: str,
    email_text: str,
    template: Template | None,
    told: Mapping[str, object],
    values: Mapping[str, str],
) -> tuple[str, str]:
    """The public words, and those of the mail to the reporter where they are others."""
    if template is None:
        return public, email_text
    known = {**values, "description": public}
    takes_over = not public or bool(told.get("prefer_template")) or "description" in gaps(template.text)
    text = filled(template.text, known) if takes_over and template.text else public
    mail = email_text or (filled(template.email, known) if template.email else "")
    return text[:_LONGEST], mail[:_LONGEST]


def _template(rules: Rules, update: Update, code: str, category: str) -> Template | None:
    """The template that fits best: for the code before for the state, for the category before for all."""
    fitting = [
        one
        for one in rules.templates
        if (not one.code or one.code == code)
        and (not one.state or one.state == _claimed(update))
        and (not one.category or one.category == category)
    ]
    return max(fitting, key=lambda one: (bool(one.code), bool(one.category), bool(one.state)), default=None)
