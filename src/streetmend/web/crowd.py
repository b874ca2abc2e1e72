"""More people than the site can answer: it answers as many as it can in good time, and tells the others at once to come back.

A process takes on a bounded number of requests. Whoever reads may wait for a moment behind others who read; forms and other
writes have places and turns of their own, so that a report gets through while lists and maps are turned away. Nothing that was
turned away has had any effect.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.db import connections
from django.template.loader import render_to_string

from streetmend.counting import count

#: requests of a process: those that only read (being answered, or waiting to be), and all others
READS, WRITES = 24, 12
#: so long anybody waits for their turn, and is turned away then: whoever waited longer has gone, or presses again
PATIENCE_SECONDS = 1.5
#: whose turn came within so short a time did not wait
_AT_ONCE_SECONDS = 0.001
#: so many of those that read are answered at a time, and only two where there are more of them than that; so are small writes.
#: More would only make each of them slower, and whoever is turned away waits for a turn of each that is at work
AT_ONCE, IN_A_CROWD = 8, 2
#: a body up to so many bytes is there at once; a larger one, such as photos over a slow line, keeps nobody from their turn
_SMALL_BODY = 65_536
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


class _Turns:
    """How many of those who have a place are at work, in the order in which they came.

    Up to `calm` of them, or two where `all_places` say that more than that have a place of any kind.
    """

    def __init__(self, all_places: Sequence[_Places], calm: int) -> None:
        self._all_places, self._calm = all_places, calm
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._at_work = 0

    def take(self, seconds: float) -> bool:
        """It is the caller's turn; false where it did not come within so many seconds."""
        with self._lock:
            if not self._waiting and self._free():
                self._at_work += 1
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return True
        with self._lock:
            if mine.is_set():  # just now
                return True
            self._waiting.remove(mine)
            return False

    def give_back(self) -> None:
        with self._lock:
            self._at_work -= 1
            while self._waiting and self._free():
                self._at_work += 1
                self._waiting.popleft().set()

    def _free(self) -> bool:
        crowded = sum(places.taken for places in self._all_places) > self._calm
        return self._at_work < (min(IN_A_CROWD, self._calm) if crowded else self._calm)


class Crowd:
    """A WSGI application in front of another."""

    def __init__(
        self,
        application: WSGIApplication,
        *,
        reads: int = READS,
        writes: int = WRITES,
        at_once: int = AT_ONCE,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._application, self._patience = application, patience
        self._reads, self._writes = _Places(reads), _Places(writes)
        both = (self._reads, self._writes)
        self._reading, self._writing = _Turns(both, at_once), _Turns(both, at_once)

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
            return _turned_away(environ, start_response)
        try:
            if not reads and not _whole(environ):
                return self._application(environ, start_response)
            return self._in_turn(self._reading if reads else self._writing, environ, start_response)
        finally:
            if self._reads.taken + self._writes.taken > _CALM:
                _give_connections_back()
            places.give_back()

    def _in_turn(
        self, turns: _Turns, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        began = time.monotonic()
        mine = turns.take(self._patience)
        waited = time.monotonic() - began
        if waited > _AT_ONCE_SECONDS:
            count("db_pool_wait_seconds", waited)
        if not mine:
            return _turned_away(environ, start_response)
        try:
            return self._application(environ, start_response)
        finally:
            turns.give_back()


def _give_connections_back() -> None:
    """Every thread has a connection of its own, and a server of a database does not take any number of them."""
    for connection in connections.all(initialized_only=True):
        if connection.vendor != "sqlite":
            connection.close()


def _whole(environ: WSGIEnvironment) -> bool:
    """Whether the body is small, and then it has been read: whoever sends it slowly has waited for it alone."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    if not (length.isascii() and length.isdigit() and len(length) < 7 and int(length) <= _SMALL_BODY):
        return False
    environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(int(length)))
    return True


def _turned_away(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    reads = environ.get("REQUEST_METHOD", "GET") in _READING
    count("shed_total", labels={"class": "read" if reads else "write"})
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
