"""The reference page of the states says what the tables in the code say."""

import re

from streetmend.reports.states import DeliveryState, State
from tests.docs.states_page import PAGE, with_tables


def test_the_tables_of_the_page_are_those_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    assert with_tables(text) == text, "run: .venv/bin/python -m tests.docs.states_page"


def test_every_state_has_its_heading_and_no_other_word_has_one():
    headings = re.findall(r"^### `(\w+)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [*State, *DeliveryState]
