"""What endpoints say of our reports is fetched and lies in the inbox; applying it is another step.

By servicerequestupdates where the endpoint has it, window after window from a cursor that moves only with what was stored;
otherwise by asking for the status of our open reports.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import statistics
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Literal

from streetmend.bodies.health import finish_pull, note_failure, note_good_answer, note_sweep
from streetmend.bodies.models import Endpoint
from streetmend.bodies.queries import site
from streetmend.clock import Clock
from streetmend.crash import crash
from streetmend.exchange.calling import KeyUnusable, ask, line_to, perform, read, seconds_until
from streetmend.exchange.database import DatabaseThread
from streetmend.exchange.wire import pulled_status, pulled_update
from streetmend.fetch import Fetched, FetchError, Transport
from streetmend.georeport import calls
from streetmend.georeport.errors import CallFailed
from streetmend.georeport.reading import Page, Problem
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.types import Request, RequestUpdate
from streetmend.photos import incoming
from streetmend.reports.models.outbox import InboxKind
from streetmend.reports.queries.outbox import numbers_to_ask_about, owed_since
from streetmend.reports.services.arrivals import tell_of_skew
from streetmend.reports.services.inbox import LeaseLost, PulledRow, new_rows, store_page

logger = logging.getLogger("streetmend.worker")

#: a lease on an endpoint's news lasts for the deadline of one call and this much more, and begins anew with every page
MARGIN_SECONDS = 120
ROWS_AT_ONCE = 1000
#: staff hear of a clock that is further from ours (seconds)
ALARMING_SKEW = 300.0
IDS_A_CALL = 50
CHARACTERS_A_CALL = 1500
CALLS_A_PULL = 50
FIRST_WINDOW = timedelta(days=90)
SHORTEST_WINDOW = timedelta(seconds=1)
LONGEST_WAIT = 3600.0
ASK_AGAIN_SECONDS = 86_400.0
#: the answers of servers that do not have the extension
MISSING = frozenset({404, 405, 406, 410, 501})
MISSING_AT_FIRST = MISSING | {400, 415}


@dataclass
class Memory:
    """What a worker remembers of one endpoint between two pulls."""

    skews: deque[float] = field(default_factory=lambda: deque(maxlen=20))
    #: when (monotonic) the list of updates was last tried though it had been missing
    tried_at: float | None = None
    #: where the round of status questions stands
    last_asked: int = 0
    #: the digest of the last answer with updates of which every row was stored
    last_page: bytes = b""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A longer way back than the cursor's, now and then; `name` is the endpoint's column of the last one."""

    name: Literal["week_swept_at", "month_swept_at"]
    every: timedelta
    reach: timedelta


#: the longest first: it does the other's work too
SWEEPS = (
    Sweep("month_swept_at", timedelta(days=7), timedelta(days=30)),
    Sweep("week_swept_at", timedelta(days=1), timedelta(days=7)),
)


