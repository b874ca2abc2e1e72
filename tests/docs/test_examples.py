"""What the pages show works: the site file is one, the commands and settings exist, the modules are there."""

from __future__ import annotations

import importlib
import re
import struct
from pathlib import Path

import click
import pytest

from streetmend import settings
from streetmend.bodies.sitefile.reading import read_site_file
from streetmend.bodies.specs import EndpointSpec
from streetmend.cli import COMMANDS, Commands, group
from tests.docs.pages import ROOT, examples, pages

HOWTO = ROOT / "docs" / "howto" / "connect-an-administration.md"
_COMMAND = re.compile(r"^(?:STREETMEND_\w+=\S+ )*(?:\.venv/bin/)?streetmend ([^#\n]*)", re.MULTILINE)
_SETTING = re.compile(r"\bSTREETMEND_[A-Z_]+\b")
_MODULE = re.compile(r"`((?:streetmend|tests|bench)(?:\.\w+)+)`")
#: files of ours, not modules
_ENDINGS = {"sqlite3"}
#: settings of the test runs, which are not the site's
_OF_TESTS = {"STREETMEND_TEST_DATABASE", "STREETMEND_CHROMIUM"}


def test_the_site_file_of_the_how_to_can_be_applied():
    (text,) = examples(HOWTO, "toml")
    file = read_site_file(text, languages=["en"])
    (body,) = file.bodies
    assert body.categories[0].questions[0].code == "SIZE"


def test_each_habit_in_the_how_to_is_a_key_of_an_endpoint():
    table = HOWTO.read_text(encoding="utf-8").partition("## 4.")[2].partition("## 5.")[0]
    keys = re.findall(r"[`{ ](\w+) = ", table)
    assert len(keys) > 8
    assert set(keys) - set(EndpointSpec.__struct_fields__) <= {"services"}, "paths has keys of its own"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_shows_is_there(page: Path):
    for text in examples(page):
        for line in _COMMAND.findall(text):
            words = line.split()
            assert words[0] in COMMANDS, line
            command = Commands.get_command(group, click.Context(group), words[0])
            assert command is not None
            if isinstance(command, click.Group) and not (
                command.invoke_without_command and words[1:2] not in [[name] for name in command.commands]
            ):
                command = command.commands[words[1]]
            known = {name for param in command.params for name in param.opts}
            assert {word for word in words if word.startswith("--")} <= known | {"--help"}, line


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_that_a_page_names_is_read(page: Path):
    # a secret may come from the file that NAME_FILE names
    named = {name.removesuffix("_FILE") for name in _SETTING.findall(page.read_text(encoding="utf-8"))}
    assert named <= set(settings.ENVIRONMENT) | _OF_TESTS


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_module_that_a_page_names_is_there(page: Path):
    for name in _MODULE.findall(page.read_text(encoding="utf-8")):
        module, _, last = name.rpartition(".")
        if last in _ENDINGS:
            continue
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            assert hasattr(importlib.import_module(module), last), name


def test_the_readme_is_short_and_has_the_two_commands_and_a_small_picture():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 100
    assert "make run" in text
    assert "make test" in text
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+\.png)\)", text)
    content = (ROOT / picture).read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert (len(content) < 300_000, width <= 1400, height <= 1400) == (True, True, True)
