"""The first trip over real sockets, as its users start it: `streetmend demo`, and its check."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

from streetmend.demo import check
from streetmend.demo.check import STEPS
from streetmend.demo.visitor import Visitor
from tests.support.demo import PATIENCE, Demo, free_port


def test_a_report_goes_out_and_comes_back_fixed(tmp_path: Path):
    """`streetmend demo --check`: every step is printed with its time, and the status says that all went well."""
    with Demo(tmp_path, "--check", reports=20) as demo:
        demo.line("out and back in")
        assert demo.process.wait(PATIENCE) == 0
        steps = [line for line in demo.lines if line.startswith("ok ")]
        assert [re.sub(r"^ok +[\d.]+ s +|: .*", "", line) for line in steps] == [name for name, _ in STEPS]


def test_two_checks_at_once_find_ports_of_their_own(tmp_path: Path):
    port = free_port()
    with Demo(tmp_path / "one", port=port, reports=3) as first:
        first.ready()
        environment = {"PORT": str(port)}
        with Demo(tmp_path / "two", "--check", port=0, reports=3, environment=environment) as second:
            second.line("ready ")
            assert f":{port}/" not in second.lines[-1]
            second.line("out and back in")
            assert second.process.wait(PATIENCE) == 0
        assert Visitor().open(f"http://127.0.0.1:{port}/").status == 200


def test_a_report_that_is_interrupted_by_a_restart_ends_fixed(tmp_path: Path):
    """The administration and the site forget nothing: what was under way when the demo stopped goes on."""
    with Demo(tmp_path, reports=3) as demo:
        site = demo.ready()
        report = confirmed_report(demo, site)
    with Demo(tmp_path, port=demo.port, reports=3) as again:
        again.ready()
        assert waited_for(report, "Fixed")
        received = Visitor().open(again.address("the pretend administration")).text
        assert received.count(f"{report} ") == 1, "it was sent once"
        number = re.findall(r"VI-\d+", received.partition(f"{report} ")[0])[-1]
        assert f"their number {number}" in Visitor().open(report).text


def confirmed_report(demo: Demo, site: str) -> str:
    """The address of a report that a visitor has made and confirmed just now."""
    walk = check.Walk(
        check.Report(site, demo.address("the mailbox"), demo.address("the pretend administration")),
        Visitor(),
        time.monotonic() + PATIENCE,
        threading.Event(),
    )
    for _, step in STEPS[:3]:
        step(walk)
    return walk.report


def waited_for(url: str, word: str) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if word in Visitor().open(url).text:
            return True
        time.sleep(0.2)
    return False
