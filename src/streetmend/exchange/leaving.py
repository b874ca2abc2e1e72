"""Whether the worker may send or ask anything at all: not while an operator paused it, nor in a copy of the database."""

from __future__ import annotations

import logging

from django.conf import settings

from streetmend.clock import Clock
from streetmend.exchange.database import DatabaseThread
from streetmend.reports.queries.outbound import outbound_block
from streetmend.reports.services.outbound import bind_instance

logger = logging.getLogger("streetmend.worker")

#: how often it is looked at
LOOK_SECONDS = 1.0


class Leaving:
    """Looks at the database now and then, and at its start first of all; what it does not know it does not allow."""

    def __init__(self, worker: str, clock: Clock, database: DatabaseThread) -> None:
        self._worker, self._clock, self._database = worker, clock, database
        self._why: str | None = None
        self._looked = 0.0

    async def allowed(self) -> bool:
        """Whether anything may leave. Raises what the database raises."""
        now = self._clock.monotonic()
        if self._why is None or now - self._looked >= LOOK_SECONDS:
            before, self._why = self._why, None
            why = await self._database(_why_not)
            self._why, self._looked = why, now
            if why and why != before:
                logger.warning("worker=%s outbound=paused why=%r", self._worker, why)
            elif before and not why:
                logger.info("worker=%s outbound=resumed", self._worker)
        return self._why == ""


def _why_not() -> str:
    """Why nothing may leave; "" where everything may."""
    bind_instance(instance_id=settings.INSTANCE_ID)
    block = outbound_block(instance_id=settings.INSTANCE_ID)
    return block.why if block else ""
