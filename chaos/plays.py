"""`python -m chaos.plays NAME REPORTS SEED`: a play on the database of DATABASE_URL, which is empty. One line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from chaos.part import Found, Trial


def found_on(url: str, folder: Path, name: str, reports: int, seed: int) -> Found:
    """What the play found, in a process of its own; one that ends badly raises CalledProcessError."""
    environment = {**os.environ, "DATABASE_URL": url, "STREETMEND_DATA": str(folder)}
    command = [sys.executable, "-W", "ignore", "-m", "chaos.plays", name, str(reports), str(seed)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Found(told["figures"], tuple(told["violations"]))


def on_both(trial: Trial, plays: dict[str, tuple[str, int]]) -> Found:
    """The named play with so many reports, by kind of database."""
    figures: dict[str, object] = {}
    violations: list[str] = []
    with private_postgres() as url:
        urls = {"SQLite": f"sqlite:///{trial.folder / 'streetmend.sqlite3'}", "PostgreSQL": url}
        for kind, (name, reports) in plays.items():
            found = found_on(urls[kind], trial.folder, name, max(round(reports * trial.size), 1), trial.seed)
            figures[kind] = found.figures
            violations += [f"{kind}: {one}" for one in found.violations]
    return Found(figures, tuple(violations))


@contextmanager
def private_postgres() -> Iterator[str]:
    from tests.support.postgres import PrivatePostgres

    postgres = PrivatePostgres()
    postgres.start()
    try:
        yield postgres.url
    finally:
        postgres.stop()


def _outage(place: Any, reports: int, *, answers: bool, most: int) -> Found:
    from chaos.outage import Outage, Play

    play = Play(place.endpoint, place.url, place.other, place.clock, place.work)
    return play.outage(
        Outage(reports=reports, hours=72, step=timedelta(minutes=30), answers=answers, most=most)
    )


def _flapping(place: Any, reports: int) -> Found:
    from chaos.outage import Play

    play = Play(place.endpoint, place.url, place.other, place.clock, place.work)
    return play.flapping(minutes=max(reports // 4, 3), reports=reports)


def _unaskable(place: Any, reports: int) -> Found:
    from chaos.unaskable import POLICIES, WAYS, Play

    play = Play(place.endpoint, place.clock, Random(place.seed), place.work)
    figures: dict[str, object] = {}
    violations: list[str] = []
    for way in WAYS:
        for policy in POLICIES:
            found = play.play(way, policy, reports=reports)
            figures[f"{way}, {policy}"] = found.figures
            violations += found.violations
    return Found(figures, tuple(violations))


def _orders(place: Any, count: int) -> Found:
    from chaos.updates import orders

    return orders(count, Random(place.seed))


def _missed_updates(place: Any, updates: int) -> Found:
    from chaos.updates import Play

    return Play(place.endpoint, place.clock, Random(place.seed), place.work).outages(updates)


PLAYS: dict[str, Callable[[Any, int], Found]] = {
    "nobody_answers": lambda place, reports: _outage(place, reports, answers=False, most=5),
    "only_503": lambda place, reports: _outage(place, reports, answers=True, most=0),
    "flapping": _flapping,
    "unaskable": _unaskable,
    "orders": _orders,
    "missed_updates": _missed_updates,
}


class _Place:
    """The town with two endpoints, and a worker on a simulated clock."""

    def __init__(self, seed: int) -> None:
        from streetmend.bodies.models import Endpoint
        from streetmend.georeport.testing import PretendEndpoint, serving
        from tests.support.clock import SettableClock
        from tests.support.town import make_town

        self.seed, self.clock = seed, SettableClock()
        self.endpoint = PretendEndpoint(clock=self.clock.now)
        self.other = PretendEndpoint(clock=self.clock.now)
        self._open = ExitStack()
        self.url = self._open.enter_context(serving(self.endpoint)).url
        beside = self._open.enter_context(serving(self.other)).url
        town = make_town(url=self.url)
        Endpoint.objects.filter(pk=town.roads_endpoint.pk).update(url=beside)

    def work(self) -> None:
        from chaos.dying import work_once

        work_once(self.clock, "one")

    def close(self) -> None:
        self._open.close()


def main() -> None:
    name, reports, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
    from django.core.management import call_command

    import chaos.dying  # noqa: F401 - it makes Django ready

    call_command("migrate", verbosity=0)
    place = _Place(seed)
    try:
        found = PLAYS[name](place, reports)
    finally:
        place.close()
    print(json.dumps(found.as_dict(), default=str))


if __name__ == "__main__":
    main()
