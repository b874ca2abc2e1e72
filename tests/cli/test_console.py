"""How commands speak: a bar on a terminal, plain lines elsewhere, colours only where they are wanted."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streetmend.cli.console import plural, progress, seconds
from tests.cli.conftest import PATIENCE_SECONDS, Script
from tests.support.clock import SettableClock
from tests.support.sitefiles import SMALL


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def on_terminal(script: Script, *arguments: str, **environment: str) -> str:
    """What a command writes on a terminal of its own."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "streetmend", *arguments],
        env={**script.environment, "TERM": "xterm", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 65536):
            said += piece
    except OSError:  # Linux ends a terminal that nobody holds any more with an error
        pass
    process.wait(PATIENCE_SECONDS)
    os.close(ours)
    return said.decode("utf-8", "replace")


class TestProgress:
    def test_elsewhere_it_is_a_plain_line_now_and_then_with_rate_and_time_left(self) -> None:
        clock, stream = SettableClock(), io.StringIO()
        with progress("Areas", stream=stream, clock=clock) as step:
            for done in range(1, 101):
                clock.advance(seconds=0.2)
                step(done, 400)
        assert stream.getvalue().splitlines() == [
            "Areas: 25 of 400, 5/s, 1 min 15 s left",
            "Areas: 50 of 400, 5/s, 1 min 10 s left",
            "Areas: 75 of 400, 5/s, 1 min 5 s left",
            "Areas: 100 of 400, 5/s, 1 min 0 s left",
            "Areas: 100 of 400 in 20.0 s",
        ]

    def test_short_work_is_one_line(self) -> None:
        stream = io.StringIO()
        with progress("Areas", stream=stream, clock=SettableClock()) as step:
            step(3, 3)
        assert stream.getvalue() == "Areas: 3 of 3 in 0.0 s\n"

    def test_work_that_never_began_says_nothing(self) -> None:
        stream = io.StringIO()
        with progress("Areas", stream=stream, clock=SettableClock()):
            pass
        assert stream.getvalue() == ""

    def test_on_a_terminal_it_is_a_bar(self) -> None:
        stream = Terminal()
        with progress("Areas", stream=stream) as step:
            step(2, 4)
            step(4, 4)
        assert "4/4" in stream.getvalue()
        assert "\r" in stream.getvalue() or "\x1b" in stream.getvalue()

    def test_quiet_work_says_nothing_at_all(self) -> None:
        stream = Terminal()
        with progress("Areas", stream=stream, quiet=True) as step:
            step(1, 1)
        assert stream.getvalue() == ""


@pytest.mark.once
class TestOnATerminal:
    COLOUR = re.compile(r"\x1b\[3\dm")

    def test_changes_have_colours_and_NO_COLOR_takes_them_away(
        self, script: Script, site_file: Callable[[str], str]
    ) -> None:
        name = site_file(SMALL)
        assert self.COLOUR.search(on_terminal(script, "apply", name, "--dry-run"))
        plain = on_terminal(script, "apply", name, "--dry-run", NO_COLOR="1")
        assert "Vestby kommune" in plain
        assert "\x1b" not in plain
        assert "\x1b" not in on_terminal(script, "apply", name, "--dry-run", TERM="dumb")

    def test_an_import_shows_a_bar(self, script: Script, boundaries: Path) -> None:
        said = on_terminal(script, "areas", "import", str(boundaries))
        assert "2/2" in said
        assert "2 areas of type KOM" in said

    def test_init_asks_for_a_first_member_of_staff(self, fresh: Script) -> None:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "streetmend", "init"],
            env=fresh.environment,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        os.write(ours, b"not an address\nKari@example.org\n")
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)
        os.close(theirs)
        os.close(ours)
        assert process.returncode == 0
        assert b"one e-mail address" in said
        assert b"kari@example.org is a member of staff (admin)" in said


@given(st.integers(0, 10**7))
def test_a_time_is_told_in_two_units_at_most(count: int) -> None:
    said = seconds(count)
    numbers = [int(number) for number in re.findall(r"\d+", said)]
    units = {"s": 1, "min": 60, "h": 3600}
    told = sum(
        number * units[unit] for number, unit in zip(numbers, re.findall(r"[a-z]+", said), strict=True)
    )
    assert told <= count < told + (60 if "h" in said else 1)


def test_words_have_their_plural() -> None:
    assert [plural(n, "area") for n in (0, 1, 1200)] == ["0 areas", "1 area", "1,200 areas"]
    assert plural(2, "delivery", "deliveries") == "2 deliveries"
