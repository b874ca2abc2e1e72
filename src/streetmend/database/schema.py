"""Whether the database and the program are of the same release."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration

#: an error that says that a table or a column is not there (PostgreSQL's codes, and how SQLite begins its sentence)
_MISSING = frozenset({"42703", "42P01"})
_MISSING_SQLITE = ("no such table", "no such column", "table ")


def missing_migrations() -> list[Migration]:
    """The steps of this release that the database lacks. Raises django.db.Error where it cannot be asked."""
    executor = MigrationExecutor(connection)
    return [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def unknown_migrations() -> list[str]:
    """The steps that the database has taken and this program does not know: it is of a later release ("reports.0002_more")."""
    loader = MigrationExecutor(connection).loader
    ours = loader.migrated_apps
    return sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in ours
        and (app, name) not in loader.disk_migrations
        and (app, name) not in loader.replacements
    )


def is_between_releases(error: BaseException) -> bool:
    """Whether the error says that something is not there which is there in the database of another release.

    It passes once the database has taken the missing steps, or the program of the later release has been started.
    """
    cause = error.__cause__
    code = getattr(cause, "sqlstate", None)
    if code is None and not str(cause or error).startswith(_MISSING_SQLITE):
        return False
    if code is not None and code not in _MISSING:
        return False
    return bool(missing_migrations() or unknown_migrations())
