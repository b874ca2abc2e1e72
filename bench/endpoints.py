"""`python -m bench.endpoints --count N --seconds S`: so many pretend endpoints that each take so long, in a process of their own.

Their addresses are http://127.0.0.1:PORT/0/ and so on; the first line says the port. When its input ends it tells as JSON what
has arrived: how many requests each endpoint stored, and how many reports it has more than once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streetmend.georeport.testing import Answer, PretendEndpoint

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


class _Connection(asyncio.Protocol):
    """One request, and its answer after the endpoint's time."""

    def __init__(self, endpoints: list[PretendEndpoint], seconds: float) -> None:
        self._endpoints, self._seconds = endpoints, seconds
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, found, body = self._came.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or len(body) < (int(length[1]) if length else 0):
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        number = int(target.split("/", 2)[1])
        answer = self._endpoints[number].handle(method, target, headers, body)
        asyncio.get_running_loop().call_later(self._seconds, self._answer, answer)

    def _answer(self, answer: Answer) -> None:
        lines = [f"HTTP/1.1 {answer.status} Told"]
        lines += [f"{name}: {value}" for name, value in answer.all_headers().items()]
        head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
        assert isinstance(self._transport, asyncio.Transport)
        self._transport.write(head + answer.body)
        self._transport.close()


async def _serve(count: int, seconds: float) -> dict[str, int]:
    # numbers that no other such process gave
    prefix = f"{os.getpid():x}-"
    endpoints = [
        PretendEndpoint(base=f"/{number}/", number=lambda n: f"{prefix}{n}") for number in range(count)
    ]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(endpoints, seconds), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    stored = [entry for endpoint in endpoints for entry in endpoint.ledger.entries()]
    marks = Counter(_mark(entry.new.description or "") for entry in stored)
    return {
        "stored": len(stored),
        "reports": len(marks),
        "busy": sum(bool(endpoint.ledger.entries()) for endpoint in endpoints),
    }


def _mark(description: str) -> str:
    """The report's own address, which is in every description."""
    return next((word for word in description.split() if "/reports/" in word), description)


@dataclass(slots=True)
class Running:
    """The endpoints while they run; `told` is what they say at their end."""

    port: int
    told: dict[str, int]

    def url(self, number: int) -> str:
        """The address of one."""
        return f"http://127.0.0.1:{self.port}/{number}/"


@contextmanager
def running(count: int, seconds: float) -> Iterator[Running]:
    """They run for as long as the block lasts; afterwards they have told what arrived."""
    command = [sys.executable, "-m", "bench.endpoints", f"--count={count}", f"--seconds={seconds}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        there = Running(int(process.stdout.readline()), {})
        try:
            yield there
        finally:
            process.stdin.close()
            there.told = json.loads(process.stdout.readline() or "{}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=0.2)
    asked = parser.parse_args()
    print(json.dumps(asyncio.run(_serve(asked.count, asked.seconds))), flush=True)


if __name__ == "__main__":
    main()
