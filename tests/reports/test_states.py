"""The tables of states hold what people were promised."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streetmend.reports.states import (
    CLOSED_STATES,
    DELIVERY_MOVES,
    FINAL_DELIVERY_STATES,
    MOVES,
    OPEN_STATES,
    Actor,
    DeliveryActor,
    DeliveryState,
    State,
    may_deliver,
    may_move,
)

states = st.sampled_from(State)
actors = st.sampled_from(Actor)


def test_every_state_is_unconfirmed_open_or_closed_and_only_one_of_them() -> None:
    assert {State.UNCONFIRMED} | OPEN_STATES | CLOSED_STATES == set(State)
    assert not OPEN_STATES & CLOSED_STATES
    assert State.UNCONFIRMED not in OPEN_STATES | CLOSED_STATES


@given(actors, states)
def test_nobody_moves_a_report_back_to_unconfirmed(actor: Actor, source: State) -> None:
    assert not may_move(actor, source, State.UNCONFIRMED)


@given(actors, states)
def test_staying_where_one_is_is_no_move(actor: Actor, source: State) -> None:
    assert not may_move(actor, source, source)


@given(states, states)
def test_a_body_neither_confirms_nor_withdraws_nor_revives_what_was_withdrawn(
    source: State, target: State
) -> None:
    if may_move(Actor.BODY, source, target):
        assert State.UNCONFIRMED not in (source, target)
        assert State.WITHDRAWN not in (source, target)


@given(states, states)
def test_a_resident_may_only_say_that_it_is_fixed_or_that_it_is_still_there(
    source: State, target: State
) -> None:
    if may_move(Actor.RESIDENT, source, target):
        assert (source in OPEN_STATES and target == State.FIXED) or (source, target) == (
            State.FIXED,
            State.OPEN,
        )


@given(states, states)
def test_whatever_a_resident_may_do_the_reporter_may_do(source: State, target: State) -> None:
    if may_move(Actor.RESIDENT, source, target):
        assert may_move(Actor.REPORTER, source, target)


def test_every_state_can_be_reached_by_somebody() -> None:
    reached = {target for table in MOVES.values() for targets in table.values() for target in targets}
    assert reached == set(State) - {State.UNCONFIRMED}


@given(
    st.sampled_from(DeliveryActor),
    st.sampled_from(sorted(FINAL_DELIVERY_STATES)),
    st.sampled_from(DeliveryState),
)
def test_nothing_leaves_a_final_delivery_state_but_a_mail_that_comes_back_and_what_staff_send_again(
    actor: DeliveryActor, source: DeliveryState, target: DeliveryState
) -> None:
    bounced = (DeliveryActor.WORKER, DeliveryState.BY_EMAIL, DeliveryState.REFUSED)
    lost = [
        (DeliveryActor.STAFF, DeliveryState.ACCEPTED, again)
        for again in (DeliveryState.WAITING, DeliveryState.BY_EMAIL)
    ]
    assert may_deliver(actor, source, target) is ((actor, source, target) in [bounced, *lost])


def test_the_worker_never_sends_an_uncertain_delivery_again_without_going_through_waiting() -> None:
    worker = DELIVERY_MOVES[DeliveryActor.WORKER]
    assert [source for source, targets in worker.items() if DeliveryState.SENDING in targets] == [
        DeliveryState.WAITING
    ]


def test_a_delivery_with_a_token_is_never_sent_again() -> None:
    assert may_deliver(DeliveryActor.WORKER, DeliveryState.SENDING, DeliveryState.TOKEN)
    assert DELIVERY_MOVES[DeliveryActor.WORKER][DeliveryState.TOKEN] == {
        DeliveryState.ACCEPTED,
        DeliveryState.UNCERTAIN,
    }
