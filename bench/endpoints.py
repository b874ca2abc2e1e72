"""`python -m bench.endpoints --count N --seconds S`: so many pretend endpoints that each take so long, in a process of their own.

Their addresses are http://127.0.0.1:PORT/0/ and so on; the first line says the port. They know only how to take in a report, and
do no more for it than they must: what they use of the processor is lost to what is measured. When their input ends they tell as
JSON what has arrived, whether each report is there once, and how much processor time they took.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_POST = re.compile(rb"POST /([0-9]+)/requests\.xml[? ]")
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
#: the report's own address, which is in every description
_REPORT = re.compile(rb"%2Freports%2F([0-9]+)")
_ANSWER = (
    b"HTTP/1.1 %b\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT\r\nContent-Type: text/xml; charset=utf-8\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%b"
)
_ACCEPTED = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<service_requests><request><service_request_id>%b</service_request_id>'
    b"<service_notice></service_notice><account_id></account_id></request></service_requests>\n"
)
_REFUSED = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<errors><error><code>%b</code>'
    b"<description>Not so.</description></error></errors>\n"
)


class Endpoints:
    """What has arrived at all of them."""

    def __init__(self, count: int) -> None:
        # numbers that no other such process gave
        self._prefix = f"{os.getpid():x}-".encode()
        self._count = count
        self.stored: list[Counter[bytes]] = [Counter() for _ in range(count)]
        self.began: float | None = None

    def answer(self, head: bytes, body: bytes) -> bytes:
        """The whole answer to a request. A wrong key, and what is no report, are refused."""
        self.began = self.began or time.process_time()
        post, report = _POST.match(head), _REPORT.search(body)
        number = int(post[1]) if post else self._count
        if number >= self._count or report is None:
            return self._made(b"400 Bad Request", _REFUSED % b"400")
        if b"api_key=key-%d&" % number not in body:
            return self._made(b"403 Forbidden", _REFUSED % b"403")
        self.stored[number][report[1]] += 1
        given = b"%b%d" % (self._prefix, self.stored[number].total())
        return self._made(b"201 Created", _ACCEPTED % given)

    @staticmethod
    def _made(status: bytes, body: bytes) -> bytes:
        return _ANSWER % (status, len(body), body)

    def told(self) -> dict[str, float]:
        """How many reports arrived, how many different ones, at how many endpoints, and in how much processor time (seconds)."""
        return {
            "stored": sum(each.total() for each in self.stored),
            "reports": len(set().union(*self.stored)),
            "busy": sum(bool(each) for each in self.stored),
            "seconds": time.process_time() - (self.began or time.process_time()),
        }


class _Connection(asyncio.Protocol):
    """One request, and its answer after the endpoint's time."""

    def __init__(self, endpoints: Endpoints, seconds: float) -> None:
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
        answer = self._endpoints.answer(head, body)
        asyncio.get_running_loop().call_later(self._seconds, self._answer, answer)

    def _answer(self, answer: bytes) -> None:
        assert isinstance(self._transport, asyncio.Transport)
        self._transport.write(answer)
        self._transport.close()


async def _serve(count: int, seconds: float) -> dict[str, float]:
    endpoints = Endpoints(count)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(endpoints, seconds), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    return endpoints.told()


@dataclass(slots=True)
class Running:
    """The endpoints while they run; `told` is what they say at their end."""

    port: int
    told: dict[str, float]

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
