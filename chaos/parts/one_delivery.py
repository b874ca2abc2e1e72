"""A hundred workers claim the same one delivery at the same moment, a thousand times, on both databases: one gets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from chaos.part import Found, Trial

MINUTES = 30
WORKERS = 100
ROUNDS = int(os.environ.get("ROUNDS", "1000"))


def run(trial: Trial) -> Found:
    from tests.support.postgres import PrivatePostgres

    figures: dict[str, object] = {"workers": WORKERS, "rounds": ROUNDS}
    violations: list[str] = []
    postgres = PrivatePostgres()
    postgres.settings = {**postgres.settings, "max_connections": str(WORKERS + 20)}
    postgres.start()
    try:
        for name, url in (
            ("SQLite", f"sqlite:///{trial.folder / 'streetmend.sqlite3'}"),
            ("PostgreSQL", postgres.url),
        ):
            told = _on(url, trial.folder)
            figures[name] = {"seconds": told["seconds"], "attempts": told["attempts"]}
            violations += [f"{name}: {violation}" for violation in told["violations"]]
    finally:
        postgres.stop()
    return Found(figures, tuple(violations))


def _on(url: str, folder: Path) -> dict[str, object]:
    environment = {**os.environ, "DATABASE_URL": url, "STREETMEND_DATA": str(folder)}
    command = [sys.executable, "-W", "ignore", "-m", "chaos.parts.one_delivery"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


def _race() -> dict[str, object]:
    """All rounds on the database of this process."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from streetmend.clock import SystemClock
    from streetmend.reports.models import Attempt, Delivery
    from streetmend.reports.services import Told, submit
    from streetmend.reports.services.claiming import claim_deliveries
    from streetmend.reports.services.outbox import Prepared
    from tests.support.town import WEST, make_town

    call_command("migrate", verbosity=0)
    make_town()
    told = Told(email="kari@example.org")
    starts, ends = threading.Barrier(WORKERS + 1), threading.Barrier(WORKERS + 1)
    got: list[str] = []
    failed: list[str] = []
    over = threading.Event()

    def work(name: str) -> None:
        while True:
            starts.wait()
            if over.is_set():
                break
            try:
                claims = claim_deliveries(
                    worker=name,
                    now=SystemClock().now(),
                    limit=10,
                    prepare=lambda rows: {row.pk: Prepared({"title": "x"}, "hash") for row in rows},
                )
                got.extend(name for _ in claims)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a violation
                failed.append(f"{type(error).__name__}: {error}")
            ends.wait()
        connections.close_all()

    threads = [threading.Thread(target=work, args=(f"worker {n}",)) for n in range(WORKERS)]
    for thread in threads:
        thread.start()
    violations: list[str] = []
    started = time.monotonic()
    for number in range(ROUNDS):
        submit(
            now=SystemClock().now(), lat=WEST[0], long=WEST[1], title=f"Light {number}", category_name="Gatelys",
            told=told, confirmed=True,
        )  # fmt: skip
        got.clear()
        starts.wait()
        ends.wait()
        attempts = Attempt.objects.filter(delivery__state="sending").count()
        if len(got) != 1 or attempts != 1:
            violations.append(f"Round {number}: {len(got)} workers got it, in {attempts} attempts.")
        Delivery.objects.filter(state="sending").update(
            state="accepted", remote_id=str(number), lease_until=None, next_at=None
        )
    over.set()
    starts.wait()
    for thread in threads:
        thread.join()
    return {
        "seconds": round(time.monotonic() - started, 1),
        "attempts": Attempt.objects.count(),
        "violations": violations + sorted(set(failed)),
    }


if __name__ == "__main__":
    print(json.dumps(_race()))
