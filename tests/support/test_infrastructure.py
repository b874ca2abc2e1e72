"""The tests' own tools: what they need, the browser and the clock."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.clock import SettableClock

NEEDS = Path(__file__).parents[1] / "needs.py"


def test_a_machine_that_lacks_something_is_told_in_one_line_what_to_install():
    ended = subprocess.run(
        [sys.executable, str(NEEDS)],
        env={"PATH": "/nowhere", "STREETMEND_CHROMIUM": "/nowhere/chromium", "DATABASE_URL": "postgres://x/x"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert "sudo apt-get install chromium" in ended.stderr


def test_the_browser_reaches_the_site_of_the_tests(page, live_server):
    answer = page.request.get(f"{live_server.url}/nowhere")
    assert answer.status == 404
    page.set_content("<h1>Street</h1><script>document.title = 'mended'</script>")
    assert (page.inner_text("h1"), page.title()) == ("Street", "mended")


def test_the_clock_stands_until_it_is_moved(clock):
    before = (clock.now(), clock.monotonic())
    assert before == (clock.now(), clock.monotonic())
    clock.advance(hours=2)
    assert clock.now() - before[0] == timedelta(hours=2)
    assert clock.monotonic() - before[1] == 7200


def test_a_clock_that_is_put_wrong_measures_on():
    clock = SettableClock()
    started = clock.monotonic()
    clock.set(clock.now() - timedelta(hours=2))
    clock.advance(seconds=5)
    assert clock.monotonic() - started == 5
    with pytest.raises(ValueError):
        clock.advance(seconds=-1)
