"""What the words of administrations for a state mean to us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streetmend.reports.states import BODY_STATES, State
from streetmend.reports.statuses import STATUSES, state_of


@pytest.mark.parametrize(("word", "state"), STATUSES.items())
def test_every_word_of_the_table_is_known_however_it_is_written(word, state):
    for written in (word, word.upper(), f"  {word} ", word.replace("_", " "), word.replace("_", "-")):
        assert state_of(written, {}) == (state, True)


def test_a_word_that_nobody_knows_moves_nothing_and_says_that_it_is_not_known():
    assert state_of("Under vurdering", {}) == ("", False)
    assert state_of("Under vurdering", {"ferdig": "fixed"}) == ("", False)


@pytest.mark.parametrize("word", ["", "  ", "\t"])
def test_no_word_at_all_moves_nothing_and_is_nothing_to_wonder_at(word):
    assert state_of(word, {}) == ("", True)


def test_the_endpoints_own_words_come_first():
    own = {"open": "investigating", "lukket - utbedret": "fixed", "under_arbeid": "in_progress"}
    assert state_of("Open", own) == (State.INVESTIGATING, True)
    assert state_of(" Lukket - utbedret ", own) == (State.FIXED, True)
    assert state_of("Under  arbeid", own) == (State.IN_PROGRESS, True)
    assert state_of("UNDER-ARBEID", own) == (State.IN_PROGRESS, True)
    assert state_of("closed", own) == (State.CLOSED, True)


@pytest.mark.parametrize("means", ["ignore", ""])
def test_a_word_that_the_endpoint_wants_ignored_is_known_and_moves_nothing(means):
    assert state_of("closed", {"closed": means}) == ("", True)


@pytest.mark.parametrize("means", ["withdrawn", "unconfirmed", "nonsense"])
def test_a_word_for_a_state_that_no_body_may_say_moves_nothing_and_shows_as_unknown(means):
    assert state_of("archived", {"archived": means}) == ("", False)


@given(st.text(), st.dictionaries(st.text(), st.text() | st.sampled_from(sorted(BODY_STATES))))
def test_any_word_means_a_state_that_a_body_may_say_or_nothing(word, own):
    state, known = state_of(word, own)
    assert state in {"", *BODY_STATES}
    assert known or not state
