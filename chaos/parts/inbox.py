"""Updates of a report come in 10,000 random orders, split into portions and with repeats: it stands where it stands one by one.

On SQLite, and a tenth of them on PostgreSQL. The same number with other words is a revision, and the latest holds (F-77).
"""

from __future__ import annotations

from chaos.part import Found, Trial
from chaos.plays import on_both

SEEDED = True
MINUTES = 30
ORDERS = 10_000


def run(trial: Trial) -> Found:
    return on_both(trial, {"SQLite": ("orders", ORDERS), "PostgreSQL": ("orders", ORDERS // 10)})
