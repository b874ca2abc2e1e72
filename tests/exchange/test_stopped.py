"""The database is away, or the worker is stopped, at the worst moment: what was answered is kept, and nothing is posted twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from streetmend.bodies.models import Endpoint
from streetmend.database.gate import WritersBusy, gate_for
from streetmend.georeport.testing import Answer, Behaviour, PretendEndpoint
from streetmend.reports.models import Attempt, Delivery
from streetmend.reports.states import DeliveryState
from tests.exchange.breeding import STOPPING
from tests.exchange.conftest import StartWorker
from tests.exchange.processes import PATIENCE_SECONDS, WorkerProcess, until
from tests.exchange.reports import expire_leases, is_parked, posts
from tests.exchange.test_crashes import next_worker, report_now
from tests.support.relay import Relay
from tests.support.town import Town

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def endpoint() -> PretendEndpoint:
    return PretendEndpoint()


@pytest.fixture
def town(town: Town) -> Town:
    Endpoint.objects.update(pull_updates=False)
    return town


# --- the database is away


@dataclass
class Away:
    """A way to the test's database that can be cut off for one worker, and for nobody else on PostgreSQL."""

    url: str
    relay: Relay | None = None
    held: ExitStack = field(default_factory=ExitStack)

    def cut(self) -> None:
        """Nothing is written any more, and on PostgreSQL nothing is read."""
        if self.relay is not None:
            self.relay.cut()
        else:
            self.held.callback(gate_for(str(connection.settings_dict["NAME"])).take().done)

    def mend(self) -> None:
        """The database is back."""
        if self.relay is not None:
            self.relay.mend()
        self.held.close()


@pytest.fixture
def away(process_environment: dict[str, str]) -> Iterator[Away]:
    url = process_environment["DATABASE_URL"]
    if connection.vendor == "sqlite":
        made = Away(url)
    else:
        port = int(connection.settings_dict["PORT"])
        relay = Relay(port)
        made = Away(url.replace(f":{port}/", f":{relay.url.rpartition(':')[2]}/"), relay)
    yield made
    made.mend()
    if made.relay is not None:
        made.relay.close()


def gone_at_the_answer(endpoint: PretendEndpoint, away: Away) -> Callable[[], bool]:
    """The database goes when the endpoint has stored the next report and is about to say so; whether it went."""
    went: list[int] = []

    def answer(usual: Answer) -> Answer:
        away.cut()
        went.append(1)
        return usual

    endpoint.script(Behaviour(name="the database goes", reply=answer))
    return lambda: bool(went)


def test_F_53_what_was_answered_while_the_database_was_away_is_written_down_when_it_is_back(
    town, endpoint, away, start_worker
):
    gone = gone_at_the_answer(endpoint, away)
    report_now()
    worker = start_worker(database=away.url)
    until(gone, what="the POST")
    # by now it has the answer and nowhere to write it
    time.sleep(0.3)
    assert Delivery.objects.get().state == DeliveryState.SENDING
    away.mend()
    until(lambda: Delivery.objects.get().state == DeliveryState.ACCEPTED, what="the record")
    assert worker.terminate() == 0
    delivery = Delivery.objects.get()
    assert (delivery.proof, delivery.attempts, posts(endpoint)) == ("answer", 1, 1)
    assert Attempt.objects.get().http_status == 201


def test_F_53_where_the_worker_dies_with_the_answer_before_the_database_is_back_it_is_asked_about(
    town, endpoint, away, start_worker
):
    gone = gone_at_the_answer(endpoint, away)
    report_now()
    worker = start_worker(database=away.url)
    until(gone, what="the POST")
    worker.kill()
    away.mend()
    next_worker(start_worker)
    assert is_parked(Delivery.objects.get())
    Delivery.objects.update(next_at=LONG_AGO, settle_until=LONG_AGO)
    next_worker(start_worker)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, posts(endpoint)) == (DeliveryState.ACCEPTED, 1, 1)
    assert delivery.remote_id == endpoint.ledger.entries()[0].service_request_id


# --- the worker is stopped


def stopped(start_worker: StartWorker) -> WorkerProcess:
    """A worker that has looked at its lease, and stands still before the first byte of a POST."""
    for row in Endpoint.objects.all():
        Endpoint.objects.filter(pk=row.pk).update(url=row.url.replace("127.0.0.1", "localhost"))
    worker = start_worker(STOPPING)
    stat = Path(f"/proc/{worker.pid}/stat")
    until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", what="the stop")
    for row in Endpoint.objects.all():
        Endpoint.objects.filter(pk=row.pk).update(url=row.url.replace("localhost", "127.0.0.1"))
    return worker


def goes_on(worker: WorkerProcess) -> None:
    worker.signal(signal.SIGCONT)
    assert worker.ended() == 0, worker.said()


def test_F_09_a_worker_that_was_stopped_past_its_lease_posts_once_and_its_answer_is_believed(
    town, endpoint, start_worker
):
    report_now()
    worker = stopped(start_worker)
    next_worker(start_worker)
    assert is_parked(Delivery.objects.get())
    goes_on(worker)
    # it lost its lease: what it was told is evidence, which the next one uses
    assert Attempt.objects.get().evidence_id == endpoint.ledger.entries()[0].service_request_id
    next_worker(start_worker)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.proof) == (DeliveryState.ACCEPTED, "late answer")
    assert (posts(endpoint), len(endpoint.ledger.entries())) == (1, 1)


def test_F_09_a_worker_that_was_stopped_past_its_deadline_sends_nothing_any_more(
    town, endpoint, start_worker
):
    Endpoint.objects.update(timeout_seconds=1)
    report_now()
    worker = stopped(start_worker)
    began = time.monotonic()
    expire_leases()
    until(lambda: time.monotonic() - began > 1.1, what="the deadline")
    goes_on(worker)
    assert posts(endpoint) == 0
    Endpoint.objects.update(timeout_seconds=60)
    Delivery.objects.update(next_at=LONG_AGO)
    next_worker(start_worker)
    assert Delivery.objects.get().state == DeliveryState.ACCEPTED
    assert (posts(endpoint), len(endpoint.ledger.entries())) == (1, 1)


def test_F_09_while_a_stopped_process_holds_the_gate_of_sqlite_others_are_told_soon_and_then_go_on(tmp_path):
    """It is inside a write: nobody may take its turn, and who waits is told so in the time that it has."""
    program = (
        "import os, signal, sys; from streetmend.database.gate import gate_for;"
        "turn = gate_for(sys.argv[1]).take(); print('holds', flush=True); os.kill(os.getpid(), signal.SIGSTOP); turn.done()"
    )
    file = str(tmp_path / "gate.sqlite3")
    with subprocess.Popen([sys.executable, "-c", program, file], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holds\n"
        for _ in range(2):
            with pytest.raises(WritersBusy, match="busy"):
                gate_for(file).take(deadline_seconds=0.1)
        holder.send_signal(signal.SIGCONT)
        assert holder.wait(PATIENCE_SECONDS) == 0
    gate_for(file).take(deadline_seconds=PATIENCE_SECONDS).done()
