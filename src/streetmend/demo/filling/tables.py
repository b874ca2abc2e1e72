"""Many rows into one table at once: COPY on PostgreSQL, executemany on SQLite. No model object is made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.core.management.color import no_style
from django.db import connection
from django.db.models import AutoField, Field, GeneratedField, JSONField, Max, Model
from django.utils.encoding import force_str


class Table:
    """Rows for the table of a model. Columns that are not named get the model's defaults.

    Values stand as both databases read them: texts `YYYY-MM-DD hh:mm:ss` in UTC for moments, 0 and 1 for booleans, JSON as text.
    """

    def __init__(self, model: type[Model], columns: Sequence[str]) -> None:
        fields = {field.attname: field for field in model._meta.concrete_fields}
        rest = [
            field
            for name, field in fields.items()
            if name not in columns and not isinstance(field, AutoField | GeneratedField)
        ]
        self.model = model
        self._columns = [str(field.column) for field in (*(fields[name] for name in columns), *rest)]
        self._constants = tuple(_plain(field) for field in rest)
        self._rows: list[tuple[Any, ...]] = []

    def next_id(self) -> int:
        """An id that is larger than all there are."""
        return int(self.model._default_manager.aggregate(largest=Max("pk"))["largest"] or 0) + 1

    def add(self, *values: Any) -> None:
        """One more row, with values in the order of the named columns."""
        self._rows.append(values + self._constants)

    def write(self) -> None:
        """The rows are in the table, and forgotten here."""
        if not self._rows:
            return
        quote = connection.ops.quote_name
        table, columns = quote(self.model._meta.db_table), ", ".join(quote(name) for name in self._columns)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for row in self._rows:
                        copy.write_row(row)
            else:
                places = ", ".join(["%s"] * len(self._columns))
                into = ["INSERT INTO", table, "(", columns, ") VALUES (", places, ")"]
                cursor.executemany(" ".join(into), self._rows)
        self._rows.clear()


def _plain(field: Field[Any, Any]) -> Any:
    """The field's default as both databases read it."""
    value = field.get_default()
    if isinstance(field, JSONField):
        return json.dumps(value)
    if isinstance(value, bool):
        return int(value)
    return value if value is None or isinstance(value, int | float) else force_str(value)


def finish(tables: Sequence[Table]) -> None:
    """Numbers go on after the rows that brought their own, and the planner knows what is there now."""
    models = [table.model for table in tables]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
        for model in models:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
