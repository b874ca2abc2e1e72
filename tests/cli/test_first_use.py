"""From nothing to a site, as a newcomer goes: each step says what it did and what comes next."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Script
from tests.support.sitefiles import SMALL

pytestmark = pytest.mark.once


def test_from_nothing_to_a_site_that_knows_who_is_responsible(
    fresh: Script, boundaries: Path, site_file: Callable[[str], str]
) -> None:
    missing = fresh("areas", "at", "60", "4")
    assert missing.status == 1
    assert missing.err.endswith("Run next: streetmend init\n")

    made = fresh("init", "--no-input")
    assert (made.status, "The database is made" in made.out) == (0, True)
    assert made.err == "Run next: streetmend areas import FILE.geojson\n"

    imported = fresh("areas", "import", str(boundaries), "--generation", "2024")
    assert imported.out == "2 areas of type KOM, generation 2024: 2 new, 0 changed, 0 gone\n"
    assert "Areas: 2 of 2" in imported.err

    assert fresh("init").err == "Run next: streetmend apply SITE.toml\n"
    applied = fresh("apply", site_file(SMALL))
    assert (applied.status, applied.out.splitlines()[-1]) == (0, "5 changes made.")

    again = fresh("init")
    assert "up to date (0 steps taken)" in again.out
    assert again.err == "Run next: streetmend serve\n"

    place = fresh("areas", "at", "60", "4")
    assert place.out.splitlines() == [
        "Areas: Vestby (KOM 101)",
        "Vestby kommune (MapIt id 101), which gets reports by e-mail, because it covers Vestby",
        "  categories: Hull i vei",
    ]

    staff = fresh("staff", "add", "Kari@Example.org")
    assert staff.status == 0
    assert "kari@example.org is a member of staff (admin)" in staff.out
    assert re.search(r"^http://127\.0\.0\.1:8000/\S*sign-in/[\w-]{32}$", staff.out, re.MULTILINE)

    healthy = fresh("doctor", "--json").json
    assert healthy["ok"]
    assert {finding["check"] for finding in healthy["findings"]} == {
        "database",
        "migrations",
        "disk",
        "mail",
        "clock",
        "worker",
        "deliveries",
        "endpoints",
        "kept",
        "outbound",
        "privacy",
        "areas",
        "categories",
    }


def test_the_database_and_the_secret_key_are_for_their_owner_in_the_data_folder(
    fresh: Script, tmp_path: Path
) -> None:
    fresh("init", "--no-input")
    assert (tmp_path / "var" / "streetmend.sqlite3").exists()
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o077 == 0


def test_a_data_folder_that_cannot_be_made_is_a_problem_with_its_name(fresh: Script, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    ended = fresh("init", "--no-input")
    assert ended.status in (1, 2)
    assert str(tmp_path / "var") in ended.err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STREETMEND_MAX_REQUESTS", "many"),
        ("STREETMEND_BASE_URL", "reports.example.org"),
        ("DATABASE_URL", "mysql://user:hunter2@host/db"),
        ("STREETMEND_OUTBOUND_ALLOW", "10.0.0.1/8"),
        ("PORT", "0"),
        ("STREETMEND_SECRET_KEY_FILE", "/nowhere/key"),
    ],
)
def test_a_setting_that_cannot_be_understood_ends_with_2_and_its_name(
    fresh: Script, name: str, value: str
) -> None:
    ended = fresh("deliveries", **{name: value})
    assert ended.status == 2
    assert name.removesuffix("_FILE") in ended.err
    assert "hunter2" not in ended.err


def test_a_database_that_is_not_there_is_a_problem_with_the_command_that_looks_into_it(fresh: Script) -> None:
    ended = fresh("deliveries", DATABASE_URL="postgres://nobody:hunter2@127.0.0.1:9/none")
    assert ended.status == 1
    assert ended.err.splitlines()[-1] == "Run next: streetmend doctor"
    assert "hunter2" not in ended.err
    doctor = fresh("doctor", DATABASE_URL="postgres://nobody:hunter2@127.0.0.1:9/none")
    assert doctor.status == 1
    assert re.search(r"^problem\s+database\s+The database cannot be asked", doctor.out, re.MULTILINE)


def test_a_file_that_is_no_database_is_a_problem(fresh: Script, tmp_path: Path) -> None:
    fresh("init", "--no-input")
    (tmp_path / "var" / "streetmend.sqlite3").write_text("something else " * 1000)
    for command in (["deliveries"], ["init"], ["doctor"]):
        ended = fresh(*command)
        assert ended.status == 1
        assert "not a database" in ended.out + ended.err
