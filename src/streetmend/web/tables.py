"""Tables as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from streetmend.text import spreadsheet_safe


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """The rows below their head, in a file of that name; texts that a spreadsheet would take for a formula are quoted."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'inline; filename="{name}.csv"'
    writer = csv.writer(answer)
    writer.writerow(head)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return answer


def _harmless(cell: object) -> object:
    return spreadsheet_safe(cell) if isinstance(cell, str) else cell
