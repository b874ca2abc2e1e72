"""What people and administrations say in the sample, read from the data files."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from streetmend.demo.files import DATA

_ALL_YEAR = tuple(range(1, 13))


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong somewhere, as one person tells it; `{street}` and `{address}` stand for the place."""

    category: str
    language: str
    title: str
    detail: str
    photo: str
    answers: Mapping[str, Sequence[str]]
    months: Sequence[int]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is told of one category: how often, where, and in which words."""

    category: str
    weight: int
    near: str
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Texts:
    """Everything that is said in the sample."""

    kinds: list[Kind] = field(default_factory=list)
    replies: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Texts:
        """As the data files have it."""
        problems = tomllib.loads((DATA / "problems.toml").read_text(encoding="utf-8"))
        replies = tomllib.loads((DATA / "replies.toml").read_text(encoding="utf-8"))
        return cls([_kind(name, table) for name, table in problems.items()], replies)

    def problem(self, rng: random.Random, month: int) -> tuple[Kind, Problem]:
        """Something that is reported in this month, the usual more often than the rare."""
        fitting = [
            (kind, [one for one in kind.problems if month in one.months])
            for kind in self.kinds
            if kind.weight
        ]
        fitting = [(kind, found) for kind, found in fitting if found]
        kind, found = rng.choices(fitting, [kind.weight for kind, _ in fitting])[0]
        return kind, rng.choice(found)

    def addition(self, rng: random.Random, language: str) -> str:
        """A sentence that people add."""
        return str(rng.choice(self.replies["extra"][language]))

    def body_says(self, rng: random.Random, state: str, *, nynorsk: bool) -> str:
        """What an administration says when a report comes to this state."""
        said = self.replies["body"]["nn" if nynorsk else "nb"]
        return str(rng.choice(said.get(state) or self.replies["body"]["nb"][state]))

    def resident_says(self, rng: random.Random, what: str, language: str) -> str:
        """What a resident says: a comment, or that it is fixed, or open again."""
        return str(rng.choice(self.replies["resident"][language][what]))

    def name(self, rng: random.Random) -> tuple[str, str]:
        """First and last name of somebody who does not exist."""
        names = self.replies["names"]
        return rng.choice(names["first"]), rng.choice(names["last"])

    def alt(self, photo: str) -> str:
        """What can be seen on a photo."""
        return str(self.replies["alt"][photo])


def _kind(name: str, table: Mapping[str, Any]) -> Kind:
    months = table.get("months", _ALL_YEAR)
    problems = tuple(
        Problem(
            category=name,
            language=row["language"],
            title=row["title"],
            detail=row["detail"],
            photo=row.get("photo", ""),
            answers=row.get("answers", {}),
            months=row.get("months", months),
        )
        for row in table["problems"]
    )
    return Kind(name, table["weight"], table.get("near", ""), problems)
