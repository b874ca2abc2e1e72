"""The tables of the states' reference page, made from `streetmend.reports.states`.

`python -m tests.docs.states_page` writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from streetmend.reports.states import (
    CLOSED_STATES,
    DELIVERY_MOVES,
    FINAL_DELIVERY_STATES,
    MOVES,
    OPEN_STATES,
    DeliveryState,
    State,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "states.md"


def tables() -> dict[str, str]:
    """Marker -> the table that stands between its markers in the page."""
    return {
        "report states": _rows(
            ("state", "status for Open311"), ((f"`{state}`", _status(state)) for state in State)
        ),
        "report moves": _moves(MOVES),
        "delivery states": _rows(
            ("state", "ends there"),
            ((f"`{state}`", "yes" if state in FINAL_DELIVERY_STATES else "no") for state in DeliveryState),
        ),
        "delivery moves": _moves(DELIVERY_MOVES),
    }


def with_tables(text: str) -> str:
    """The page with its tables as they must be. Raises ValueError where a marker is missing."""
    for name, table in tables().items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        if not between.search(text):
            raise ValueError(f"the page has no marker <!-- {name} -->")
        text = between.sub(lambda match, table=table: f"{match[1]}{table}{match[2]}", text)
    return text


def _status(state: State) -> str:
    if state in OPEN_STATES:
        return "open"
    return "closed" if state in CLOSED_STATES else "not shown"


def _moves(moves: Mapping[StrEnum, Mapping[StrEnum, frozenset[StrEnum]]]) -> str:
    rows = []
    for actor, by_source in moves.items():
        groups: dict[tuple[frozenset[StrEnum], bool], list[StrEnum]] = {}
        for source, targets in sorted(by_source.items()):
            # "from any of these to any other of them" is one line, not one for each
            among = frozenset({source}) | targets
            alike = len(among) > 2 and all(
                by_source.get(other, frozenset()) == among - {other} for other in among
            )
            groups.setdefault((among if alike else targets, alike), []).append(source)
        for (targets, alike), sources in groups.items():
            to = "any other of them" if alike else _words(targets)
            rows.append((actor.value, _words(sources), to))
    return _rows(("who", "from", "to"), rows)


def _words(states: Iterable[StrEnum]) -> str:
    return ", ".join(f"`{state}`" for state in sorted(states))


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
