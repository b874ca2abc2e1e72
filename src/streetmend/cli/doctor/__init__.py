"""`streetmend doctor`: what is wrong with this site, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from streetmend.cli import setup_django
from streetmend.cli.console import coloured, plural, say, say_json

if TYPE_CHECKING:
    from streetmend.cli.doctor.findings import Finding, Level

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command(short_help="Look for what is wrong, and what to do about it.")
@click.option("--offline", is_flag=True, help="Call no endpoint and no mailbox.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(offline: bool, as_json: bool) -> None:
    """Look for what is wrong: database, disk, clock, mail, mailbox, files, worker, endpoints, areas, categories.

    It changes nothing and sends nothing; each endpoint in use is asked for its list of categories. Ends with 1 where there
    are problems; warnings are no problems.
    """
    setup_django()
    from streetmend.cli.doctor.findings import Level

    found = []
    for finding in examination(call=not offline):
        found.append(finding)
        if not as_json:
            _show(finding)
    problems = sum(finding.level is Level.PROBLEM for finding in found)
    if as_json:
        say_json({"ok": not problems, "findings": [finding.as_plain() for finding in found]})
    else:
        _sum_up(problems, sum(finding.level is Level.WARNING for finding in found))
    raise SystemExit(1 if problems else 0)


def examination(*, call: bool) -> Iterator[Finding]:
    """All findings, check by check; `call`: endpoints are asked too. Where the database fails, only what needs none is there."""
    from django.conf import settings

    from streetmend.cli.doctor import keeping, land, machine, promises, sending
    from streetmend.cli.doctor.findings import Level
    from streetmend.clock import SystemClock

    clock = SystemClock()
    usable = True
    for finding in machine.database():
        usable = usable and finding.level is not Level.PROBLEM
        yield finding
    yield from machine.disk(settings.DATA)
    yield from machine.mail()
    yield from promises.mailbox(call=call)
    if not usable:
        return
    yield from machine.clock_of_database(clock)
    yield from promises.files()
    yield from keeping.kept()
    yield from keeping.privacy(clock)
    yield from keeping.outbound()
    yield from sending.worker(clock)
    yield from sending.waiting_for_people()
    yield from sending.endpoints(call=call)
    yield from land.areas()
    yield from sending.categories()


def _show(finding: Finding) -> None:
    level: Level = finding.level
    mark = coloured(f"{level.value:<8}", _COLOURS[level.value])
    say(f"{mark} {finding.check:<11} {finding.text}")
    if finding.next:
        say(f"{'':<21} Next: {finding.next}")


def _sum_up(problems: int, warnings: int) -> None:
    if problems:
        say(f"{plural(problems, 'problem')}, {plural(warnings, 'warning')}.")
    else:
        say(f"No problems, {plural(warnings, 'warning')}.")
