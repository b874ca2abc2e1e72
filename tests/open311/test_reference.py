"""The reference page names every parameter and field that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streetmend.open311.addresses import RESOURCES
from streetmend.open311.door import TAKING
from streetmend.open311.page import parameters
from streetmend.open311.wire import BASES
from streetmend.reports.models import Report
from streetmend.reports.services import Told, submit
from tests.support.town import BEGAN, WEST, make_town

PAGE = (Path(__file__).parents[2] / "docs/reference/open311-server.md").read_text(encoding="utf-8")


def named_in(heading: str) -> set[str]:
    """What stands in the first column of the tables below a heading."""
    part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \|", part, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)}


def test_every_parameter_that_the_page_for_people_knows_is_in_the_reference():
    assert {name for names, _ in parameters() for name in names.replace(",", " ").split()} <= named_in(
        "Search parameters"
    )


def test_every_base_address_and_resource_is_in_the_reference():
    assert all(f"| `{base}` |" in PAGE for base in BASES.values())
    headings = set(re.findall(r"^### `GET ([a-z]+/?)", PAGE, re.MULTILINE))
    assert headings == {*RESOURCES, "tokens/"}
    taking = set(re.findall(r"^### `POST ([a-z]+)`", PAGE, re.MULTILINE))
    assert taking == set(TAKING)


@pytest.mark.django_db(transaction=True)
def test_every_field_of_an_answer_is_in_the_reference_and_nothing_else(get):
    make_town()
    submit(
        now=BEGAN, lat=WEST[0], long=WEST[1], title="Hull", detail="Dypt", category_name="Gatelys",
        told=Told("kari@example.org", "Kari", show_name=True), confirmed=True,
    )  # fmt: skip
    Report.objects.update(comment_count=1, sent_at=BEGAN, photo_names=["ab.jpg"], has_photo=True)
    (row,) = get("requests.json").json
    assert set(row) == named_in("Fields of a request")
