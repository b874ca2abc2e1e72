"""What programs sent, found by their receipts."""

from __future__ import annotations

from typing import NamedTuple

from streetmend.reports.models import Posting
from streetmend.reports.states import State


class Receipt(NamedTuple):
    """What a token stands for."""

    report_id: int
    confirmed: bool


def posted_with_token(token: str) -> Receipt | None:
    """The report that waits, or waited, under this token; None where there is none."""
    if "\0" in token or not token.isascii() or len(token) > 64:
        return None
    row = Posting.objects.filter(token=token).values_list("report_id", "report__state").first()
    return None if row is None else Receipt(row[0], row[1] != State.UNCONFIRMED)
