"""CPU of one answer with 1000 requests, ours against the comparison's, on the database of this process's environment.

What counts is what the server has to do for one answer: the processor time of this process, in which the whole WSGI application
runs, and on PostgreSQL that of the database's process too. Ours is measured as if nobody had asked before (its kept answers are
thrown away each time), and once more as it is when the same question comes again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from bench.report import Result

GOALS = {("JSON", "postgresql"): 8.0, ("JSON", "sqlite"): 4.0}
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
ROUNDS = 12


def set_up(reports: int) -> None:
    """The database has so many reports, made by the commands in processes of their own: this one stays as a server is."""
    _streetmend("init", "--no-input")
    done = _streetmend("fill", f"--reports={reports}", "--json")
    took = json.loads(done)["seconds"]
    print(f"{reports:,} reports filled in {took:.0f} s ({reports / took:,.0f}/s)", file=sys.stderr)
    import django
    from django.conf import settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
    django.setup()
    settings.ROOT_URLCONF = "bench.urls"


def _streetmend(*arguments: str) -> str:
    command = [sys.executable, "-W", "ignore", "-m", "streetmend", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


class Site:
    """The whole WSGI application of the site, in this process."""

    def __init__(self) -> None:
        from django.core.handlers.wsgi import WSGIHandler

        self._application = WSGIHandler()

    def get(self, path: str) -> tuple[int, bytes]:
        """The status and the whole body."""
        address, _, query = path.partition("?")
        environment: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": address,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "HTTP_HOST": "127.0.0.1:8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.input": BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.version": (1, 0),
        }
        told: list[str] = []
        answer = self._application(environment, lambda status, headers, error=None: told.append(status))
        body = b"".join(answer)
        close = getattr(answer, "close", None)
        if close is not None:
            close()
        return int(told[0][:3]), body


def cpu(
    works: Mapping[str, Callable[[], object]], repeat: int, database_process: int | None
) -> dict[str, float]:
    """Milliseconds of processor time of one call of each: the best of some rounds, in which they take turns.

    What else the machine does makes caches cold and a call dearer, for one as for the other; so they take turns, and the best
    round is what the work itself costs.
    """
    each = max(repeat // ROUNDS, 1)
    rounds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            before = time.process_time() + _used(database_process)
            for _ in range(each):
                work()
            rounds[name].append((time.process_time() + _used(database_process) - before) * 1000 / each)
    return {name: min(found) for name, found in rounds.items()}


def _used(process: int | None) -> float:
    """Seconds of processor time that another process has used (Linux)."""
    if process is None:
        return 0.0
    precise = Path(f"/proc/{process}/schedstat")
    if precise.exists():
        return int(precise.read_text().split()[0]) / 1e9
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def database_process() -> int | None:
    """The process that answers this connection's queries, where it is another one on this machine that can be watched."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        process = int(cursor.fetchone()[0])
    return process if Path(f"/proc/{process}/stat").exists() else None


def count_queries(work: Callable[[], object]) -> int:
    """How many statements the work sends."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)


def compare(repeat: int) -> list[Result]:
    """Both formats, ours against the comparison's."""
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections, connection

    from streetmend.open311.views import ANSWERS

    # one connection for all, as a server's thread keeps it; the handler would otherwise judge its age at each answer
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    site, process = Site(), database_process()
    if connection.vendor == "postgresql" and process is None:
        print("The database's own processor time cannot be seen here and is not counted.", file=sys.stderr)
    where = NAMES[connection.vendor]
    results = []
    for fmt in ("JSON", "XML"):
        path = f"/open311/v2/requests.{fmt.lower()}"
        baseline = f"/baseline/requests.{fmt.lower()}"

        def anew(path: str = path) -> bytes:
            ANSWERS.clear()
            return _ok(site.get(path))

        def again(path: str = path) -> bytes:
            return _ok(site.get(path))

        def theirs(path: str = baseline) -> bytes:
            return _ok(site.get(path))

        _must_be_equal(fmt, anew(), theirs())
        queries = {name: count_queries(work) for name, work in (("anew", anew), ("again", again))}
        times = cpu({"theirs": theirs, "anew": anew}, repeat, process)
        again()
        times |= cpu({"again": again}, repeat * 5, process)
        for name, words, goal in (
            ("anew", "made anew", GOALS.get((fmt, connection.vendor))),
            ("again", "asked again", None),
        ):
            ratio = times["theirs"] / times[name]
            what = f"1000 requests as {fmt}, {words}"
            results.append(
                Result(what, where, times[name], "ms", times["theirs"], ratio, goal, queries[name])
            )
    return results


def _ok(answer: tuple[int, bytes]) -> bytes:
    status, body = answer
    if status != 200:
        raise SystemExit(f"An answer failed with {status}: {body[:500]!r}")
    return body


def _must_be_equal(fmt: str, ours: bytes, theirs: bytes) -> None:
    """Both answers say the same of the same reports, or the comparison would be worth nothing."""
    found, expected = _values(fmt, ours), _values(fmt, theirs)
    if found != expected:
        for mine, other in zip(found, expected, strict=False):
            if mine != other:
                raise SystemExit(f"The answers differ:\n{mine}\n{other}")
        raise SystemExit(f"The answers differ in length: {len(found)} and {len(expected)}")


def _values(fmt: str, body: bytes) -> list[Any]:
    if fmt == "JSON":
        return list(json.loads(body))
    from lxml import etree

    return [
        {child.tag: [one.text for one in child] or child.text or "" for child in request}
        for request in etree.fromstring(body)
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--reports", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=120)
    asked = parser.parse_args()
    set_up(asked.reports)
    rows = [one.as_dict() for one in compare(asked.repeat)]
    for row in rows:
        row.pop("met")
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
