"""The storm with FixMyStreet's loop: it must lose or repeat something, or the storm proves nothing."""

from __future__ import annotations

from chaos.part import PACE, Found, Trial
from chaos.storm import Storm, on_a_database

MINUTES = 15


def run(trial: Trial) -> Found:
    plan = Storm(reports=400, kills=12, workers=4, algorithm="fixmystreet", tokens=False, patience=180 * PACE)
    url = f"sqlite:///{trial.folder / 'streetmend.sqlite3'}"
    found = on_a_database(plan, url=url, folder=trial.folder, random=trial.random)
    return Found(
        found.figures, () if found.violations else ("Nothing went wrong, so the storm is too weak.",)
    )
