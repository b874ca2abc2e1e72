"""Connections that go only to permitted addresses and count what leaves through them."""

import asyncio
import contextlib
import errno
import socket
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from streetmend.fetch.addresses import AddressGuard
from streetmend.fetch.body import BodyReader
from streetmend.fetch.errors import AddressRefused, NameNotResolved
from streetmend.fetch.resolve import Resolver

#: rounds of the loop after which every transport has seen that its socket was shut down
_ROUNDS = 100


#: so much is read at a time: what it is unpacked to must not fill the memory either
_PIECE_BYTES = 64 * 1024
#: the head of an answer, with all the provisional ones (1xx) before it, and what else came with it
_MOST_HEAD_BYTES = 1024 * 1024


class CountingSocket(socket.socket):
    """A TCP socket that knows how many bytes the kernel took from it, and reads no head without an end."""

    taken = 0
    came = 0
    hop: "Hop"

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As `socket.recv`."""
        data = super().recv(min(size, _PIECE_BYTES), flags)
        self._count(len(data))
        return data

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        """As `socket.recv_into`."""
        count = super().recv_into(buffer, min(size or len(buffer), _PIECE_BYTES), flags)
        self._count(count)
        return count

    def _count(self, bytes_read: int) -> None:
        self.came += bytes_read
        if self.hop.status is None and self.came > _MOST_HEAD_BYTES:
            raise OSError(errno.EMSGSIZE, "an answer whose head has no end")

    def send(self, *arguments: Any) -> int:
        """As `socket.send`."""
        count = super().send(*arguments)
        self.taken += count
        return count

    def sendmsg(self, *arguments: Any) -> int:
        """As `socket.sendmsg`."""
        count = super().sendmsg(*arguments)
        self.taken += count
        return count


class Hop:
    """What is known of one request on its way: its sockets, whether it is connected, what came back so far."""

    def __init__(self) -> None:
        self.sockets: list[CountingSocket] = []
        self.refused: list[str] = []
        self.connected_address = ""
        self.status: int | None = None
        self.body: BodyReader | None = None
        self._before_request = 0

    def is_connected(self) -> None:
        """Called when a connection is ready, TLS included: what leaves from now on is the request."""
        self._before_request = self._taken()
        for one in self.sockets:
            if one.fileno() != -1:
                self.connected_address = str(one.getpeername()[0])

    @property
    def sent_bytes(self) -> int:
        """Bytes of the request that the kernel took."""
        return self._taken() - self._before_request if self.connected_address else 0

    async def end(self) -> None:
        """None of the request's sockets is open any more, whatever the library still meant to send through it.

        A transport that is closed with bytes left to send stays open until the other side reads them, which may be never.
        """
        for one in self._open():
            with contextlib.suppress(OSError):  # it was not connected, or the other side was quicker
                one.shutdown(socket.SHUT_RDWR)
        # the transports that hold them see it in the next rounds of the loop, and close them
        for _ in range(_ROUNDS):
            if not self._open():
                return
            await asyncio.sleep(0)

    def _open(self) -> list[CountingSocket]:
        return [one for one in self.sockets if one.fileno() != -1]

    def _taken(self) -> int:
        return sum(one.taken for one in self.sockets)


current_hop: ContextVar[Hop] = ContextVar("current_hop")


class GuardedResolver(AbstractResolver):
    """Resolves names for aiohttp, and answers with the permitted addresses only."""

    def __init__(self, resolver: Resolver, guard: AddressGuard, seconds: float) -> None:
        self._resolver = resolver
        self._guard = guard
        self._seconds = seconds

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The permitted addresses of a host. Raises NameNotResolved, or AddressRefused if none is permitted."""
        try:
            async with asyncio.timeout(self._seconds):
                addresses = await self._resolver.resolve(host, port)
        except TimeoutError as error:
            raise NameNotResolved(f"The name {host} was not resolved within {self._seconds:g} s") from error
        except OSError as error:
            raise NameNotResolved(f"The name {host} cannot be resolved: {error.strerror or error}") from error
        if not addresses:
            raise NameNotResolved(f"The name {host} has no address")
        permitted = [address for address in addresses if self._guard.permits(address)]
        if not permitted:
            raise AddressRefused(f"{host} lies at {addresses[0]}, which may not be called")
        return [_result(host, address, port) for address in permitted]

    async def close(self) -> None:
        """Nothing is kept open."""


class GuardedSockets:
    """Makes the sockets of connections: the last look at the address that is really connected to."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard

    def __call__(self, address_info: tuple[Any, ...]) -> CountingSocket:
        """A socket for one address, counted for the request under way. Raises OSError if it is not permitted."""
        family, kind, protocol, _, where = address_info
        hop = current_hop.get()
        if not self._guard.permits(where[0]):
            hop.refused.append(where[0])
            raise OSError(errno.EACCES, "address not permitted")
        made = CountingSocket(family, kind, protocol)
        made.hop = hop
        hop.sockets.append(made)
        return made


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    return {"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": 0}
