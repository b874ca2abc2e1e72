"""The worker: all that leaves, and all that is fetched. Any number of them may run, on one machine or many.

One loop waits for the answers of all endpoints at once; one thread does the database work, and one more writes down what was
answered, in short transactions that never span a call. A slow or dead endpoint fills its own few places and delays nobody else.
"""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import random as random_module
import signal
import threading
import uuid
from collections import defaultdict
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from streetmend.bodies.health import claim_pulls
from streetmend.bodies.models import Endpoint
from streetmend.bodies.queries import site
from streetmend.clock import Clock, SystemClock
from streetmend.crash import crash
from streetmend.exchange import notices as notice_mails
from streetmend.exchange.applying import apply_due
from streetmend.exchange.calling import OpenTransport, open_fetcher
from streetmend.exchange.certificates import CertificateLane
from streetmend.exchange.database import DatabaseThread
from streetmend.exchange.doubts import ASKING_SECONDS, DoubtLane
from streetmend.exchange.housekeeping import keep_house
from streetmend.exchange.leaving import Leaving
from streetmend.exchange.mailing import Mail, send_mails
from streetmend.exchange.photos import PhotoLane
from streetmend.exchange.preparing import prepare
from streetmend.exchange.pull_reports import ReportLane
from streetmend.exchange.pull_services import ServiceLane
from streetmend.exchange.pull_updates import MARGIN_SECONDS, Memory, Puller
from streetmend.exchange.pushing import PushLane
from streetmend.exchange.recorder import Recorder
from streetmend.exchange.replies.reading import ReplyLane
from streetmend.exchange.senders import email, open311
from streetmend.exchange.senders.open311 import Lease
from streetmend.exchange.statistics import count_statistics
from streetmend.exchange.surviving import end_without_memory, surviving
from streetmend.exchange.tidying import sweep_away
from streetmend.exchange.trying import TestLane
from streetmend.exchange.watchdog import watched
from streetmend.reports.models import Notice
from streetmend.reports.services.beats import beat, end_beat
from streetmend.reports.services.claiming import claim_deliveries
from streetmend.reports.services.notices import (
    record_notices,
)
from streetmend.reports.services.outbox import MARGIN_SECONDS as LEASE_MARGIN
from streetmend.reports.services.outbox import Claim
from streetmend.reports.services.outcomes import Outcome, OutcomeClass, Random
from streetmend.reports.services.recording import End

logger = logging.getLogger("streetmend.worker")

#: calls and mails in flight at most
IN_FLIGHT = 512
#: deliveries claimed in one transaction
CLAIM_AT_ONCE = 256
PULLS_AT_ONCE = 16
#: with so much in flight a worker lets work gather for a moment: one transaction for many costs a fraction of one for each
BUSY = 16
GATHER_SECONDS = 0.05
NOTICES_AT_ONCE = 10
MAIL_LANES = 4
NOTICE_LEASE_SECONDS = 120
IDLE_SECONDS = 0.5
#: the pause after a turn in which something failed on our side
FAILED_SECONDS = 2.0
KEEP_HOUSE_SECONDS = 5.0
BEAT_SECONDS = 10.0
SWEEP_SECONDS = 15.0
#: how often it is asked whether the statistics are due; they have a clock of their own
COUNT_SECONDS = 30.0
#: how long a worker that was told to stop waits for the database to take what was answered
STOP_SECONDS = 60.0


def run(
    *,
    once: bool = False,
    clock: Clock | None = None,
    random: Random = random_module.random,
    transport: OpenTransport = open_fetcher,
    stop: threading.Event | None = None,
    name: str = "",
    margin_seconds: int = LEASE_MARGIN,
    asking_seconds: int = ASKING_SECONDS,
    hangs_after_seconds: float = 0.0,
) -> int:
    """Works until SIGTERM, SIGINT or `stop`, or with `once` until nothing is due; what is in flight then is finished.

    Returns 0; with `once` 1 where a part of the work failed on our side (the log says how).

    `clock` says what is due, `random` spreads repeats, `transport` opens the connections: all of them may be a test's.
    `asking_seconds`: how long one sweep over what is uncertain at an endpoint may take. `hangs_after_seconds`: the process ends
    itself with status 1 where the worker made no step for so long (0: it does not).
    """
    worker = Worker(
        name=name or f"{platform.node()}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
        clock=clock or SystemClock(),
        random=random,
        stop=stop or threading.Event(),
        margin_seconds=margin_seconds,
        asking_seconds=asking_seconds,
    )
    asyncio.run(worker.work(once=once, transport=transport, hangs_after_seconds=hangs_after_seconds))
    return 1 if once and worker.failed else 0


