"""A job of the worker fails by itself: what it was about is logged, and nothing else is kept from its turn."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("streetmend.worker")


@contextmanager
def surviving(what: str, *about: object) -> Iterator[None]:
    """Whatever goes wrong inside is logged as `what`, with its traceback, and goes no further.

    For jobs that hold a lease: it runs out, and then they are begun again.
    """
    try:
        yield
    except Exception:
        logger.exception(what, *about)
