"""The statistics' turn in the worker."""

from __future__ import annotations

import logging
from functools import partial

from streetmend.clock import Clock
from streetmend.exchange.database import DatabaseThread
from streetmend.reports.services.cells import AT_ONCE, LOOKED_UP, fold_changes, look_up_areas
from streetmend.reports.services.counting import count_reports

_PORTIONS = 20
logger = logging.getLogger("streetmend.worker")


async def count_statistics(database: DatabaseThread, clock: Clock) -> None:
    """The statistics are counted, where that is due; the map's counts and the reports' areas are those of now."""
    try:
        await database(_follow)
        months = await database(partial(count_reports, now=clock.now()))
    except Exception:
        # the next turn counts again
        logger.exception("statistics could not be counted")
        return
    if months:
        logger.info("counted_months=%d", months)


def _follow() -> None:
    """A few portions at once: what is left has the next turn."""
    for _ in range(_PORTIONS):
        if fold_changes() < AT_ONCE:
            break
    for _ in range(_PORTIONS):
        if look_up_areas() < LOOKED_UP:
            break
