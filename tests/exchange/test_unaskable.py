"""Endpoints that cannot be asked, in small; `make chaos PARTS="unaskable"` has hundreds of reports for each."""

from __future__ import annotations

from random import Random

import pytest

from chaos.unaskable import POLICIES, WAYS, Play

FIRST, *OTHERS = POLICIES


@pytest.mark.parametrize(
    ("way", "policy"), [*((way, FIRST) for way in WAYS), *(("it shows no words", other) for other in OTHERS)]
)
def test_F_47_where_it_cannot_be_asked_at_most_one_marked_repeat_leaves_and_all_is_seen(
    town, endpoint, clock, work, way, policy
):
    found = Play(endpoint, clock, Random(f"{way}{policy}"), work).play(way, policy, reports=13)
    assert found.violations == ()
    states = found.figures["states"]
    assert set(states) <= {"accepted", "held", "by_email"}
    assert states.get({"email": "by_email", "hold": "held", "resend_marked": "accepted"}[policy], 0) > 0
