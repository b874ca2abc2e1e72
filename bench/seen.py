"""When people see a page and can move its map, with a telephone on slow 4G: in a real browser that is slowed down.

The connection is as a telephone's at the edge of a town (1.6 Mbit/s down, 750 kbit/s up, 150 ms there and back), the processor a
quarter as fast. Each time is the median of some visits with nothing kept, beside that of an empty page in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from bench.report import Result

SLOW_4G = {
    "offline": False,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
    "latency": 150,
}
SLOWER = 4
#: milliseconds until the largest thing of the page is there, and until its map can be moved
LARGEST_GOAL, MAP_GOAL = 1500.0, 3000.0
EMPTY = "/empty"
_OBSERVE = """window.largest = 0; new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.largest = Math.max(window.largest, one.startTime);
}).observe({ type: "largest-contentful-paint", buffered: true });
new MutationObserver((_, me) => {
  if (document.querySelector(".map.live")) { window.live = performance.now(); me.disconnect(); }
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });"""


@dataclass(frozen=True, slots=True)
class Visit:
    """Milliseconds from the beginning of the visit; `live`: None where the page has no map to move. `bytes` travelled."""

    largest: float
    live: float | None
    bytes: int


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing is said."""


@contextmanager
def served() -> Iterator[str]:
    """The site with the empty page, in threads of this process."""
    from django.core.wsgi import get_wsgi_application

    server = make_server("127.0.0.1", 8000, get_wsgi_application(), _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield "http://127.0.0.1:8000"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def visit(browser: Any, url: str, *, with_map: bool) -> Visit:
    """One visit with nothing kept."""
    context = browser.new_context(viewport={"width": 412, "height": 823}, locale="en-GB")
    try:
        page = context.new_page()
        page.add_init_script(_OBSERVE)
        wire = context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.emulateNetworkConditions", SLOW_4G)
        wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        travelled = [0]
        wire.on("Network.loadingFinished", lambda told: travelled.append(int(told["encodedDataLength"])))
        page.goto(url, wait_until="load")
        if with_map:
            page.locator(".map.live").wait_for(timeout=60_000)
        page.wait_for_load_state("networkidle")
        largest, live = page.evaluate("[window.largest, window.live ?? null]")
        return Visit(largest, live, sum(travelled))
    finally:
        context.close()


def pages() -> list[tuple[str, str, bool]]:
    """What is visited: its name, its address, whether its map can be moved."""
    from streetmend.reports.models import Report

    newest = Report.objects.filter(visible=True).order_by("-requested_at", "-id")[:1].get()
    place = f"lat={newest.lat}&long={newest.long}&zoom=16&pin_lat={newest.lat}&pin_long={newest.long}"
    return [
        ("empty", EMPTY, False),
        ("home", "/", False),
        ("where", f"/report/where?{place}", True),
        ("list and map", "/reports", True),
        ("a report", f"/reports/{newest.pk}", False),
    ]


def measured(browser: Any, base: str, visits: int) -> list[Result]:
    """A line for each page, and one for its map; the pages take turns, so that what else the machine does meets them all."""
    asked = pages()
    found: dict[str, list[Visit]] = {name: [] for name, *_ in asked}
    for turn in range(visits + 1):
        for name, path, with_map in asked:
            seen = visit(browser, base + path, with_map=with_map)
            if turn:  # the first turn fills the server's own memory
                found[name].append(seen)
    largest = {name: statistics.median(one.largest for one in seen) for name, seen in found.items()}
    lines = []
    for name, _path, with_map in asked[1:]:
        weight = max(one.bytes for one in found[name]) / 1024
        what = f"seen: {name}, {weight:.0f} KB in all"
        ratio = largest["empty"] / largest[name]
        lines.append(Result(what, "slow 4G", largest[name], "ms", largest["empty"], ratio, most=LARGEST_GOAL))
        if with_map:
            live = statistics.median(one.live or 0 for one in found[name])
            what = f"seen: {name}, its map can be moved"
            lines.append(
                Result(what, "slow 4G", live, "ms", largest["empty"], largest["empty"] / live, most=MAP_GOAL)
            )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--reports", type=int, default=2000)
    parser.add_argument("--visits", type=int, default=5)
    asked = parser.parse_args()
    from bench.requests import fill, set_up

    set_up()
    fill(asked.reports)
    from playwright.sync_api import sync_playwright

    from tests.support.machine import find_chromium

    # the driver's loop runs in this thread; the database is asked here all the same, and by nobody else at that time
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with served() as base, sync_playwright() as driver:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=str(find_chromium()), args=arguments)
        lines = measured(browser, base, asked.visits)
        browser.close()
    sys.stdout.write(json.dumps([line.as_row() for line in lines]))


if __name__ == "__main__":
    main()
