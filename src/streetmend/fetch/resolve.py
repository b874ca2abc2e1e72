"""From a host's name to its addresses, in bounded time."""

import asyncio
import socket
import threading
from collections.abc import Sequence
from typing import Protocol

_LOOKUPS_AT_ONCE = 64


class Resolver(Protocol):
    """Knows the addresses of hosts."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, best first. Raises OSError where there is none."""
        ...


class SystemResolver:
    """Asks the machine. Each lookup has a thread of its own, so that one that hangs holds up nothing else."""

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(_LOOKUPS_AT_ONCE)

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, as `getaddrinfo` orders them. Raises OSError where there is none."""
        if not self._free.acquire(blocking=False):
            raise OSError("too many lookups of names at once")
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[str]] = loop.create_future()
        # a daemon: a lookup that hangs for half a minute does not keep the process from ending
        threading.Thread(target=self._look_up, args=(loop, found, host, port), daemon=True).start()
        return await found

    def _look_up(
        self, loop: asyncio.AbstractEventLoop, found: "asyncio.Future[list[str]]", host: str, port: int
    ) -> None:
        error: OSError | None = None
        addresses: list[str] = []
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(info[4][0]) for info in infos))
        except (OSError, UnicodeError) as raised:
            error = raised if isinstance(raised, OSError) else OSError(str(raised))
        finally:
            self._free.release()
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, found, addresses, error)


def _settle(found: "asyncio.Future[list[str]]", addresses: list[str], error: OSError | None) -> None:
    if found.done():  # nobody waits for it any more
        return
    if error is not None:
        found.set_exception(error)
    else:
        found.set_result(addresses)
