"""All requests of an endpoint within some stretches of time, however it pages, cuts off or ignores what it was asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from streetmend.bodies.models import Endpoint
from streetmend.clock import Clock
from streetmend.exchange.calling import Line, ask
from streetmend.exchange.database import DatabaseThread
from streetmend.fetch import ConnectionBroken, Fetched, FetchError, Transport
from streetmend.georeport import calls, times
from streetmend.georeport.errors import CallFailed
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.types import Request

SHORTEST = timedelta(seconds=1)
MOST_CALLS = 300
MOST_ROWS = 200_000
#: a page of a round number of rows may have been cut there
_ROUND = 50
_FULL = 1000
_STRAY = timedelta(hours=2)
_WRONG_SECONDS = 30.0
#: a GET that failed is asked again, so often in all: one of many pages must not cost the whole sweep
_TRIES = 3

Span = tuple[datetime, datetime]


class TooMuch(Exception):
    """The endpoint cannot be searched through within the time or the number of calls that a sweep has."""


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same stretches without overlaps, the earliest first."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole


@dataclass
class Asking:
    """One visit to an endpoint that only asks, under the lease that its worker has."""

    endpoint: Endpoint
    worker: str
    clock: Clock
    transport: Transport
    database: DatabaseThread
    #: how long it may take
    seconds: float


@dataclass
class Search:
    """One sweep's searching: what it has seen, and how much it may still ask."""

    line: Line
    transport: Transport
    clock: Clock
    seconds: float
    rows: dict[str, Request] = field(default_factory=dict)
    calls_left: int = MOST_CALLS
    #: by so many seconds our clock is ahead, as the last answer told; None: it did not tell
    measured: float | None = None

    def __post_init__(self) -> None:
        self._end = self.clock.monotonic() + self.seconds

    async def numbers(self, numbers: Sequence[str]) -> list[Request]:
        """The requests with these numbers. Raises FetchError, CallFailed, TooMuch."""
        found = []
        for place in range(0, len(numbers), 50):
            some = set(numbers[place : place + 50])
            alone = [number for number in some if "," in number]
            groups = [(number,) for number in alone] + [tuple(sorted(some - set(alone)))]
            for group in filter(None, groups):
                page = await self._ask(RequestSearch(service_request_id=group))
                found += [row for row in page if row.service_request_id in group]
        return found

    async def span(self, start: datetime, end: datetime) -> list[Request]:
        """Everything requested between two moments of our clock. Raises FetchError, CallFailed, TooMuch.

        Full pages are halved by time. An endpoint that ignores dates has to show a page that reaches back far enough.
        """
        found: dict[str, Request] = {}
        spans = [(start, end)]
        while spans:
            start, end = spans.pop()
            page = await self._window(start, end)
            found |= {row.service_request_id: row for row in page if row.service_request_id}
            if not _maybe_cut(len(page)):
                continue
            if self._ignores_dates(page, start, end):
                if not self._reaches(page, start):
                    raise TooMuch("The endpoint ignores dates, and its page does not reach back far enough.")
                break
            if end - start <= SHORTEST:
                if len(page) >= _FULL:
                    raise TooMuch("The endpoint has more requests in one second than it shows.")
                continue
            middle = start + (end - start) / 2
            spans += [(start, middle), (middle, end)]
        self.rows |= found
        if len(self.rows) > MOST_ROWS:
            raise TooMuch("The endpoint shows too many requests.")
        return list(found.values())

    async def _window(self, start: datetime, end: datetime) -> list[Request]:
        """In the endpoint's own time, as far as we know how its clock stands to ours; asked again where that turns out wrong."""
        for _ in range(2):
            skew = timedelta(seconds=self.line.row.skew_seconds)
            search = RequestSearch(start_date=start - skew, end_date=end - skew + SHORTEST)
            page = await self._ask(search)
            if self.measured is None or abs(self.measured - skew.total_seconds()) <= _WRONG_SECONDS:
                break
            self.line.row.skew_seconds = self.measured
        return page

    async def _ask(self, search: RequestSearch) -> list[Request]:
        if self.calls_left < 1 or self.clock.monotonic() > self._end:
            raise TooMuch("The endpoint could not be searched through in time.")
        call = calls.requests(self.line.endpoint, search)
        for tries_left in reversed(range(_TRIES)):
            self.calls_left -= 1
            try:
                page, answer = await ask(call, self.line, self.transport)
                break
            except (FetchError, CallFailed) as error:
                if not tries_left or not _passes(error):
                    raise
        self._measure(answer)
        return list(page)

    def _measure(self, answer: Fetched) -> None:
        """How far our clock is ahead of the endpoint's, by the Date of its answer."""
        try:
            theirs = parsedate_to_datetime(answer.header("date"))
        except ValueError:
            return
        if theirs.tzinfo is not None:
            self.measured = (self.clock.now() - theirs).total_seconds()

    def _moments(self, page: Iterable[Request]) -> list[datetime]:
        """When the rows were requested, by our clock, as far as they say."""
        skew, zone = timedelta(seconds=self.line.row.skew_seconds), ZoneInfo(self.line.zone)
        told = (times.aware(row.requested_datetime, zone) for row in page)
        return [moment + skew for moment in told if moment is not None]

    def _ignores_dates(self, page: Sequence[Request], start: datetime, end: datetime) -> bool:
        moments = self._moments(page)
        strays = sum(not start - _STRAY <= moment <= end + _STRAY for moment in moments)
        return bool(moments) and 2 * strays > len(moments)

    def _reaches(self, page: Sequence[Request], start: datetime) -> bool:
        moments = self._moments(page)
        return bool(moments) and min(moments) <= start


def _passes(error: FetchError | CallFailed) -> bool:
    """Whether the same question may be answered at once: a server's bad moment, not its limits, and nothing that took long."""
    if isinstance(error, CallFailed):
        return error.status is not None and error.status >= 500
    return isinstance(error, ConnectionBroken)


def _maybe_cut(count: int) -> bool:
    return count >= _FULL or (count > 0 and count % _ROUND == 0)
