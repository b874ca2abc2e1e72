"""In which line of a TOML text a key stands, so that an error can name it."""

from __future__ import annotations

import re

from streetmend.bodies.errors import Path

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)((?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=""")
_LONG_TEXT = re.compile(r'"""|\'\'\'')


def lines_of(text: str) -> dict[Path, int]:
    """Path of a table or key -> its line, from 1. Keys inside inline tables and arrays are not in it; see `line_of`."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            fence = "" if fence in line else fence
            continue
        if header := _HEADER.match(line):
            table = _table(header[2], counts, is_list=header[1] == "[[")
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            path = (*table, *_names(key[1] + key[2]))
            found.setdefault(path, number)
            fence = _left_open(line)
    return found


def line_of(path: Path, lines: dict[Path, int]) -> int | None:
    """The line of the path, or of the nearest table or key around it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _left_open(line: str) -> str:
    """The quotes of a text of several lines that begins in this line and does not end in it."""
    fences = _LONG_TEXT.findall(line)
    return fences[0] if len(fences) % 2 else ""


def _table(header: str, counts: dict[Path, int], *, is_list: bool) -> Path:
    """The path of a header, each list of tables with the number of its last table so far."""
    path: Path = ()
    names = _names(header)
    for at, name in enumerate(names, start=1):
        path = (*path, name)
        if is_list and at == len(names):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _names(dotted: str) -> list[str]:
    quoted = re.findall(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^."'\s]+)\s*\.?""", dotted)
    return [name.strip("\"'") for name in quoted]
