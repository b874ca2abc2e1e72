"""The certificates of endpoints are looked at once a day; staff hear of one that runs out before their reports do."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from typing import Any, Protocol, runtime_checkable

from streetmend.bodies.certificates import WARNING, claim_certificates, note_certificate
from streetmend.bodies.models import Endpoint
from streetmend.clock import Clock
from streetmend.exchange.database import DatabaseThread
from streetmend.fetch import FetchError, Transport
from streetmend.reports.services.arrivals import tell_of_certificate

AT_ONCE = 4
DEADLINE_SECONDS = 20.0
#: how often the database is asked whether one is due
_LOOK_SECONDS = 60.0


@runtime_checkable
class ShakesHands(Protocol):
    """A transport that can tell until when a certificate is valid."""

    async def certificate_end(self, url: str, *, deadline_seconds: float) -> datetime:
        """The last moment (UTC). Raises FetchError."""
        ...


class CertificateLane:
    """Looks at the certificates that are due."""

    def __init__(self, clock: Clock, database: DatabaseThread) -> None:
        self._clock, self._database = clock, database
        self._looked: float | None = None

    async def take(self, start: Callable[[Coroutine[Any, Any, None]], None], transport: Transport) -> bool:
        """Begins the looks that are due; says whether there was one."""
        now = self._clock.monotonic()
        if not isinstance(transport, ShakesHands) or (
            self._looked is not None and now - self._looked < _LOOK_SECONDS
        ):
            return False
        self._looked = now
        rows = await self._database(partial(claim_certificates, now=self._clock.now(), limit=AT_ONCE))
        for row in rows:
            start(self._look(row, transport))
        if rows:
            self._looked = None
        return bool(rows)

    async def _look(self, row: Endpoint, transport: ShakesHands) -> None:
        ends_at, problem = None, ""
        try:
            ends_at = await transport.certificate_end(row.url, deadline_seconds=DEADLINE_SECONDS)
        except FetchError as error:
            problem = error.message
        await self._database(partial(_note, row.pk, ends_at, problem, self._clock.now()))


def _note(endpoint_id: int, ends_at: datetime | None, problem: str, now: datetime) -> None:
    note_certificate(endpoint_id=endpoint_id, ends_at=ends_at, problem=problem, now=now)
    if ends_at is not None and ends_at - now < WARNING:
        tell_of_certificate(endpoint_id=endpoint_id, ends_at=ends_at, now=now)
