"""Empties the test database after a test that committed: what it has filled, and nothing else.

Django empties every table there is and then fills those of its content types and permissions again. With some fifty tables that
takes longer than most tests do: on PostgreSQL a TRUNCATE makes new files for each table and each of its indexes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models.signals import post_migrate

from streetmend.reports.models import CellChange

#: they come with the tables, and no test changes them
KEPT = {ContentType._meta.db_table, Permission._meta.db_table}
#: filled by a trigger where reports are deleted
TOLD = CellChange._meta.db_table
#: rows of tables larger than this are not deleted one by one
LARGE_BYTES = 2_000_000


def empty_quickly(connection: BaseDatabaseWrapper) -> None:
    """From now on a flush of this connection's database costs what the test has written; call it when the tables are there."""
    connection.ops = _quick(type(connection.ops))(connection)
    # what they would make after each flush was kept
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")


def _quick(operations: type[BaseDatabaseOperations]) -> Any:
    class Quick(operations):  # type: ignore[misc,valid-type]  # a class of either database
        """The operations of the database, with another flush."""

        def sql_flush(self, style: Any, tables: Sequence[str], **how: Any) -> list[str]:
            ours = [table for table in tables if table not in KEPT]
            filled = self._filled(ours)
            if self._large(filled):
                whole: list[str] = super().sql_flush(style, ours, **how)
                return whole
            # triggers tell of reports that are deleted
            after = [TOLD] if filled else []
            return [f"DELETE FROM {self.quote_name(table)}" for table in (*filled, *after)]

        def _filled(self, tables: Sequence[str]) -> list[str]:
            looks = ", ".join(f"EXISTS (SELECT 1 FROM {self.quote_name(table)})" for table in tables)
            with self.connection.cursor() as cursor:
                cursor.execute(f"SELECT {looks}")
                return [table for table, there in zip(tables, cursor.fetchone(), strict=True) if there]

        def _large(self, tables: Sequence[str]) -> bool:
            if self.connection.vendor != "postgresql" or not tables:
                return False
            with self.connection.cursor() as cursor:
                cursor.execute(
                    "SELECT max(pg_relation_size(one::regclass)) FROM unnest(%s::text[]) AS one",
                    [[self.quote_name(table) for table in tables]],
                )
                size: int = cursor.fetchone()[0]
            return size > LARGE_BYTES

    return Quick