class Worker:
    """One worker. Its name is written on all that it holds."""

    def __init__(
        self,
        *,
        name: str,
        clock: Clock,
        random: Random,
        stop: threading.Event,
        margin_seconds: int = LEASE_MARGIN,
        asking_seconds: int = ASKING_SECONDS,
    ) -> None:
        self.name, self.clock, self.random, self.stop = name, clock, random, stop
        self.margin_seconds = margin_seconds
        self.database = DatabaseThread()
        #: what was answered is written down while more is claimed: each waits for the database half of its time
        self.recording = DatabaseThread()
        #: counting a month of a big site takes seconds: nothing that is due waits for it
        self.counting = DatabaseThread(patience_seconds=0)
        self.mail_lanes = ThreadPoolExecutor(MAIL_LANES, thread_name_prefix="mail")
        self.jobs: set[asyncio.Task[None]] = set()
        self.mail_jobs = 0
        self.lanes = (
            *(kind(name, clock, self.database) for kind in (PushLane, PhotoLane, ServiceLane, ReportLane)),
            TestLane(clock, self.database),
            DoubtLane(name, clock, self.database, seconds=asking_seconds, margin_seconds=margin_seconds),
            ReplyLane(name, clock, self.database),
            CertificateLane(clock, self.database),
        )
        self.recorder = Recorder(name, clock, random, self.recording)
        self.flying = 0
        self.wake = asyncio.Event()
        self.memories: dict[int, Memory] = defaultdict(Memory)
        self.failed = False
        self.leaving = Leaving(name, clock, self.database)
        self._last: dict[str, float] = {}

    async def work(self, *, once: bool, transport: OpenTransport, hangs_after_seconds: float = 0.0) -> None:
        """Works until told to stop, or with `once` until nothing is due."""
        self._listen()
        logger.info("worker=%s started", self.name)
        threads = (self.database, self.recording, self.counting)
        async with watched(hangs_after_seconds, threads), transport() as calls:
            self.calls = calls
            while not self.stop.is_set():
                alone = not self.jobs
                busy = await self._turn()
                # what ended during the turn may have made something due
                if once and alone and not busy and not self.jobs:
                    break
                if self._is_busy():
                    await asyncio.sleep(GATHER_SECONDS)
                elif not busy:
                    await self._rest(FAILED_SECONDS if self.failed else IDLE_SECONDS)
            self.database.patience_seconds = self.recording.patience_seconds = STOP_SECONDS
            if self.jobs:
                logger.info("worker=%s stopping, %d in flight", self.name, len(self.jobs))
                await asyncio.gather(*self.jobs)
        await self.database(partial(end_beat, worker=self.name))
        for thread in threads:
            await thread.close()
        self.mail_lanes.shutdown()
        logger.info("worker=%s stopped", self.name)

    def _listen(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop)

    def _told_to_stop(self) -> None:
        self.stop.set()
        self.wake.set()

    async def _rest(self, seconds: float) -> None:
        """Until a job ends or so many seconds are over."""
        try:
            await asyncio.wait_for(self.wake.wait(), seconds)
        except TimeoutError:
            return
        finally:
            self.wake.clear()

    async def _turn(self) -> bool:
        """Takes on what is due; says whether there was anything. A part of the work that fails does not keep the rest from it."""
        busy, self.failed = False, False
        leaves = (
            self._take_notices,
            self._take_deliveries,
            self._take_pulls,
            self._take_lanes,
        )
        for part in (self._tend, *leaves, self._apply_rows):
            try:
                if part not in leaves or await self.leaving.allowed():
                    busy |= await part()
            except MemoryError:
                end_without_memory()
            except Exception:
                self.failed = True
                logger.exception("worker=%s %s failed", self.name, part.__name__)
        return busy

    async def _tend(self) -> bool:
        if self._every("beat", BEAT_SECONDS):
            await self.database(partial(beat, worker=self.name, now=self.clock.now()))
        if self._every("house", KEEP_HOUSE_SECONDS):
            await self.database(partial(keep_house, worker=self.name, now=self.clock.now()))
        if self._every("sweep", SWEEP_SECONDS):
            await self.database(
                partial(sweep_away, worker=self.name, now=self.clock.now(), random=self.random)
            )
        if self._every("count", COUNT_SECONDS):
            self._start(count_statistics(self.counting, self.clock))
        return False

    def _is_busy(self) -> bool:
        return len(self.jobs) >= BUSY

    def _every(self, what: str, seconds: float) -> bool:
        now = self.clock.monotonic()
        if now - self._last.get(what, -seconds) < seconds:
            return False
        self._last[what] = now
        return True

    def _start(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self.jobs.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.jobs.discard(task)
        self.wake.set()

    # --- deliveries

    async def _take_deliveries(self) -> bool:
        # what was answered is written down before more is taken on than the database keeps up with: leases run meanwhile
        room = min(CLAIM_AT_ONCE, IN_FLIGHT - self.flying - self.recorder.waiting)
        lease = Lease(self.clock, self.margin_seconds)
        claims, zone = await self.database(partial(self._claim, room))
        if claims:
            crash("after_intent")
        mails = email.Handing(claims, self.mail_lanes, lease)
        for claim in claims:
            self._start(self._deliver(claim, lease, zone, mails))
        return bool(claims)

    def _claim(self, room: int) -> tuple[list[Claim], str]:
        """What this worker delivers now, and the site's zone: while a call lasts, the database is not asked."""
        claims = claim_deliveries(
            worker=self.name,
            now=self.clock.now(),
            limit=room,
            prepare=prepare,
            margin_seconds=self.margin_seconds,
        )
        return claims, site().time_zone if claims else ""

    async def _deliver(self, claim: Claim, lease: Lease, zone: str, mails: email.Handing) -> None:
        self.flying += 1
        try:
            outcome = await self._send(claim, lease, zone, mails)
        except MemoryError:
            end_without_memory()
        except Exception as error:
            logger.exception("delivery=%d failed", claim.delivery.pk)
            outcome = open311.surprise(claim, error)
        finally:
            self.flying -= 1
        crash("after_answer")
        try:
            recorded = await self.recorder.record(End(claim, outcome), gather=self._is_busy())
        except Exception:
            # the lease runs out and the delivery is uncertain then
            logger.exception("delivery=%d could not be recorded", claim.delivery.pk)
            return
        crash("after_record")
        logger.info(
            "delivery=%d report=%d body=%d attempt=%d outcome=%s status=%s recorded=%s",
            claim.delivery.pk,
            claim.delivery.report_id,
            claim.delivery.body_id,
            claim.attempt,
            outcome.result.value,
            outcome.http_status,
            recorded,
        )

    async def _send(self, claim: Claim, lease: Lease, zone: str, mails: email.Handing) -> Outcome:
        if claim.problem:
            return Outcome(result=OutcomeClass.REFUSED, why=claim.problem, sent_bytes=0)
        if claim.delivery.endpoint is None:
            return await mails.outcome(claim)
        if claim.asks_token:
            return await open311.ask_token(claim, self.calls, site_zone=zone)
        return await open311.send(claim, self.calls, lease, self.clock, site_zone=zone)

    async def _take_lanes(self) -> bool:
        return any([await lane.take(self._start, self.calls) for lane in self.lanes])

    # --- notices

    async def _take_notices(self) -> bool:
        if self.mail_jobs >= MAIL_LANES:
            return False
        taken = await self.database(self._claim_notices)
        if taken:
            crash("after_notices_claimed")
            self.mail_jobs += 1
            self._start(self._tell(taken))
        return bool(taken)

    def _claim_notices(self) -> list[tuple[Notice, Mail]]:
        """The notices that are this worker's now, with their mails."""
        return notice_mails.claim_written(
            notice_mails.mail_of,
            worker=self.name,
            now=self.clock.now(),
            limit=NOTICES_AT_ONCE,
            lease_seconds=NOTICE_LEASE_SECONDS,
        )

    async def _tell(self, taken: list[tuple[Notice, Mail]]) -> None:
        # sent again with the same Message-ID
        with surviving("notices could not be sent"):
            loop = asyncio.get_running_loop()
            ends = await loop.run_in_executor(self.mail_lanes, send_mails, [mail for _, mail in taken])
            crash("after_notices_sent")
            results = notice_mails.results_of([notice for notice, _ in taken], ends)
            await self.database(
                partial(record_notices, worker=self.name, results=results, now=self.clock.now())
            )
            crash("notices_recorded")
            for notice, _ in taken:
                logger.info("notice=%d kind=%s", notice.pk, notice.kind)
        self.mail_jobs -= 1

    # --- news

    async def _take_pulls(self) -> bool:
        endpoints = await self.database(
            partial(
                claim_pulls,
                worker=self.name,
                now=self.clock.now(),
                limit=min(PULLS_AT_ONCE, IN_FLIGHT - self.flying),
                margin_seconds=MARGIN_SECONDS,
            )
        )
        for endpoint in endpoints:
            self._start(self._pull(endpoint))
        return bool(endpoints)

    async def _pull(self, endpoint: Endpoint) -> None:
        memory = self.memories[endpoint.pk]
        puller = Puller(endpoint, self.name, self.clock, self.calls, self.database, memory)
        with surviving("endpoint=%d could not be pulled from", endpoint.pk):
            await puller.pull()

    async def _apply_rows(self) -> bool:
        return await apply_due(self.database, self.clock)
