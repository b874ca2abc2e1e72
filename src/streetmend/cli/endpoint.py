"""`streetmend endpoint check`: what somebody's Open311 server can and cannot do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from streetmend.cli import setup_django
from streetmend.cli.console import coloured, plural, say, say_json

if TYPE_CHECKING:
    from streetmend.exchange.probing import Finding, Probed

_EXPLAINED = {True: "yes", False: "no"}


@click.group(name="endpoint")
def group() -> None:
    """Open311 servers of administrations."""


def _address(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """The URL, whole and over HTTP."""
    try:
        parts = urlsplit(value.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username or parts.password:
        raise click.BadParameter(
            "is no address of the form https://town.example/open311/v2/", context, parameter
        )
    return value.strip()


@group.command(short_help="Find out what an Open311 server can and cannot do.")
@click.argument("url", callback=_address)
@click.option(
    "--jurisdiction", metavar="J", default="", help="The jurisdiction_id that goes with every call."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1, max=600),
    default=30.0,
    show_default=True,
    help="How many seconds one call may take.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(url: str, jurisdiction: str, timeout: float, as_json: bool) -> None:
    """Ask the Open311 server at URL some thirty questions, and say what is wrong and what to write into the site file.

    URL is the address below which discovery, services and requests lie. Nothing is posted: all calls are GETs. Ends with 1 where
    anything is not as GeoReport v2 describes it.
    """
    setup_django()
    from streetmend.exchange.probing import probe

    found = asyncio.run(probe(url, jurisdiction_id=jurisdiction, deadline_seconds=timeout))
    if as_json:
        say_json(found.as_dict())
    else:
        _show(found)
    raise SystemExit(1 if found.findings else 0)


def _show(found: Probed) -> None:
    for ability in found.abilities:
        mark = coloured(_EXPLAINED[ability.can].rjust(3), "green" if ability.can else "yellow")
        say(f"{mark}  {ability.says}")
    if not found.findings:
        say(f"Everything is as GeoReport v2 describes it ({plural(found.calls, 'call')}).")
        return
    if found.abilities:
        say()
    for number, finding in enumerate(found.findings, start=1):
        _tell(number, finding)
    if found.settings:
        say()
        say("For the site file:")
        say()
        say("[bodies.endpoint]")
        for line in found.settings:
            say(line)


def _tell(number: int, finding: Finding) -> None:
    say(f"{number}. {finding.says}")
    if finding.where:
        say(f"   asked: {finding.where}")
    if finding.line:
        say(
            f"   line {finding.line}"
            if finding.line[0].isdigit() and ": " in finding.line
            else f"   got: {finding.line}"
        )
    if finding.settings:
        say(f"   write: {', '.join(finding.settings)}")
