"""Once a night each endpoint is asked whether it still has what it accepted."""

from __future__ import annotations

import logging
from functools import partial

from streetmend.bodies.queries import site
from streetmend.exchange.calling import KeyUnusable, line_to
from streetmend.exchange.searching import Asking, Search, TooMuch
from streetmend.fetch import FetchError
from streetmend.georeport.errors import CallFailed
from streetmend.reports.services.doubts import finish_sweep
from streetmend.reports.services.lost import ledger_of, record_ledger

logger = logging.getLogger("streetmend.worker")

_AT_ONCE = 50


class LedgerCheck(Asking):
    """One check of one endpoint."""

    async def check(self) -> None:
        """What is missing is noted; an error notes nothing, and the next night asks again."""
        now = self.clock.now()
        owed = await self.database(partial(ledger_of, endpoint_id=self.endpoint.pk, now=now))
        there: list[int] = []
        missing: list[int] = []
        failed = True
        try:
            here = await self.database(site)
            search = Search(line_to(self.endpoint, here.time_zone), self.transport, self.clock, self.seconds)
            for place in range(0, len(owed), _AT_ONCE):
                some = owed[place : place + _AT_ONCE]
                rows = await search.numbers([number for _, number in some])
                shown = {row.service_request_id for row in rows}
                there += [pk for pk, number in some if number in shown]
                missing += [pk for pk, number in some if number not in shown]
            failed = False
        except TooMuch:
            logger.warning("endpoint=%d ledger was not read to its end", self.endpoint.pk)
        except (FetchError, CallFailed, KeyUnusable, ValueError) as error:
            logger.warning("endpoint=%d ledger failed: %s", self.endpoint.pk, type(error).__name__)
        flagged = await self.database(
            partial(
                record_ledger,
                endpoint_id=self.endpoint.pk,
                there=there,
                missing=missing,
                now=self.clock.now(),
            )
        )
        for delivery_id in flagged:
            logger.warning("delivery=%d is not known to its endpoint any more", delivery_id)
        await self.database(
            partial(
                finish_sweep,
                endpoint_id=self.endpoint.pk,
                worker=self.worker,
                now=self.clock.now(),
                failed=failed,
            )
        )
