"""The rows of the inbox have their turn in the worker."""

from __future__ import annotations

import logging
from functools import partial

from streetmend.clock import Clock
from streetmend.crash import crash
from streetmend.exchange.database import DatabaseThread
from streetmend.reports.services.applying import apply_rows
from streetmend.reports.services.inbox import due_rows, note_error

logger = logging.getLogger("streetmend.worker")

#: rows in one transaction: others who write wait no longer than these take
ROWS_AT_ONCE = 300


async def apply_due(database: DatabaseThread, clock: Clock) -> bool:
    """The rows that are due are applied, some hundreds of them; says whether there were any.

    Where one of them cannot be applied, each is tried by itself, so that it costs that row only.
    """
    ids = await database(partial(due_rows, now=clock.now(), limit=ROWS_AT_ONCE))
    if not ids:
        return False
    try:
        done = await database(partial(apply_rows, inbox_ids=ids, now=clock.now()))
        crash("after_rows_applied")
        logger.info("inbox applied=%d", done)
    except Exception:
        logger.exception("inbox rows could not be applied together; each is tried by itself")
        for inbox_id in ids:
            await _apply_alone(inbox_id, database, clock)
    return True


async def _apply_alone(inbox_id: int, database: DatabaseThread, clock: Clock) -> None:
    try:
        await database(partial(apply_rows, inbox_ids=[inbox_id], now=clock.now()))
        crash("after_row_applied")
    except Exception as error:
        logger.exception("inbox=%d could not be applied", inbox_id)
        why = f"It could not be applied: {type(error).__name__}"
        await database(partial(note_error, inbox_id=inbox_id, why=why))
