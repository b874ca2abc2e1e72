"""What a benchmark found, and how it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One line. `ours` and `theirs` in `unit`; `ratio` is how many times better ours is, `goal` the least it should be.

    `most`: where there is no comparison, the most that `ours` may be.
    """

    what: str
    where: str
    ours: float
    unit: str
    theirs: float | None = None
    ratio: float | None = None
    goal: float | None = None
    queries: int | None = None
    most: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.most is not None:
            return self.ours <= self.most
        if self.goal is None:
            return None
        return (self.ratio if self.ratio is not None else self.ours) >= self.goal

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "met": self.met}

    def as_row(self) -> dict[str, Any]:
        """What the process of a benchmark tells the one that started it."""
        return asdict(self)


def show(results: Sequence[Result]) -> None:
    """A table with a line for each result."""
    print(
        f"{'what':<56} {'where':<11} {'ours':>12} {'comparison':>12} {'ratio':>7} {'goal':>8} {'queries':>8}"
    )
    for one in results:
        theirs = "" if one.theirs is None else f"{one.theirs:.2f}"
        ratio = "" if one.ratio is None else f"{one.ratio:.1f}x"
        queries = "" if one.queries is None else str(one.queries)
        verdict = {True: "met", False: "NOT MET", None: ""}[one.met]
        ours = f"{one.ours:,.2f} {one.unit}" if one.ours < 1000 else f"{one.ours:,.0f} {one.unit}"
        print(
            f"{one.what:<56} {one.where:<11} {ours:>12} {theirs:>12} {ratio:>7} {_goal(one):>8} {queries:>8} {verdict}"
        )


def _goal(one: Result) -> str:
    if one.most is not None:
        return f"<= {one.most:,g}"
    return "" if one.goal is None else f"{one.goal:,g}" + ("x" if one.ratio is not None else "")
