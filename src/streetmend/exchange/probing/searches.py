"""Whether GET requests does what it is asked: ids, states, codes, windows, limits, pages (A6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

from streetmend.exchange.probing.asking import Answer, Caller, Query
from streetmend.exchange.probing.notes import Notes
from streetmend.exchange.probing.rows import MOST_ROWS, Seen, requests_in
from streetmend.georeport import times
from streetmend.georeport.types import Request
from streetmend.georeport.writing import Format

#: a server that gives fewer rows though there are more has a limit of its own
_FEW = 900
_HOUR = timedelta(hours=1)
_OFFSET = timezone(timedelta(hours=2))


class Searches:
    """The questions about searching, in turn."""

    def __init__(self, caller: Caller, notes: Notes, seen: Seen) -> None:
        self.caller, self.notes, self.seen = caller, notes, seen
        self.fmt: Format = "json" if seen.fmt == "json" else "xml"

    async def look(self) -> None:
        """Each kind of search has been tried; without any rows there is nothing to find out."""
        if not self.seen.rows:
            return
        await self._ids()
        for status in ("open", "closed"):
            await self._filter("status", status, partial(_has_status, status))
        code = self.seen.rows[0].service_code or ""
        if code:
            await self._filter("service_code", code, lambda row: row.service_code == code)
        await self._windows()
        await self._limit()
        await self._pages()

    async def _get(self, query: Query) -> tuple[Answer, list[Request] | None]:
        answer = await self.caller.get("requests", self.fmt, query)
        self.notes.usable(answer)
        return answer, requests_in(answer)

    async def _ids(self) -> None:
        wanted = list(dict.fromkeys(row.service_request_id for row in self.seen.rows))[:3]
        answer, found = await self._get([("service_request_id", ",".join(wanted))])
        ids = {row.service_request_id for row in found or []}
        if ids != set(wanted):
            says = f"service_request_id={','.join(wanted)} does not give exactly these requests."
            self.notes.found("several-ids", says, answer, answer.line("^"))
        self.notes.can(
            "several_ids", "Several requests can be asked for at once by their ids.", ids == set(wanted)
        )

    async def _filter(self, name: str, value: str, fits: Callable[[Request], bool]) -> None:
        answer, found = await self._get([(name, value)])
        if found is None and not answer.ok:
            self.notes.found(
                f"no-{name}", f"{name}={value} is answered with {answer.status}.", answer, answer.line("^")
            )
            return
        wrong = next((row for row in found or [] if not fits(row)), None)
        missing = any(fits(row) for row in self.seen.rows) and not found
        if wrong is not None:
            says = f"{name}={value} also gives requests that do not fit, as {wrong.service_request_id}."
            self.notes.found(f"ignores-{name}", says, answer, answer.line_of(name))
        elif missing:
            says = f"{name}={value} gives nothing, though there are such requests."
            self.notes.found(f"finds-no-{name}", says, answer, answer.line("^"))
        self.notes.can(name, f"Requests can be searched by {name}.", wrong is None and not missing)

    async def _windows(self) -> None:
        """A window around a request in the middle has it, and nothing that lies outside; whatever offset the times have."""
        dated = [(moment, row) for row in self.seen.rows if (moment := self.seen.moment(row)) is not None]
        if not dated:
            return
        moment, row = dated[len(dated) // 2]
        naive = isinstance(row.requested_datetime, datetime) and row.requested_datetime.tzinfo is None
        start, end = moment - _HOUR, moment + _HOUR
        answer, found = await self._get(_window(start, end, lambda one: _utc(one, naive=naive)))
        if found is None:
            await self._other_times(answer, start, end)
            return
        outside = [one for one in found if (at := self.seen.moment(one)) and not start <= at <= end]
        inside = row.service_request_id in {one.service_request_id for one in found}
        self.notes.can(
            "windows", "Requests can be searched by start_date and end_date.", inside and not outside
        )
        if outside:
            says = (
                f"A window of two hours also gives requests outside it, as {outside[0].service_request_id}."
            )
            self.notes.found("ignores-window", says, answer, answer.line_of("requested_datetime"))
        elif not inside and len(found) < _FEW:
            says = f"The window around request {row.service_request_id} does not have it."
            self.notes.found("misses-window", says, answer, answer.line("^"))
        elif not naive:
            await self._offsets(start, end, found)

    async def _offsets(self, start: datetime, end: datetime, found: Sequence[Request]) -> None:
        """The same window with times of another offset must find the same."""
        answer, same = await self._get(_window(start, end, lambda one: times.write(one.astimezone(_OFFSET))))
        if same is None or _ids(same) != _ids(found):
            says = "Times with an offset (+02:00) are not understood as the same moments in UTC (Z)."
            self.notes.found("offsets", says, answer, answer.line("^"), time_style='"utc"')

    async def _other_times(self, refused: Answer, start: datetime, end: datetime) -> None:
        """Times with Z are refused: perhaps others are taken."""
        ways: Sequence[tuple[str, Callable[[datetime], str]]] = (
            ("naive", lambda one: _utc(one, naive=True)),
            ("offset", lambda one: times.write(one.astimezone(_OFFSET))),
        )
        for style, write in ways:
            _, found = await self._get(_window(start, end, write))
            if found is not None:
                says = "start_date and end_date in UTC (Z) are refused; " + (
                    "times without a zone are taken."
                    if style == "naive"
                    else "times with an offset are taken."
                )
                self.notes.found("times-refused", says, refused, refused.line("^"), time_style=f'"{style}"')
                return
        says = f"start_date and end_date are refused with {refused.status}."
        self.notes.found("no-windows", says, refused, refused.line("^"), pull_without_window="true")
        self.notes.can("windows", "Requests can be searched by start_date and end_date.", able=False)

    async def _limit(self) -> None:
        """How many rows there are at most: are there more of the last 90 days than came?"""
        moments = [moment for row in self.seen.rows if (moment := self.seen.moment(row))]
        now = self.caller.clock.now()
        if not moments or len(self.seen.rows) >= _FEW or min(moments) < now - timedelta(days=89):
            self.notes.can(
                "rows", f"{len(self.seen.rows)} rows came at once; the standard's limit is {MOST_ROWS}."
            )
            return
        _, older = await self._get(_window(now - timedelta(days=90), min(moments), _utc))
        more = _ids(older or []) - _ids(self.seen.rows)
        if more:
            says = f"At most {len(self.seen.rows)} rows come at once, where the standard has 1000 or 90 days."
            self.notes.found("few-rows", says, self.seen.answers[0])
        self.notes.can(
            "rows", f"{len(self.seen.rows)} rows came at once; the standard's limit is {MOST_ROWS}.", not more
        )

    async def _pages(self) -> None:
        if len(self.seen.rows) < 4:
            return
        pages = [await self._get([("page", page), ("page_size", "2")]) for page in ("1", "2")]
        first, second = (_ids(found or []) for _, found in pages)
        able = len(first) == len(second) == 2 and not first & second
        self.notes.can("pages", "Long lists can be read page by page (page, page_size).", able)


def _has_status(status: str, row: Request) -> bool:
    return row.status == status


def _ids(rows: Sequence[Request]) -> set[str]:
    return {row.service_request_id for row in rows}


def _window(start: datetime, end: datetime, write: Callable[[datetime], str]) -> Query:
    return [("start_date", write(start)), ("end_date", write(end))]


def _utc(moment: datetime, *, naive: bool = False) -> str:
    text = times.write(moment.astimezone(UTC).replace(microsecond=0))
    return text.removesuffix("Z") if naive else text
