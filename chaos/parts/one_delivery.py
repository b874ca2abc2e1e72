"""A hundred workers claim the same one delivery at the same moment, a thousand times, on both databases: one gets it.

The workers are threads of four processes, each with a connection of its own.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.part import Found, Trial

MINUTES = 45
WORKERS = 100
PROCESSES = 4
ROUNDS = int(os.environ.get("ROUNDS", "1000"))


def run(trial: Trial) -> Found:
    from tests.support.postgres import PrivatePostgres

    rounds = max(round(ROUNDS * trial.size), 1)
    figures: dict[str, object] = {"workers": WORKERS, "rounds": rounds}
    violations: list[str] = []
    postgres = PrivatePostgres()
    postgres.settings = {**postgres.settings, "max_connections": str(WORKERS + 20)}
    postgres.start()
    try:
        for name, url in (
            ("SQLite", f"sqlite:///{trial.folder / 'streetmend.sqlite3'}"),
            ("PostgreSQL", postgres.url),
        ):
            told = _on(url, trial.folder, rounds)
            figures[name] = {one: told[one] for one in ("seconds", "attempts", "busy")}
            violations += [f"{name}: {violation}" for violation in told["violations"]]
    finally:
        postgres.stop()
    return Found(figures, tuple(violations))


def _on(url: str, folder: Path, rounds: int) -> dict[str, Any]:
    environment = {**os.environ, "DATABASE_URL": url, "STREETMEND_DATA": str(folder)}
    command = [sys.executable, "-W", "ignore", "-m", "chaos.parts.one_delivery", str(rounds)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@dataclass(frozen=True)
class _Race:
    """What the processes share."""

    starts: Any
    ends: Any
    over: Any
    got: Any
    failed: Any
    busy: Any

    @classmethod
    def of(cls, context: Any) -> _Race:
        starts, ends = context.Barrier(WORKERS + 1), context.Barrier(WORKERS + 1)
        counters = (context.Value("i", 0), context.SimpleQueue(), context.Value("i", 0))
        return cls(starts, ends, context.Event(), *counters)

    def run_crew(self, names: list[str]) -> None:
        """One process: so many threads, each of them a worker in every round."""
        threads = [threading.Thread(target=self._work, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, name: str) -> None:
        from django.db import connections

        from streetmend.clock import SystemClock
        from streetmend.database.gate import WritersBusy
        from streetmend.reports.services.claiming import claim_deliveries
        from streetmend.reports.services.outbox import Prepared

        while True:
            self.starts.wait()
            if self.over.is_set():
                break
            try:
                claims = claim_deliveries(
                    worker=name,
                    now=SystemClock().now(),
                    limit=10,
                    prepare=lambda rows: {row.pk: Prepared({"title": "x"}, "hash") for row in rows},
                )
                with self.got:
                    self.got.value += len(claims)
            except WritersBusy:
                with self.busy:
                    self.busy.value += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a violation
                self.failed.put(f"{type(error).__name__}: {error}")
            self.ends.wait()
        connections.close_all()


def _race(rounds: int) -> dict[str, object]:
    """All rounds on the database of this process: the delivery is due again, and all claim it."""
    _set_up()
    from django.db import connections

    from streetmend.clock import SystemClock
    from streetmend.reports.models import Attempt, Delivery

    connections.close_all()
    context = multiprocessing.get_context("fork")
    race = _Race.of(context)
    names = [f"worker {number}" for number in range(WORKERS)]
    crews = [
        context.Process(target=race.run_crew, args=(names[number::PROCESSES],)) for number in range(PROCESSES)
    ]
    for crew in crews:
        crew.start()
    violations: list[str] = []
    started = time.monotonic()
    for number in range(1, rounds + 1):
        Delivery.objects.update(
            state="waiting", next_at=SystemClock().now(), lease_owner="", lease_until=None
        )
        race.got.value = 0
        race.starts.wait()
        race.ends.wait()
        got, attempts = race.got.value, Attempt.objects.count()
        sending = Delivery.objects.filter(state="sending", attempts=number).count()
        if (got, attempts, sending) != (1, number, 1):
            violations.append(f"Round {number}: {got} workers got it, and there are {attempts} attempts.")
    race.over.set()
    race.starts.wait()
    for crew in crews:
        crew.join()
    failures = set()
    while not race.failed.empty():
        failures.add(race.failed.get())
    return {
        "seconds": round(time.monotonic() - started, 1),
        "attempts": Attempt.objects.count(),
        # a claim that had no turn to write within ten seconds: the worker comes again
        "busy": race.busy.value,
        "violations": violations + sorted(failures),
    }


def _set_up() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
    django.setup()
    from django.core.management import call_command

    from streetmend.clock import SystemClock
    from streetmend.reports.services import Told, submit
    from tests.support.town import WEST, make_town

    call_command("migrate", verbosity=0)
    make_town()
    submit(
        now=SystemClock().now(), lat=WEST[0], long=WEST[1], title="Light", category_name="Gatelys",
        told=Told(email="kari@example.org"), confirmed=True,
    )  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(_race(int(sys.argv[1]))))
