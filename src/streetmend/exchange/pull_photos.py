"""Photos that lie at other people's addresses are fetched, decoded like every other photo, and stand where they were wanted.

A job of its own: neither an update nor a report waits longer for its pictures than it must.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from streetmend.clock import Clock
from streetmend.exchange.crash import crash
from streetmend.exchange.database import DatabaseThread
from streetmend.fetch import AddressRefused, FetchError, FetchRequest, RequestInvalid, Transport
from streetmend.photos import incoming
from streetmend.photos.decode import MOST_BYTES, decode
from streetmend.photos.errors import PhotoRefused
from streetmend.photos.store import StoredPhoto, store
from streetmend.reports.models import WantedPhoto
from streetmend.reports.services.wanted_photos import FetchResult, claim_photos, record_photo

logger = logging.getLogger("streetmend.worker")

#: one photo has so long, with all its redirects
DEADLINE_SECONDS = 20.0
MOST_REDIRECTS = 3
#: nothing else is called for a photo
PORTS = (80, 443)
AT_ONCE = 4
#: fetching, decoding (30 s at most) and writing down have so long
LEASE_SECONDS = 120
_IMAGES = "image/jpeg,image/png,image/webp,image/heic,image/*;q=0.5"
#: that it is not there today does not mean that it is not there tomorrow, but these say so
_GONE = (401, 403, 410, 451)


async def take_photos(worker: str, clock: Clock, database: DatabaseThread) -> list[WantedPhoto]:
    """The photos that are this worker's to fetch now."""
    return await database(
        partial(claim_photos, worker=worker, now=clock.now(), limit=AT_ONCE, lease_seconds=LEASE_SECONDS)
    )


async def fetch_photos(
    wanted: Sequence[WantedPhoto], worker: str, clock: Clock, transport: Transport, database: DatabaseThread
) -> None:
    """Each of them stands where it was wanted, or is tried again later, or it is known why there is none."""
    await asyncio.gather(*(_fetch(one, worker, clock, transport, database) for one in wanted))


async def _fetch(
    wanted: WantedPhoto, worker: str, clock: Clock, transport: Transport, database: DatabaseThread
) -> None:
    try:
        result = await _result(wanted.url, transport)
        crash("after_photo_stored")
        recorded = await database(
            partial(record_photo, worker=worker, wanted=wanted, result=result, now=clock.now())
        )
    except Exception:
        # the lease runs out, and it is tried again
        logger.exception("photo=%d could not be fetched", wanted.pk)
        return
    logger.info("photo=%d fetched=%s recorded=%s %s", wanted.pk, bool(result.photo), recorded, result.why)


async def _result(url: str, transport: Transport) -> FetchResult:
    try:
        content = await (_kept(url) if incoming.is_incoming(url) else _over_the_web(url, transport))
    except (AddressRefused, RequestInvalid) as error:
        return FetchResult(why=f"We do not fetch from there: {error.message}.", final=True)
    except FetchError as error:
        return FetchResult(why=f"{error.message}.")
    except OSError as error:
        return FetchResult(why=f"The file that came with it is gone: {type(error).__name__}.", final=True)
    except _NotGiven as error:
        return FetchResult(why=str(error), final=error.final)
    try:
        photo = await asyncio.to_thread(_stored, content)
    except PhotoRefused as refused:
        return FetchResult(why=f"It is no photo that we can use: {refused.message}", final=True)
    except OSError as error:
        return FetchResult(why=f"The photo could not be stored: {type(error).__name__}.")
    return FetchResult(photo=photo)


class _NotGiven(Exception):
    """The server has answered, and not with the photo."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The server answered {status} when asked for the photo.")
        self.final = status in _GONE


async def _kept(address: str) -> bytes:
    return await asyncio.to_thread(incoming.read, address)


async def _over_the_web(url: str, transport: Transport) -> bytes:
    """What lies there. Raises FetchError, _NotGiven. No cookie, no key and no name goes along."""
    request = FetchRequest(method="GET", url=url, headers={"Accept": _IMAGES})
    answer = await transport.send(
        request,
        deadline_seconds=DEADLINE_SECONDS,
        max_bytes=MOST_BYTES,
        redirects=MOST_REDIRECTS,
        ports=PORTS,
    )
    if answer.status != 200:
        raise _NotGiven(answer.status)
    return answer.body


def _stored(content: bytes) -> StoredPhoto:
    picture = decode(content)
    return store(picture.jpeg, width=picture.width, height=picture.height)
