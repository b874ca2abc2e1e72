"""The same storm on SQLite, with a fifth of the reports and without restarts of the database: each arrives once (G1)."""

from __future__ import annotations

import os

from chaos.part import Found, Trial
from chaos.storm import Storm, on_a_database

SEEDED = True
MINUTES = 30
REPORTS = int(os.environ.get("REPORTS", "10000")) // 5


def run(trial: Trial) -> Found:
    plan = Storm(reports=REPORTS, kills=max(REPORTS // 50, 1), workers=4, patience=1500)
    url = f"sqlite:///{trial.folder / 'streetmend.sqlite3'}"
    return on_a_database(plan, url=url, folder=trial.folder, random=trial.random)
