"""Parts of the schema that the database itself keeps true: triggers, an index of words, whole numbers of degrees.

They stand in a model's `Meta.indexes`, so that migrations make and remove them like any other index, on both databases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Func, Index, Model

#: from `event` on which columns; `WHEN` and statements speak of OLD and NEW
Statements = Mapping[str, Sequence[str]]


class Whole(Func):
    """The whole part of a number that is not negative."""

    template = "CAST(FLOOR(%(expressions)s) AS integer)"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite cuts, and has no FLOOR that a column may be made of."""
        return self.as_sql(compiler, connection, template="CAST(%(expressions)s AS integer)", **context)


class Trigger(Index):
    """After a row was inserted, updated (one of `fields`) or deleted, and where `when` holds, these statements are carried out.

    `event`: INSERT, UPDATE or DELETE. `does`: the statements by database (sqlite, postgresql), or for "both"; a database without
    statements has no trigger. "IS DISTINCT FROM" may be written for both.
    """

    def __init__(self, *, event: str, does: Statements, when: str = "", **kwargs: Any) -> None:
        self.event, self.does, self.when = event, does, when
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        """As a migration writes it."""
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "event": self.event, "does": self.does, "when": self.when}

    def create_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Any:
        """What makes the trigger."""
        vendor = schema_editor.connection.vendor
        does = self.does.get(vendor, self.does.get("both", ()))
        if not does:
            return "SELECT 1"
        table, event = schema_editor.quote_name(model._meta.db_table), self.event
        if event == "UPDATE":
            columns = [
                str(field.column) for field in model._meta.concrete_fields if field.name in self.fields
            ]
            event += f" OF {', '.join(map(schema_editor.quote_name, columns))}"
        on = f"AFTER {event} ON {table} FOR EACH ROW"
        when = f" WHEN ({self.when})" if self.when else ""
        body = " ".join(f"{statement};" for statement in does)
        if vendor == "sqlite":
            made = f"CREATE TRIGGER {self.name} {on}{when} BEGIN {body} END"
            return made.replace("IS DISTINCT FROM", "IS NOT")
        return (
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$;"
            f" CREATE TRIGGER {self.name} {on}{when} EXECUTE FUNCTION {self.name}()"
        )

    def remove_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, **kwargs: Any) -> Any:
        """What takes the trigger away."""
        if schema_editor.connection.vendor == "sqlite":
            return f"DROP TRIGGER IF EXISTS {self.name}"
        return f"DROP FUNCTION IF EXISTS {self.name}() CASCADE"


class Trigrams(Index):
    """By any three letters in a row of the one column: words and parts of words are found in it without reading all rows.

    PostgreSQL: a GIN index (pg_trgm). SQLite: the FTS5 table `name`, whose rows have the numbers of the model's rows; triggers
    keep it (`kept_trigrams`).
    """

    def create_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Any:
        """What makes the index."""
        table, column = schema_editor.quote_name(model._meta.db_table), self.fields[0]
        if schema_editor.connection.vendor == "sqlite":
            return (
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {self.name} USING fts5({column}, content={table}, content_rowid='id',"
                " tokenize='trigram', detail='none')"
            )
        return (
            "CREATE EXTENSION IF NOT EXISTS pg_trgm;"
            f" CREATE INDEX {self.name} ON {table} USING gin ({column} gin_trgm_ops)"
        )

    def remove_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, **kwargs: Any) -> Any:
        """What takes the index away."""
        kind = "TABLE" if schema_editor.connection.vendor == "sqlite" else "INDEX"
        return f"DROP {kind} IF EXISTS {self.name}"


def kept_trigrams(name: str, column: str) -> list[Index]:
    """The index of words `name` over a column, with what keeps it true on SQLite."""
    insert = " ".join(["INSERT INTO", name, f"(rowid, {column}) VALUES (NEW.id, NEW.{column})"])
    row = f"({name}, rowid, {column}) VALUES ('delete', OLD.id, OLD.{column})"
    delete = " ".join(["INSERT INTO", name, row])
    changed = f"OLD.{column} IS DISTINCT FROM NEW.{column}"
    return [
        Trigrams(fields=[column], name=name),
        Trigger(event="INSERT", does={"sqlite": [insert]}, fields=[column], name=f"{name}_made"),
        Trigger(
            event="UPDATE",
            does={"sqlite": [delete, insert]},
            when=changed,
            fields=[column],
            name=f"{name}_new",
        ),
        Trigger(event="DELETE", does={"sqlite": [delete]}, fields=[column], name=f"{name}_gone"),
    ]
