"""Many rows with values of their own, written by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections, models, router


def update_each(
    model: type[models.Model], *, keys: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> int:
    """Each row of the model whose `keys` are the first values of one of `rows` has its other values in `columns`. Says how many.

    `keys` and `columns` are names of fields. One statement on both databases, of one line for each row: Django's bulk_update has
    one branch for each row and field instead, which costs the database and us a multiple.
    """
    if not rows:
        return 0
    connection = connections[router.db_for_write(model)]
    quote, table = connection.ops.quote_name, connection.ops.quote_name(model._meta.db_table)
    known = {field.name: field for field in model._meta.concrete_fields}
    fields = [known[name] for name in (*keys, *columns)]
    names = [quote(str(field.column)) for field in fields]
    typed = connection.vendor == "postgresql"
    # the first row says what the columns are, which a database with types cannot guess
    marks = [f"CAST(%s AS {field.cast_db_type(connection)})" if typed else "%s" for field in fields]
    first, other = f"({', '.join(marks)})", f"({', '.join(['%s'] * len(fields))})"
    values = ", ".join([first, *[other] * (len(rows) - 1)])
    given = ", ".join(f"g{number}" for number in range(len(fields)))
    sets = ", ".join(f"{name} = given.g{number}" for number, name in enumerate(names) if number >= len(keys))
    where = " AND ".join(f"{table}.{names[number]} = given.g{number}" for number in range(len(keys)))
    sql = f"WITH given ({given}) AS (VALUES {values}) UPDATE {table} SET {sets} FROM given WHERE {where}"  # noqa: S608  names of ours
    parameters = [
        field.get_db_prep_save(value, connection)
        for row in rows
        for field, value in zip(fields, row, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)
