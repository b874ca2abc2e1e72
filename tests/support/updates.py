"""Updates as a body might say them: rows for the inbox, by Hypothesis and by chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import strategies as st

from streetmend.reports.models.outbox import InboxKind
from streetmend.reports.services.inbox import PulledRow
from streetmend.reports.states import BODY_STATES

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
WORDS = ["", "Vi ser på den.", "Ferdig.", "Takk!"]
STATES = ["", *sorted(BODY_STATES)]
NUMBERS = [f"u{number}" for number in range(5)]
CODES = ["", "T1"]
_LAST_SECOND = 500


def row(second: int, number: str, state: str, text: str, code: str) -> PulledRow:
    at = NOW + timedelta(seconds=second)
    return PulledRow(
        kind=InboxKind.UPDATE, remote_report_id="R1", remote_update_id=number, word=state, state=state, at=at,
        at_raw=at.isoformat(), text=text, code=code,
    )  # fmt: skip


ROWS = st.builds(
    row, st.integers(0, _LAST_SECOND), st.sampled_from(NUMBERS), st.sampled_from(STATES),
    st.sampled_from(WORDS), st.sampled_from(CODES),
)  # fmt: skip


def some_rows(random: Random, most: int) -> list[PulledRow]:
    """What `ROWS` gives as well: from one to `most` rows, each of another second."""
    seconds = random.sample(range(_LAST_SECOND + 1), random.randint(1, most))
    choose = random.choice
    return [row(second, choose(NUMBERS), choose(STATES), choose(WORDS), choose(CODES)) for second in seconds]
