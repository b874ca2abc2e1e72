"""An endpoint goes down and comes up every thirty seconds for six hours: it is probed once in thirty seconds at most (F-45).

1,440 reports come in meanwhile; none is lost, none is there twice, and nobody else waits.
"""

from __future__ import annotations

from chaos.part import Found, Trial
from chaos.plays import on_both

MINUTES = 45
REPORTS = 1440


def run(trial: Trial) -> Found:
    return on_both(trial, {"SQLite": ("flapping", REPORTS)})
