"""`streetmend services import`: an administration's categories and questions, as its endpoint lists them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from streetmend.cli import Problem
from streetmend.cli.console import coloured, note, plural, say, say_json
from streetmend.cli.site_file import change_as_json, change_line

if TYPE_CHECKING:
    from streetmend.bodies.models import Body, Endpoint
    from streetmend.bodies.services import Synced
    from streetmend.exchange.pull_services import FetchedList


@click.group(name="services")
def group() -> None:
    """Lists of services of administrations."""


@group.command(name="import", short_help="Make a body's categories like its endpoint's list of services.")
@click.argument("body")
@click.option("--endpoint", "name", metavar="NAME", help="Only the body's endpoint of this name.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--retire", is_flag=True, help="What the list no longer has goes out of use now.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(body: str, name: str | None, dry_run: bool, retire: bool, as_json: bool) -> None:
    """Fetch the list of services of BODY (its name, or the number of its area), and make its categories and questions like it.

    What was changed here stays as it is. A category that the list lacks goes out of use after three lists without it, over a day
    at least, or at once with --retire. An empty list, and one that lacks a large part of what was known, change nothing. The same
    list again changes nothing. Ends with 1 where a list could not be taken.
    """
    from streetmend.cli.database import ready

    ready()
    from streetmend.bodies.services import Synced, sync_categories
    from streetmend.clock import SystemClock
    from streetmend.exchange.pull_services import ListUnusable

    found = _body(body)
    results = []
    for endpoint in _endpoints(found, name):
        try:
            fetched = _fetched(endpoint)
        except ListUnusable as error:
            results.append((endpoint, 0, Synced(refused=str(error))))
            continue
        synced = sync_categories(
            endpoint=endpoint,
            listed=fetched.listed,
            now=SystemClock().now(),
            whole=fetched.whole,
            dry_run=dry_run,
            retire=retire,
        )
        told = Synced(
            synced.changes, synced.notes, (*fetched.problems, *synced.problems), refused=synced.refused
        )
        results.append((endpoint, len(fetched.listed), told))
    if as_json:
        say_json({"dry_run": dry_run, "endpoints": [_as_json(*result) for result in results]})
    else:
        for result in results:
            _show(*result, dry_run=dry_run)
    if any(synced.refused for _, _, synced in results):
        raise click.exceptions.Exit(1)


def _body(given: str) -> Body:
    from streetmend.bodies.models import Body

    found = Body.objects.filter(name=given).first()
    if found is None and given.isascii() and given.isdigit() and len(given) < 10:
        found = Body.objects.filter(mapit_id=int(given)).first()
    if found is None:
        names = ", ".join(
            f'"{name}"' for name in Body.objects.order_by("id").values_list("name", flat=True)[:20]
        )
        raise Problem(
            f'There is no body "{given}". There are: {names or "none"}.', next_command="streetmend export"
        )
    return found


def _endpoints(body: Body, name: str | None) -> list[Endpoint]:
    from streetmend.bodies.models import Endpoint

    rows = Endpoint.objects.filter(body=body, active=True).select_related("body").order_by("id")
    found = [row for row in rows if name is None or row.name == name]
    if not found:
        said = f'no endpoint "{name}" that is in use' if name is not None else "no endpoint that is in use"
        raise Problem(f'The body "{body.name}" has {said}.', next_command="streetmend export")
    return found


def _fetched(endpoint: Endpoint) -> FetchedList:
    """The list. Raises ListUnusable."""
    from streetmend.bodies.queries import site
    from streetmend.exchange.calling import KeyUnusable, line_to, open_fetcher
    from streetmend.exchange.pull_services import ListUnusable, fetch_list

    try:
        line = line_to(endpoint, site().time_zone)
    except (KeyUnusable, ValueError) as error:
        raise ListUnusable(str(error)) from error

    async def fetch() -> FetchedList:
        async with open_fetcher() as transport:
            return await fetch_list(line, transport)

    return asyncio.run(fetch())


def _show(endpoint: Endpoint, services: int, synced: Synced, *, dry_run: bool) -> None:
    say(f"{endpoint.body.name}, {endpoint.url}: {plural(services, 'service')} listed")
    for change in synced.changes:
        say(change_line(change))
    for text in synced.notes:
        say(f"{coloured('=', 'cyan')} {text}")
    for text in synced.problems:
        note(f"{coloured('!', 'yellow')} {text}")
    if synced.refused:
        note(f"{coloured('!', 'red')} {synced.refused}")
        note("Run next: streetmend endpoint check " + endpoint.url)
    elif not synced.changes:
        say("Nothing to change.")
    elif dry_run:
        say(f"{plural(len(synced.changes), 'change')} to make; nothing was changed (--dry-run).")
    else:
        say(f"{plural(len(synced.changes), 'change')} made.")


def _as_json(endpoint: Endpoint, services: int, synced: Synced) -> dict[str, Any]:
    return {
        "body": endpoint.body.name,
        "endpoint": endpoint.name,
        "url": endpoint.url,
        "services": services,
        "refused": synced.refused,
        "changes": [change_as_json(change) for change in synced.changes],
        "notes": list(synced.notes),
        "problems": list(synced.problems),
    }
