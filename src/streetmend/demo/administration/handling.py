"""Somebody at the administration does something about each report, a few seconds after it came in."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from streetmend.demo.administration.offices import Office
from streetmend.demo.files import DATA


@dataclass(frozen=True, slots=True)
class Step:
    """What is said `after` so long: the status of the standard, the finer word, and one of these texts."""

    after: timedelta
    status: str
    word: str
    texts: Sequence[str]


def steps(*, in_progress_seconds: float, fixed_seconds: float, language: str = "nb") -> list[Step]:
    """Begun after so many seconds, fixed after so many; said in the language, in English where it has no words in it."""
    replies = tomllib.loads((DATA / "replies.toml").read_text(encoding="utf-8"))["body"]
    says = replies.get(language, replies["en"])
    return [
        Step(timedelta(seconds=in_progress_seconds), "open", "in_progress", says["in_progress"]),
        Step(timedelta(seconds=fixed_seconds), "closed", "fixed", says["fixed"]),
    ]


class Handling:
    """Goes through the offices' reports and says what is due of each, in the order of the steps."""

    def __init__(
        self,
        offices: Sequence[Office],
        steps: Sequence[Step],
        *,
        clock: Callable[[], datetime] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._offices, self._steps = offices, steps
        self._clock, self._rng = clock or (lambda: datetime.now(UTC)), rng or random.Random()

    def look(self) -> None:
        """What is due now has been said. Reports that came in before a restart go on where they stood."""
        now = self._clock()
        for office in self._offices:
            waiting = [number for number, said in office.handled.items() if len(said) < len(self._steps)]
            for number in waiting:
                entry = office.endpoint.ledger.entry(number)
                step = self._steps[len(office.handled[number])]
                if entry is not None and entry.received_at + step.after <= now:
                    text = self._rng.choice(step.texts)
                    office.say(number, status=step.status, word=step.word, text=text)
