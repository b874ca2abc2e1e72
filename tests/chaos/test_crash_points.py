"""Whoever dies, wherever, whatever the endpoint had answered: each report arrives once. Every point, with some answers.

All answers at each point are a part of `make chaos`.
"""

from __future__ import annotations

import re
from pathlib import Path

from chaos.parts.crash_points import on_a_database
from streetmend.crash import POINTS

SOURCE = Path(__file__).parents[2] / "src" / "streetmend"


def test_F_01_F_07_a_death_at_any_point_neither_loses_nor_repeats_a_report(process_environment, tmp_path):
    told = on_a_database(process_environment["DATABASE_URL"], tmp_path, share=11, twice=0)
    assert told["violations"] == []
    assert told["points"] >= 25
    assert told["answers"] >= 11
    assert told["deaths"] >= told["points"]


def test_every_point_of_the_list_is_passed_somewhere_and_no_other_is():
    passed = {
        name
        for file in SOURCE.rglob("*.py")
        for name in re.findall(r'\bcrash\("([a-z_]+)"\)', file.read_text())
    }
    assert sorted(passed) == sorted(POINTS)
