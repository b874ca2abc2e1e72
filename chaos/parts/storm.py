"""Reports flow to a half-bad endpoint while workers are killed and PostgreSQL restarts: each arrives once (G1)."""

from __future__ import annotations

import os

from chaos.part import Found, Trial
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

    plan = Storm(
        reports=REPORTS, kills=max(REPORTS // 50, 1), workers=8, restart=restart, restarts=3, patience=2400
    )  # fmt: skip
    try:
        return on_a_database(plan, url=postgres.url, folder=trial.folder, random=trial.random)
    finally:
        postgres.stop()
