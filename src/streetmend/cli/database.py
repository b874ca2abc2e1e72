"""What a command needs of the database before it begins."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.migration import Migration

from streetmend.cli import Problem, setup_django
from streetmend.database import schema


def ready() -> None:
    """Django is set up, the database answers and is of this release.

    Raises Problem with the command that mends it.
    """
    setup_django()
    missing = missing_migrations()
    if missing:
        raise Problem(
            f"The database is not set up for this release ({len(missing)} steps are missing).",
            next_command="streetmend init",
        )


def missing_migrations() -> list[Migration]:
    """The steps that the database lacks. Raises Problem where it cannot be asked."""
    file = sqlite_file()
    if file is not None and not file.exists():
        # opening it would make it, in a folder that may not be the one that was meant
        raise Problem(f"There is no database yet at {file}.", next_command="streetmend init")
    try:
        return schema.missing_migrations()
    except DatabaseError as error:
        raise Problem(
            f"The database cannot be asked: {words(error)}", next_command="streetmend doctor"
        ) from error


def sqlite_file() -> Path | None:
    """The file of the database; None where it is no file."""
    if connection.vendor != "sqlite":
        return None
    name = str(settings.DATABASES["default"]["NAME"])
    return None if name == ":memory:" or name.startswith("file:") else Path(name)


def words(error: BaseException) -> str:
    """The error in one line."""
    return " ".join(str(error).split()) or type(error).__name__
