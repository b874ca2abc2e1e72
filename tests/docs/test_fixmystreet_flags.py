"""The page for those who come from FixMyStreet names only keys that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streetmend.bodies.habits import HABIT_NAMES
from streetmend.bodies.sitefile.keys import all_keys

PAGE = Path(__file__).parents[2] / "docs/reference/fixmystreet-flags.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| FixMyStreet")
]
#: what stands in the middle column and is a value or a command
OTHERS = frozenset({"open311", "email", "none", "all_urls", "upload"})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_every_key_of_the_page_is_one_of_the_site_file(row):
    known = {key.name for key in all_keys()}
    for word in re.findall(r"`([^`]+)`", row[1]):
        plain = word.strip("[]").rpartition(".")[2]
        assert plain in known | OTHERS | {"site", "bodies"} or word.startswith("streetmend "), word


def test_the_page_has_every_habit_that_answers_one_of_its_flags():
    named = set(re.findall(r"`([a-z_]+)`", PAGE.read_text(encoding="utf-8")))
    ours_alone = set(HABIT_NAMES) - named
    assert "statuses_in" not in ours_alone
    assert not {
        name for name in ours_alone if name.startswith(("attribute", "photo", "pull_", "always_email"))
    }
