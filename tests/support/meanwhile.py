"""Something that another process does just between two statements of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def meanwhile(after: str, do: Callable[[], object]) -> Iterator[None]:
    """`do` happens once, right after the first statement with `after` in it; the block fails where there was none."""
    done = False

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal done
        result = execute(sql, params, many, context)
        if not done and after in sql:
            done = True
            do()
        return result

    with connection.execute_wrapper(watch):
        yield
    assert done, f"no statement had {after!r} in it"
