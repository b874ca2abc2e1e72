"""Ten times as many people as the site can answer: what is answered, how fast, what the rest is told, how soon all is well.

First some clients ask one page after the other, which shows how much the site answers. Then requests come at ten times that rate
for a while, each over a connection of its own and whether or not the others were answered, as people do; one in ten sends a
report. Site and clients share the machine, so the times are those of a machine that does both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bench.posts import NAMES, served, streetmend
from bench.report import Result

PORT = 8991
TIMES = 10
#: seconds that the slowest hundredth of what is answered may take; of what is turned away; until all is well again
SERVED_GOAL, TURNED_AWAY_GOAL, WELL_GOAL = 2.0, 0.05, 10.0
_POST_OF = 10
_PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Asked:
    """How a request ended: its status (0: no answer), seconds, and whether it was a report."""

    status: int
    took: float
    post: bool


class Clients:
    """Requests as bytes, and how they are sent."""

    def __init__(self, *, key: str, place: tuple[float, float, str], paths: Sequence[str]) -> None:
        self._rng = random.Random(71)
        self._pages = [self._get(path) for path in paths]
        lat, long, service = place
        fields = {"api_key": key, "service_code": service, "lat": f"{lat:.6f}", "long": f"{long:.6f}"}
        self._fields, self._sent = fields, 0

    def _get(self, path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nConnection: close\r\n\r\n".encode()

    def page(self) -> bytes:
        """One of the pages."""
        return self._rng.choice(self._pages)

    def post(self) -> bytes:
        """One more report."""
        self._sent += 1
        body = urlencode({**self._fields, "description": f"Lamp {self._sent} is dark"}).encode()
        head = (
            f"POST /open311/v2/requests.json HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nConnection: close\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    async def ask(self, request: bytes) -> Asked:
        """The request is answered, or was not within some seconds."""
        began, status = time.monotonic(), 0
        try:
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
                writer.write(request)
                answer = await reader.read(64)
                status = int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0
                while await reader.read(65536):
                    pass
                writer.close()
        except (OSError, TimeoutError, ValueError):
            status = 0
        return Asked(status, time.monotonic() - began, request.startswith(b"POST"))


async def capacity(clients: Clients, seconds: float) -> float:
    """Pages a second that the site answers to eight clients, each of which waits for its answer."""
    until, answered = time.monotonic() + seconds, 0

    async def one() -> None:
        nonlocal answered
        while time.monotonic() < until:
            asked = await clients.ask(clients.page())
            answered += asked.status == 200

    await asyncio.gather(*(one() for _ in range(8)))
    return answered / seconds


async def storm(clients: Clients, rate: float, seconds: float) -> list[Asked]:
    """So many requests a second for so long, and how each of them ended."""
    began, tasks = time.monotonic(), []
    number = 0
    while (now := time.monotonic() - began) < seconds:
        while number < now * rate:
            number += 1
            request = clients.post() if number % _POST_OF == 0 else clients.page()
            tasks.append(asyncio.create_task(clients.ask(request)))
        await asyncio.sleep(0.002)
    return list(await asyncio.gather(*tasks))


async def recovery(clients: Clients) -> float:
    """Seconds until three pages one after the other are answered within half a second each."""
    began, good = time.monotonic(), 0
    while good < 3 and time.monotonic() - began < 60:
        asked = await clients.ask(clients.page())
        good = good + 1 if asked.status == 200 and asked.took < 0.5 else 0
    return time.monotonic() - began


def _late(found: Sequence[Asked], part: float = 0.99) -> float:
    times = sorted(one.took for one in found)
    return times[min(int(len(times) * part), len(times) - 1)] if times else 0.0


def lines(found: Sequence[Asked], rate: float, asked_for: float, well: float, where: str) -> list[Result]:
    """What is told of a storm."""
    pages, posts = [one for one in found if not one.post], [one for one in found if one.post]
    served = [one for one in found if one.status == 200 and not one.post]
    taken = [one for one in found if one.status == 200 and one.post]
    away = [one for one in found if one.status == 503]
    kept = sum(one.status == 200 for one in posts) / max(len(posts), 1)
    share = sum(one.status == 200 for one in pages) / max(len(pages), 1)
    lost = sum(one.status == 0 for one in found)
    return [
        Result("crowd: pages that are answered, unhurried", where, rate, "/s"),
        Result(f"crowd: requests that came in {asked_for:.0f} s", where, len(found) / asked_for, "/s"),
        Result("crowd: of the pages were answered", where, share * 100, "%"),
        Result("crowd: of the reports were taken", where, kept * 100, "%"),
        Result("crowd: without any answer", where, lost, "", most=0),
        Result("crowd: the slowest hundredth of the pages", where, _late(served), "s", most=SERVED_GOAL),
        Result("crowd: the slowest hundredth of the reports", where, _late(taken), "s", most=SERVED_GOAL),
        Result(
            "crowd: the middle of what is turned away", where, _late(away, 0.5), "s", most=TURNED_AWAY_GOAL
        ),
        Result("crowd: the slowest hundredth of what is turned away", where, _late(away), "s"),
        Result("crowd: until all is well again", where, well, "s", most=WELL_GOAL),
    ]


async def _run(clients: Clients, seconds: float, where: str) -> list[Result]:
    await capacity(clients, 2.0)
    rate = await capacity(clients, 5.0)
    found = await storm(clients, rate * TIMES, seconds)
    return lines(found, rate, seconds, await recovery(clients), where)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--reports", type=int, default=5000)
    asked = parser.parse_args()
    streetmend("init", "--no-input")
    streetmend("fill", f"--reports={asked.reports}")
    key = streetmend("keys", "create", "bench").split()[-1]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
    import django

    django.setup()
    from django.db import connection

    from streetmend.bodies.queries import categories_at
    from streetmend.reports.models import Report

    one = Report.objects.filter(visible=True).order_by("-id")[0]
    choice = next(found for found in categories_at(one.lat, one.long).choices if not found.questions)
    window = f"/report/where?lat={one.lat}&long={one.long}&zoom=14"
    clients = Clients(
        key=key,
        place=(one.lat, one.long, choice.name),
        paths=("/", "/reports", f"/reports/{one.pk}", window, "/open311/v2/requests.json?max_requests=50"),
    )
    where = f"{NAMES[connection.vendor]} x2"
    connection.close()
    with served(PORT, 2):
        found = asyncio.run(_run(clients, asked.seconds, where))
    sys.stdout.write(json.dumps([line.as_row() for line in found]))


if __name__ == "__main__":
    main()
