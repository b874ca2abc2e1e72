"""JSON from outside to a tree.

Stricter than Python (no depth that recursion cannot follow, no numbers of thousands of digits) and more
lenient than the standard where servers are known to be sloppy: control characters in texts, ``NaN`` (read as
null), numbers with leading zeros as in the standard's own examples (read as texts, for they are codes), and a
name that occurs twice in one object (read as a list, as if it were XML).
"""

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from streetmend.georeport.decoding import Limits, usable
from streetmend.georeport.errors import TooDeep, TooLarge, Unreadable
from streetmend.georeport.types import Json

_LONGEST_NUMBER = 300
_ESCAPED = re.compile(r"\\u(?:00[01]|007[fF]|[dD][89a-fA-F]|[fF]{3}[eEfF])")
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|-?0[0-9]+(?:\.[0-9]+)?', re.DOTALL)


def read(text: str, limits: Limits) -> tuple[Json, tuple[str, ...]]:
    """The value, and warnings. Raises Unreadable, TooDeep or TooLarge."""
    if sum(map(text.count, "[{,")) > limits.most_values:
        raise TooLarge(f"has more than {limits.most_values} values")
    warnings: tuple[str, ...] = ()
    try:
        value = _parse(text)
    except json.JSONDecodeError as error:
        value, warnings = _mended(text, error)
    _measure(value, limits)
    return (_clean(value) if _ESCAPED.search(text) else value), warnings


def _parse(text: str) -> Any:
    try:
        return json.loads(
            text,
            strict=False,
            parse_int=_whole,
            parse_float=_decimal,
            parse_constant=lambda _: None,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise TooDeep("is nested too deep") from None


def _mended(text: str, error: json.JSONDecodeError) -> tuple[Any, tuple[str, ...]]:
    quoted = _TOKENS.sub(lambda token: token[0] if token[0][0] == '"' else f'"{token[0]}"', text)
    if quoted != text:
        try:
            return _parse(quoted), ("has numbers with leading zeros",)
        except json.JSONDecodeError:
            pass
    raise Unreadable(f"is neither XML nor JSON ({error.msg}, character {error.pos})") from error


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_NUMBER else text


def _decimal(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    gathered: dict[str, list[Any]] = {}
    for name, value in pairs:
        gathered.setdefault(name, []).append(value)
    return {
        name: values[0] if all(v == values[0] for v in values) else values
        for name, values in gathered.items()
    }


def _measure(value: Json, limits: Limits) -> None:
    level: Sequence[Any] = [value]
    for _ in range(limits.deepest + 1):
        if any(isinstance(one, str) and len(one) > limits.longest_text for one in level):
            raise TooLarge(f"has a text of more than {limits.longest_text} characters")
        containers = [one for one in level if isinstance(one, dict | list)]
        if not containers:
            return
        level = [
            child
            for container in containers
            for child in (container.values() if isinstance(container, dict) else container)
        ]
    raise TooDeep(f"is nested deeper than {limits.deepest} arrays and objects")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return usable(value)
    if isinstance(value, dict):
        return {usable(name): _clean(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_clean(child) for child in value]
    return value
