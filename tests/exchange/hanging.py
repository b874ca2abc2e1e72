"""`python -m tests.exchange.hanging loop|database`: a worker that runs into an endless loop of Python at its first delivery."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

HANGS_AFTER_SECONDS = 2.0


def spin(*arguments: Any, **named: Any) -> Any:
    """Never comes back."""
    while True:
        pass


class Spinning:
    """A transport whose calls never come back, and let nobody else have a turn."""

    async def send(self, *arguments: Any, **named: Any) -> Any:
        return spin()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
    import django

    django.setup()
    from streetmend.exchange.worker import run
    from streetmend.fetch import ConnectFailed, Transport

    class Refusing:
        """What is not received waits for a random time, which is drawn where the database's work is done."""

        async def send(self, *arguments: Any, **named: Any) -> Any:
            raise ConnectFailed("Nobody is there")

    @asynccontextmanager
    async def transport() -> AsyncIterator[Transport]:
        yield Spinning() if sys.argv[1] == "loop" else Refusing()

    # what is swept away draws first, and then the pause of the delivery that was not received
    draws = iter([0.5])
    run(
        transport=transport,
        random=lambda: next(draws, None) or spin(),
        hangs_after_seconds=HANGS_AFTER_SECONDS,
    )


if __name__ == "__main__":
    main()
