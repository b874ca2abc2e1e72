"""Reports flow while workers are killed and the database restarts; afterwards the endpoint's ledger is compared with ours."""

from __future__ import annotations

import math
import multiprocessing
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from chaos.part import PACE, Found, Trial

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

    from streetmend.georeport.testing import PretendEndpoint

#: how an endpoint of the storm is set up: the durations are short, so that a storm is over in minutes. A machine that has much
#: else to do needs longer ones, for the endpoint is a process on it, too, and must not come later than an endpoint may
DEADLINE, SETTLE, MARGIN = (math.ceil(seconds * PACE) for seconds in (1, 4, 3))
HABITS = {
    "find_margin_seconds": math.ceil(5 * PACE),
    "breaker_first_seconds": 1,
    "breaker_max_seconds": 2,
    "recovery_rate": 50,
    "unknown_after_hours": 0.002 * PACE,
}
_IDLE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """How much of everything. `algorithm`: ours, or "resend" or "fixmystreet", which must fail."""

    reports: int
    kills: int
    workers: int = 4
    algorithm: str = "ours"
    tokens: bool = True
    restart: Callable[[], None] | None = None
    restarts: int = 0
    #: seconds after which it is over, whatever is left
    patience: float = 1200.0 * PACE


def storm(plan: Storm, *, folder: Path, random: Random) -> Found:
    """Runs it on the database of this process's environment, which the workers have too."""
    from streetmend.georeport.testing import PretendEndpoint, half_bad, serving

    endpoint = PretendEndpoint()
    endpoint.draw = half_bad(random, deadline=DEADLINE, tokens=plan.tokens)
    with serving(endpoint) as server:
        _set_up(server.url, plan)
        started = time.monotonic()
        crew = Crew(plan, folder)
        try:
            _blow(plan, crew, random, started)
        finally:
            crew.close()
        figures: dict[str, object] = {
            "reports": plan.reports,
            "kills": crew.kills,
            "database_restarts": crew.restarts,
            "seconds": round(time.monotonic() - started, 1),
            "behaviours": dict(Counter(one.behaviour for one in endpoint.ledger.seen("create"))),
        }
        # what comes late has come by now
        time.sleep(DEADLINE + 3)
        counts, violations = _compare(endpoint)
    return Found({**figures, **counts}, violations)


class Crew:
    """The worker processes, each replaced when it is killed.

    They are forked from a process that has loaded everything and holds nothing: the time goes to their work, not to their start.
    """

    def __init__(self, plan: Storm, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.kills = self.restarts = self._count = 0
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["chaos.worker"])
        self._running = [self._start() for _ in range(plan.workers)]

    def _start(self) -> ForkServerProcess:
        from chaos.worker import work

        self._count += 1
        log = str(self.folder / f"worker-{self._count}.log")
        worker = self._context.Process(target=work, args=(self.plan.algorithm, MARGIN, log), daemon=True)
        worker.start()
        return worker

    def kill_one(self, random: Random) -> None:
        place = random.randrange(len(self._running))
        victim = self._running[place]
        victim.kill()
        victim.join()
        self.kills += 1
        self._running[place] = self._start()

    def mend(self) -> None:
        """A worker that ended by itself is started again, as a service manager does."""
        self._running = [one if one.is_alive() else self._start() for one in self._running]

    def close(self) -> None:
        for one in self._running:
            one.kill()
            one.join()


def _set_up(url: str, plan: Storm) -> None:
    from streetmend.bodies.models import Endpoint
    from tests.support.town import make_town

    make_town(url=url)
    habits = {**HABITS, "idempotent": True} if plan.algorithm == "resend" else HABITS
    Endpoint.objects.update(
        pull_updates=False,
        timeout_seconds=DEADLINE,
        settle_seconds=SETTLE,
        max_in_flight=24,
        habits=habits,
    )


