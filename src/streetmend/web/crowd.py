"""More people than the site can answer: it answers as many as it can in good time, and tells the others at once to come back.

A process takes on a bounded number of requests. Whoever reads may wait for a moment behind others who read, eight of whom are
answered at a time; forms and other writes have places of their own and wait behind nobody, so that a report gets through while
lists and maps are turned away. Nothing that was turned away has had any effect.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.db import connections
from django.template.loader import render_to_string

from streetmend.counting import count

#: requests of a process: those that only read (being answered, or waiting to be), and all others
READS, WRITES = 32, 12
#: of those that read, so many are answered at a time: more would only make each of them slower
READS_AT_ONCE = 8
#: threads of a process: one for each request, and some to turn others away
THREADS = READS + WRITES + 4
AGAIN_SECONDS = "2"
#: with more requests than this a thread gives its connection to the database back after each
_CALM = 16
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
#: answered whatever is going on: whoever asks this starts the site anew if it does not answer
_ALWAYS = "/healthz"
_WORDS = "Too many requests at the moment. Please try again in a few seconds."


class _Places:
    """So many requests and no more."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self.taken = 0

    def take(self) -> bool:
        """One of them is the caller's; false where all are taken."""
        with self._lock:
            if self.taken >= self._most:
                return False
            self.taken += 1
            return True

    def give_back(self) -> None:
        with self._lock:
            self.taken -= 1


class Crowd:
    """A WSGI application in front of another."""

    def __init__(
        self,
        application: WSGIApplication,
        *,
        reads: int = READS,
        writes: int = WRITES,
        reads_at_once: int = READS_AT_ONCE,
    ) -> None:
        self._application = application
        self._reads, self._writes = _Places(reads), _Places(writes)
        self._reading = threading.BoundedSemaphore(reads_at_once)

    @property
    def reading(self) -> int:
        """How many requests that only read are being answered or waiting to be."""
        return self._reads.taken

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The other's answer; 503 with Retry-After where there are too many requests."""
        if environ.get("PATH_INFO") == _ALWAYS:
            return self._application(environ, start_response)
        reads = environ.get("REQUEST_METHOD", "GET") in _READING
        places = self._reads if reads else self._writes
        if not places.take():
            count("shed_total", labels={"class": "read" if reads else "write"})
            return _turned_away(environ, start_response)
        try:
            if not reads:
                return self._application(environ, start_response)
            with self._turn():
                return self._application(environ, start_response)
        finally:
            if self._reads.taken + self._writes.taken > _CALM:
                # every thread has a connection of its own, and a database does not take any number of them
                connections.close_all()
            places.give_back()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One of those who read at a time; how long it took to come to that is counted."""
        if not self._reading.acquire(blocking=False):
            began = time.monotonic()
            self._reading.acquire()
            count("db_pool_wait_seconds", time.monotonic() - began)
        try:
            yield
        finally:
            self._reading.release()


def _turned_away(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    path = str(environ.get("PATH_INFO", ""))
    kind, body = _answer(path.startswith("/open311/"), path.endswith(".json"))
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Retry-After", AGAIN_SECONDS),
        ("Cache-Control", "no-store"),
    ]
    start_response("503 Service Unavailable", headers)
    return [body]


@cache
def _answer(for_programs: bool, in_json: bool) -> tuple[str, bytes]:
    """Made once: when it is needed there is no time for it."""
    if not for_programs:
        return "text/html; charset=utf-8", render_to_string("web/failed.html", {"busy": True}).encode()
    if in_json:
        return "application/json; charset=utf-8", f'[{{"code":503,"description":"{_WORDS}"}}]'.encode()
    xml = f"<errors><error><code>503</code><description>{_WORDS}</description></error></errors>"
    return "text/xml; charset=utf-8", f'<?xml version="1.0" encoding="utf-8"?>\n{xml}'.encode()
