"""Many rows with values of their own, written by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections, models, router


def update_each(
    model: type[models.Model],
    *,
    keys: Sequence[str],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    seconds_from_now: str = "",
) -> int:
    """Each row of the model whose `keys` are the first values of one of `rows` has its other values in `columns`. Says how many.

    `keys` and `columns` are names of fields; a field that is both changes from one value to the other. With `seconds_from_now`,
    that field says when so many seconds as the last value of a row are over, by the database's clock.

    One statement on both databases: Django's bulk_update has one branch for each row and field instead, which costs the database
    and us a multiple.
    """
    if not rows:
        return 0
    connection = connections[router.db_for_write(model)]
    quote, table = connection.ops.quote_name, connection.ops.quote_name(model._meta.db_table)
    known = {field.name: field for field in model._meta.concrete_fields}
    is_typed = connection.vendor == "postgresql"
    given, alike, conditions, sets = _Given(is_typed), [], [], []
    for number, name in enumerate((*keys, *columns)):
        field, raw = known[name], [row[number] for row in rows]
        column = quote(str(field.column))
        if number < len(keys):
            source = given.add(
                [field.get_db_prep_save(value, connection) for value in raw], field, connection
            )
            conditions.append(f"{table}.{column} = {source}")
        elif all(value == raw[0] for value in raw):
            alike.append(field.get_db_prep_save(raw[0], connection))
            sets.append(f"{column} = %s")
        else:
            source = given.add(
                [field.get_db_prep_save(value, connection) for value in raw], field, connection
            )
            sets.append(f"{column} = {source}")
    if seconds_from_now:
        source = given.add([row[-1] for row in rows], models.IntegerField(), connection)
        sets.append(f"{quote(str(known[seconds_from_now].column))} = {_later(is_typed).format(source)}")
    source, parameters = given.as_sql()
    sql = f"WITH {source} UPDATE {table} SET {', '.join(sets)} FROM given WHERE {' AND '.join(conditions)}"  # noqa: S608  names of ours
    with connection.cursor() as cursor:
        cursor.execute(sql, [*parameters, *alike])
        return int(cursor.rowcount)


class _Given:
    """The rows' own values, column by column."""

    def __init__(self, is_typed: bool) -> None:
        self._is_typed = is_typed
        self._columns: list[list[Any]] = []
        self._types: list[str] = []

    def add(self, values: list[Any], field: models.Field[Any, Any], connection: Any) -> str:
        """One more column; what it is called in the statement."""
        self._columns.append(values)
        if self._is_typed:
            kind = str(field.cast_db_type(connection))
            # an array of varchar(20) would cut a text that is too long; that the column does not take it must be heard of
            self._types.append("text[]" if kind.startswith("varchar") else f"{kind}[]")
        return f"given.g{len(self._columns) - 1}"

    def as_sql(self) -> tuple[str, list[Any]]:
        """The rows as a table, and its parameters: with types one array for each column, however many rows there are."""
        names = ", ".join(f"g{number}" for number in range(len(self._columns)))
        if self._is_typed:
            arrays = ", ".join(f"%s::{kind}" for kind in self._types)
            return f"given ({names}) AS (SELECT * FROM unnest({arrays}))", list(self._columns)  # noqa: S608  types of ours
        line = f"({', '.join(['%s'] * len(self._columns))})"
        lines = ", ".join([line] * len(self._columns[0]))
        return f"given ({names}) AS (VALUES {lines})", [
            value for row in zip(*self._columns, strict=True) for value in row
        ]


def _later(is_typed: bool) -> str:
    if is_typed:
        return "STATEMENT_TIMESTAMP() + make_interval(secs => {})"
    return "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', {} || ' seconds')"
