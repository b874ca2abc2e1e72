"""Photos that reports and updates only have the address of are fetched, cleaned and hung where they belong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from streetmend.clock import Clock
from streetmend.exchange.database import DatabaseThread
from streetmend.exchange.surviving import surviving
from streetmend.fetch import (
    AddressRefused,
    AnswerTooLarge,
    FetchError,
    FetchRequest,
    RedirectRefused,
    RequestInvalid,
    Transport,
)
from streetmend.photos.decode import MOST_BYTES, decode
from streetmend.photos.errors import PhotoRefused
from streetmend.photos.incoming import is_incoming
from streetmend.photos.incoming import read as read_incoming
from streetmend.photos.store import StoredPhoto, store
from streetmend.reports.models import WantedPhoto
from streetmend.reports.services.wanted_photos import FetchResult, claim_photos, record_photo

logger = logging.getLogger("streetmend.worker")

#: wall clock of one fetch
DEADLINE_SECONDS = 20.0
#: of one fetch with its decoding, which may have to wait for others
LEASE_SECONDS = 300
PORTS = (80, 443)
REDIRECTS = 3
AT_ONCE = 4
_ACCEPT = "image/jpeg, image/png, image/webp, image/heic;q=0.8, image/*;q=0.5"
#: these end the same way however often they are tried
_FOR_GOOD = (RequestInvalid, AddressRefused, RedirectRefused, AnswerTooLarge)
#: statuses of an answer that may be another one later; those of servers that are down begin with 5
_PASSING = frozenset({408, 425, 429})


async def fetch_wanted(wanted: WantedPhoto, transport: Transport) -> FetchResult:
    """The photo at the address, in the store, or why there is none. It never raises what the other side can cause."""
    if is_incoming(wanted.url):
        return await _kept(wanted.url)
    request = FetchRequest("GET", wanted.url, {"Accept": _ACCEPT})
    try:
        answer = await transport.send(
            request,
            deadline_seconds=DEADLINE_SECONDS,
            max_bytes=MOST_BYTES,
            redirects=REDIRECTS,
            ports=PORTS,
        )
    except FetchError as error:
        return FetchResult(why=error.message, final=isinstance(error, _FOR_GOOD))
    if answer.status != 200:
        final = 400 <= answer.status < 500 and answer.status not in _PASSING
        return FetchResult(why=f"The server answered {answer.status}.", final=final)
    return await _taken(answer.body)


async def _kept(address: str) -> FetchResult:
    """The photo that came inside a row and lies in the store as it came."""
    try:
        content = await asyncio.to_thread(read_incoming, address)
    except OSError as error:
        return FetchResult(why=f"The file that came with it is gone: {type(error).__name__}", final=True)
    return await _taken(content)


async def _taken(content: bytes) -> FetchResult:
    try:
        return FetchResult(photo=await asyncio.to_thread(_cleaned, content))
    except PhotoRefused as refused:
        return FetchResult(why=refused.message, final=True)
    except OSError as error:
        return FetchResult(why=f"It could not be stored: {type(error).__name__}")


def _cleaned(content: bytes) -> StoredPhoto:
    picture = decode(content)
    return store(picture.jpeg, width=picture.width, height=picture.height)


class PhotoLane:
    """A worker's photos: at most four at once, so that they never keep a report from leaving."""

    def __init__(self, worker: str, clock: Clock, database: DatabaseThread) -> None:
        self.worker, self.clock, self.database = worker, clock, database
        self.under_way = 0

    async def take(self, start: Callable[[Coroutine[Any, Any, None]], None], transport: Transport) -> bool:
        """The photos that are due now are on their way, each by a job that `start` begins; says whether there were any."""
        if self.under_way >= AT_ONCE:
            return False
        claimed = await self.database(
            partial(
                claim_photos,
                worker=self.worker,
                now=self.clock.now(),
                limit=AT_ONCE - self.under_way,
                lease_seconds=LEASE_SECONDS,
            )
        )
        self.under_way += len(claimed)
        for wanted in claimed:
            start(self.bring(wanted, transport))
        return bool(claimed)

    async def bring(self, wanted: WantedPhoto, transport: Transport) -> None:
        """The photo is where it was wanted, or is tried again later, or is given up."""
        with surviving("photo=%d could not be brought", wanted.pk):
            result = await fetch_wanted(wanted, transport)
            recorded = await self.database(
                partial(record_photo, worker=self.worker, wanted=wanted, result=result, now=self.clock.now())
            )
            what = "fetched" if result.photo else f"not fetched: {result.why}"
            logger.info("photo=%d attempt=%d recorded=%s %s", wanted.pk, wanted.attempts, recorded, what)
        self.under_way -= 1
