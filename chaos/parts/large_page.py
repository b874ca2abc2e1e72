"""A page of 50,000 updates is in the inbox within 10 s and 150 MB; the same page again adds nothing and is not even read (F-76).

On both databases. The seconds are those of the worker's processor, so that a busy machine does not count.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chaos.part import Found, Trial
from chaos.plays import private_postgres
from streetmend.georeport import testing
from streetmend.georeport.dialect import DEFAULT
from streetmend.georeport.types import RequestUpdate
from streetmend.georeport.writing import WRITERS
from tests.support.everything import Everything

MINUTES = 20
ROWS = 50_000
BEGAN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
_MOST_SECONDS = 10.0
_MOST_BYTES = 150 * 1024 * 1024
#: what it costs to be told the same again, as a share of the first time
_MOST_AGAIN = 0.2


def run(trial: Trial) -> Found:
    rows = max(round(ROWS * trial.size), 1000)
    page = page_of(rows)
    figures: dict[str, Any] = {"bytes_of_the_page": len(page)}
    violations: list[str] = []
    with private_postgres() as postgres:
        for kind, url in (
            ("SQLite", f"sqlite:///{trial.folder / 'streetmend.sqlite3'}"),
            ("PostgreSQL", postgres),
        ):
            figures[kind] = told = _on(url, trial.folder, page, rows)
            violations += [f"{kind}: {one}" for one in _wrong(told, rows)]
    return Found(figures, tuple(violations))


def page_of(rows: int) -> bytes:
    """So many updates; every thousandth one is of a report of ours."""
    told = [
        RequestUpdate(
            update_id=f"u{number}", service_request_id=f"R{number % 1000}", status="open",
            updated_datetime=BEGAN + timedelta(seconds=number % 600), description=f"Vi er i gang, nr. {number}.",
        )
        for number in range(rows)
    ]  # fmt: skip
    return WRITERS["xml"].write_updates(told, DEFAULT)


def _on(url: str, folder: Path, page: bytes, rows: int) -> dict[str, Any]:
    environment = {**os.environ, "DATABASE_URL": url, "STREETMEND_DATA": str(folder)}
    with testing.serving(Everything(page)) as server:
        command = [sys.executable, "-W", "ignore", "-m", "chaos.large_page", server.url, str(rows)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _wrong(told: Mapping[str, Any], rows: int) -> list[str]:
    first, second, wrong = told["first"], told["second"], []
    if (first["stored"], second["stored"]) != (rows, 0):
        wrong.append(f"{first['stored']} rows were stored at first, and {second['stored']} the second time.")
    if told["updates"] != rows // 1000:
        wrong.append(f"Our report has {told['updates']} updates.")
    if first["cpu_seconds"] > _MOST_SECONDS:
        wrong.append(f"It took {first['cpu_seconds']} s.")
    for step in ("first", "applied", "second"):
        if told[step]["bytes"] > _MOST_BYTES:
            wrong.append(f"It took {told[step]['bytes']} bytes of memory ({step}).")
    if second["cpu_seconds"] > first["cpu_seconds"] * _MOST_AGAIN:
        wrong.append(f"The same page took {second['cpu_seconds']} s.")
    return wrong
