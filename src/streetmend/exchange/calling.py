"""Performs GeoReport's calls over a transport, as one endpoint wants them."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote, quote_plus, urlsplit

from django.conf import settings

from streetmend.bodies.habits import Habits, habits_of
from streetmend.bodies.models import Endpoint
from streetmend.bodies.sealing import KeyMissing, SealBroken, api_key
from streetmend.exchange.wire import dialect_of
from streetmend.fetch import Fetched, Fetcher, FetchRequest, Transport
from streetmend.georeport import calls
from streetmend.text import make_legal

T = TypeVar("T")

#: opens the connections of a worker for as long as it runs
OpenTransport = Callable[[], AbstractAsyncContextManager[Transport]]

_HEAD_CHARACTERS = 4096
#: answers from this size on are read in a thread, so that the loop goes on
_LARGE = 200_000


@asynccontextmanager
async def open_fetcher() -> AsyncIterator[Transport]:
    """The real transport: guarded addresses, deadlines, limits. It never calls this site itself."""
    own = urlsplit(settings.BASE_URL).hostname or ""
    refused = [own] if own not in ("127.0.0.1", "localhost", "::1") else []
    async with Fetcher(allow=settings.OUTBOUND_ALLOW, refuse_hosts=refused) as fetcher:
        yield fetcher


class KeyUnusable(Exception):
    """The endpoint's key cannot be read; the text says why, and never the key."""


@dataclass(frozen=True, slots=True)
class Line:
    """An endpoint as it is called: its address, key and dialect for `georeport.calls`, its habits and its zone."""

    row: Endpoint
    endpoint: calls.Endpoint
    habits: Habits
    zone: str

    @property
    def deadline_seconds(self) -> int:
        """The wall clock that one call has."""
        return self.row.timeout_seconds

    def masked(self, body: bytes) -> str:
        """The first 4 kB of an answer as text, without the endpoint's key."""
        return self.hushed(make_legal(body[: 4 * _HEAD_CHARACTERS].decode("utf-8", "replace")))[
            :_HEAD_CHARACTERS
        ]

    def hushed(self, text: str) -> str:
        """The text without the endpoint's key, in whatever form of the web it may stand there."""
        key = self.endpoint.api_key
        for form in {key, quote(key, safe=""), quote_plus(key), html.escape(key)} if key else ():
            text = text.replace(form, "***")
        return text


def line_to(row: Endpoint, site_zone: str) -> Line:
    """How to call the endpoint. Raises KeyUnusable, and msgspec.ValidationError for habits that are none."""
    habits = habits_of(row)
    dialect = dialect_of(row, habits, site_zone)
    try:
        key = api_key(row)
        endpoint = calls.Endpoint(
            url=row.url, jurisdiction_id=row.jurisdiction_id or None, api_key=key or None, dialect=dialect
        )
    except (KeyMissing, SealBroken, ValueError) as error:
        raise KeyUnusable(str(error)) from error
    return Line(row, endpoint, habits, dialect.time_zone or "UTC")


async def perform(call: calls.Call[T], line: Line, transport: Transport) -> Fetched:
    """The answer to the call, whatever it says. Raises FetchError."""
    request = FetchRequest(
        method=call.method,
        url=call.url,
        headers=dict(call.headers),
        body=call.body if call.method == "POST" else None,
    )
    return await transport.send(
        request,
        deadline_seconds=line.deadline_seconds,
        max_bytes=call.limits.most_bytes,
        redirects=0 if call.method == "POST" else 3,
    )


async def ask(call: calls.Call[T], line: Line, transport: Transport) -> tuple[T, Fetched]:
    """What a GET says, and its answer. Raises FetchError and georeport's CallFailed."""
    answer = await perform(call, line, transport)
    return await read(call, answer), answer


async def read(call: calls.Call[T], answer: Fetched) -> T:
    """What an answer says; the loop goes on meanwhile. Raises georeport's CallFailed."""
    if len(answer.body) > _LARGE:
        return await asyncio.to_thread(call.read, answer.status, answer.headers, answer.body)
    return call.read(answer.status, answer.headers, answer.body)


def seconds_until(when: int | datetime | None, now: datetime) -> float | None:
    """A Retry-After as seconds from `now` (UTC)."""
    if isinstance(when, datetime):
        return max((when - now).total_seconds(), 0.0)
    return None if when is None else float(when)
