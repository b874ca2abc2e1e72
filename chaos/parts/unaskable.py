"""Endpoints that cannot be asked, in five ways under three policies: at most one marked repeat leaves, and all can be seen.

The answers to POSTs are good or bad by chance, in thirteen ways.
"""

from __future__ import annotations

from chaos.part import Found, Trial
from chaos.plays import on_both

SEEDED = True
MINUTES = 45
REPORTS = 60


def run(trial: Trial) -> Found:
    return on_both(trial, {"SQLite": ("unaskable", REPORTS), "PostgreSQL": ("unaskable", REPORTS)})
