"""What wrong questions get: the right status, and errors in the format that was asked for (A8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from streetmend.exchange.probing.asking import FORMATS, Answer, Caller, Query
from streetmend.exchange.probing.envelopes import check_envelope
from streetmend.exchange.probing.notes import Notes
from streetmend.georeport.rows import find_rows

_WRONG: Sequence[tuple[str, Query, str]] = (
    ("bad-date", [("start_date", "not-a-date")], "A start_date that is no date"),
    ("bad-status", [("status", "no-such-status")], "A status that does not exist"),
)


async def look_at_refusals(caller: Caller, notes: Notes, answers: Iterable[Answer]) -> None:
    """Wrong parameters have been tried; `answers` are further refusals, whose errors are looked at as well."""
    refusals = [answer for answer in answers if answer.status >= 400]
    for fmt in FORMATS:
        for code, query, what in _WRONG:
            answer = await caller.get("requests", fmt, query)
            if 200 <= answer.status < 300:
                says = f"{what} is answered with {answer.status}, where the standard has 400."
                notes.found(code, says, answer, answer.line("^"))
            else:
                refusals.append(answer)
    for answer in refusals:
        _look_at(answer, notes)
    await _format(caller, notes)
    if caller.jurisdiction_id:
        await _jurisdictions(caller, notes)


def _look_at(answer: Answer, notes: Notes) -> None:
    """The body of a refusal is the standard's list of errors."""
    if answer.failed:
        notes.found("no-answer", f"No whole answer came: {answer.failed}", answer)
    elif answer.status >= 500:
        says = f"A wrong question makes the server fail with {answer.status}."
        notes.found("server-error", says, answer, answer.line("^"))
    elif answer.is_html:
        notes.found("html-errors", "Errors come as a page in HTML.", answer, answer.line("<"))
    elif answer.tree is None:
        notes.found("errors", f"An error's body {answer.unreadable}.", answer, answer.line("^"))
    else:
        check_envelope(answer, "errors", notes)
        rows = find_rows(answer.value, frozenset({"code", "description"}), ("errors", "error")) or []
        if not rows or not all(
            isinstance(row, Mapping) and row.get("code") and row.get("description") for row in rows
        ):
            says = "An error's body is not the standard's list of code and description."
            notes.found("errors", says, answer, answer.line("^"))


async def _format(caller: Caller, notes: Notes) -> None:
    answer = await caller.get("services.nonsense", "xml")
    if answer.status >= 500 or answer.failed:
        _look_at(answer, notes)


async def _jurisdictions(caller: Caller, notes: Notes) -> None:
    """Whether the jurisdiction is needed, and what another one gets."""
    without = await caller.get("services", "xml", jurisdiction="")
    notes.can(
        "needs_jurisdiction", "Every call must carry the jurisdiction_id.", without.status in (400, 404)
    )
    other = await caller.get("services", "xml", jurisdiction="no.such.jurisdiction")
    for answer in (without, other):
        if answer.status >= 500:
            _look_at(answer, notes)
