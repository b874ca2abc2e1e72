"""The SQLite database in a backup: a copy of the file as it was at one moment, taken while others write."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from streetmend.cli import Problem

NAME = "database.sqlite3"


def dump(source: Path, target: Path) -> tuple[dict[str, int], set[str]]:
    """`target` is the database `source` as it is now; says how many rows each table has, and which photos they name."""
    with closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as here:
        here.execute("PRAGMA busy_timeout = 20000")
        with closing(sqlite3.connect(target)) as there:
            here.backup(there)
            there.execute("PRAGMA journal_mode = DELETE")
            return _rows(there), {name for (name,) in there.execute("SELECT name FROM reports_photo")}


def rows_of(file: Path) -> dict[str, int]:
    """How many rows each table has. Raises Problem where the file is damaged."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as there:
            verdict = there.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if verdict != "ok":
                raise Problem(f"The database in {file} is damaged: {verdict}.")
            return _rows(there)
    except sqlite3.DatabaseError as error:
        raise Problem(f"The database in {file} cannot be read: {error}.") from error


def load(source: Path, target: Path, *, taken_at: datetime) -> None:
    """`target` is the database of the backup, which sends nothing; it appears whole or not at all."""
    from streetmend.reports.services.outbound import pausing_statement

    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f"{target.name}.restoring")
    half.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(half)) as here:
        there.backup(here)
        with here:
            here.execute(pausing_statement(taken_at=taken_at))
    for leftover in (f"{target.name}-wal", f"{target.name}-shm"):
        target.with_name(leftover).unlink(missing_ok=True)
    with half.open("rb") as stream:
        os.fsync(stream.fileno())
    half.replace(target)


def _rows(connection: sqlite3.Connection) -> dict[str, int]:
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    ).fetchall()
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608  names of tables
        for (name,) in names
    }
