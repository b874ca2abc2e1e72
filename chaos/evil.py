"""Servers that answer as badly as they can, and what one call of such a server costs.

For the part of `make chaos` with long deadlines and large limits, and for the tests in small. A call is made in a process of its
own (`python -m chaos.evil`), whose memory is measured; the server is in another one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from streetmend.fetch import Fetcher, FetchError, FetchRequest
from tests.support.servers import Connection, Handler, answering, serving

_OK = b"HTTP/1.1 200 OK\r\n"
_PIECE = b"x" * 65536
_PAUSE = 0.02
_LEAST_BOMB = 64 << 20


@dataclass(frozen=True, slots=True)
class Evil:
    """One server, what it is asked, and how the call may end: the names of errors of `streetmend.fetch`, or "answer"."""

    handler: Handler | None
    ends: tuple[str, ...]
    method: str = "GET"
    sends: int = 0
    scheme: str = "http"
    #: its answers fill whatever limit there is
    is_large: bool = False
    #: what the server must have made before it is asked
    ready: Callable[[], object] | None = None


def evil(deadline: float, limit: int) -> dict[str, Evil]:
    """The servers, for calls with this deadline (in seconds) and this limit of bytes."""
    late, large, broken = ("DeadlinePassed",), ("AnswerTooLarge", "DeadlinePassed"), ("ConnectionBroken",)
    unreadable = ("AnswerUnreadable", "ConnectionBroken")
    return {
        "drips its header": Evil(_drip(_OK + b"X-Slow: " + b"x" * 9000), late, "POST", 10),
        "drips its body": Evil(_drip(_OK + b"\r\n" + b"x" * 9000), late, "POST", 10),
        "says 100 for ever": Evil(_drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 400), late, "POST", 10),
        "says 103 as fast as it can": Evil(
            _endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1000), (*unreadable, *late)
        ),
        "has a body without an end": Evil(_endless(_OK + b"\r\n", _PIECE), large, is_large=True),
        "announces 2 GB": Evil(_endless(_OK + b"Content-Length: 2147483648\r\n\r\n", _PIECE), large, is_large=True),
        "has chunks without an end": Evil(
            _endless(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + _PIECE + b"\r\n"), large,
            is_large=True,
        ),
        "has a chunk's size without an end": Evil(
            _endless(_OK + b"Transfer-Encoding: chunked\r\n\r\n5;", _PIECE), (*unreadable, *late)
        ),
        "has trailers without an end": Evil(
            _endless(_OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-More: " + b"x" * 1000 + b"\r\n"),
            (*unreadable, *late),
        ),
        "has headers without an end": Evil(_endless(_OK, b"X-More: " + b"x" * 1000 + b"\r\n"), unreadable),
        "has one header without an end": Evil(_endless(_OK + b"X-More: ", _PIECE), unreadable),
        "sends a bomb": _bomb(31, "gzip", limit),
        "sends a bomb of another kind": _bomb(15, "deflate", limit),
        "sends just what it may": Evil(_exactly(limit), ("answer",), is_large=True),
        "is cut short": Evil(_then(_OK + b"Content-Length: 1000\r\n\r\n" + b"x" * 500), broken, "POST", 10),
        "never reads": Evil(_never_reads(deadline), late, "POST", 10 << 20),
        "never accepts": Evil(None, ("ConnectTimedOut",), "POST", 10),
        "says nothing": Evil(lambda connection: connection.wait_for_end(), late, "POST", 10),
        "hangs in the handshake": Evil(
            lambda connection: connection.wait_for_end(), ("ConnectTimedOut",), "POST", 10, "https"
        ),
        "drips its handshake": Evil(
            _drip(b"\x16\x03\x03\x3f\xff" + bytes(9000), asked=False), ("ConnectTimedOut", "TlsFailed"),
            "POST", 10, "https",
        ),
        "resets before it reads": Evil(_resets_unread, broken, "POST", 10),
        "resets when it has read": Evil(_resets_read, broken, "POST", 10),
        "redirects in a circle": Evil(_circle(0), ("RedirectRefused",)),
        "redirects slowly": Evil(_circle(deadline * 0.4), (*late, "ConnectTimedOut")),
    }  # fmt: skip


# --- what they do


def _drip(data: bytes, *, asked: bool = True) -> Handler:
    def handle(connection: Connection) -> None:
        if asked:
            connection.request()
        else:
            connection.wait_for_bytes()
        for at in range(len(data)):
            connection.say(data[at : at + 1])
            time.sleep(_PAUSE)

    return handle


def _endless(head: bytes, piece: bytes) -> Handler:
    """Until the client goes away."""

    def handle(connection: Connection) -> None:
        connection.request()
        connection.say(head)
        while True:
            connection.say(piece)

    return handle


def _bomb(bits: int, encoding: str, limit: int) -> Evil:
    """It inflates to much more than the limit."""
    packed = partial(_packed, bits, max(4 * limit, _LEAST_BOMB))

    def handle(connection: Connection) -> None:
        answering(packed(), "200 OK", f"Content-Encoding: {encoding}")(connection)

    return Evil(handle, ("AnswerTooLarge",), is_large=True, ready=packed)


@cache
def _packed(bits: int, size: int) -> bytes:
    packer, zeros = zlib.compressobj(9, wbits=bits), bytes(1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(size >> 20)) + packer.flush()


def _exactly(limit: int) -> Handler:
    def handle(connection: Connection) -> None:
        connection.request()
        connection.say(_OK + b"Content-Length: %d\r\n\r\n" % limit)
        for at in range(0, limit, len(_PIECE)):
            connection.say(_PIECE[: limit - at])

    return handle


def _then(said: bytes) -> Handler:
    def handle(connection: Connection) -> None:
        connection.request()
        connection.say(said)

    return handle


def _never_reads(seconds: float) -> Handler:
    return lambda connection: time.sleep(seconds + 0.5)


def _resets_unread(connection: Connection) -> None:
    connection.wait_for_bytes()
    connection.reset()


def _resets_read(connection: Connection) -> None:
    connection.request()
    connection.reset()


def _circle(pause: float) -> Handler:
    def handle(connection: Connection) -> None:
        connection.request()
        time.sleep(pause)
        connection.answer(b"", "302 Found", "Location: /again")

    return handle


# --- the call


@contextmanager
def running(server: Evil) -> Iterator[str]:
    """The address of the server while the block runs."""
    if server.handler is None:
        with _full() as port:
            yield f"http://127.0.0.1:{port}/"
        return
    if server.ready is not None:
        server.ready()
    with serving(server.handler) as served:
        yield f"{server.scheme}://127.0.0.1:{served.port}/"


@contextmanager
def _full() -> Iterator[int]:
    """A port whose queue is full and whom nobody serves."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        yield full.getsockname()[1]


