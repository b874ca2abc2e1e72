"""An endpoint is away for 72 hours while 5,000 reports come in; back, it has all in order within 20 minutes (simulated).

On SQLite it answers 503 to everything; on PostgreSQL nobody answers, and it wants five reports a second at most. Nobody else
waits, and staff have five mails at most (F-44).
"""

from __future__ import annotations

from chaos.part import Found, Trial
from chaos.plays import on_both

MINUTES = 45
REPORTS = 5000


def run(trial: Trial) -> Found:
    return on_both(trial, {"SQLite": ("only_503", REPORTS), "PostgreSQL": ("nobody_answers", REPORTS)})
