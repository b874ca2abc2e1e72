"""Reports that people made at an administration itself are fetched from its endpoint and shown here too.

Window after window from a cursor that moves only with what was stored, and reaches back before the last fetch: an outage of any
length loses none.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from streetmend.bodies import pulls
from streetmend.bodies.models import Pull, PullKind
from streetmend.bodies.queries import site
from streetmend.crash import crash
from streetmend.exchange.calling import KeyUnusable, Line, ask, line_to, seconds_until
from streetmend.exchange.pull_lanes import PullLane
from streetmend.exchange.wire_reports import foreign_report
from streetmend.fetch import FetchError, Transport
from streetmend.georeport import calls
from streetmend.georeport.errors import CallFailed
from streetmend.georeport.reading import Page
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.types import Request
from streetmend.reports.services.elsewhere import Fate, Foreign, take_foreign

logger = logging.getLogger("streetmend.worker")

#: a page of so many rows may have been cut there by the endpoint
FULL_PAGE = 1000
FIRST_WINDOW = timedelta(days=90)
SHORTEST_WINDOW = timedelta(seconds=1)
CALLS_A_PULL = 50
#: rows that are taken in one visit to the database
ROWS_AT_ONCE = 25
LEASE_SECONDS = 1800
LONGEST_WAIT = 3600.0
#: rows that were left out are named up to so many
MOST_NAMED = 50


class LeaseLost(Exception):
    """Another worker has the endpoint by now; nothing more is stored."""


@dataclass
class _Count:
    """What became of the rows of one pull."""

    fates: Counter[Fate] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)
    #: the earliest time of a row that has to be looked at again
    again_from: datetime | None = None

    def problem(self) -> str:
        """What staff should know."""
        named = [f"{number}: {why}" for number, why in list(self.skipped.items())[:MOST_NAMED]]
        if not named:
            return ""
        return "\n".join([f"{len(self.skipped)} reports of the endpoint were left out:", *named])


class ReportLane(PullLane):
    """A worker's fetches of reports that were made elsewhere."""

    kind = PullKind.REPORTS
    lease_seconds = LEASE_SECONDS

    async def pull(self, pull: Pull, transport: Transport) -> None:
        """Every new report of the endpoint is shown here, or the next pull begins where this one ended."""
        wait = float(pull.endpoint.pull_seconds)
        count = _Count()
        cursor, ok_at, problem = None, None, ""
        try:
            line = line_to(pull.endpoint, (await self.database(site)).time_zone)
            async for rows, until in self._pages(pull, line, transport):
                await self._store(pull, line, rows, count)
                crash("after_reports_stored")
                cursor = min(until, count.again_from) if count.again_from else until
            ok_at, problem = self.clock.now(), count.problem()
        except LeaseLost:
            logger.warning("endpoint=%d reports lease lost", pull.endpoint_id)
            return
        except (FetchError, CallFailed, KeyUnusable, ValueError) as error:
            asked = seconds_until(getattr(error, "retry_after", None), self.clock.now()) or 0.0
            wait = max(wait, min(asked, LONGEST_WAIT))
            told = f"Reports could not be fetched: {error}"
            problem = told if isinstance(error, KeyUnusable) else line.hushed(told)
        logger.info("endpoint=%d reports made=%d", pull.endpoint_id, count.fates[Fate.MADE])
        await self.finish(pull, wait, ok_at=ok_at, problem=problem, cursor=cursor)

    async def _pages(
        self, pull: Pull, line: Line, transport: Transport
    ) -> AsyncIterator[tuple[Sequence[Foreign], datetime]]:
        """The rows of window after window, the earliest first, each with the moment before which everything is known then."""
        windows = [self._window(pull, line)]
        for _ in range(CALLS_A_PULL):
            if not windows:
                return
            start, end = windows.pop(0)
            rows, cut = await self._window_rows(line, transport, start, end)
            if cut and end - start > SHORTEST_WINDOW and not line.habits.pull_all_reports:
                middle = start + (end - start) / 2
                windows[:0] = [(start, middle), (middle, end)]
                continue
            yield [foreign_report(row, line.habits, line.zone) for row in rows], end

    def _window(self, pull: Pull, line: Line) -> tuple[datetime, datetime]:
        now = self.clock.now()
        overlap = max(
            line.habits.pull_overlap_seconds,
            2 * pull.endpoint.pull_seconds,
            2 * abs(pull.endpoint.skew_seconds),
        )
        begin = pull.cursor - timedelta(seconds=overlap) if pull.cursor else now - FIRST_WINDOW
        return begin, now + timedelta(seconds=1)

    async def _window_rows(
        self, line: Line, transport: Transport, start: datetime, end: datetime
    ) -> tuple[list[Request], bool]:
        """The rows between two moments of our clock, asked for in the endpoint's time; and whether it may have more of them."""
        skew = timedelta(seconds=line.row.skew_seconds)
        everything = line.habits.pull_all_reports
        search = RequestSearch(
            start_date=None if everything else start - skew, end_date=None if everything else end - skew
        )
        size = line.habits.page_size
        if not size:
            page = await self._ask(line, transport, search)
            return list(page), len(page) + len(page.problems) >= FULL_PAGE
        rows: dict[str, Request] = {}
        first = line.habits.first_page
        for number in range(first, CALLS_A_PULL + first):
            page = await self._ask(line, transport, _paged(search, number, size))
            before = len(rows)
            rows |= {row.service_request_id: row for row in page}
            # a server without pages says the same again
            if len(page) + len(page.problems) < size or len(rows) == before:
                return list(rows.values()), False
        return list(rows.values()), True

    async def _ask(self, line: Line, transport: Transport, search: RequestSearch) -> Page[Request]:
        page, _ = await ask(calls.requests(line.endpoint, search), line, transport)
        return page

    async def _store(self, pull: Pull, line: Line, rows: Sequence[Foreign], count: _Count) -> None:
        """The rows are taken, a few in one visit to the database; a row that fails costs only itself."""
        for at in range(0, len(rows), ROWS_AT_ONCE):
            await self.database(partial(self._take, pull, line, rows[at : at + ROWS_AT_ONCE], count))

    def _take(self, pull: Pull, line: Line, rows: Sequence[Foreign], count: _Count) -> None:
        for row in rows:
            with transaction.atomic():
                if not pulls.holds(pull_id=pull.pk, worker=self.worker):
                    raise LeaseLost
                taken = take_foreign(
                    endpoint=pull.endpoint,
                    row=row,
                    fallback_category=line.habits.fallback_category,
                    now=self.clock.now(),
                )
            count.fates[taken.fate] += 1
            if taken.fate is Fate.SKIPPED:
                count.skipped[row.remote_id or "a row without a number"] = taken.why
            if taken.fate is Fate.LATER and row.requested_at is not None:
                count.again_from = min(count.again_from or row.requested_at, row.requested_at)


def _paged(search: RequestSearch, number: int, size: int) -> RequestSearch:
    return RequestSearch(start_date=search.start_date, end_date=search.end_date, page=number, page_size=size)
