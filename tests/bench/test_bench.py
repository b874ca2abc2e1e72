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
        ({"ours": 130.0, "most": 130.0}, True),
        ({"ours": 130.1, "most": 130.0}, False),
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
    found = {one.what: one for one in (Result(**row) for row in json.loads(done.stdout))}
    for fmt in ("JSON", "XML"):
        assert f"1000 requests as {fmt}, made anew, against the framework" in found
        assert found[f"1000 requests as {fmt}, asked again, against the framework"].goal == 15
        assert found[f"1000 requests as {fmt}, asked again, against fetch and encode"].goal == 1
        assert found[f"1000 requests as {fmt}, unchanged (304), against the framework"].goal == 60
        assert found[f"1000 requests as {fmt}, statements"].met is True
    assert found["one request, against the framework"].goal == 5
    assert {
        "words",
        "services",
        "a box as large as a city",
        "a cursor's walk over everything",
        "memory of a server's process after the run",
    } <= set(found)
