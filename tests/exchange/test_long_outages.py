"""Days without an endpoint, in small; `make chaos PARTS="outage flapping"` plays them at full size."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chaos.outage import Outage, Play
from streetmend.bodies.models import Endpoint
from streetmend.georeport.testing import PretendEndpoint, serving
from tests.exchange.conftest import Work
from tests.support.clock import SettableClock


@pytest.fixture
def play(town, endpoint, server, clock: SettableClock, work: Work) -> Iterator[Play]:
    other = PretendEndpoint(clock=clock.now)
    with serving(other) as beside:
        Endpoint.objects.filter(pk=town.roads_endpoint.pk).update(url=beside.url)
        yield Play(endpoint, server.url, other, clock, work)


@pytest.mark.parametrize("answers", [False, True])
def test_F_44_after_three_days_all_is_there_in_order_and_nobody_else_noticed(play, answers):
    plan = Outage(reports=30, hours=72, step=timedelta(hours=12), answers=answers, most=5)
    found = play.outage(plan)
    assert found.violations == ()
    assert found.figures["reports"] == 30
    assert found.figures["beside"] >= 6
    assert found.figures["most_in_a_second"] == 5
    assert 1 <= found.figures["staff_mails"] <= 5


def test_F_45_an_endpoint_that_flaps_gets_nothing_twice(play):
    found = play.flapping(minutes=3, reports=15)
    assert found.violations == ()
    assert found.figures["reports"] == 15
