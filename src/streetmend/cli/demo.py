"""`streetmend demo`: a fictional town with its site, its worker and a pretend administration, to try everything out."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import click
from click.core import ParameterSource

from streetmend.cli import Problem
from streetmend.cli.console import say

_PORTS = click.IntRange(1, 65534)
#: where a check looks for a free port if 8000 is in use
_DEFAULT_PORT = 8000


@click.command(name="demo")
@click.option(
    "--port",
    type=_PORTS,
    envvar="PORT",
    default=_DEFAULT_PORT,
    show_default="PORT, else 8000",
    help="The port to listen at.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where its data lie.  [default: STREETMEND_DATA, else ./var; for --check a folder that is thrown away]",
)
@click.option(
    "--reports",
    type=click.IntRange(0, 100_000),
    default=300,
    show_default=True,
    help="How many sample reports a new town has.",
)
@click.option("--check", is_flag=True, help="Walk one report out and back, print each step, and end.")
@click.pass_context
def command(ctx: click.Context, port: int, data: Path | None, reports: int, check: bool) -> None:
    """Run a town that does not exist: its site, the worker, a pretend administration, and a mailbox.

    Ctrl-C ends all of it. A second run keeps the data. No mail leaves it, and it calls nobody but itself.
    """
    from streetmend.demo.supervisor import default_folder

    chosen = ctx.get_parameter_source("port") is ParameterSource.COMMANDLINE
    if not check:
        raise SystemExit(_run(port, data or default_folder(), reports))
    if data is not None:
        raise SystemExit(_run(port, data, reports, check=True, other_port=not chosen))
    with tempfile.TemporaryDirectory(prefix="streetmend-demo-") as folder:
        raise SystemExit(_run(port, Path(folder), reports, check=True, other_port=not chosen))


def _run(port: int, data: Path, reports: int, *, check: bool = False, other_port: bool = False) -> int:
    from streetmend.demo.folder import Folder
    from streetmend.demo.supervisor import DemoFailed, Plan, free_port, is_free, run

    if other_port:
        port = free_port(port)
    elif not is_free(port):
        following = port + 2 if port < 65533 else _DEFAULT_PORT
        raise Problem(
            f"Port {port} is in use by another program.", next_command=f"streetmend demo --port {following}"
        )
    plan = Plan(folder=Folder(data.expanduser().resolve()), port=port, reports=reports, say=say, check=check)
    if check:
        plan = replace(plan, in_progress_seconds=2.0, fixed_seconds=5.0)
    try:
        return run(plan)
    except DemoFailed as error:
        raise Problem(str(error), next_command=error.next_command) from error
