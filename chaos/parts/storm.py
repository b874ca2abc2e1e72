"""Reports flow to a half-bad endpoint while workers are killed and PostgreSQL restarts: each arrives once (G1)."""

from __future__ import annotations

import os

from chaos.part import PACE, Found, Trial
from chaos.storm import Storm, on_a_database

SEEDED = True
MINUTES = 45
REPORTS = int(os.environ.get("REPORTS", "10000"))


def run(trial: Trial) -> Found:
    from tests.support.postgres import PrivatePostgres

    postgres = PrivatePostgres(durable=True)
    postgres.start()

    def restart() -> None:
        postgres.restart_at_once()

    reports = max(round(REPORTS * trial.size), 1)
    plan = Storm(
        reports=reports,
        kills=max(reports // 50, 2),
        workers=8,
        # a token is asked about after a minute: a small storm has not that long
        tokens=trial.size >= 1,
        restart=restart,
        restarts=3,
        patience=2400 * PACE,
    )
    try:
        return on_a_database(plan, url=postgres.url, folder=trial.folder, random=trial.random)
    finally:
        postgres.stop()
