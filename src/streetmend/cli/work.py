"""`streetmend work`: a worker, alone."""

from __future__ import annotations

import click


@click.command(short_help="Run a worker alone.")
@click.option("--once", is_flag=True, help="Do what is due, and end.")
def command(once: bool) -> None:
    """Run a worker: send what is due, fetch what is due. Any number of them may run, on any number of machines.

    SIGTERM (or Ctrl-C) ends it when what it has begun is done and written down.
    """
    from streetmend.cli.database import ready

    ready()
    from streetmend.exchange.watchdog import HANGS_AFTER_SECONDS
    from streetmend.exchange.worker import run

    raise SystemExit(run(once=once, hangs_after_seconds=HANGS_AFTER_SECONDS))
