"""Processes that are made to die: a worker at a named point, or a site while it takes in a report.

They are forked from a process that has loaded everything and holds nothing (`multiprocessing`'s fork server), so that hundreds of
deaths take minutes.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import django

django.setup()
logging.disable(logging.CRITICAL)

from streetmend.crash import aim  # noqa: E402 - Django must be ready first
from streetmend.exchange.worker import run  # noqa: E402
from streetmend.fetch import Fetcher  # noqa: E402
from streetmend.reports.services import Told, submit  # noqa: E402
from tests.support.clock import SettableClock  # noqa: E402

PATIENCE_SECONDS = 60


@asynccontextmanager
async def loopback() -> Any:
    """The real transport, allowed to call this machine."""
    async with Fetcher(allow=["127.0.0.0/8"]) as fetcher:
        yield fetcher


def work_once(clock: SettableClock, name: str) -> int:
    """A worker does all that is due at the clock's time."""
    return run(once=True, clock=clock, random=lambda: 0.5, transport=loopback, name=name)


def worker(point: str, now: datetime) -> None:
    """A worker that dies at `point`, if it comes there."""
    aim(point)
    work_once(SettableClock(now), "dying")


def take_in(point: str, now: datetime, place: tuple[float, float], token: str) -> None:
    """The report of a form, by a site that dies at `point`, if it comes there."""
    if point:
        aim(point)
    submit(
        now=now, lat=place[0], long=place[1], title="The light is out", detail="By the bridge.",
        category_name="Gatelys", told=Told(email="kari@example.org", name="Kari"), form_token=token,
        confirmed=True,
    )  # fmt: skip


_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["chaos.dying"])


def dies(what: Callable[..., None], *arguments: object) -> bool:
    """Whether a process that does this was killed at its point. Raises RuntimeError where it ended badly in another way."""
    process = _CONTEXT.Process(target=what, args=arguments, daemon=True)
    process.start()
    process.join(PATIENCE_SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise RuntimeError(f"{what.__name__}{arguments} did not end")
    if process.exitcode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"{what.__name__}{arguments} ended with {process.exitcode}")
    return process.exitcode == -signal.SIGKILL
