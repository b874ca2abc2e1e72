"""What cannot be written down costs itself only: outcomes of deliveries, and rows of the inbox."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from streetmend.exchange.applying import apply_due
from streetmend.exchange.database import DatabaseThread
from streetmend.exchange.recorder import Recorder
from streetmend.reports.models import Delivery, Inbox
from streetmend.reports.models.outbox import InboxState
from streetmend.reports.services.inbox import PulledRow, store_pushed
from streetmend.reports.services.outcomes import Outcome, OutcomeClass
from streetmend.reports.services.recording import End
from streetmend.reports.states import DeliveryState
from tests.reports.test_outbox import claim, make_report
from tests.support.clock import SettableClock
from tests.support.town import Town, make_town

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")


@pytest.fixture
def town() -> Town:
    return make_town()


def with_a_database(work: Callable[[DatabaseThread], Coroutine[Any, Any, T]]) -> T:
    """What `work` gives, with a worker's database thread."""

    async def run() -> T:
        database = DatabaseThread()
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def recorder(clock: SettableClock, database: DatabaseThread) -> Recorder:
    return Recorder("one", clock, lambda: 0.5, database)


def accepted(number: str) -> Outcome:
    return Outcome(result=OutcomeClass.ACCEPTED, remote_id=number)


@pytest.mark.parametrize("gather", [False, True])
def test_outcomes_that_come_together_are_all_written(town, clock, gather):
    make_report(clock)
    make_report(clock)
    ends = [End(one, accepted(f"R-{one.delivery.pk}")) for one in claim(clock)]

    async def all_of_them(database: DatabaseThread) -> list[bool]:
        writer = recorder(clock, database)
        return await asyncio.gather(*(writer.record(end, gather=gather) for end in ends))

    assert with_a_database(all_of_them) == [True, True]
    assert {one.state for one in Delivery.objects.all()} == {DeliveryState.ACCEPTED}


def test_an_outcome_that_cannot_be_written_keeps_no_other_from_it(town, clock):
    make_report(clock)
    make_report(clock)
    lost, kept = [End(one, accepted(f"R-{one.delivery.pk}")) for one in claim(clock)]
    Delivery.objects.filter(pk=lost.claim.delivery.pk).delete()

    async def both(database: DatabaseThread) -> list[object]:
        writer = recorder(clock, database)
        return await asyncio.gather(*map(writer.record, (lost, kept)), return_exceptions=True)

    failed, done = with_a_database(both)
    assert isinstance(failed, Delivery.DoesNotExist)
    assert not isinstance(done, BaseException)
    assert Delivery.objects.get().state == DeliveryState.ACCEPTED


def test_a_row_that_cannot_be_applied_costs_that_row_only(town, clock):
    make_report(clock)
    Delivery.objects.update(remote_id="R-1", state=DeliveryState.ACCEPTED)
    for number in ("u1", "u2"):
        row = PulledRow(remote_report_id="R-1", remote_update_id=number, text=number, at=clock.now())
        store_pushed(row=row, body_id=town.west.pk, endpoint_id=town.endpoint.pk, now=clock.now())
    broken = Inbox.objects.earliest("pk")
    broken.content = {**broken.content, "text": None}
    broken.save()
    assert with_a_database(lambda database: apply_due(database, clock))
    assert [one.state for one in Inbox.objects.order_by("pk")] == [InboxState.ERROR, InboxState.APPLIED]
    assert Inbox.objects.get(pk=broken.pk).why.startswith("It could not be applied: ")
    assert not with_a_database(lambda database: apply_due(database, clock))


#: a worker's recorder, whose database thread has no memory left
_WITHOUT_MEMORY = """
import asyncio
from streetmend.cli import setup_django
setup_django()
from streetmend.exchange.database import DatabaseThread

def write():
    raise MemoryError

async def main():
    try:
        await DatabaseThread()(write)
    except Exception:
        print("taken for a fault of what was written")

asyncio.run(main())
"""


def test_F_12_no_memory_to_write_with_ends_the_worker_and_is_no_fault_of_what_was_written(
    process_environment,
):
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_MEMORY], env=process_environment, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("The worker has no memory left and ends.\n")
