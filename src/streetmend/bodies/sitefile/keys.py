"""Every key of the site file, for its reference page and the test that compares the two."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct

from streetmend.bodies.habits import HABIT_NAMES, default_of
from streetmend.bodies.reading import struct_in
from streetmend.bodies.specs import EndpointSpec, SiteFile


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the file: the table that it stands in, its name, its default (None: it must be given) and what it means."""

    table: str
    name: str
    default: Any
    required: bool
    meaning: str


def all_keys() -> tuple[Key, ...]:
    """Every key that a site file may have, table by table, in the order of the reference."""
    return tuple(_keys(SiteFile, ""))


def _keys(kind: type[Struct], table: str) -> Iterator[Key]:
    below: list[tuple[type[Struct], str]] = []
    # an endpoint's own keys first, then how it differs from the standard
    for info in sorted(
        msgspec.structs.fields(kind), key=lambda info: info.name in HABIT_NAMES and kind is EndpointSpec
    ):
        inner, many = _table_in(info.type)
        default = default_of(info)
        if table or inner is None:
            yield Key(
                table or "(top)",
                info.name,
                None if default is NODEFAULT else msgspec.to_builtins(default),
                default is NODEFAULT,
                _meanings(kind)[info.name],
            )
        if inner is not None:
            name = f"{table}.{info.name}" if table else info.name
            below.append((inner, f"{name}.LANGUAGE" if many is dict else name))
    seen: set[type[Struct]] = set()
    for inner, name in below:
        if inner not in seen:  # [bodies.endpoint] and [[bodies.endpoints]] have the same keys
            seen.add(inner)
            yield from _keys(inner, name)


def _table_in(wanted: Any) -> tuple[type[Struct] | None, type | None]:
    """The table that lies below a key, as `struct_in` finds it; also where a plain value may stand in its place."""
    inner, many = struct_in(wanted)
    if inner is None and get_origin(wanted) is list:
        for part in get_args(get_args(wanted)[0]):
            inner, _ = struct_in(part)
            if inner is not None:
                return inner, list
    return inner, many


@cache
def _meanings(kind: type[Struct]) -> dict[str, str]:
    """Field -> the docstring that stands after it in the source, of the class and of those that it builds on."""
    found: dict[str, str] = {}
    for parent in reversed(kind.__mro__):
        if parent.__module__.startswith("streetmend."):
            found |= _written(parent)
    return found


def _written(kind: type) -> dict[str, str]:
    tree = ast.parse(Path(inspect.getfile(kind)).read_text(encoding="utf-8"))
    body = next(
        node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == kind.__name__
    )
    found: dict[str, str] = {}
    for field, said in pairwise(body):
        named = field.target if isinstance(field, ast.AnnAssign) else None
        text = said.value if isinstance(said, ast.Expr) else None
        if isinstance(named, ast.Name) and isinstance(text, ast.Constant):
            found[named.id] = str(text.value)
    return found
