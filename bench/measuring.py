"""The whole WSGI application in this process, and what an answer of it costs in processor time, the database's included."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Site:
    """The whole WSGI application of the site, in this process."""

    def __init__(self) -> None:
        from django.core.handlers.wsgi import WSGIHandler

        self._application = WSGIHandler()

    def get(self, path: str, **headers: str) -> Answered:
        """The answer with its whole body. `headers` as WSGI names them: HTTP_IF_NONE_MATCH."""
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
            **headers,
        }
        told: list[tuple[str, list[tuple[str, str]]]] = []
        answer = self._application(
            environment, lambda status, found, error=None: told.append((status, found))
        )
        body = b"".join(answer)
        close = getattr(answer, "close", None)
        if close is not None:
            close()
        status, found = told[0]
        return Answered(int(status[:3]), {name.lower(): value for name, value in found}, body)


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
            before = time.process_time() + used(database_process)
            for _ in range(each):
                work()
            rounds[name].append((time.process_time() + used(database_process) - before) * 1000 / each)
    return {name: min(found) for name, found in rounds.items()}


def used(process: int | None) -> float:
    """Seconds of processor time that another process has used (Linux); 0 where there is none."""
    if process is None or not Path(f"/proc/{process}/stat").exists():
        return 0.0
    precise = Path(f"/proc/{process}/schedstat")
    if (
        precise.exists() and len(os.listdir(f"/proc/{process}/task")) == 1
    ):  # it tells of the first thread alone
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


def seconds_of(process: int) -> float:
    """Seconds of processor time that a process with all its threads has used (Linux)."""
    fields = _stat(process)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def database_seconds() -> float:
    """Seconds of processor time that the database's server has used, but for this connection; 0 where there is none to watch."""
    mine = database_process()
    if mine is None:
        return 0.0
    server = int(_stat(mine)[1])
    used = seconds_of(server)
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == mine:
            continue
        try:
            if int(_stat(int(folder.name))[1]) == server:
                used += seconds_of(int(folder.name))
        except OSError:
            continue  # it has ended
    return used


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on: the state, the parent, ..."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
