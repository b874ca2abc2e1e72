"""`streetmend fill`: sample reports in bulk."""

from __future__ import annotations

import click

from streetmend.cli import Problem
from streetmend.cli.console import note, plural, progress, say, say_json


@click.command(short_help="Make sample reports in bulk, for benchmarks.")
@click.option("--reports", type=click.IntRange(1, 100_000_000), required=True, help="How many reports.")
@click.option("--seed", type=int, default=311, show_default=True, help="Other reports for another number.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(reports: int, seed: int, as_json: bool) -> None:
    """Make sample reports in bulk, for benchmarks and for trying out a large site: never on a site in use.

    They are public reports of the site's own categories on its own areas, spread over the past, with deliveries and updates, and
    nothing about them changes by itself. On a site without areas and bodies the fictional town of the demo is set up first, with
    bodies that are reached by e-mail.
    """
    from streetmend.cli.database import ready

    ready()
    from streetmend.clock import SystemClock
    from streetmend.demo.filling.places import NothingToReport
    from streetmend.demo.filling.town import set_up_where_empty
    from streetmend.demo.filling.writing import fill

    clock = SystemClock()
    started = clock.monotonic()
    now = clock.now()
    if set_up_where_empty(now=now) and not as_json:
        note("The site had no areas and no bodies: it has those of the demo's town now.")
    try:
        with progress("Reports", quiet=as_json) as step:
            fill(count=reports, seed=seed, now=now, progress=step)
    except NothingToReport as error:
        raise Problem(str(error), next_command="streetmend doctor") from error
    took = clock.monotonic() - started
    if as_json:
        say_json({"reports": reports, "seconds": round(took, 3)})
    else:
        say(f"{plural(reports, 'report')} in {took:.1f} s")
