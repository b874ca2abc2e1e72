"""The benchmarks compare equal answers and say whether a goal is met. How fast anything is, is not tested here."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bench.report import Result, show


def result(**more: object) -> Result:
    return Result(**{"what": "x", "where": "here", "ours": 2.0, "unit": "ms", **more})


@pytest.mark.parametrize(
    ("more", "met"),
    [
        ({}, None),
        ({"ratio": 8.0, "goal": 8.0}, True),
        ({"ratio": 7.9, "goal": 8.0}, False),
        ({"ours": 30_000.0, "goal": 30_000}, True),
        ({"ours": 29_999.0, "goal": 30_000}, False),
    ],
)
def test_a_goal_is_met_by_the_ratio_or_without_a_comparison_by_the_number(more, met):
    assert result(**more).met is met


def test_every_line_says_what_is_not_met(capsys):
    show([result(ratio=2.0, goal=8.0, theirs=4.0, queries=2), result(ratio=9.0, goal=8.0, theirs=18.0)])
    lines = capsys.readouterr().out.splitlines()
    assert "NOT MET" in lines[1]
    assert "NOT MET" not in lines[2]


@pytest.mark.django_db(transaction=True)
def test_the_benchmark_of_searches_runs_with_few_reports_and_compares_equal_answers(
    process_environment, tmp_path
):
    command = [sys.executable, "-W", "ignore", "-m", "bench.requests", "--reports=60", "--repeat=12"]
    environment = {**process_environment, "STREETMEND_DATA": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = [Result(**row) for row in json.loads(done.stdout)]
    assert [one.what for one in found] == [
        f"1000 requests as {fmt}, {how}" for fmt in ("JSON", "XML") for how in ("made anew", "asked again")
    ]
    assert all(one.queries == 2 for one in found)
