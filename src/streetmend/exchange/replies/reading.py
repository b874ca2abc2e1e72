"""The mailbox of answers has its turn in the worker: each mail is read once, and leaves the mailbox for where it belongs.

Whatever a mail is made of, it costs itself only: what cannot be read is moved aside, and staff see it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from django.conf import settings

from streetmend.bodies.queries import site
from streetmend.clock import Clock
from streetmend.crash import crash
from streetmend.exchange.database import DatabaseThread
from streetmend.exchange.replies.addresses import About, Mark, secret_of_delivery, secret_of_notice
from streetmend.exchange.replies.boxes import Box, BoxUnusable, Folder, Raw, open_box
from streetmend.exchange.replies.letters import MOST_BYTES, Letter, Picture, key_of, read_letter
from streetmend.fetch import Transport
from streetmend.photos.decode import decode
from streetmend.photos.errors import PhotoRefused
from streetmend.photos.store import StoredPhoto, store
from streetmend.reports.models import Delivery, Notice
from streetmend.reports.models.mail import LetterState
from streetmend.reports.services.bounces import delivery_came_back, notice_came_back
from streetmend.reports.services.letters import (
    Aside,
    Ending,
    Incoming,
    NotNow,
    answer_delivery,
    answer_notice,
    claim_box,
    known_letter,
    release_box,
    take_letter,
)

logger = logging.getLogger("streetmend.worker")

T = TypeVar("T")

#: how often the mailbox is looked into, and how often after it could not be
EVERY = timedelta(seconds=30)
AFTER_A_PROBLEM = timedelta(minutes=5)
#: mails of one turn, and the wall clock of it, which its lease outlives
AT_ONCE = 20
SECONDS = 240.0
LEASE_SECONDS = 300
#: how often the database is asked whether it is time
_LOOK_SECONDS = 5.0
#: a picture that the text itself shows is a sign under a signature, unless it is at least so wide and so high
_SMALLEST_INLINE = 400
_FOLDERS = {LetterState.AUTOMATIC: Folder.AUTOMATIC, LetterState.ASIDE: Folder.ASIDE}

#: opens the mailbox of an address for so many seconds
OpenBox = Callable[..., Box]


class ReplyLane:
    """Reads the mailbox that STREETMEND_REPLY_MAILBOX names, one worker at a time."""

    def __init__(
        self, worker: str, clock: Clock, database: DatabaseThread, open_it: OpenBox = open_box
    ) -> None:
        self._worker, self._clock, self._database, self._open = worker, clock, database, open_it
        self._thread: ThreadPoolExecutor | None = None
        self._looked: float | None = None
        self._reading = False

    async def take(self, start: Callable[[Coroutine[Any, Any, None]], None], transport: Transport) -> bool:
        """Begins to read, if it is time and no other worker does; says whether it did."""
        now = self._clock.monotonic()
        if self._reading or not settings.REPLY_MAILBOX:
            return False
        if self._looked is not None and now - self._looked < _LOOK_SECONDS:
            return False
        self._looked = now
        claim = partial(claim_box, worker=self._worker, now=self._clock.now(), lease_seconds=LEASE_SECONDS)
        self._reading = await self._database(claim)
        if self._reading:
            start(self._read())
        return self._reading

    async def _read(self) -> None:
        problem, more = "", False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="letters")
        try:
            box = await self._in_thread(partial(self._open, settings.REPLY_MAILBOX, seconds=SECONDS))
            try:
                more = await self._empty(box)
            finally:
                await self._in_thread(box.close)
        except BoxUnusable as error:
            problem = str(error)
            logger.warning("worker=%s the mailbox of answers: %s", self._worker, problem)
        except Exception as error:
            problem = f"Something went wrong on our side: {type(error).__name__}"
            logger.exception("worker=%s the mailbox of answers could not be read", self._worker)
        finally:
            self._thread.shutdown(wait=False)
            self._reading, self._looked = False, None if more else self._looked
        now = self._clock.now()
        next_at = now if more else now + (AFTER_A_PROBLEM if problem else EVERY)
        await self._database(
            partial(release_box, worker=self._worker, next_at=next_at, now=now, problem=problem)
        )

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _empty(self, box: Box) -> bool:
        """Each mail that waits has its turn; says whether more may wait, of which some can be done with."""
        names = await self._in_thread(partial(box.waiting, AT_ONCE))
        done = 0
        for name in names:
            raw = await self._in_thread(partial(box.fetch, name, MOST_BYTES))
            if raw is None:
                continue
            state = await self._one(raw)
            if state is None:
                continue
            crash("after_letter_taken")
            folder = _FOLDERS.get(state)
            leave = partial(box.put, name, folder) if folder else partial(box.remove, name)
            await self._in_thread(leave)
            done += 1
        return bool(done) and len(names) == AT_ONCE

    async def _one(self, raw: Raw) -> LetterState | None:
        """What became of the mail; None where it has to wait. It never raises what a mail can cause."""
        letter, why = Letter(key=key_of(raw.content)), ""
        try:
            letter = await self._in_thread(partial(_read, raw))
        except Exception as error:
            # a parser breaks in more ways than anybody has listed; the mail is kept, and so is what it broke
            logger.exception("worker=%s a mail cannot be read", self._worker)
            why = f"It cannot be read: {type(error).__name__}"
        if not raw.whole:
            why = f"It is larger than {MOST_BYTES // 1024**2} MB."
        try:
            return await self._taken(letter, why)
        except NotNow:
            return None
        except OSError:
            raise
        except Exception as error:
            # not the next mail's concern either, nor of this one for ever
            logger.exception("worker=%s a mail could not be taken", self._worker)
            return await self._taken(Letter(key=letter.key), f"It could not be taken: {type(error).__name__}")

    async def _taken(self, letter: Letter, why: str) -> LetterState:
        known = await self._database(partial(known_letter, key=letter.key))
        if known is not None:
            return known
        wanted = bool(letter.pictures) and not (why or letter.automatic or letter.bounce)
        photos: list[StoredPhoto] = []
        if wanted and await self._database(partial(_row_of, letter)) is not None:
            most = await self._database(lambda: site().max_photos)
            photos = await self._in_thread(partial(_photos_of, letter.pictures, most))
        incoming = Incoming(
            key=letter.key,
            sender=letter.sender,
            subject=letter.subject,
            text=letter.text,
            at=letter.at,
            photos=photos,
        )
        now = self._clock.now()
        follow = partial(_follow, letter, incoming, why, now)
        state = await self._database(partial(take_letter, incoming=incoming, now=now, follow=follow))
        logger.info("letter=%s state=%s", letter.key[:12], state)
        return state


def _read(raw: Raw) -> Letter:
    return read_letter(raw.content)


def _row_of(letter: Letter) -> tuple[Mark, Delivery | Notice] | None:
    """Which mail of ours this one is about: the first of its addresses that we made."""
    for mark in letter.marks:
        if mark.about is About.DELIVERY:
            delivery = Delivery.objects.select_related("body").filter(pk=mark.number).first()
            if delivery is not None and mark.is_genuine(secret_of_delivery(delivery)):
                return mark, delivery
        else:
            notice = Notice.objects.select_related("person", "report").filter(pk=mark.number).first()
            if notice is not None and mark.is_genuine(secret_of_notice(notice)):
                return mark, notice
    return None


def _follow(letter: Letter, incoming: Incoming, why: str, now: datetime) -> Ending:
    """What the mail is to make true. Raises Aside, NotNow, and as the services do."""
    if why:
        raise Aside(why)
    found = _row_of(letter)
    if found is None:
        if letter.automatic or letter.bounce:
            return Ending("It is about no mail of ours.", state=LetterState.AUTOMATIC)
        raise Aside("It came to no address that we gave to anybody.")
    mark, row = found
    if letter.bounce is not None:
        if not letter.bounce.failures:
            return Ending("A mail system says that it takes longer.", state=LetterState.AUTOMATIC)
        return _came_back(letter, mark, row, now)
    if letter.automatic:
        return Ending(letter.automatic, state=LetterState.AUTOMATIC)
    if isinstance(row, Delivery):
        return answer_delivery(incoming=incoming, delivery=row, now=now)
    return answer_notice(incoming=incoming, notice=row, now=now)


def _came_back(letter: Letter, mark: Mark, row: Delivery | Notice, now: datetime) -> Ending:
    failures = [(one.address, one.why) for one in letter.bounce.failures] if letter.bounce else []
    if isinstance(row, Notice):
        return notice_came_back(notice=row, why=failures[0][1], now=now)
    return delivery_came_back(
        delivery=row, sent_as=mark.address, failures=failures, words=letter.text, now=now
    )


def _photos_of(pictures: Sequence[Picture], most: int) -> list[StoredPhoto]:
    """The pictures that are photos of something, decoded and cleaned as every other; what is none is left out."""
    photos: list[StoredPhoto] = []
    for one in pictures:
        if len(photos) >= most:
            break
        try:
            picture = decode(one.content)
        except PhotoRefused:
            continue
        if one.inline and min(picture.width, picture.height) < _SMALLEST_INLINE:
            continue
        photos.append(store(picture.jpeg, width=picture.width, height=picture.height))
    return photos
