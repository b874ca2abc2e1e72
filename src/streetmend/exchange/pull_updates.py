"""What endpoints say of our reports is fetched and lies in the inbox; applying it is another step.

By servicerequestupdates where the endpoint has it, window after window from a cursor that moves only with what was stored;
otherwise by asking for the status of our open reports.
"""

from __future__ import annotations

import logging
import statistics
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial

from streetmend.bodies.health import finish_pull, note_failure, note_good_answer
from streetmend.bodies.models import Endpoint
from streetmend.bodies.queries import site
from streetmend.clock import Clock
from streetmend.exchange.calling import KeyUnusable, ask, line_to, seconds_until
from streetmend.exchange.crash import crash
from streetmend.exchange.database import DatabaseThread
from streetmend.exchange.wire import pulled_status, pulled_update
from streetmend.fetch import Fetched, FetchError, Transport
from streetmend.georeport import calls
from streetmend.georeport.errors import CallFailed
from streetmend.georeport.reading import Page, Problem
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.types import Request, RequestUpdate
from streetmend.reports.models.outbox import InboxKind
from streetmend.reports.queries.outbox import numbers_to_ask_about, owed_since
from streetmend.reports.services.inbox import LeaseLost, PulledRow, store_page

logger = logging.getLogger("streetmend.worker")

#: a page of so many rows may have been cut there by the endpoint
FULL_PAGE = 1000
#: a lease on an endpoint's news lasts for the deadline of one call and this much more, and begins anew with every page
MARGIN_SECONDS = 120
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
        try:
            here = await self.database(site)
            self.line = line_to(self.endpoint, here.time_zone)
            await self._pull()
            await self.database(self._note_good_answer)
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
        windows = [await self._window()]
        for _ in range(CALLS_A_PULL):
            if not windows:
                return
            start, end = windows.pop()
            page = await self._page(start, end)
            self.can_list = True
            if self._is_cut(page) and end - start > SHORTEST_WINDOW:
                middle = start + (end - start) / 2
                windows += [(middle, end), (start, middle)]
                continue
            rows = [pulled_update(row, self.line.habits, self.line.zone) for row in page]
            rows += [_unreadable(problem, InboxKind.UPDATE) for problem in page.problems]
            await self._store(rows, cursor=end, latest_only=self.line.habits.latest_data_only)

    def _is_cut(self, page: Page[RequestUpdate]) -> bool:
        """Whether the endpoint may have more in this window than it gave."""
        return len(page) + len(page.problems) >= FULL_PAGE and not self.line.habits.pull_without_window

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

    async def _page(self, start: datetime, end: datetime) -> Page[RequestUpdate]:
        """The updates between two moments of our clock, asked for in the endpoint's time."""
        skew = timedelta(seconds=self.endpoint.skew_seconds)
        if self.line.habits.pull_without_window:
            call = calls.updates(self.line.endpoint, start=None, end=None)
        else:
            call = calls.updates(self.line.endpoint, start=start - skew, end=end - skew)
        page, answer = await ask(call, self.line, self.transport)
        self._learn_skew(answer)
        return page

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


def _unreadable(problem: Problem, kind: InboxKind) -> PulledRow:
    """A row that is none, kept for staff as it stood."""
    return PulledRow(
        kind=kind, problem=f"Row {problem.place + 1}: {problem.why}", others={"raw": problem.raw}
    )
