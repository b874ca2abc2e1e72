"""The same storm on SQLite, with a fifth of the reports and without restarts of the database: each arrives once (G1)."""

from __future__ import annotations

import os

from chaos.part import PACE, Found, Trial
from chaos.storm import Storm, on_a_database

SEEDED = True
MINUTES = 30
REPORTS = int(os.environ.get("REPORTS", "10000")) // 5


def run(trial: Trial) -> Found:
    reports = max(round(REPORTS * trial.size), 1)
    # a token is asked about after a minute: a small storm has not that long
    plan = Storm(
        reports=reports, kills=max(reports // 50, 2), workers=4, tokens=trial.size >= 1, patience=1500 * PACE
    )
    url = f"sqlite:///{trial.folder / 'streetmend.sqlite3'}"
    return on_a_database(plan, url=url, folder=trial.folder, random=trial.random)
