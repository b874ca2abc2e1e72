"""The site and workers die at each of 38 points, for each of 11 classes of answer, on both databases: each report arrives once.

One of three pairs is played with two deaths as well: whoever comes next dies at the same point.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from chaos.part import Found, Trial

MINUTES = 60
TWICE = 3


def run(trial: Trial) -> Found:
    """All pairs; a smaller trial plays a share of them, with every point in it."""
    from tests.support.postgres import PrivatePostgres

    figures: dict[str, object] = {}
    violations: list[str] = []
    postgres = PrivatePostgres()
    postgres.start()
    try:
        for name, url in (
            ("SQLite", f"sqlite:///{trial.folder / 'streetmend.sqlite3'}"),
            ("PostgreSQL", postgres.url),
        ):
            told = on_a_database(url, trial.folder, share=max(round(1 / trial.size), 1), twice=TWICE)
            violations += [f"{name}: {one}" for one in told.pop("violations")]
            figures[name] = told
    finally:
        postgres.stop()
    return Found(figures, tuple(violations))


def on_a_database(url: str, folder: Path, *, share: int, twice: int) -> dict[str, list[str]]:
    """What was told of the runs on the database at `url`, which is migrated first."""
    environment = {**os.environ, "DATABASE_URL": url, "STREETMEND_DATA": str(folder)}
    python = [sys.executable, "-W", "ignore", "-m"]
    subprocess.run(
        [*python, "streetmend", "init", "--no-input"], env=environment, check=True, capture_output=True
    )
    command = [*python, "chaos.crashes", f"--share={share}", f"--twice={twice}"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return told
