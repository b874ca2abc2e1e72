"""Endpoints are asked for their lists of categories, to see whether they can be used."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from streetmend.bodies.models import Endpoint
from streetmend.exchange.calling import KeyUnusable, OpenTransport, ask, line_to, open_fetcher
from streetmend.fetch import AddressRefused, FetchError, Transport
from streetmend.georeport import calls
from streetmend.georeport.errors import CallFailed


@dataclass(frozen=True, slots=True)
class Examined:
    """What an endpoint did when it was asked: the codes that it lists, or `why` it could not be used.

    `address_refused`: the guard does not let us go there.
    """

    endpoint: Endpoint
    codes: frozenset[str] = frozenset()
    why: str = ""
    address_refused: bool = False


def examine(
    endpoints: Sequence[Endpoint],
    *,
    site_zone: str,
    deadline_seconds: int,
    transport: OpenTransport = open_fetcher,
) -> list[Examined]:
    """All of them were asked at once, each for `deadline_seconds` of wall clock at most; in the given order.

    Raises nothing of theirs.
    """
    return asyncio.run(_examine(endpoints, site_zone, deadline_seconds, transport))


async def _examine(
    endpoints: Sequence[Endpoint], site_zone: str, deadline_seconds: int, transport: OpenTransport
) -> list[Examined]:
    async with transport() as opened:
        asked = [_one(endpoint, site_zone, deadline_seconds, opened) for endpoint in endpoints]
        return await asyncio.gather(*asked)


async def _one(row: Endpoint, site_zone: str, deadline_seconds: int, transport: Transport) -> Examined:
    try:
        line = line_to(row, site_zone)
        async with asyncio.timeout(deadline_seconds):
            answer, _ = await ask(calls.services(line.endpoint), line, transport)
    except AddressRefused as error:
        return Examined(row, why=str(error), address_refused=True)
    except msgspec.ValidationError as error:
        return Examined(row, why=f"its habits cannot be read: {error}")
    except (FetchError, CallFailed, KeyUnusable, TimeoutError) as error:
        return Examined(row, why=str(error) or f"no whole answer in {deadline_seconds} s")
    return Examined(row, codes=frozenset(service.service_code for service in answer))
