"""A first pull of very many updates, and the same answer again: bounded in memory, and nothing is done twice."""

from __future__ import annotations

import resource
import sys
from datetime import timedelta

import pytest

from streetmend.bodies.models import Endpoint
from streetmend.georeport import testing
from streetmend.georeport.dialect import DEFAULT
from streetmend.georeport.types import RequestUpdate
from streetmend.georeport.writing import WRITERS
from streetmend.reports.models import Inbox, Report, Update
from streetmend.reports.states import State
from tests.exchange.reports import make_report
from tests.support.everything import Everything

#: answers of 50,000 rows take as little memory, but longer than a test should
ROWS = 1500


@pytest.fixture
def many(town, endpoint, clock, work) -> bytes:
    """Updates of one report of ours among those of many others."""
    make_report(clock)
    work()
    clock.advance(hours=1)
    rows = [
        RequestUpdate(
            update_id=f"u{n}", service_request_id=str(n // 4 + 1), status="fixed" if n == 3 else "open",
            updated_datetime=clock.now() - timedelta(minutes=30) + timedelta(seconds=n % 60),
            description=f"Nr. {n}",
        )
        for n in range(ROWS)
    ]  # fmt: skip
    return WRITERS["xml"].write_updates(rows, DEFAULT)


def test_F_76_the_same_answer_again_and_again_adds_nothing_and_is_not_even_read(many, endpoint, clock, work):
    everything = Everything(many)
    with testing.serving(everything) as server:
        Endpoint.objects.filter(body__mapit_id=103).update(pull_updates=False)
        Endpoint.objects.filter(body__mapit_id=101).update(
            url=server.url, habits={"pull_without_window": True}
        )
        work()
        first = (Inbox.objects.count(), Update.objects.count(), Report.objects.get().version)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(5):
            clock.advance(minutes=5)
            work()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert first[:2] == (ROWS, 4)
    assert (Inbox.objects.count(), Update.objects.count(), Report.objects.get().version) == first
    assert Report.objects.get().state == State.FIXED
    assert everything.asked > 5
    assert grown < 60_000 * (1024 if sys.platform == "darwin" else 1)
