"""What residents may say about a report, as the categories allow that its bodies have for it."""

from __future__ import annotations

from collections.abc import Sequence

from streetmend.bodies.queries import category_of
from streetmend.bodies.values import CategoryInfo
from streetmend.reports.models import Report
from streetmend.reports.states import CLOSED_STATES, Actor, State, may_move


def updates_allowed(report: Report) -> bool:
    """Whether residents may add to it; its bodies and staff always may."""
    return all(category.updates_allowed for category in _categories(report))


def reopening_allowed(report: Report) -> bool:
    """Whether residents may open it again, once it is closed."""
    return all(category.reopening_allowed for category in _categories(report))


def may_be_said(report: Report) -> list[State]:
    """The states that a resident's update may move the report to."""
    if not updates_allowed(report):
        return []
    state = State(report.state)
    stays_closed = state in CLOSED_STATES and not reopening_allowed(report)
    return [
        target
        for target in (State.FIXED, State.OPEN)
        if may_move(Actor.RESIDENT, state, target) and not (stays_closed and target is State.OPEN)
    ]


def _categories(report: Report) -> Sequence[CategoryInfo]:
    found = (category_of(body_id, report.category_name_id) for body_id in report.recipient_ids)
    return [category for category in found if category is not None]
