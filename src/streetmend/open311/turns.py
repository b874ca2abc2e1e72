"""The same report, sent twice at once, is taken in by one thread while the other waits for its answer.

Within a process this needs no database, however long the photos take; between processes the database's unique constraint
does the same (`reports.services.posting`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_changed = threading.Condition()
_under_way: set[tuple[str, str]] = set()


class StillUnderWay(Exception):
    """Somebody else of this process is still at it."""


@contextmanager
def alone_with(client: str, mark: str, *, wait_seconds: float) -> Iterator[None]:
    """No other thread of this process is at the same while the block runs. Raises StillUnderWay after `wait_seconds`."""
    one = (client, mark)
    with _changed:
        if not _changed.wait_for(lambda: one not in _under_way, wait_seconds):
            raise StillUnderWay
        _under_way.add(one)
    try:
        yield
    finally:
        with _changed:
            _under_way.discard(one)
            _changed.notify_all()
