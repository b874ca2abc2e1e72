"""The runner of the parts: what it tells, and that anything that goes wrong in a part is a violation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chaos.__main__ import run
from chaos.part import Found, Part, load, names
from chaos.parts import answers


def part(name: str, minutes: float = 1.0) -> Part:
    return Part(name=name, about="A test.", seeded=False, minutes=minutes, run=lambda trial: Found())


def chaos(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chaos", *arguments]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
    )


def test_every_part_says_in_a_line_what_it_is_about_and_the_docs_have_it():
    told = chaos("--list").stdout
    page = (Path(__file__).parents[2] / "docs" / "reference" / "chaos.md").read_text(encoding="utf-8")
    for name in names():
        assert load(name).about.endswith(".")
        assert f"{name}: " in told
        assert f"`{name}`" in page


def test_a_part_that_dies_is_a_violation():
    found = run(part("no_such_part"), seed=1)
    assert "ended with status" in found["violations"][0]


def test_a_part_that_takes_too_long_is_a_violation():
    found = run(part("answers", minutes=0.0001), seed=1)
    assert "not done" in found["violations"][0]


@pytest.mark.parametrize("given", ["none", "0", "-1"])
def test_seeds_must_be_a_number_of_them(given: str):
    done = chaos("answers", SEEDS=given)
    assert done.returncode == 2
    assert "SEEDS" in done.stderr


def test_an_unknown_part_is_told_by_its_name():
    done = chaos("nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr


def test_a_run_ends_with_one_document_that_says_whether_all_held():
    done = chaos("answers", "--seed", "5", "--size", "0.1")
    summary = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert summary["ok"] is True
    (only,) = summary["runs"]
    assert (only["part"], only["seed"], only["violations"]) == ("answers", 5, [])
    assert only["figures"]["answers"] == answers.DAMAGED // 10
    assert only["figures"]["unreadable"] > 0
    assert only["figures"]["read"] > 0


def small(name: str, size: str) -> dict[str, Any]:
    """What a small run of the part has found; nothing may have gone wrong."""
    command = [sys.executable, "-W", "ignore", "-m", "chaos.child", name, "--seed=3", f"--size={size}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["violations"] == []
    return found


def test_random_questions_to_the_server_find_no_failure_in_a_small_run():
    found = small("questions", "0.04")
    assert found["figures"]["requests"] == 400
    assert {"200", "400", "404"} <= set(found["figures"]["statuses"])


def test_answers_are_what_openapi_promises_in_a_small_run():
    found = small("openapi", "0.02")
    assert len(found["figures"]["cases"]) >= 8
    assert sum(found["figures"]["cases"].values()) >= 100


def test_F_08_a_small_storm_of_bad_answers_and_killed_workers_loses_nothing_and_repeats_nothing():
    found = small("storm_sqlite", "0.02")
    assert found["figures"]["states"] == {"accepted": 40}
    assert found["figures"]["kills"] == 2
