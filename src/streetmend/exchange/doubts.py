"""The worker's lane for what nobody knows: sweeps over uncertain deliveries, and probes of endpoints that are left alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from streetmend.bodies.models import Endpoint
from streetmend.bodies.queries import site
from streetmend.clock import Clock
from streetmend.crash import crash
from streetmend.exchange.calling import KeyUnusable, ask, line_to
from streetmend.exchange.database import DatabaseThread
from streetmend.exchange.ledger import LedgerCheck
from streetmend.exchange.reconcile import Reconciler
from streetmend.exchange.surviving import surviving
from streetmend.fetch import FetchError, Transport
from streetmend.georeport import calls
from streetmend.georeport.errors import CallFailed
from streetmend.reports.services.doubts import claim_sweeps
from streetmend.reports.services.lanes import claim_probes, record_probe
from streetmend.reports.services.lost import claim_ledgers

logger = logging.getLogger("streetmend.worker")

#: endpoints asked at the same time
AT_ONCE = 16
#: one sweep takes so long at most
ASKING_SECONDS = 60
Start = Callable[[Coroutine[Any, Any, None]], None]


class DoubtLane:
    """Asks, never sends."""

    def __init__(
        self, worker: str, clock: Clock, database: DatabaseThread, *, seconds: int, margin_seconds: int
    ) -> None:
        self._worker, self._clock, self._database = worker, clock, database
        self._seconds, self._margin = seconds, margin_seconds
        self._running = 0

    async def take(self, start: Start, transport: Transport) -> bool:
        """Starts what is due; whether there was anything."""
        jobs = await self._database(self._claim)
        for what, endpoint in jobs:
            self._running += 1
            start(self._run(what, endpoint, transport))
        return bool(jobs)

    def _claim(self) -> list[tuple[str, Endpoint]]:
        now, room = self._clock.now(), AT_ONCE - self._running
        jobs = [("probe", endpoint) for endpoint in claim_probes(now=now, limit=room)]
        seconds = self._seconds + self._margin
        sweeps = claim_sweeps(worker=self._worker, now=now, limit=room - len(jobs), seconds=seconds)
        jobs += [("sweep", endpoint) for endpoint in sweeps]
        ledgers = claim_ledgers(worker=self._worker, now=now, limit=room - len(jobs), seconds=seconds)
        return jobs + [("ledger", endpoint) for endpoint in ledgers]

    async def _run(self, what: str, endpoint: Endpoint, transport: Transport) -> None:
        with surviving("endpoint=%d %s failed", endpoint.pk, what):
            if what == "probe":
                await self._probe(endpoint, transport)
            else:
                line = (endpoint, self._worker, self._clock, transport, self._database, self._seconds)
                await (Reconciler(*line).sweep() if what == "sweep" else LedgerCheck(*line).check())
        self._running -= 1

    async def _probe(self, endpoint: Endpoint, transport: Transport) -> None:
        """Whether the endpoint answers a GET of its services at all, or of what it says about itself."""
        here = await self._database(site)
        answered = False
        try:
            line = line_to(endpoint, here.time_zone)
            answered = await _answers(calls.services(line.endpoint), line, transport) or await _answers(
                calls.discovery(line.endpoint), line, transport
            )
        except (KeyUnusable, ValueError) as error:
            logger.warning("endpoint=%d cannot be probed: %s", endpoint.pk, type(error).__name__)
        crash("probe_answered")
        await self._database(
            partial(record_probe, endpoint_id=endpoint.pk, answered=answered, now=self._clock.now())
        )
        crash("probe_recorded")


async def _answers(call: calls.Call[Any], line: Any, transport: Transport) -> bool:
    try:
        await ask(call, line, transport)
    except FetchError:
        return False
    except CallFailed as error:
        # a server that does not offer this is up all the same
        return error.status is not None and error.status < 500 and error.status != 429
    return True
