"""`streetmend serve`: the site and its worker in one command. streetmend.processes runs them; the demo does the same there."""

from __future__ import annotations

import http.client
import os
import socket
import threading
import time

import click

from streetmend.cli import Problem
from streetmend.cli.console import say
from streetmend.processes import Children, prepare_site, site_child, stopping_on_signals, worker_child

_PORTS = click.IntRange(1, 65535)


@click.command(short_help="Run the site and a worker.")
@click.option(
    "--port",
    type=_PORTS,
    envvar="PORT",
    default=8000,
    show_default="PORT, else 8000",
    help="The port to listen at.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=lambda: min(2, os.cpu_count() or 1),
    show_default="2, or 1 on one core",
    help="Processes that answer requests.",
)
@click.option("--no-worker", is_flag=True, help='Only the site; "streetmend work" runs elsewhere.')
def command(port: int, host: str, workers: int, no_worker: bool) -> None:
    """Run the site and a worker. What falls is started again.

    SIGTERM (or Ctrl-C) ends it: requests and calls that have begun are finished, and written down.
    """
    os.environ["PORT"] = str(port)
    if status := prepare_site():
        raise SystemExit(status)
    if not free(host, port):
        raise Problem(
            f"Port {port} of {host} is in use by another program.",
            next_command=f"streetmend serve --port {port + 1 if port < 65535 else 8000}",
        )
    children = [site_child(port=port, host=host, processes=workers)]
    if not no_worker:
        children.append(worker_child(port=port))
    with stopping_on_signals() as stop:
        threading.Thread(target=_announce, args=(host, port, stop), daemon=True).start()
        raise SystemExit(Children(children).run(stop))


def free(host: str, port: int) -> bool:
    """Whether this program could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _announce(host: str, port: int, stop: threading.Event) -> None:
    """Say the site's address once it answers."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
    while not stop.is_set():
        connection = http.client.HTTPConnection(here, port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse()
        except OSError:
            time.sleep(0.1)
        else:
            say(f"Streetmend answers at http://{f'[{here}]' if ':' in here else here}:{port}/")
            return
        finally:
            connection.close()
