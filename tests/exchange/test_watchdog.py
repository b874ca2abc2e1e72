"""A worker stuck in Python ends, is started anew, and what it was sending is asked about like that of any worker that is gone."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from streetmend.bodies.models import Endpoint
from streetmend.processes import Child, Children
from streetmend.reports.models import Delivery
from streetmend.reports.services import Told, submit
from streetmend.reports.states import DeliveryState
from tests.exchange.processes import PATIENCE_SECONDS
from tests.exchange.reports import expire_leases, is_parked
from tests.support.town import WEST, make_town


def a_report_is_due() -> None:
    make_town()
    Endpoint.objects.update(pull_updates=False)
    submit(
        now=datetime.now(UTC), lat=WEST[0], long=WEST[1], title="Lykta er mørk", category_name="Gatelys", told=Told(),
        confirmed=True,
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["loop", "database"])
def test_F_73_a_worker_in_an_endless_loop_ends_and_says_where_it_stood(
    process_environment, where, start_worker
):
    a_report_is_due()
    command = [sys.executable, "-W", "ignore", "-m", "tests.exchange.hanging", where]
    done = subprocess.run(
        command,
        env=process_environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert "in spin" in done.stderr
    assert Delivery.objects.get().state == DeliveryState.SENDING
    expire_leases()
    Delivery.objects.update(settle_until=datetime(2999, 1, 1, tzinfo=UTC))
    assert start_worker("--once").ended() == 0
    assert is_parked(Delivery.objects.get())


@pytest.mark.django_db(transaction=True)
def test_F_73_who_runs_a_worker_that_hangs_starts_a_new_one(process_environment):
    a_report_is_due()
    said: list[str] = []
    stop = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        stop.set()

    child = Child(
        "worker",
        (sys.executable, "-W", "ignore", "-m", "tests.exchange.hanging", "loop"),
        process_environment,
    )
    assert Children([child], say=say, drain_seconds=0.1).run(stop) == 0
    assert said == ["The worker ended (status 1) and is started again."]