@dataclass
class Puller:
    """One pull from one endpoint, under the lease that its worker has."""

    endpoint: Endpoint
    worker: str
    clock: Clock
    transport: Transport
    database: DatabaseThread
    memory: Memory

    async def pull(self) -> None:
        """Everything new is in the inbox, or the next pull begins where this one ended; the lease is given back."""
        wait = float(self.endpoint.pull_seconds)
        self.can_list = self.endpoint.can_update_list
        self.is_behind = False
        try:
            here = await self.database(site)
            self.line = line_to(self.endpoint, here.time_zone)
            await self._pull()
            await self.database(self._note_good_answer)
            if self.is_behind:
                wait = 0.0
        except LeaseLost:
            logger.warning("endpoint=%d pull lease lost", self.endpoint.pk)
            return
        except (FetchError, CallFailed, KeyUnusable, ValueError) as error:
            asked = getattr(error, "retry_after", None)
            wait = max(wait, min(seconds_until(asked, self.clock.now()) or 0.0, LONGEST_WAIT))
            logger.warning("endpoint=%d pull failed: %s", self.endpoint.pk, type(error).__name__)
            why = self._hushed(f"Updates could not be fetched: {error}")
            await self.database(partial(note_failure, endpoint_id=self.endpoint.pk, why=why))
        await self._finish(wait)

    def _hushed(self, text: str) -> str:
        # before there is a line, no key has been read that could be given away
        return self.line.hushed(text) if hasattr(self, "line") else text

    def _note_good_answer(self) -> None:
        note_good_answer(endpoint_id=self.endpoint.pk, now=self.clock.now())

    async def _finish(self, wait: float) -> None:
        skew = statistics.median(self.memory.skews) if self.memory.skews else None
        if skew is not None and abs(skew) > ALARMING_SKEW:
            await self.database(
                partial(tell_of_skew, endpoint_id=self.endpoint.pk, seconds=skew, now=self.clock.now())
            )
        await self.database(
            partial(
                finish_pull,
                endpoint_id=self.endpoint.pk,
                worker=self.worker,
                next_at=self.clock.now() + timedelta(seconds=wait),
                skew_seconds=skew,
                can_update_list=self.can_list,
            )
        )

    async def _pull(self) -> None:
        if self.can_list is False and not self._try_again():
            await self._pull_statuses()
            return
        try:
            await self._pull_updates()
        except CallFailed as error:
            missing = MISSING if self.can_list else MISSING_AT_FIRST
            if error.status not in missing:
                raise
            self.can_list = False
            self.memory.tried_at = self.clock.monotonic()
            await self._pull_statuses()

    def _try_again(self) -> bool:
        tried = self.memory.tried_at
        return tried is None or self.clock.monotonic() - tried > ASK_AGAIN_SECONDS

    # --- servicerequestupdates

    async def _pull_updates(self) -> None:
        """Windows are halved while their page is full; the earliest comes first, so that the cursor never skips one."""
        start, end = await self._window()
        sweep = self._due_sweep()
        windows = [(min(start, end - sweep.reach) if sweep else start, end)]
        for _ in range(CALLS_A_PULL):
            if not windows:
                break
            start, end = windows.pop()
            page = await self._page(start, end)
            self.can_list = True
            if page is not None and self._is_cut(page) and end - start > SHORTEST_WINDOW:
                middle = start + (end - start) / 2
                windows += [(middle, end), (start, middle)]
                continue
            if page is not None:
                await self._store_updates(page)
            await self._store((), cursor=end, latest_only=False)
            self.memory.last_page = self.page_digest
        self.is_behind = bool(windows)
        if sweep and not windows:
            await self.database(
                partial(note_sweep, endpoint_id=self.endpoint.pk, which=sweep.name, now=self.clock.now())
            )

    def _due_sweep(self) -> Sweep | None:
        """The longer way back that is due by now: what an endpoint put in late is found by it."""
        now = self.clock.now()
        for sweep in SWEEPS:
            last = getattr(self.endpoint, sweep.name)
            if self.endpoint.updates_cursor is not None and (last is None or now - last >= sweep.every):
                return sweep
        return None

    async def _store_updates(self, page: Page[RequestUpdate]) -> None:
        """Some rows at a time: of what is not new, nothing but its key is ever looked at."""
        for start in range(0, len(page), ROWS_AT_ONCE):
            some = page.rows[start : start + ROWS_AT_ONCE]
            rows = [pulled_update(row, self.line.habits, self.line.zone) for row in some]
            new = await self.database(partial(new_rows, endpoint_id=self.endpoint.pk, rows=rows))
            await asyncio.to_thread(_keep_files, new)
            if new:
                await self._store(new, cursor=None, latest_only=self.line.habits.latest_data_only)
        broken = [_unreadable(problem, InboxKind.UPDATE) for problem in page.problems]
        if broken:
            await self._store(broken, cursor=None, latest_only=False)

    def _is_cut(self, page: Page[RequestUpdate]) -> bool:
        """Whether the endpoint may have more in this window than it gave."""
        habits = self.line.habits
        return len(page) + len(page.problems) >= habits.full_page and not habits.pull_without_window

    async def _window(self) -> tuple[datetime, datetime]:
        """From before the cursor until now, by our clock."""
        now, cursor = self.clock.now(), self.endpoint.updates_cursor
        if cursor is None:
            first = await self.database(partial(owed_since, endpoint_id=self.endpoint.pk))
            cursor = max(first or now, now - FIRST_WINDOW)
        overlap = max(
            self.line.habits.pull_overlap_seconds,
            2 * self.endpoint.pull_seconds,
            2 * abs(self.endpoint.skew_seconds),
        )
        return cursor - timedelta(seconds=overlap), now

    async def _page(self, start: datetime, end: datetime) -> Page[RequestUpdate] | None:
        """The updates between two moments of our clock, asked for in the endpoint's time; None where it says word for word what
        it said last time, which is all in the inbox.
        """
        skew = timedelta(seconds=self.endpoint.skew_seconds)
        if self.line.habits.pull_without_window:
            call = calls.updates(self.line.endpoint, start=None, end=None)
        else:
            call = calls.updates(self.line.endpoint, start=start - skew, end=end - skew)
        answer = await perform(call, self.line, self.transport)
        self._learn_skew(answer)
        self.page_digest = hashlib.sha256(answer.body).digest()
        if answer.status == 200 and self.page_digest == self.memory.last_page:
            return None
        return await read(call, answer)

    def _learn_skew(self, answer: Fetched) -> None:
        """How far our clock is ahead of the endpoint's, by the Date of its answer."""
        try:
            theirs = parsedate_to_datetime(answer.header("date"))
        except ValueError:
            return
        if theirs.tzinfo is not None:
            self.memory.skews.append((self.clock.now() - theirs).total_seconds())

    # --- statuses

    async def _pull_statuses(self) -> None:
        """Asks about our open reports, in rounds: where one pull ends, the next one goes on."""
        numbers = await self.database(
            partial(
                numbers_to_ask_about,
                endpoint_id=self.endpoint.pk,
                after=self.memory.last_asked,
                limit=CALLS_A_PULL * IDS_A_CALL,
            )
        )
        batches = list(_batches(numbers))
        for batch in batches[:CALLS_A_PULL]:
            search = RequestSearch(service_request_id=tuple(number for _, number in batch))
            page, answer = await ask(calls.requests(self.line.endpoint, search), self.line, self.transport)
            self._learn_skew(answer)
            await self._store(self._statuses(page, batch), cursor=None, latest_only=True)
            self.memory.last_asked = batch[-1][0]
        if len(batches) <= CALLS_A_PULL:
            self.memory.last_asked = 0

    def _statuses(self, page: Page[Request], batch: Sequence[tuple[int, str]]) -> list[PulledRow]:
        """Only what was asked about: some servers answer with everything they have."""
        asked = {number for _, number in batch}
        rows = [pulled_status(row, self.line.habits, self.line.zone) for row in page]
        return [row for row in rows if row.remote_report_id in asked]

    async def _store(self, rows: Sequence[PulledRow], *, cursor: datetime | None, latest_only: bool) -> None:
        new = await self.database(
            partial(
                store_page,
                endpoint_id=self.endpoint.pk,
                worker=self.worker,
                rows=rows,
                now=self.clock.now(),
                margin_seconds=MARGIN_SECONDS,
                cursor=cursor,
                latest_only=latest_only,
            )
        )
        crash("after_page_stored")
        if new:
            logger.info("endpoint=%d pulled new=%d of=%d", self.endpoint.pk, new, len(rows))


def _batches(numbers: Sequence[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """As many ids as one address may carry. An id with a comma cannot be asked about in a list and goes alone."""
    batch: list[tuple[int, str]] = []
    for entry in numbers:
        size = sum(len(number) + 1 for _, number in batch) + len(entry[1])
        if batch and (len(batch) >= IDS_A_CALL or size > CHARACTERS_A_CALL or "," in entry[1] + batch[-1][1]):
            yield batch
            batch = []
        batch.append(entry)
    if batch:
        yield batch


def _keep_files(rows: Sequence[PulledRow]) -> None:
    """The pictures that lay in these rows themselves lie in the store, to be decoded later."""
    for row in rows:
        for address, data_url in row.files.items():
            if address:
                incoming.keep(incoming.content_of(data_url))


def _unreadable(problem: Problem, kind: InboxKind) -> PulledRow:
    """A row that is none, kept for staff as it stood."""
    return PulledRow(
        kind=kind, problem=f"Row {problem.place + 1}: {problem.why}", others={"raw": problem.raw}
    )
