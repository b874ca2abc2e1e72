"""The statistics' turn in the worker."""

from __future__ import annotations

import logging
from functools import partial

from streetmend.clock import Clock
from streetmend.exchange.database import DatabaseThread
from streetmend.reports.services.counting import count_reports

logger = logging.getLogger("streetmend.worker")


async def count_statistics(database: DatabaseThread, clock: Clock) -> None:
    """The statistics are counted, where that is due."""
    try:
        months = await database(partial(count_reports, now=clock.now()))
    except Exception:
        # the next turn counts again
        logger.exception("statistics could not be counted")
        return
    if months:
        logger.info("counted_months=%d", months)
