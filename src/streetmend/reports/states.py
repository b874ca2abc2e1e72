"""The states of a report and of a delivery as tables: who may move what from where to where. Pure Python.

The reference page of the states is generated from these tables.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a report stands. Hidden and private are flags of a report, not states."""

    UNCONFIRMED = "unconfirmed"
    OPEN = "open"
    INVESTIGATING = "investigating"
    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    FIXED = "fixed"
    NO_ACTION = "no_action"
    NOT_RESPONSIBLE = "not_responsible"
    DUPLICATE = "duplicate"
    REFERRED = "referred"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Actor(StrEnum):
    """Who moves a report."""

    REPORTER = "reporter"
    RESIDENT = "resident"
    BODY = "body"
    STAFF = "staff"


#: open to Open311
OPEN_STATES = frozenset({State.OPEN, State.INVESTIGATING, State.PLANNED, State.IN_PROGRESS})
#: closed to Open311
CLOSED_STATES = frozenset(State) - OPEN_STATES - {State.UNCONFIRMED}
#: what a body may say of a report
BODY_STATES = (OPEN_STATES | CLOSED_STATES) - {State.WITHDRAWN}

_FROM_PUBLIC = OPEN_STATES | CLOSED_STATES

#: actor -> from -> where to. A move that is not here is refused; staying where one is, is no move.
MOVES: dict[Actor, dict[State, frozenset[State]]] = {
    Actor.REPORTER: {
        State.UNCONFIRMED: frozenset({State.OPEN, State.WITHDRAWN}),
        **{state: frozenset({State.FIXED, State.WITHDRAWN}) for state in OPEN_STATES},
        **{state: frozenset({State.OPEN}) for state in CLOSED_STATES - {State.DUPLICATE}},
    },
    Actor.RESIDENT: {
        **{state: frozenset({State.FIXED}) for state in OPEN_STATES},
        State.FIXED: frozenset({State.OPEN}),
    },
    Actor.BODY: {state: BODY_STATES - {state} for state in _FROM_PUBLIC - {State.WITHDRAWN}},
    Actor.STAFF: {
        State.UNCONFIRMED: frozenset({State.OPEN, State.WITHDRAWN}),
        **{state: _FROM_PUBLIC - {state} for state in _FROM_PUBLIC},
    },
}


def may_move(actor: Actor, source: State, target: State) -> bool:
    """Whether `actor` may move a report from `source` to `target`."""
    return target in MOVES[actor].get(source, frozenset())


class DeliveryState(StrEnum):
    """Where a delivery stands: what is owed to a body, until it is there."""

    WAITING = "waiting"
    SENDING = "sending"
    TOKEN = "token"  # noqa: S105 - the word of the standard for a receipt, no secret
    UNCERTAIN = "uncertain"
    HELD = "held"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    BY_EMAIL = "by_email"
    CANCELLED = "cancelled"


#: nothing more happens to these by themselves; a mail may still come back
FINAL_DELIVERY_STATES = frozenset({DeliveryState.ACCEPTED, DeliveryState.BY_EMAIL, DeliveryState.CANCELLED})


class DeliveryActor(StrEnum):
    """Who moves a delivery."""

    WORKER = "worker"
    STAFF = "staff"
    REPORTER = "reporter"
    #: who brings a restored copy into use
    OPERATOR = "operator"


DELIVERY_MOVES: dict[DeliveryActor, dict[DeliveryState, frozenset[DeliveryState]]] = {
    DeliveryActor.WORKER: {
        DeliveryState.WAITING: frozenset({DeliveryState.SENDING}),
        DeliveryState.SENDING: frozenset(
            {
                DeliveryState.ACCEPTED,
                DeliveryState.TOKEN,
                DeliveryState.UNCERTAIN,
                DeliveryState.REFUSED,
                DeliveryState.WAITING,
                DeliveryState.BY_EMAIL,
            }
        ),
        DeliveryState.TOKEN: frozenset({DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN}),
        DeliveryState.UNCERTAIN: frozenset(
            {DeliveryState.ACCEPTED, DeliveryState.WAITING, DeliveryState.HELD}
        ),
        # the mail came back
        DeliveryState.BY_EMAIL: frozenset({DeliveryState.REFUSED}),
        # it was found after all
        DeliveryState.HELD: frozenset({DeliveryState.ACCEPTED}),
        DeliveryState.REFUSED: frozenset({DeliveryState.ACCEPTED}),
    },
    DeliveryActor.STAFF: {
        state: frozenset(
            {DeliveryState.WAITING, DeliveryState.ACCEPTED, DeliveryState.BY_EMAIL, DeliveryState.CANCELLED}
        )
        - {state}
        for state in (
            DeliveryState.WAITING,
            DeliveryState.UNCERTAIN,
            DeliveryState.HELD,
            DeliveryState.REFUSED,
        )
    }
    # only what the body, asked twice, does not know any more
    | {DeliveryState.ACCEPTED: frozenset({DeliveryState.WAITING, DeliveryState.BY_EMAIL})},
    DeliveryActor.REPORTER: {DeliveryState.WAITING: frozenset({DeliveryState.CANCELLED})},
    DeliveryActor.OPERATOR: {
        DeliveryState.WAITING: frozenset({DeliveryState.UNCERTAIN}),
        DeliveryState.SENDING: frozenset({DeliveryState.UNCERTAIN}),
    },
}


def may_deliver(actor: DeliveryActor, source: DeliveryState, target: DeliveryState) -> bool:
    """Whether `actor` may move a delivery from `source` to `target`."""
    return target in DELIVERY_MOVES[actor].get(source, frozenset())
