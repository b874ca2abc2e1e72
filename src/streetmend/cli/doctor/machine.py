"""The doctor looks at the machine: database, migrations, disk, clock, mail."""

from __future__ import annotations

import shutil
import smtplib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from streetmend.cli import Problem
from streetmend.cli.doctor.findings import Finding, fine, problem, warning
from streetmend.clock import Clock

#: less room than this is a problem; less than ten times as much a warning
LEAST_BYTES = 200 * 1024 * 1024
#: clocks that differ by more lead to updates that are missed or come twice
MOST_SKEW_SECONDS = 60.0
_OLDEST_POSTGRESQL = 150_000
_MAIL_SECONDS = 10


def database() -> Iterator[Finding]:
    """Whether the database answers, keeps what it is given, and is of this release."""
    from django.db import DatabaseError, connection

    from streetmend.cli.database import missing_migrations, sqlite_file, words

    try:
        missing = missing_migrations()
        yield _sqlite(sqlite_file()) if connection.vendor == "sqlite" else _postgresql()
    except Problem as error:
        yield problem("database", error.what, error.next_command)
        return
    except DatabaseError as error:
        yield problem("database", f"It cannot be asked: {words(error)}", "mend DATABASE_URL, or the server")
        return
    if missing:
        yield problem(
            "migrations", f"{len(missing)} steps of this release are missing.", "streetmend init --no-input"
        )
    else:
        yield fine("migrations", "The database is of this release.")


def _sqlite(file: Path | None) -> Finding:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        verdict = cursor.fetchone()[0]
        cursor.execute("PRAGMA journal_mode")
        mode = cursor.fetchone()[0]
        cursor.execute("SELECT sqlite_version()")
        version = cursor.fetchone()[0]
    if verdict != "ok":
        return problem("database", f"The file {file} is damaged: {verdict}", "restore the last backup")
    if mode != "wal" and file is not None:
        return warning("database", f"SQLite {version} writes in mode {mode} instead of WAL: {file}")
    return fine("database", f"SQLite {version}: {file}")


def _postgresql() -> Finding:
    from django.db import connection

    from streetmend.database.damage import damaged_pages

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
        number, version = cursor.fetchone()
        cursor.execute("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool")
        read_only = cursor.fetchone()[0]
    if read_only:
        return problem(
            "database", f"PostgreSQL {version} takes no writes.", "let DATABASE_URL name the primary server"
        )
    if damaged := damaged_pages():
        return problem(
            "database",
            f"PostgreSQL {version} has read damaged pages ({damaged} times): a part of the data cannot be read.",
            "look into the server's log, and restore what is damaged from the last backup",
        )
    if number < _OLDEST_POSTGRESQL:
        return problem("database", f"PostgreSQL {version} is older than 15.", "upgrade the server")
    return fine("database", f"PostgreSQL {version}")


def disk(folder: Path) -> Iterator[Finding]:
    """Whether the data folder can be written to and has room."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"streetmend")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield problem(
            "disk",
            f"Nothing can be written in {folder}: {error.strerror}.",
            "give this user the folder, or name another with STREETMEND_DATA",
        )
        return
    room = f"{free / 1024**3:,.1f} GB free in {folder}"
    if free < LEAST_BYTES:
        yield problem("disk", f"Only {room}.", "make room, or name another folder with STREETMEND_DATA")
    elif free < 10 * LEAST_BYTES:
        yield warning("disk", f"Only {room}.", "make room soon")
    else:
        yield fine("disk", f"{room}.")


def clock_of_database(clock: Clock) -> Iterator[Finding]:
    """Whether our clock agrees with the database's and with what was written before."""
    from django.db import connection

    from streetmend.reports.queries.outbox import last_beat

    now = clock.now()
    skew = 0.0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            theirs: datetime = cursor.fetchone()[0]
        skew = (clock.now() - theirs.astimezone(UTC)).total_seconds()
    last = last_beat()
    if abs(skew) > MOST_SKEW_SECONDS:
        yield problem(
            "clock",
            f"This machine's clock and the database's differ by {abs(skew):,.0f} s.",
            "let both machines follow a time server (NTP)",
        )
    elif last is not None and last - now > timedelta(seconds=MOST_SKEW_SECONDS):
        yield problem(
            "clock",
            f"It is {now:%Y-%m-%d %H:%M} UTC here, but a worker has written of {last:%Y-%m-%d %H:%M} UTC.",
            "let this machine follow a time server (NTP)",
        )
    else:
        yield fine("clock", f"It is {now:%Y-%m-%d %H:%M:%S} UTC.")


def mail() -> Iterator[Finding]:
    """Whether the mail server lets us in; nothing is sent."""
    from django.conf import settings
    from django.core.mail import get_connection

    backend = settings.EMAIL_BACKEND.rpartition(".")[0].rpartition(".")[2]
    if backend == "filebased":
        told = f"Mails become files in {settings.EMAIL_FILE_PATH}; nobody gets them."
        if is_here(settings.BASE_URL):
            yield fine("mail", told)
        else:
            yield warning("mail", told, "set EMAIL_URL, such as smtp+tls://USER:PASSWORD@HOST:587")
        return
    if backend != "smtp":
        yield fine("mail", f"Mails go through Django's {backend} backend, which has nothing to be asked.")
        return
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    connection = get_connection(timeout=_MAIL_SECONDS)
    try:
        connection.open()
        connection.close()
    except (smtplib.SMTPException, OSError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        yield problem("mail", f"The mail server {where} cannot be used: {words}", "mend EMAIL_URL")
    else:
        yield fine("mail", f"The mail server {where} lets us in.")


def is_here(url: str) -> bool:
    """Whether an address is of this machine alone."""
    from urllib.parse import urlsplit

    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
