"""Plain values (of a site file, of a form) -> specs. Everything wrong is found at once, each with its path."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec
from msgspec import NODEFAULT, Struct

from streetmend.bodies.errors import Path, Problem
from streetmend.bodies.habits import default_of

S = TypeVar("S", bound=Struct)


def read_spec(raw: object, kind: type[S], path: Path, problems: list[Problem]) -> S | None:
    """The value as `kind`; None where something is wrong with it, which `problems` then has."""
    if not isinstance(raw, Mapping):
        problems.append(Problem(path, f"must be a table, not {_what(raw)}"))
        return None
    before = len(problems)
    fields = {info.name: info for info in msgspec.structs.fields(kind)}
    for key in raw:
        if key not in fields:
            problems.append(Problem((*path, key), _unknown(key, fields)))
    values: dict[str, Any] = {}
    for name, info in fields.items():
        if name in raw:
            values[name] = _value(raw[name], info.type, (*path, name), problems)
        elif default_of(info) is NODEFAULT:
            problems.append(Problem(path, f'the key "{name}" is missing'))
    return kind(**values) if len(problems) == before else None


def _unknown(key: object, fields: Mapping[str, object]) -> str:
    near = get_close_matches(str(key), fields, n=1)
    return "there is no such key" + (f'; did you mean "{near[0]}"?' if near else "")


def _value(raw: Any, wanted: Any, path: Path, problems: list[Problem]) -> Any:
    """The value of one field: tables and lists of tables are read step by step, so that each error has its own path."""
    kind, many = struct_in(wanted)
    if kind is None:
        return _converted(raw, wanted, path, problems)
    if many is list and isinstance(raw, list):
        return [read_spec(item, kind, (*path, at), problems) for at, item in enumerate(raw)]
    if many is dict and isinstance(raw, Mapping):
        return {str(key): read_spec(item, kind, (*path, str(key)), problems) for key, item in raw.items()}
    if many is None:
        return read_spec(raw, kind, path, problems)
    return _converted(raw, wanted, path, problems)


def struct_in(wanted: Any) -> tuple[type[Struct] | None, type | None]:
    """The spec that the type is, or is a list or a dict of, and which of the two; (None, None) for all else."""
    if isinstance(wanted, types.UnionType):
        left = [part for part in typing.get_args(wanted) if part is not type(None)]
        return struct_in(left[0]) if len(left) == 1 else (None, None)
    origin = typing.get_origin(wanted)
    if origin in (list, dict):
        inner, _ = struct_in(typing.get_args(wanted)[-1])
        return inner, origin
    if isinstance(wanted, type) and issubclass(wanted, Struct):
        return wanted, None
    return None, None


def _converted(raw: Any, wanted: Any, path: Path, problems: list[Problem]) -> Any:
    try:
        return msgspec.convert(raw, wanted)
    except msgspec.ValidationError as error:
        problems.append(Problem(path, _plainly(error)))
        return None


def _plainly(error: msgspec.ValidationError) -> str:
    """msgspec's sentence, in the words of the file."""
    said, _, where = str(error).partition(" - at ")
    said = re.sub("`([^`]+)`", lambda match: _types(match[1]), said)
    return f"{said[:1].lower()}{said[1:]}" + (f" (at {where.strip('`$.')})" if where else "")


def _types(written: str) -> str:
    """msgspec's names of types, in the words of the file; what it quotes else stays quoted."""
    ours = {
        "str": "text",
        "int": "a whole number",
        "float": "a number",
        "bool": "true or false",
        "array": "a list",
        "object": "a table",
    }
    return " or ".join(ours.get(name, f'"{name}"') for name in written.split(" | ") if name != "null")


def _what(raw: object) -> str:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return names.get(type(raw), type(raw).__name__)