def request_to(server: Evil, url: str) -> FetchRequest:
    """What it is asked."""
    return FetchRequest(server.method, url, {}, b"x" * server.sends or None)


async def call(request: FetchRequest, *, deadline: float, limit: int) -> str:
    """How the call ended: the name of the error, or "answer"."""
    async with Fetcher(allow=["127.0.0.0/8"], connect_seconds=deadline * 2) as fetcher:
        try:
            await fetcher.send(request, deadline_seconds=deadline, max_bytes=limit, redirects=3)
        except FetchError as error:
            return type(error).__name__
    return "answer"


def measured(name: str, *, deadline: float, limit: int) -> dict[str, Any]:
    """One call in a process of its own: how it ended, how long it took in seconds, how many bytes of memory it took."""
    with running(evil(deadline, limit)[name]) as url, serving(answering(_PIECE)) as good:
        command = [sys.executable, "-W", "ignore", "-m", "chaos.evil", name, url, good.url()]
        done = subprocess.run(
            [*command, str(deadline), str(limit)], capture_output=True, text=True, timeout=deadline + 120,
            check=True,
        )  # fmt: skip
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def forget_peak() -> None:
    """The kernel counts the peak of the memory from now on, where it is able to."""
    file = Path("/proc/self/clear_refs")
    if file.exists():
        file.write_text("5")


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _alone(work: Callable[[], str]) -> dict[str, object]:
    forget_peak()
    before, started = peak(), time.monotonic()
    ended = work()
    return {"ended": ended, "seconds": time.monotonic() - started, "bytes": peak() - before}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("url")
    parser.add_argument("good")
    parser.add_argument("deadline", type=float)
    parser.add_argument("limit", type=int)
    asked = parser.parse_args()
    # all code is loaded, the list of trusted authorities too
    ready = Evil(None, ("answer",), "POST", 10)
    for url in (asked.good, asked.good.replace("http:", "https:")):
        asyncio.run(call(request_to(ready, url), deadline=20, limit=1 << 20))
    request = request_to(evil(asked.deadline, 0)[asked.name], asked.url)

    def work() -> str:
        return asyncio.run(call(request, deadline=asked.deadline, limit=asked.limit))

    print(json.dumps(_alone(work)))


if __name__ == "__main__":
    main()
