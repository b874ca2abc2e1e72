"""The storm with FixMyStreet's loop: it must lose or repeat something, or the storm proves nothing."""

from __future__ import annotations

from chaos.part import Found, Trial
from chaos.storm import control

MINUTES = 15


def run(trial: Trial) -> Found:
    return control(trial, "fixmystreet")
