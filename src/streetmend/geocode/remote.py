"""What all geocoders that are asked over the network have in common: two seconds, answers kept an hour, a pause after failures.

A `Dialect` says how one kind of server is asked and how its answer is read; it does no input or output.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

import msgspec

from streetmend import fetch
from streetmend.clock import Clock
from streetmend.geocode.places import NEAR_METRES, Found
from streetmend.nearness import metres_between
from streetmend.text import clean_text, make_legal

_log = logging.getLogger(__name__)

SECONDS = 2.0
MOST_BYTES = 512 * 1024
#: after so many failures in a row the server is not asked for so long
_FAILURES, _PAUSE_SECONDS = 3, 30.0
_KEPT_ANSWERS, _KEPT_SECONDS = 1000, 3600.0


@dataclass(frozen=True, slots=True)
class Question:
    """One call: what is added to the server's address (a path, relative), and its query. A key goes in a header if it can."""

    path: str
    query: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Dialect(Protocol):
    """How one kind of geocoder speaks. The readers raise msgspec.MsgspecError for what is no answer of theirs."""

    def search(self, words: str, limit: int, language: str) -> Question:
        """How the places that the words may mean are asked for."""
        ...

    def reverse(self, lat: float, long: float, language: str) -> Question:
        """How the address nearest to the place (degrees) is asked for."""
        ...

    def read(self, body: bytes) -> list[Found]:
        """The places of an answer, the likeliest first."""
        ...


class Remote:
    """The geocoder below `url`. `make` makes the fetcher, `language` says in which language names are wanted."""

    def __init__(
        self,
        url: str,
        dialect: Dialect,
        *,
        make: Callable[[], fetch.Fetcher],
        clock: Clock,
        language: Callable[[], str],
    ) -> None:
        self._url = url if url.endswith("/") else f"{url}/"
        self._dialect = dialect
        self._make, self._clock, self._language = make, clock, language
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._failures = 0
        self._paused_until = -math.inf

    def search(self, words: str, *, limit: int = 8) -> list[Found]:
        """The places that the words may mean, the likeliest first; none where the server knows none or does not answer."""
        asked = " ".join(make_legal(words).split())[:300]
        if not asked:
            return []
        return self._ask(self._dialect.search(asked, limit, self._language()))[:limit]

    def reverse(self, lat: float, long: float) -> Found | None:
        """The address nearest to the place, if one is within 150 m and the server answers."""
        found = self._ask(self._dialect.reverse(lat, long, self._language()))
        near = [(metres_between((lat, long), (place.lat, place.long)), place) for place in found]
        metres, place = min(near, key=lambda one: one[0], default=(math.inf, None))
        return place if metres <= NEAR_METRES else None

    def streets(self) -> list[Found]:
        """None: servers answer questions, and list nothing."""
        return []

    def numbers(self, street: str) -> list[Found]:
        """None: servers answer questions, and list nothing."""
        return []

    def _ask(self, question: Question) -> list[Found]:
        url = f"{self._url}{question.path}?{urlencode(question.query)}"
        body = self._kept(url)
        if body is None:
            body = self._fetched(url, question.headers)
            if body is None:
                return []
        try:
            return self._dialect.read(body)
        except (msgspec.MsgspecError, RecursionError):
            # {"error": "Unable to geocode"} is an answer as well
            return []

    def _kept(self, url: str) -> bytes | None:
        with self._lock:
            at, body = self._answers.get(url, (-math.inf, b""))
            return body if self._clock.monotonic() - at < _KEPT_SECONDS else None

    def _fetched(self, url: str, headers: Mapping[str, str]) -> bytes | None:
        with self._lock:
            if self._clock.monotonic() < self._paused_until:
                return None
        try:
            answer = fetch.send_now(
                self._make,
                fetch.FetchRequest("GET", url, headers),
                deadline_seconds=SECONDS,
                max_bytes=MOST_BYTES,
            )
        except fetch.FetchError as error:
            self._failed(error.message)
            return None
        if answer.status != 200:
            self._failed(f"it answered {answer.status}")
            return None
        with self._lock:
            self._failures = 0
            self._answers[url] = (self._clock.monotonic(), answer.body)
            if len(self._answers) > _KEPT_ANSWERS:
                self._answers.popitem(last=False)
        return answer.body

    def _failed(self, why: str) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= _FAILURES:
                self._failures = 0
                self._paused_until = self._clock.monotonic() + _PAUSE_SECONDS
        _log.warning("the geocoder does not answer: %s", why)


def place(lat: float, long: float, *parts: str, town: str = "", otherwise: str = "") -> Found:
    """A place with its address as it is written: the parts (street, number), a comma, the town; else what stands otherwise."""
    street = " ".join(part for part in parts if part)
    label = ", ".join(part for part in (street, town) if part) if street else otherwise or town
    clean = clean_text(label[:1000], field="address", max_length=2000)[:300].strip()
    return Found(clean or f"{lat}, {long}", lat, long)
