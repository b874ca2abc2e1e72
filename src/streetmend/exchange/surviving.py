"""A job of the worker fails by itself: what it was about is logged, and nothing else is kept from its turn."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

logger = logging.getLogger("streetmend.worker")


@contextmanager
def surviving(what: str, *about: object) -> Iterator[None]:
    """Whatever goes wrong inside is logged as `what`, with its traceback, and goes no further.

    For jobs that hold a lease: it runs out, and then they are begun again.
    """
    try:
        yield
    except MemoryError:
        end_without_memory()
    except Exception:
        logger.exception(what, *about)


def end_without_memory() -> NoReturn:
    """The process ends at once with status 1, as one that the kernel kills for its memory: whoever runs it starts a new one.

    Without memory nothing of what follows could be relied on; what it held becomes uncertain by its leases.
    """
    os.write(2, b"The worker has no memory left and ends.\n")
    os._exit(1)
