"""An endpoint's list of services is fetched with its definitions, and the body's categories are made like it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from streetmend.bodies import pulls
from streetmend.bodies.models import Pull, PullKind
from streetmend.bodies.queries import site
from streetmend.bodies.services import Listed, Synced, sync_categories
from streetmend.exchange.calling import KeyUnusable, Line, ask, line_to
from streetmend.exchange.pull_lanes import PullLane
from streetmend.exchange.wire_services import translated
from streetmend.fetch import FetchError, Transport
from streetmend.georeport import calls
from streetmend.georeport.errors import CallFailed
from streetmend.georeport.types import Service, ServiceDefinition

logger = logging.getLogger("streetmend.worker")

#: more services than this are no list of a town's categories
MOST_SERVICES = 5000
#: after so many definitions in a row that could not be had, the others are not asked for
MOST_FAILURES = 3
#: the whole list with all its definitions, by the wall clock
LONGEST_SECONDS = 1200
LEASE_SECONDS = LONGEST_SECONDS + 300
#: definitions that are fetched at once
AT_ONCE = 4
_FAILED = (FetchError, CallFailed)


class ListUnusable(Exception):
    """There is no list that could be used; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class FetchedList:
    """An endpoint's services in our words. `whole`: whether every row of the list could be read."""

    listed: tuple[Listed, ...]
    problems: tuple[str, ...]
    whole: bool


async def fetch_list(line: Line, transport: Transport) -> FetchedList:
    """The endpoint's services with their questions. Raises ListUnusable, and nothing else that the other side can cause."""
    try:
        page, _ = await ask(calls.services(line.endpoint), line, transport)
    except _FAILED as error:
        raise ListUnusable(line.hushed(f"The list of services could not be fetched: {error}")) from error
    if len(page) > MOST_SERVICES:
        raise ListUnusable(f"The list has {len(page)} services; more than {MOST_SERVICES} are not believed.")
    definitions = await _Definitions(line, transport).of([one for one in page if one.metadata])
    problems = [f"Row {problem.place + 1} of the list: {problem.why}." for problem in page.problems]
    listed = []
    for service in page:
        if not service.service_code.strip():
            problems.append(f'The service "{service.service_name[:100]}" has no code and is left out.')
            continue
        one = translated(service, _definition(service, definitions, problems, line))
        listed.append(one.listed)
        problems += one.problems
    return FetchedList(tuple(listed), tuple(problems), whole=not page.problems)


def _definition(
    service: Service,
    definitions: dict[str, ServiceDefinition | str],
    problems: list[str],
    line: Line,
) -> ServiceDefinition | None:
    """The service's questions; None where they could not be had, so that those of before stay."""
    if not service.metadata:
        return ServiceDefinition(service_code=service.service_code)
    found = definitions.get(service.service_code, "it was not asked for")
    if isinstance(found, str):
        problems.append(
            line.hushed(f'The questions of "{service.service_code[:100]}" stay as they are: {found}')
        )
        return None
    if not found.attributes:
        problems.append(
            f'"{service.service_code[:100]}" says that it has questions, and has none: those of before stay.'
        )
        return None
    return found


class _Definitions:
    """The definitions of many services, a few at a time; an endpoint that has gone away is not asked for all of them."""

    def __init__(self, line: Line, transport: Transport) -> None:
        self._line, self._transport = line, transport
        self._gate = asyncio.Semaphore(max(1, min(AT_ONCE, line.row.max_in_flight)))
        self._failures = 0

    async def of(self, services: list[Service]) -> dict[str, ServiceDefinition | str]:
        """By code: the definition, or why there is none."""
        codes = list(dict.fromkeys(service.service_code for service in services))
        return dict(zip(codes, await asyncio.gather(*map(self._one, codes)), strict=True))

    async def _one(self, code: str) -> ServiceDefinition | str:
        async with self._gate:
            if self._failures >= MOST_FAILURES:
                return "the endpoint had stopped answering."
            try:
                found, _ = await ask(calls.definition(self._line.endpoint, code), self._line, self._transport)
            except _FAILED as error:
                # an endpoint that says no is still there
                self._failures += 0 if getattr(error, "status", None) else 1
                return str(error)
            self._failures = 0
            return found


class ServiceLane(PullLane):
    """A worker's lists of services: a few at once, each under a lease of its own."""

    kind = PullKind.SERVICES
    lease_seconds = LEASE_SECONDS

    async def pull(self, pull: Pull, transport: Transport) -> None:
        """The body's categories are like the list, or staff can see why they are not; the endpoint is asked again later."""
        wait, ok_at, problem = 3600.0, None, ""
        try:
            here = await self.database(site)
            line = line_to(pull.endpoint, here.time_zone)
            wait = line.habits.services_seconds
            async with asyncio.timeout(LONGEST_SECONDS):
                fetched = await fetch_list(line, transport)
            synced = await self.database(partial(self._store, pull, fetched))
            if synced is None:
                logger.warning("endpoint=%d services lease lost", pull.endpoint_id)
                return
            ok_at = None if synced.refused else self.clock.now()
            problem = "\n".join(filter(None, (synced.refused, *fetched.problems, *synced.problems)))
            logger.info("endpoint=%d services changes=%d", pull.endpoint_id, len(synced.changes))
        except TimeoutError:
            problem = f"The list with its questions took longer than {LONGEST_SECONDS} s."
        except (ListUnusable, KeyUnusable, ValueError) as error:
            problem = str(error)
        await self.finish(pull, wait, ok_at=ok_at, problem=problem)

    def _store(self, pull: Pull, fetched: FetchedList) -> Synced | None:
        """What the list changed; None where the lease was lost meanwhile, and nothing was changed."""
        with transaction.atomic():
            if not pulls.holds(pull_id=pull.pk, worker=self.worker):
                return None
            return sync_categories(
                endpoint=pull.endpoint, listed=fetched.listed, now=self.clock.now(), whole=fetched.whole
            )
