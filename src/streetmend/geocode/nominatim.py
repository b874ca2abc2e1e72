"""Addresses from a Nominatim server. It has two seconds; where it does not answer, nothing is known, and the site goes on."""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

import msgspec

from streetmend.clock import Clock
from streetmend.fetch import Fetcher, FetchError, FetchRequest, send_now
from streetmend.geocode.places import Found
from streetmend.text import clean_text, make_legal

_log = logging.getLogger(__name__)

SECONDS = 2.0
MOST_BYTES = 512 * 1024
#: after so many failures in a row the server is not asked for so long
_FAILURES, _PAUSE_SECONDS = 3, 30.0
_KEPT_ANSWERS, _KEPT_SECONDS = 1000, 3600.0
_NEAR_METRES = 150.0
_METRES_A_DEGREE = 111_320.0

T = TypeVar("T")


class _Place(msgspec.Struct):
    """What we read of a place; coordinates come as text."""

    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    display_name: str = ""
    address: dict[str, Any] = {}


class Nominatim:
    """A Nominatim server below `url`. `make` makes the fetcher, `language` says in which language names are wanted."""

    def __init__(
        self, url: str, *, make: Callable[[], Fetcher], clock: Clock, language: Callable[[], str]
    ) -> None:
        self._url = url if url.endswith("/") else f"{url}/"
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
        places = self._ask("search", list[_Place], q=asked, limit=limit, addressdetails=1)
        return [_found(place) for place in (places or [])[:limit]]

    def reverse(self, lat: float, long: float) -> Found | None:
        """The address nearest to the place, if one is within 150 m and the server answers."""
        place = self._ask("reverse", _Place, lat=f"{lat:.5f}", lon=f"{long:.5f}", zoom=18, addressdetails=1)
        if place is None:
            return None
        north = (place.lat - lat) * _METRES_A_DEGREE
        east = (place.lon - long) * _METRES_A_DEGREE * math.cos(math.radians(lat))
        return _found(place) if math.hypot(north, east) <= _NEAR_METRES else None

    def _ask(self, what: str, kind: type[T], **asked: object) -> T | None:
        query = urlencode({**asked, "format": "jsonv2", "accept-language": self._language()})
        url = f"{self._url}{what}?{query}"
        body = self._kept(url)
        if body is None:
            body = self._fetched(url)
            if body is None:
                return None
        try:
            return msgspec.json.decode(body, type=kind, strict=False)
        except (msgspec.MsgspecError, RecursionError):
            # {"error": "Unable to geocode"} is an answer as well
            return None

    def _kept(self, url: str) -> bytes | None:
        with self._lock:
            at, body = self._answers.get(url, (-math.inf, b""))
            return body if self._clock.monotonic() - at < _KEPT_SECONDS else None

    def _fetched(self, url: str) -> bytes | None:
        with self._lock:
            if self._clock.monotonic() < self._paused_until:
                return None
        try:
            answer = send_now(
                self._make, FetchRequest("GET", url), deadline_seconds=SECONDS, max_bytes=MOST_BYTES
            )
        except FetchError as error:
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


def _found(place: _Place) -> Found:
    """The place with the words of its address as they are written: street and number, then the town."""
    said = {key: value for key, value in place.address.items() if isinstance(value, str)}
    street = " ".join(filter(None, (said.get("road"), said.get("house_number"))))
    town = next((said[key] for key in ("city", "town", "village", "municipality") if key in said), "")
    label = ", ".join(filter(None, (street, town))) if street else place.display_name
    clean = clean_text(label[:1000], field="address", max_length=2000)[:300].strip()
    return Found(clean or f"{place.lat}, {place.lon}", place.lat, place.lon)
