"""One of the processes that `serve` (or the demo) runs: `python -m streetmend.cli.child PARENT prepare|site|worker ...`.

It ends with its parent, whatever ended that one, so that no worker and no listening port is left behind.
"""

from __future__ import annotations

import argparse
import os
import signal
from functools import partial
from pathlib import Path
from wsgiref.types import WSGIApplication

import click

from streetmend.processes import end_with

#: how long the site may finish the answers it has begun
_DRAIN_SECONDS = 60
#: threads of a process that answer requests: a photo on its way over a slow line holds one of them
_THREADS = 16
_HEADER_SECONDS = 10
_MOST_HEADER_BYTES = 32 * 1024


def prepare() -> int:
    """Check the settings and the database, and make the folder for what is kept of static files."""
    from streetmend.cli.database import ready

    try:
        ready()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    from django.conf import settings

    # static files are served from the package; their compressed copies are kept here
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    return 0


def site(host: str, port: int, processes: int) -> None:
    """Answer requests until told to stop; what has been begun is answered still."""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "streetmend.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        # a request whose line and headers are larger gets 431; whoever does not send them in time is cut off
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEADER_SECONDS * 1000, max_buffer_size=_MOST_HEADER_BYTES
        ),
        workers=processes,
        blocking_threads=_THREADS,
        workers_kill_timeout=_DRAIN_SECONDS,
        respawn_failed_workers=True,
        websockets=False,
        # its warnings at the start are advice on the numbers above, which are meant
        log_level=LogLevels.error,
    ).serve(target_loader=partial(_application, os.getpid()), wrap_loader=False)


def _application(parent: int) -> WSGIApplication:
    """The site, loaded in one of the processes that answer."""
    # a fork does not inherit the kernel's promise to tell of the parent's end, and does inherit the parent's way to take signals
    end_with(parent)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    from streetmend.wsgi import application, settle

    settle()
    return application


def worker() -> None:
    """Send what is due and fetch what is due, until told to stop."""
    from streetmend.cli import setup_django

    setup_django()
    from streetmend.exchange.worker import run

    run()


def main() -> None:
    """Become the child that the arguments name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parent", type=int)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("prepare")
    kinds.add_parser("worker")
    of_site = kinds.add_parser("site")
    of_site.add_argument("--host", required=True)
    of_site.add_argument("--port", type=int, required=True)
    of_site.add_argument("--processes", type=int, required=True)
    asked = parser.parse_args()
    end_with(asked.parent)
    if asked.kind == "prepare":
        raise SystemExit(prepare())
    if asked.kind == "site":
        site(asked.host, asked.port, asked.processes)
    else:
        worker()


if __name__ == "__main__":
    main()
