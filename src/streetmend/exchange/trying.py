"""Tests of endpoints that staff ask for: two questions, nothing that leaves a trace there."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import msgspec

from streetmend.bodies.health import claim_tests, note_test
from streetmend.bodies.models import Endpoint
from streetmend.bodies.queries import site
from streetmend.clock import Clock
from streetmend.exchange.calling import KeyUnusable, ask, line_to
from streetmend.exchange.database import DatabaseThread
from streetmend.fetch import FetchError, Transport
from streetmend.georeport import calls
from streetmend.georeport.errors import CallFailed
from streetmend.georeport.search import RequestSearch
from streetmend.reports.queries.connections import latest_numbers

AT_ONCE = 4
#: so many of our reports are looked for
NUMBERS = 10


class TestLane:
    """Tests what staff want tested."""

    __test__ = False

    def __init__(self, clock: Clock, database: DatabaseThread) -> None:
        self._clock, self._database = clock, database

    async def take(self, start: Callable[[Coroutine[Any, Any, None]], None], transport: Transport) -> bool:
        """Begins the tests that are wanted; says whether there was one."""
        rows = await self._database(partial(claim_tests, limit=AT_ONCE))
        for row in rows:
            start(self._test(row, transport))
        return bool(rows)

    async def _test(self, row: Endpoint, transport: Transport) -> None:
        zone, numbers = await self._database(partial(_known, row.pk))
        began = self._clock.monotonic()
        result: dict[str, int | float | str] = {}
        try:
            line = line_to(row, zone)
            services, _ = await ask(calls.services(line.endpoint), line, transport)
            result["seconds"] = round(self._clock.monotonic() - began, 2)
            result["categories"] = len(services)
            if numbers:
                search = RequestSearch(service_request_id=tuple(numbers))
                page, _ = await ask(calls.requests(line.endpoint, search), line, transport)
                there = {one.service_request_id for one in page}
                result |= {"asked_for": len(numbers), "found": len(there & set(numbers))}
        except (FetchError, CallFailed, KeyUnusable, msgspec.ValidationError) as error:
            result["error"] = str(error)[:500]
        await self._database(partial(note_test, endpoint_id=row.pk, result=result, now=self._clock.now()))


def _known(endpoint_id: int) -> tuple[str, list[str]]:
    return site().time_zone, latest_numbers(endpoint_id=endpoint_id, limit=NUMBERS)
