"""Text of a site file -> a checked site file. Everything wrong is told at once, with its line."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streetmend.bodies.checking import Checker
from streetmend.bodies.errors import BodyError, Problem
from streetmend.bodies.reading import read_spec
from streetmend.bodies.sitefile.lines import line_of, lines_of
from streetmend.bodies.specs import BodySpec, SiteFile, SiteSpec

LARGEST = 20_000_000


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with a site file; `line` counts from 1, None where none can be named."""

    line: int | None
    where: str
    message: str

    def __str__(self) -> str:
        line = f"line {self.line}, " if self.line else ""
        return f"{line}{self.where}: {self.message}"


class SiteFileWrong(BodyError):
    """The file cannot be applied: `wrong` has everything that is wrong with it."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__("\n".join(map(str, wrong)))
        self.wrong = tuple(wrong)


def read_site_file(text: str, *, languages: Sequence[str]) -> SiteFile:
    """The file, checked and complete. `languages`: those of the site as it is, for a file without [site].

    Raises SiteFileWrong.
    """
    if len(text) > LARGEST:
        raise SiteFileWrong([Wrong(None, "the file", f"is longer than {LARGEST} characters")])
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SiteFileWrong([Wrong(None, "the file", f"is no TOML: {error}")]) from error
    except RecursionError as error:
        raise SiteFileWrong([Wrong(None, "the file", "has too many tables in each other")]) from error
    problems: list[Problem] = []
    checker = Checker(languages)
    file = read_spec(raw, SiteFile, (), problems)
    if file is not None:
        file = checker.file(file)
    else:
        _check_what_can_be(raw, checker)
    problems += checker.problems
    if problems or file is None:
        lines = lines_of(text)
        wrong = [Wrong(line_of(p.path, lines), p.where or "the file", p.message) for p in problems]
        raise SiteFileWrong(sorted(wrong, key=lambda one: one.line or 0))
    return file


def _check_what_can_be(raw: dict[str, Any], checker: Checker) -> None:
    """The rules of those tables that could be read, though others could not: their errors are told in one go."""
    site = read_spec(raw["site"], SiteSpec, ("site",), []) if "site" in raw else None
    if site is not None:
        checker.languages = checker.site(site, ("site",)).languages
    bodies = raw.get("bodies")
    for at, table in enumerate(bodies if isinstance(bodies, list) else []):
        body = read_spec(table, BodySpec, ("bodies", at), [])
        if body is not None:
            checker.body(body, ("bodies", at))
