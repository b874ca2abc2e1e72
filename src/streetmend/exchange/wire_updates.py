"""The translator for updates that leave: what people said about a report later, in the words of mySociety's extension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from streetmend.bodies.habits import Habits, Photos, Reporter
from streetmend.bodies.models import Category
from streetmend.exchange.wire import Addresses, split_name
from streetmend.georeport.dialect import Dialect
from streetmend.georeport.times import print_for
from streetmend.georeport.types import RequestUpdate
from streetmend.reports.models import Update
from streetmend.reports.states import CLOSED_STATES, Actor, State

#: our states in the fine words of the extension; they go out in the letter case that the endpoint wants
EXTENDED = {
    State.OPEN: "open",
    State.INVESTIGATING: "investigating",
    State.PLANNED: "action_scheduled",
    State.IN_PROGRESS: "in_progress",
    State.FIXED: "fixed",
    State.NO_ACTION: "no_further_action",
    State.NOT_RESPONSIBLE: "not_councils_responsibility",
    State.DUPLICATE: "duplicate",
    State.REFERRED: "internal_referral",
    State.CLOSED: "closed",
    State.WITHDRAWN: "cancelled",
}
REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Standing:
    """What an update's words depend on besides itself: the report's number there, where the report stood after it, and before."""

    remote_id: str
    state: str
    state_before: str


def new_update(
    update: Update,
    category: Category,
    standing: Standing,
    habits: Habits,
    dialect: Dialect,
    addresses: Addresses,
) -> RequestUpdate:
    """The update as this endpoint wants it (GeoReport v2 A9), under our id. Photos of private reports have no addresses."""
    told_name = update.name if habits.reporter is not Reporter.NONE else ""
    first, last = split_name(told_name, habits)
    email = update.person.email if update.person and habits.reporter is Reporter.ALL else ""
    if not email and habits.always_email_updates:
        email = addresses.no_reply
    return RequestUpdate(
        update_id=str(update.pk),
        service_request_id=standing.remote_id,
        status=_status(standing, habits),
        updated_datetime=print_for(update.at, dialect),
        description=_words(update, habits),
        first_name=first,
        last_name=last,
        email=email or None,
        service_code=category.code if habits.code_on_updates else None,
        media_urls=() if update.report.private else _photos(habits, addresses.photos),
    )


def frozen_update(update: RequestUpdate) -> dict[str, Any]:
    """The update as it is kept with its delivery; it holds no key."""
    plain = {name: getattr(update, name) for name in update.__struct_fields__}
    return {name: value for name, value in plain.items() if value not in (None, (), {})}


def thawed_update(params: dict[str, Any]) -> RequestUpdate:
    """The update that was kept."""
    return RequestUpdate(**{**params, "media_urls": tuple(params.get("media_urls", ()))})


def _status(standing: Standing, habits: Habits) -> str:
    """The endpoint's own word, or the fine one, or open and closed."""
    state = State(standing.state)
    before = State(standing.state_before) if standing.state_before else state
    if habits.mark_reopen and before in CLOSED_STATES and state not in CLOSED_STATES:
        return REOPEN
    if own := habits.statuses_out.get(state.value):
        return own
    if habits.extended_statuses:
        return EXTENDED.get(state, "open")
    return "closed" if state in CLOSED_STATES else "open"


def _words(update: Update, habits: Habits) -> str:
    """The text; one that is not the reporter's says so where the endpoint is to be told."""
    if update.actor == Actor.RESIDENT and habits.resident_mark:
        return f"{update.text}\n\n{habits.resident_mark}".strip()
    return update.text


def _photos(habits: Habits, urls: tuple[str, ...]) -> tuple[str, ...]:
    if habits.update_photos is Photos.FIRST_URL:
        return urls[:1]
    return urls if habits.update_photos is Photos.ALL_URLS else ()
