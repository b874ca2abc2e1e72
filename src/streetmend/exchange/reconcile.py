"""Unknown outcomes: the endpoint is asked before anything is sent again, one sweep for all that is uncertain there.

The ladder, from the surest to the least sure: an endpoint that knows repeats by their key; a number that an answer held, or our
own number where the endpoint can be searched by it; our mark in what it shows of the time in question; the same words at the
same place.
What is not found counts as not there only where the endpoint shows a report of ours that it did accept.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from streetmend.bodies.queries import site
from streetmend.crash import crash
from streetmend.exchange.addresses import report_url
from streetmend.exchange.calling import KeyUnusable, ask, line_to
from streetmend.exchange.matching import Wanted, marks_in, same_content, text_of
from streetmend.exchange.searching import Asking, Search, TooMuch, merged
from streetmend.fetch import FetchError
from streetmend.georeport import calls
from streetmend.georeport.errors import CallFailed
from streetmend.georeport.types import Request
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.queries.doubts import (
    Control,
    Doubt,
    accepted_among,
    can_find_lately,
    controls_of,
    doubts_of,
    owners_of,
)
from streetmend.reports.services import doubts
from streetmend.reports.states import DeliveryState

logger = logging.getLogger("streetmend.worker")

#: answers that say: this cannot be asked here
_CANNOT = frozenset({400, 401, 403, 404, 405, 406, 410, 415, 501})
_CONTROL_SPANS = 3


@dataclass
class Findings:
    """What one sweep saw of the deliveries it asked about."""

    #: delivery -> proof and numbers, the surest and earliest first
    found: dict[int, tuple[str, list[str]]] = field(default_factory=dict)
    #: deliveries that several rows could be, or that share a row with another
    ambiguous: set[int] = field(default_factory=set)
    #: whether the endpoint shows us reports of ours so that we know them; None: there was nothing to see it by
    control: bool | None = None
    #: why it cannot be asked; empty: it can
    cannot: str = ""


class Reconciler(Asking):
    """One sweep over one endpoint."""

    async def sweep(self) -> None:
        """Each uncertain delivery of the endpoint has moved on as far as its answers allow; an error moves none."""
        now = self.clock.now()
        can_find, failed = None, False
        wanted = await self.database(partial(doubts_of, endpoint_id=self.endpoint.pk, now=now))
        crash("doubts_read")
        try:
            can_find = await self._settle(wanted, now)
        except (FetchError, CallFailed, TooMuch, KeyUnusable, ValueError) as error:
            failed = True
            logger.warning("endpoint=%d sweep failed: %s", self.endpoint.pk, type(error).__name__)
            await self._give_up(wanted)
        await self.database(
            partial(
                doubts.finish_sweep,
                endpoint_id=self.endpoint.pk,
                worker=self.worker,
                now=self.clock.now(),
                can_find=can_find,
                failed=failed,
            )
        )
        crash("sweep_over")

    async def _settle(self, wanted: Sequence[Doubt], now: datetime) -> bool | None:
        here = await self.database(site)
        self.line = line_to(self.endpoint, here.time_zone)
        reports = [one for one in wanted if one.kind == DeliveryKind.REPORT]
        if self.line.habits.idempotent:
            await self._each(
                doubts.repeat_safely, [one for one in wanted if one.state == DeliveryState.UNCERTAIN]
            )
            reports = [one for one in reports if one.state != DeliveryState.UNCERTAIN]
            wanted = reports
        others = [one for one in wanted if one.kind != DeliveryKind.REPORT]
        for one in others:
            why = "It cannot be asked whether the endpoint has this update."
            await self._cannot(one, why)
        if not reports:
            return None
        seen = await self._look(reports, now)
        crash("after_sweep")
        await self._decide(reports, seen)
        # a failed control is looked at anew each time: only the good one is remembered
        return True if seen.control else None

    # --- looking

    async def _look(self, wanted: Sequence[Doubt], now: datetime) -> Findings:
        search = Search(self.line, self.transport, self.clock, self.seconds)
        seen = Findings()
        try:
            await self._by_number(search, wanted, seen)
            left = [one for one in wanted if one.id not in seen.found]
            if left:
                for start, end in merged(self._span(one, now) for one in left):
                    await search.span(start, end)
                crash("window_read")
                await self._match(search.rows.values(), left, seen)
                seen.control = await self._control(search, seen, now)
        except CallFailed as error:
            if error.status not in _CANNOT:
                raise
            seen.cannot = self.line.hushed(f"The endpoint does not show requests: {error}")
        return seen

    def _span(self, one: Doubt, now: datetime) -> tuple[datetime, datetime]:
        """From before it left until after it may have come into being there."""
        last = one.last_sent_at + timedelta(seconds=self.line.deadline_seconds)
        end = max(last + 2 * doubts.settle_of(self.endpoint), one.first_sent_at)
        margin = self._margin
        return one.first_sent_at - margin, min(now, end) + margin

    @property
    def _margin(self) -> timedelta:
        return timedelta(seconds=self.line.habits.find_margin_seconds)

    async def _by_number(self, search: Search, wanted: Sequence[Doubt], seen: Findings) -> None:
        """Numbers that answers held, and our own number where the endpoint can be searched by it."""
        evidence: dict[str, list[Doubt]] = defaultdict(list)
        for one in wanted:
            for number in one.evidence:
                evidence[number].append(one)
        rows = await search.numbers(list(evidence)) if evidence else []
        found: dict[int, list[Request]] = defaultdict(list)
        for row in rows:
            for one in evidence[row.service_request_id]:
                if self._is_it(row, one):
                    found[one.id].append(row)
        if self.line.habits.ask_by:
            for one in wanted:
                if one.id not in found:
                    found[one.id] += await self._by_our_number(one)
        await self._keep(wanted, found, "asked by number", seen)

    async def _by_our_number(self, one: Doubt) -> list[Request]:
        """An endpoint that does not know the parameter shows everything: only what is ours counts."""
        call = calls.requests_by(self.line.endpoint, ((self.line.habits.ask_by, str(one.report_id)),))
        page, _ = await ask(call, self.line, self.transport)
        return [row for row in page if self._is_it(row, one)]

    def _is_it(self, row: Request, one: Doubt) -> bool:
        wanted = self._wanted(one)
        if wanted.url in marks_in(text_of(row), report_url_base()):
            return True
        return same_content(row, wanted, self.line.habits.find_metres)

    def _wanted(self, one: Doubt) -> Wanted:
        return Wanted.of(one.id, report_url(one.report_id), one.request)

    async def _match(self, rows: Iterable[Request], left: Sequence[Doubt], seen: Findings) -> None:
        """By our mark, and what has none by its content."""
        base = report_url_base()
        by_mark: dict[str, list[Request]] = defaultdict(list)
        unmarked = []
        for row in rows:
            marks = marks_in(text_of(row), base)
            for mark in marks:
                by_mark[mark].append(row)
            if not marks:
                unmarked.append(row)
        found = {one.id: _of_code(by_mark[report_url(one.report_id)], one) for one in left}
        await self._keep(left, found, "found", seen)
        await self._by_content([one for one in left if one.id not in seen.found], unmarked, seen)

    async def _by_content(self, left: Sequence[Doubt], unmarked: Sequence[Request], seen: Findings) -> None:
        """Only where one row fits one delivery and no other."""
        fits: dict[int, list[Request]] = {}
        claims: dict[str, int] = defaultdict(int)
        metres = self.line.habits.find_metres
        by_code: dict[str | None, list[Request]] = defaultdict(list)
        for row in unmarked:
            by_code[row.service_code].append(row)
        for one in left:
            wanted = self._wanted(one)
            rows = [row for row in by_code[wanted.code] if same_content(row, wanted, metres)]
            fits[one.id] = rows
            for row in rows:
                claims[row.service_request_id] += 1
        known = await self._owners(row for rows in fits.values() for row in rows)
        single = {}
        for one in left:
            rows = [row for row in fits[one.id] if not known.get(row.service_request_id)]
            if len(rows) == 1 and claims[rows[0].service_request_id] == 1:
                single[one.id] = rows
            elif rows:
                seen.ambiguous.add(one.id)
        await self._keep(left, single, "found by content", seen)

    async def _keep(
        self, wanted: Sequence[Doubt], found: dict[int, list[Request]], proof: str, seen: Findings
    ) -> None:
        """What belongs to another delivery already is not this one's."""
        known = await self._owners(row for rows in found.values() for row in rows)
        for one in wanted:
            numbers = [
                row.service_request_id
                for row in sorted(found.get(one.id, ()), key=_when)
                if not known.get(row.service_request_id, set()) - {one.id}
            ]
            numbers = list(dict.fromkeys(filter(None, numbers)))
            if numbers:
                seen.found[one.id] = (proof, numbers)

    async def _owners(self, rows: Iterable[Request]) -> dict[str, set[int]]:
        numbers = {row.service_request_id for row in rows}
        if not numbers:
            return {}
        return await self.database(partial(owners_of, url=self.endpoint.url, remote_ids=sorted(numbers)))

    async def _control(self, search: Search, seen: Findings, now: datetime) -> bool | None:
        """Whether the endpoint shows a report that it has: one that was just found, or one that it accepted."""
        if any(proof != "found by content" for proof, _ in seen.found.values()):
            return True
        if await self._shows_accepted(search.rows, now):
            return True
        if await self.database(partial(can_find_lately, endpoint_id=self.endpoint.pk, now=now)):
            return True
        controls = await self.database(partial(controls_of, endpoint_id=self.endpoint.pk, now=now))
        for control in _some(controls):
            margin = self._margin
            rows = await search.span(control.sent_at - margin, min(control.sent_until, now) + margin)
            if await self._shows_accepted({row.service_request_id: row for row in rows}, now):
                return True
        return False if controls else None

    async def _shows_accepted(self, rows: dict[str, Request], now: datetime) -> bool:
        """Not the number alone: one that is shown without its words could not be known without its number."""
        if not rows:
            return False
        ours = await self.database(
            partial(accepted_among, endpoint_id=self.endpoint.pk, remote_ids=sorted(rows), now=now)
        )
        return any(self._is_it(rows[one.remote_id], one) for one in ours)

    # --- deciding

    async def _decide(self, wanted: Sequence[Doubt], seen: Findings) -> None:
        """What was found is recorded first, so that nothing that is there can be taken for another's."""
        for one in sorted(wanted, key=lambda one: one.id not in seen.found):
            hit = seen.found.get(one.id)
            if one.state == DeliveryState.ACCEPTED:
                others = [number for number in (hit[1] if hit else ()) if number != one.remote_id]
                await self._each(partial(doubts.found_again, others=others), [one])
            elif hit is not None:
                proof, (number, *others) = hit
                done = await self.database(
                    partial(
                        doubts.found,
                        delivery_id=one.id,
                        remote_id=number,
                        proof=proof,
                        others=others,
                        now=self.clock.now(),
                    )
                )
                logger.info("delivery=%d found remote_id=%s proof=%s done=%s", one.id, number, proof, done)
            elif one.id in seen.ambiguous:
                await self._cannot(one, "The endpoint has more than one that this could be.")
            elif seen.cannot or not seen.control:
                nothing = not seen.cannot and seen.control is None
                await self._cannot(one, seen.cannot or _NO_CONTROL[seen.control], nothing_accepted=nothing)
            else:
                await self._each(doubts.not_found, [one])
            crash("after_decision")

    async def _give_up(self, wanted: Sequence[Doubt]) -> None:
        """Where asking has failed for long enough, it counts as one that cannot be asked; until then an error is no answer."""
        if await self.database(partial(doubts.asking_is_hopeless, endpoint_id=self.endpoint.pk)):
            for one in wanted:
                await self._cannot(one, "For a day the endpoint has not answered when it was asked.")

    async def _cannot(self, one: Doubt, why: str, *, nothing_accepted: bool = False) -> None:
        await self.database(
            partial(
                doubts.cannot_be_asked,
                delivery_id=one.id,
                why=why[:300],
                now=self.clock.now(),
                nothing_accepted=nothing_accepted,
            )
        )

    async def _each(self, service: doubts.Decide, wanted: Iterable[Doubt]) -> None:
        for one in wanted:
            await self.database(partial(service, delivery_id=one.id, now=self.clock.now()))


_NO_CONTROL = {
    None: "The endpoint has accepted nothing yet by which we could tell whether it shows us our reports.",
    False: "The endpoint does not show us reports that it has accepted.",
}


def report_url_base() -> str:
    """What stands before the number in every address of a report of ours."""
    return report_url(0)[:-1]


def _of_code(rows: Sequence[Request], one: Doubt) -> list[Request]:
    """Of several bodies behind one address each has its own codes."""
    code = one.request.get("service_code")
    same = [row for row in rows if row.service_code == code]
    return same or list(rows)


def _when(row: Request) -> tuple[str, str]:
    return str(row.requested_datetime or "~"), row.service_request_id


def _some(controls: Sequence[Control]) -> list[Control]:
    """The latest, the oldest, and one between them."""
    if len(controls) <= _CONTROL_SPANS:
        return list(controls)
    return [controls[0], controls[len(controls) // 2], controls[-1]]
