"""What the doctor finds: one sentence each, and the command (or the deed) that comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is. Only problems make the command end with 1."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `next` says what to do about it, empty where nothing needs doing."""

    check: str
    level: Level
    text: str
    next: str = ""

    def as_plain(self) -> dict[str, Any]:
        """As JSON knows it."""
        return asdict(self)


def fine(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, text)


def warning(check: str, text: str, then: str = "") -> Finding:
    """Something to look at; nothing fails because of it."""
    return Finding(check, Level.WARNING, text, then)


def problem(check: str, text: str, then: str) -> Finding:
    """Something fails, or will."""
    return Finding(check, Level.PROBLEM, text, then)


def shortened(names: Sequence[str], most: int = 8) -> str:
    """The names in one line, the first ones where they are many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")
