"""The worker's database work: one thread, so that waiting for answers and writing them down never wait for each other."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import Error, connections

from streetmend.database.errors import is_temporary
from streetmend.exchange.surviving import end_without_memory

T = TypeVar("T")

logger = logging.getLogger("streetmend.worker")

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_YOUNG_SECONDS = 60.0


class DatabaseThread:
    """Runs one unit of database work after the other; each is whole in itself and may be run again.

    While the database is away (a restart, no room, a lock) the unit is run again until it succeeds or `patience_seconds` are
    over: what an endpoint answered is kept in memory meanwhile.
    """

    def __init__(self, *, patience_seconds: float | None = None) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._began: float | None = None
        #: None: for as long as it takes
        self.patience_seconds = patience_seconds

    async def __call__(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises what it raises, but for what passes by itself."""
        loop = asyncio.get_running_loop()
        started, pause = loop.time(), _FIRST_PAUSE
        while True:
            try:
                return await loop.run_in_executor(self._thread, self._run, work)
            except Error as error:
                waited = loop.time() - started
                if not is_temporary(error) or (
                    self.patience_seconds is not None and waited > self.patience_seconds
                ):
                    raise
                logger.warning("database=away error=%s waited=%.1f", type(error).__name__, waited)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def seconds_at_work(self) -> float:
        """How long the piece of work that is being done has taken by now; 0 where there is none."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    def _run(self, work: Callable[[], T]) -> T:
        self._began = time.monotonic()
        try:
            return _run(work)
        except MemoryError:
            # nobody who waits for it may take this for a fault of what was being written
            end_without_memory()
        finally:
            self._began = None

    async def close(self) -> None:
        """The thread and its connection end."""
        await asyncio.get_running_loop().run_in_executor(self._thread, connections.close_all)
        self._thread.shutdown(wait=False)


def _run(work: Callable[[], T]) -> T:
    _look_after_connections()
    try:
        return work()
    except Error:
        connections.close_all()
        raise


def _look_after_connections() -> None:
    """A connection that the server dropped is opened anew.

    Django closes one to SQLite after each piece of work, and to open it again costs more than the work: it stays for a minute.
    """
    for connection in connections.all(initialized_only=True):
        due = connection.close_at
        is_young = due is not None and time.monotonic() - due < _YOUNG_SECONDS
        if connection.vendor == "sqlite" and is_young and not connection.errors_occurred:
            continue
        connection.close_if_unusable_or_obsolete()
