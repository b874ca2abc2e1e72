"""A worker that hangs ends itself, so that whoever runs it starts a new one; what it held becomes uncertain by its leases."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from streetmend.exchange.database import DatabaseThread

#: twice the longest lease of an endpoint with the usual deadline: nothing that goes on takes so long
HANGS_AFTER_SECONDS = 180.0


@asynccontextmanager
async def watched(seconds: float, threads: Sequence[DatabaseThread]) -> AsyncIterator[None]:
    """While the block lasts, this process ends with status 1 and says on standard error where each of its threads stood, once its
    loop made no step, or one of `threads` was at one piece of work, for `seconds`; at the latest after twice as long.

    0: nobody watches. The watch is kept outside Python: an endless loop anywhere in the process does not hold it up.
    """
    if not seconds:
        yield
        return
    pulse = asyncio.create_task(_pulse(seconds, threads))
    try:
        yield
    finally:
        pulse.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pulse
        faulthandler.cancel_dump_traceback_later()


async def _pulse(seconds: float, threads: Sequence[DatabaseThread]) -> None:
    while True:
        # a thread that hangs leaves what is left of the time until the end
        if all(thread.seconds_at_work() < seconds for thread in threads):
            faulthandler.dump_traceback_later(seconds, exit=True)
        await asyncio.sleep(seconds / 10)
