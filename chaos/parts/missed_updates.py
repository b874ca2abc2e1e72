"""An endpoint does not answer for a minute, 3 hours, 3 days and 29 days (simulated), with 300 updates each time: none is lost.

Afterwards each of them is there once, on both databases (F-80).
"""

from __future__ import annotations

from chaos.part import Found, Trial
from chaos.plays import on_both

SEEDED = True
MINUTES = 30
UPDATES = 300


def run(trial: Trial) -> Found:
    return on_both(trial, {"SQLite": ("missed_updates", UPDATES), "PostgreSQL": ("missed_updates", UPDATES)})
