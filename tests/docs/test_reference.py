"""The reference pages of commands, settings and the site file say what the code says: everything, and nothing else."""

import os
import re
import subprocess
import sys
import tomllib

import pytest

from streetmend import settings
from streetmend.bodies.sitefile.keys import all_keys
from streetmend.bodies.sitefile.reading import read_site_file
from streetmend.cli.listing import all_commands
from tests.docs.reference_pages import COMMANDS, SETTINGS, SITE_FILE, pages, with_made

RUN = "run: .venv/bin/python -m tests.docs.reference_pages"
#: read by Streetmend, but no settings of a site
NO_SETTINGS = {"STREETMEND_CRASH_POINT"}


def headings(page):
    return re.findall(r"^## `(.+)`$", page.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "name", "made"), list(pages()), ids=lambda value: getattr(value, "name", "")
)
def test_what_is_made_from_the_code_is_up_to_date(page, name, made):
    text = page.read_text(encoding="utf-8")
    assert with_made(text, name, made) == text, RUN


def test_every_command_has_its_heading_and_nothing_else_has_one():
    assert headings(COMMANDS) == [command.name for command in all_commands()]


def test_every_option_of_every_command_is_explained():
    unexplained = [
        (command.name, option.written)
        for command in all_commands()
        for option in command.options
        if not re.search(r"\w{3,}", option.meaning.partition("[default")[0])
    ]
    assert unexplained == []
    assert [command.name for command in all_commands() if len(command.help) < 20] == []


def test_every_setting_has_its_heading_and_nothing_else_has_one():
    assert headings(SETTINGS) == settings.ENVIRONMENT


def test_no_setting_is_read_past_the_list_of_them():
    source = os.path.dirname(settings.__file__)
    read = set()
    for folder, _, files in os.walk(source):
        for file in files:
            if file.endswith(".py"):
                with open(os.path.join(folder, file), encoding="utf-8") as handle:
                    read |= set(re.findall(r"environ[^\n]{0,16}[\"'](STREETMEND_\w+)", handle.read()))
    assert read - set(settings.ENVIRONMENT) - NO_SETTINGS == set()


def test_every_key_of_the_site_file_is_explained_in_a_sentence():
    assert [key for key in all_keys() if len(key.meaning) < 5] == []


def test_the_examples_of_the_site_file_page_can_be_applied():
    examples = re.findall(r"```toml\n(.*?)```", SITE_FILE.read_text(encoding="utf-8"), re.DOTALL)
    assert examples
    for example in examples:
        tomllib.loads(example)
        read_site_file(example, languages=["en"])


def test_the_help_of_the_script_lists_the_commands():
    said = subprocess.run(
        [sys.executable, "-m", "streetmend", "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    listed = re.findall(r"^  (\w+)  ", said.partition("Commands:")[2], re.MULTILINE)
    assert listed == sorted({command.name.split()[0] for command in all_commands()})