def _blow(plan: Storm, crew: Crew, random: Random, started: float) -> None:
    """Reports come in, workers are killed, the database restarts, and then it is quiet until nothing is owed."""
    done = threading.Event()
    feeder = threading.Thread(target=_feed, args=(plan.reports, done), daemon=True)
    feeder.start()
    kills_at = sorted(random.uniform(0.05, 1.0) for _ in range(plan.kills))
    restarts_at = [(number + 1) / (plan.restarts + 1) for number in range(plan.restarts)]
    while time.monotonic() - started < plan.patience:
        share = _share_done(plan.reports)
        if kills_at and share >= kills_at[0] * 0.9:
            kills_at.pop(0)
            crew.kill_one(random)
        elif restarts_at and plan.restart and share >= restarts_at[0]:
            restarts_at.pop(0)
            plan.restart()
            crew.restarts += 1
        elif done.is_set() and share >= 1.0 and not kills_at:
            break
        else:
            time.sleep(_IDLE)
        crew.mend()
    feeder.join(5)


def _feed(count: int, done: threading.Event) -> None:
    from django.db import Error, connections

    from streetmend.clock import SystemClock
    from streetmend.reports.services import Told, submit
    from tests.support.town import WEST

    told = Told(email="kari@example.org", name="Kari Nordmann")
    for number in range(count):
        while True:
            try:
                submit(
                    now=SystemClock().now(), lat=WEST[0], long=WEST[1] + number % 1000 * 1e-5, told=told,
                    title=f"Light {number}", detail="It is dark.", category_name="Gatelys", confirmed=True,
                )  # fmt: skip
                break
            except Error:
                connections.close_all()
                time.sleep(0.2)
    connections.close_all()
    done.set()


def _share_done(reports: int) -> float:
    from django.db import Error, connections

    from streetmend.reports.models import Delivery

    try:
        return Delivery.objects.filter(state="accepted").count() / max(reports, Delivery.objects.count(), 1)
    except Error:
        connections.close_all()
        return 0.0


def _compare(endpoint: PretendEndpoint) -> tuple[dict[str, object], tuple[str, ...]]:
    """Each report once, under the number that we have for it, and nothing left over."""
    from streetmend.exchange.matching import marks_in
    from streetmend.exchange.reconcile import report_url_base
    from streetmend.reports.models import Delivery

    base = report_url_base()
    there: dict[int, list[str]] = {}
    for entry in endpoint.ledger.entries():
        for mark in marks_in(entry.new.description or "", base):
            there.setdefault(int(mark.removeprefix(base)), []).append(entry.service_request_id)
    ours = dict(Delivery.objects.values_list("report_id", "remote_id"))
    states = Counter(Delivery.objects.values_list("state", flat=True))
    proofs = Counter(Delivery.objects.filter(state="accepted").values_list("proof", flat=True))
    lost = [report for report in ours if not there.get(report)]
    twice = [report for report, numbers in there.items() if len(numbers) > 1]
    wrong = [report for report, number in ours.items() if number and number not in there.get(report, [])]
    stuck = sum(count for state, count in states.items() if state != "accepted")
    counts = {
        "lost": len(lost), "duplicated": len(twice), "wrong_id": len(wrong), "stuck": stuck,
        "states": dict(states), "proofs": dict(proofs),
    }  # fmt: skip
    names = ("lost", "duplicated", "wrong_id", "stuck")
    said = tuple(f"{counts[name]} reports are {name.replace('_', ' ')}." for name in names if counts[name])
    return counts, said


def on_a_database(plan: Storm, *, url: str, folder: Path, random: Random) -> Found:
    """In a process that has not loaded Django yet."""
    os.environ |= {
        "DATABASE_URL": url,
        "STREETMEND_DATA": str(folder),
        "STREETMEND_OUTBOUND_ALLOW": "127.0.0.0/8",
        "DJANGO_SETTINGS_MODULE": "streetmend.settings",
        "PYTHONUNBUFFERED": "1",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return storm(plan, folder=folder, random=random)


def control(trial: Trial, algorithm: str) -> Found:
    """A small storm over an algorithm that must lose or repeat something, or the storm proves nothing."""
    plan = Storm(reports=400, kills=12, workers=4, algorithm=algorithm, tokens=False, patience=180 * PACE)
    url = f"sqlite:///{trial.folder / 'streetmend.sqlite3'}"
    found = on_a_database(plan, url=url, folder=trial.folder, random=trial.random)
    return Found(
        found.figures, () if found.violations else ("Nothing went wrong, so the storm is too weak.",)
    )
