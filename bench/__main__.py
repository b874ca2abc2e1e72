"""`python -m bench`: every benchmark, each in a process of its own, and whether the goals are met."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.report import Result, show
from tests.support.postgres import PrivatePostgres

DATABASES = ("SQLite", "PostgreSQL")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    size = int(os.environ.get("REPORTS") or 100_000)
    parser.add_argument(
        "--reports", type=int, default=size, help="how many reports there are (REPORTS, else 100000)"
    )
    parser.add_argument("--repeat", type=int, default=120, help="how often each answer is made (120)")
    parser.add_argument(
        "--only",
        choices=["requests", "places", "posts", "deliveries", "seen", "crowd"],
        help="one of the benchmarks",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--database", choices=DATABASES, help="on one of the databases")
    asked = parser.parse_args()
    databases = [asked.database] if asked.database else DATABASES
    parts: dict[str, Callable[[], list[Result]]] = {
        "requests": lambda: _on_each(databases, lambda one: _requests(one, asked.reports, asked.repeat)),
        "posts": lambda: _on_each(databases, lambda one: _durable("bench.posts", one)),
        "deliveries": lambda: _on_each(databases, lambda one: _durable("bench.deliveries", one)),
        "crowd": lambda: _on_each(databases, lambda one: _durable("bench.crowd", one)),
        "seen": _seen,
        "places": lambda: _run("bench.places", {}),
    }
    results = [line for name, part in parts.items() if asked.only in (None, name) for line in part()]
    if asked.json:
        print(json.dumps([one.as_dict() for one in results], ensure_ascii=False, indent=2))
    else:
        show(results)
    return 0 if all(one.met is not False for one in results) else 1


def _on_each(databases: Sequence[str], part: Callable[[str], list[Result]]) -> list[Result]:
    return [line for database in databases for line in part(database)]


def _requests(database: str, reports: int, repeat: int) -> list[Result]:
    """The benchmark of searches on a site of its own that is thrown away."""
    with _database(database) as (url, folder):
        environment = {
            "DATABASE_URL": url,
            "STREETMEND_DATA": str(folder),
            "STREETMEND_BASE_URL": "http://127.0.0.1:8000",
        }
        return _run("bench.requests", environment, f"--reports={reports}", f"--repeat={repeat}")


def _durable(module: str, database: str) -> list[Result]:
    """A benchmark of what comes in or goes out, with everything on the disk before it counts."""
    with _database(database, durable=True) as (url, folder):
        return _run(module, {"DATABASE_URL": url, "STREETMEND_DATA": str(folder)})


def _seen() -> list[Result]:
    """The benchmark of what people see, on SQLite: the database has no part in it."""
    with _database("SQLite") as (url, folder):
        environment = {
            "DATABASE_URL": url,
            "STREETMEND_DATA": str(folder),
            "STREETMEND_BASE_URL": "http://127.0.0.1:8000",
        }
        return _run("bench.seen", environment)


@contextmanager
def _database(kind: str, *, durable: bool = False) -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory(prefix="streetmend-bench-") as name:
        folder = Path(name)
        if kind == "SQLite":
            yield f"sqlite:///{folder / 'bench.sqlite3'}", folder
            return
        server = PrivatePostgres(durable=durable)
        try:
            server.start()
            yield server.url, folder
        finally:
            server.stop()


def _run(module: str, environment: dict[str, str], *arguments: str) -> list[Result]:
    """What the benchmark found; its progress goes to standard error as it comes."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{module} failed with status {done.returncode}")
    return [Result(**row) for row in json.loads(done.stdout)]


if __name__ == "__main__":
    sys.exit(main())
