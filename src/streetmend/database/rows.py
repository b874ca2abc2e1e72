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
    seconds_from_now: Sequence[str] = (),
) -> int:
    """Each row of the model whose `keys` are the first values of one of `rows` has its other values in `columns`. Says how many.

    `keys` and `columns` are names of fields; a field may be both, and then is changed from one value to the other. The last values
    of a row are numbers: so many seconds from now, by the database's clock, is what the fields of `seconds_from_now` say.

    One statement on both databases: Django's bulk_update has one branch for each row and field instead, which costs the database
    and us a multiple.
    """
    if not rows:
        return 0
    connection = connections[router.db_for_write(model)]
    known = {field.name: field for field in model._meta.concrete_fields}
    fields = [known[name] for name in (*keys, *columns)]
    # by columns: PostgreSQL takes each as one array, whatever the number of rows
    values = [
        [field.get_db_prep_save(row[number], connection) for row in rows]
        for number, field in enumerate(fields)
    ] + [[row[len(fields) + number] for row in rows] for number in range(len(seconds_from_now))]
    parameters: list[Any]
    if connection.vendor == "postgresql":
        types = [_array_type(str(field.cast_db_type(connection))) for field in fields]
        types += ["integer[]"] * len(seconds_from_now)
        source = f"SELECT * FROM unnest({', '.join(f'%s::{kind}' for kind in types)})"
        parameters, later = values, "STATEMENT_TIMESTAMP() + make_interval(secs => {})"
    else:
        line = f"({', '.join(['%s'] * len(values))})"
        source = f"VALUES {', '.join([line] * len(rows))}"
        parameters = [value for row in zip(*values, strict=True) for value in row]
        later = "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', {} || ' seconds')"
    quote, table = connection.ops.quote_name, connection.ops.quote_name(model._meta.db_table)
    names = [quote(str(field.column)) for field in (*fields, *(known[name] for name in seconds_from_now))]
    given = [f"g{number}" for number in range(len(names))]
    told = [f"given.{name}" for name in given]
    told[len(fields) :] = [later.format(name) for name in told[len(fields) :]]
    where = " AND ".join(f"{table}.{names[number]} = {told[number]}" for number in range(len(keys)))
    sets = ", ".join(f"{names[number]} = {told[number]}" for number in range(len(keys), len(names)))
    sql = f"WITH given ({', '.join(given)}) AS ({source}) UPDATE {table} SET {sets} FROM given WHERE {where}"  # noqa: S608  names of ours
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def _array_type(column: str) -> str:
    """An array of what such a column takes: a text that is too long is refused there, and not cut here."""
    return "text[]" if column.startswith("varchar") else f"{column}[]"
