"""Outcomes on their way into the database: those that come while it is at work are written together, in one transaction."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from streetmend.clock import Clock
from streetmend.exchange.database import DatabaseThread
from streetmend.reports.services.outcomes import Random
from streetmend.reports.services.recording import End, record_deliveries

logger = logging.getLogger("streetmend.worker")

#: outcomes in one transaction: others who write wait no longer than these take
AT_ONCE = 256
#: how long outcomes are let gather, where there are many
GATHER_SECONDS = 0.05


class Recorder:
    """Writes down what came of a worker's deliveries."""

    def __init__(self, worker: str, clock: Clock, random: Random, database: DatabaseThread) -> None:
        self._worker, self._clock, self._random, self._database = worker, clock, random, database
        self._ends: list[tuple[End, asyncio.Future[bool]]] = []
        self._writing: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many outcomes wait for their transaction."""
        return len(self._ends)

    async def record(self, end: End, *, gather: bool = False) -> bool:
        """Whether the outcome is the delivery's, once that is committed; false: the lease was lost. Raises the database's errors.

        `gather`: others will come in a moment, and it may wait for them.
        """
        recorded: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._ends.append((end, recorded))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(gather=gather))
        return await recorded

    async def _write(self, *, gather: bool) -> None:
        """Everything that came has been written, or has failed."""
        while self._ends:
            if gather:
                await asyncio.sleep(GATHER_SECONDS)
            batch, self._ends = self._ends[:AT_ONCE], self._ends[AT_ONCE:]
            await self._write_batch(batch)
        self._writing = None

    async def _write_batch(self, batch: list[tuple[End, asyncio.Future[bool]]]) -> None:
        try:
            told = await self._database(
                partial(
                    record_deliveries,
                    worker=self._worker,
                    ends=[end for end, _ in batch],
                    now=self._clock.now(),
                    random=self._random,
                )
            )
        except Exception as error:
            if len(batch) > 1:
                logger.exception(
                    "worker=%s outcomes=%d could not be recorded together", self._worker, len(batch)
                )
                # what cannot be written must not keep the others from it; what was written already is not written again
                for one in batch:
                    await self._write_batch([one])
            else:
                batch[0][1].set_exception(error)
        else:
            for (_, recorded), was in zip(batch, told, strict=True):
                recorded.set_result(was)
