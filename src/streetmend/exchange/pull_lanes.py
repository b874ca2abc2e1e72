"""What is fetched from endpoints besides updates: a few at once, each under a lease, so that none of it delays a delivery."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from streetmend.bodies import pulls
from streetmend.bodies.models import Pull, PullKind
from streetmend.clock import Clock
from streetmend.exchange.database import DatabaseThread
from streetmend.fetch import Transport

logger = logging.getLogger("streetmend.worker")

AT_ONCE = 4
#: how often it is asked whether something is due
LOOK_SECONDS = 5.0
#: the pause after an error of ours
FAILED_SECONDS = 600.0


class PullLane:
    """A worker's pulls of one kind. What a kind does in one pull is its `pull`, which ends with `finish`."""

    kind: PullKind
    lease_seconds: int

    def __init__(self, worker: str, clock: Clock, database: DatabaseThread) -> None:
        self.worker, self.clock, self.database = worker, clock, database
        self.under_way = 0
        self._looked: float | None = None

    async def pull(self, pull: Pull, transport: Transport) -> None:
        """What the endpoint has is here, or staff can see why it is not."""
        raise NotImplementedError

    async def take(self, start: Callable[[Coroutine[Any, Any, None]], None], transport: Transport) -> bool:
        """The pulls that are due now are under way, each by a job that `start` begins; says whether there were any."""
        now = self.clock.monotonic()
        if self._looked is not None and now - self._looked < LOOK_SECONDS:
            return False
        self._looked = now
        claimed = await self.database(
            partial(
                pulls.claim_due,
                kind=self.kind,
                worker=self.worker,
                now=self.clock.now(),
                limit=AT_ONCE - self.under_way,
                lease_seconds=self.lease_seconds,
            )
        )
        self.under_way += len(claimed)
        for pull in claimed:
            start(self._bring(pull, transport))
        return bool(claimed)

    async def _bring(self, pull: Pull, transport: Transport) -> None:
        try:
            await self.pull(pull, transport)
        except Exception:
            logger.exception("endpoint=%d %s could not be taken", pull.endpoint_id, self.kind.value)
            problem = "Something went wrong on our side while it was taken."
            await self.finish(pull, FAILED_SECONDS, problem=problem)
        finally:
            self.under_way -= 1

    async def finish(
        self,
        pull: Pull,
        wait: float,
        *,
        ok_at: datetime | None = None,
        problem: str = "",
        cursor: datetime | None = None,
    ) -> None:
        """The endpoint is asked again after `wait` seconds; `ok_at`, `problem` and `cursor` as `pulls.finish` has them."""
        if problem:
            first = problem.partition("\n")[0]
            logger.warning("endpoint=%d %s: %s", pull.endpoint_id, self.kind.value, first)
        await self.database(
            partial(
                pulls.finish,
                pull_id=pull.pk,
                worker=self.worker,
                next_at=self.clock.now() + timedelta(seconds=wait),
                ok_at=ok_at,
                problem=problem,
                cursor=cursor,
            )
        )
