"""All questions to one server in turn."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import urlsplit

from django.conf import settings

from streetmend.clock import Clock, SystemClock
from streetmend.exchange.probing import manners, offers, rows
from streetmend.exchange.probing.asking import Caller
from streetmend.exchange.probing.dialects import explain
from streetmend.exchange.probing.notes import Notes
from streetmend.exchange.probing.refusals import look_at_refusals
from streetmend.exchange.probing.searches import Searches
from streetmend.exchange.probing.values import Probed
from streetmend.fetch import Fetcher, Resolver, SystemResolver, Transport

#: where servers usually are, tried where nothing answers at the address that was given
_USUAL = ("open311/v2", "open311", "georeport/v2")


async def probe(
    url: str,
    *,
    jurisdiction_id: str = "",
    deadline_seconds: float = 30.0,
    transport: Transport | None = None,
    clock: Clock | None = None,
    resolver: Resolver | None = None,
) -> Probed:
    """What the server at `url` can and cannot do, by some thirty GETs, each for at most `deadline_seconds` of wall clock.

    Whoever asks has named the server: its own addresses are called even where they are not public, as the operator of a
    site may do; where it redirects to is guarded as always. Raises nothing of the server's.
    """
    if transport is not None:
        return await _probe(url, jurisdiction_id, deadline_seconds, transport, clock or SystemClock())
    allowed = [*settings.OUTBOUND_ALLOW, *await _addresses(url, resolver or SystemResolver())]
    async with Fetcher(allow=allowed, resolver=resolver) as fetcher:
        return await _probe(url, jurisdiction_id, deadline_seconds, fetcher, clock or SystemClock())


async def _addresses(url: str, resolver: Resolver) -> list[str]:
    """The networks of just the addresses that the server's name has now."""
    parts = urlsplit(url)
    try:
        found = await resolver.resolve(
            parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        )
        return [str(ip_network(address.partition("%")[0])) for address in found]
    except (OSError, ValueError):
        return []  # the first call will say why


async def _probe(
    url: str, jurisdiction_id: str, deadline_seconds: float, transport: Transport, clock: Clock
) -> Probed:
    began, notes = clock.monotonic(), Notes()
    caller = Caller(url.strip(), jurisdiction_id, transport, clock, deadline_seconds)
    first = await caller.get("services", "xml")
    if first.failed and not first.status:
        notes.found("unreachable", f"The server cannot be reached: {first.failed}", first)
    else:
        await _questions(caller, notes)
    name, findings = explain(notes.findings)
    suggested = _settings(caller, notes) if findings or name else ()
    return Probed(
        url=caller.base,
        jurisdiction_id=jurisdiction_id,
        dialect=name,
        findings=findings,
        abilities=tuple(notes.abilities.values()),
        settings=suggested,
        calls=caller.calls,
        seconds=clock.monotonic() - began,
    )


async def _questions(caller: Caller, notes: Notes) -> None:
    elsewhere = await offers.look_at_discovery(caller, notes)
    services = await offers.look_at_services(caller, notes)
    seen = await rows.look_at_requests(caller, notes)
    if not services and not any(answer.ok for answer in seen.answers):
        await _elsewhere(caller, notes, elsewhere)
        return
    await offers.look_at_definitions(caller, notes, services)
    refused = await offers.look_at_a_stranger(caller, notes)
    refused += await rows.look_at_one(caller, notes, seen)
    await Searches(caller, notes, seen).look()
    await look_at_refusals(caller, notes, refused)
    await manners.look_at_updates(caller, notes)
    await manners.look_at_manners(caller, notes)


async def _elsewhere(caller: Caller, notes: Notes, named: str) -> None:
    """There is nothing here: is it where discovery says, or at one of the usual places?"""
    base = caller.base.rstrip("/")
    for url in [*filter(None, [named]), *(f"{base}/{path}" for path in _USUAL)]:
        other = Caller(url, caller.jurisdiction_id, caller.transport, caller.clock, caller.deadline_seconds)
        answer = await other.get("services", "xml")
        caller.calls += 1
        if answer.ok and answer.tree is not None and answer.tree.root == "services":
            notes.found(
                "not-here",
                f"There is no Open311 server at this address, but there is one at {url}.",
                answer,
                url=f'"{url}"',
            )
            return
    if not notes.findings:
        notes.found("nothing", "Nothing at this address speaks Open311.")


def _settings(caller: Caller, notes: Notes) -> tuple[str, ...]:
    """Lines of the site file that fit this server."""
    lines = {"url": f'"{caller.base}"'}
    if caller.jurisdiction_id:
        lines["jurisdiction_id"] = f'"{caller.jurisdiction_id}"'
    return tuple(f"{name} = {value}" for name, value in {**lines, **notes.settings}.items())
