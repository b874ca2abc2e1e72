"""The rules of bodies that can be broken, one class each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: the keys and positions (from 0) that lead to a value
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what the site or a body is to be like."""

    path: Path
    message: str

    @property
    def where(self) -> str:
        """The path as people read it: bodies[2].endpoint.url, counted from 1."""
        said = ""
        for step in self.path:
            said += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if said else step
        return said


class BodyError(Exception):
    """A rule about the site or its bodies was broken; the text says why, for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SpecRefused(BodyError):
    """What somebody or something is to be like cannot be: `problems` has everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{problem.where}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


class NameTaken(BodyError):
    """Another body, category or endpoint has this name, number or code already."""
