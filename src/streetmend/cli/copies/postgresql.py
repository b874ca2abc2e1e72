"""The PostgreSQL database in a backup: pg_dump's archive of one snapshot, in which its rows are counted too."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from streetmend.cli import Problem

NAME = "database.dump"
_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
#: a table's rows in the script that pg_restore prints
_COPY = re.compile(rb"COPY (?:\w+\.)?\"?(\w+)\"? .*FROM stdin;")


def dump(target: Path) -> tuple[dict[str, int], set[str]]:
    """`target` is an archive of the database as it is now; says how many rows its tables have, and which photos they name."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # pg_dump may take longer than one of our statements, and this session is idle meanwhile
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        _run("pg_dump", "-Fc", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}")
        cursor.execute("SELECT name FROM reports_photo")
        return _rows(cursor), {name for (name,) in cursor.fetchall()}


def counted() -> dict[str, int]:
    """How many rows each table of the database has."""
    from django.db import connection

    with connection.cursor() as cursor:
        return _rows(cursor)


def rows_of(file: Path) -> dict[str, int]:
    """How many rows each table has in the archive, every one of which is read. Raises Problem where it is damaged."""
    found: dict[str, int] = {}
    table = ""
    for line in _script(file):
        if table:
            if line.rstrip(b"\r\n") == b"\\.":
                table = ""
            else:
                found[table] += 1
        elif (match := _COPY.match(line)) is not None:
            table = match[1].decode()
            found[table] = 0
    return found


def load(source: Path, *, taken_at: datetime) -> None:
    """The database is that of the backup, which sends nothing; all of it in one transaction, or nothing."""
    from streetmend.reports.services.outbound import pausing_statement

    with tempfile.TemporaryDirectory(prefix="streetmend-restore-") as folder:
        script = Path(folder) / "restore.sql"
        _run(
            "pg_restore",
            "--clean",
            "--if-exists",
            "--no-owner",
            "--no-privileges",
            f"--file={script}",
            str(source),
        )
        with script.open("a", encoding="utf-8") as stream:
            stream.write("\nSET search_path = public;\n" + pausing_statement(taken_at=taken_at) + ";\n")
        _run("psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "-f", str(script))


def is_empty() -> bool:
    """Whether the database has no table at all."""
    from django.db import connection

    return not connection.introspection.table_names()


def _rows(cursor: Any) -> dict[str, int]:
    from django.db import connection

    found = {}
    for name in sorted(connection.introspection.table_names(cursor)):
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")  # noqa: S608  names of tables
        found[name] = cursor.fetchone()[0]
    return found


def _script(file: Path) -> Iterator[bytes]:
    """The archive as the SQL that pg_restore makes of it, line by line."""
    argv = [_program("pg_restore"), "--data-only", "--file=-", str(file)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603  the program is found by us
        assert process.stdout is not None
        assert process.stderr is not None
        yield from process.stdout
        told = process.stderr.read().decode(errors="replace")
    if process.returncode:
        raise Problem(f"The archive {file} cannot be read: {' '.join(told.split())}")


def _run(program: str, *arguments: str) -> None:
    """The program has done it. Raises Problem with what it said."""
    done = subprocess.run(  # noqa: S603  the arguments are ours
        [_program(program), *arguments], env=_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Problem(f"{program} failed. {' '.join(done.stderr.split())}", next_command="streetmend doctor")


def _environment() -> Mapping[str, str]:
    """What PostgreSQL's programs are told of the server; the password stands in no list of processes."""
    from django.db import connection

    told = connection.settings_dict
    names = {
        "HOST": "PGHOST",
        "PORT": "PGPORT",
        "USER": "PGUSER",
        "PASSWORD": "PGPASSWORD",
        "NAME": "PGDATABASE",
    }
    mine = {variable: str(told[key]) for key, variable in names.items() if told.get(key)}
    modes = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    secure = {
        variable: str(told["OPTIONS"][key]) for key, variable in modes.items() if told["OPTIONS"].get(key)
    }
    return {**os.environ, **mine, **secure, "PGCONNECT_TIMEOUT": "10", "LC_ALL": "C.UTF-8"}


def _program(name: str) -> str:
    """The program's path: the newest that is installed. Raises Problem where there is none."""
    on_path = shutil.which(name)
    known = [file for folder in _FOLDERS for file in glob.glob(f"{folder}/{name}")]
    newest = max(known, key=_version, default=on_path)
    if newest is None:
        raise Problem(
            f"{name} is not installed on this machine; backups of PostgreSQL need it.",
            next_command="sudo apt-get install postgresql-client",
        )
    return newest


def _version(path: str) -> int:
    number = re.search(r"(\d+)/bin", path.replace("postgresql@", "").replace("pgsql-", ""))
    return int(number[1]) if number else 0
