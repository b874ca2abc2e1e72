"""`streetmend demo` as a process: starts all of it, says when it is ready, and leaves nothing behind."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streetmend.demo.visitor import VisitFailed, Visitor
from tests.support.demo import PATIENCE, Demo, clean_environment, free_port, is_alive, resident_bytes


def nobody_answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def wait_until_gone(pids: set[int]) -> set[int]:
    """Those that are still there after a long wait."""
    until = time.monotonic() + PATIENCE
    while (left := {pid for pid in pids if is_alive(pid)}) and time.monotonic() < until:
        time.sleep(0.05)
    return left


#: how the machine's own site may be set up, which is not meant
FOREIGN = {
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "STREETMEND_BASE_URL": "https://real.example",
    "STREETMEND_METRICS_KEY": "key",
}


@pytest.fixture(scope="module")
def folder_in_use(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("town")


@pytest.fixture(scope="module")
def running(folder_in_use: Path) -> Iterator[Demo]:
    """A whole town, on a machine with a site of its own, whose neighbouring port another program has."""
    port = free_port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + 1))
        other.listen()
        with Demo(folder_in_use, port=port, reports=300, environment=FOREIGN) as demo:
            demo.ready()
            yield demo


def test_it_is_itself_on_a_machine_whose_own_site_is_set_up_otherwise(running: Demo, folder_in_use: Path):
    assert running.lines[-1] == f"ready http://127.0.0.1:{running.port}/"
    assert (folder_in_use / "streetmend.sqlite3").exists()


def test_a_taken_neighbouring_port_is_passed_over(running: Demo):
    assert f":{running.port + 1}/" not in running.address("the pretend administration")
    assert "Received" in Visitor().open(running.address("the pretend administration")).text


def test_two_demos_in_one_folder_are_refused(running: Demo, folder_in_use: Path):
    with Demo(folder_in_use) as other:
        other.line("Error: A demo is running already")
        assert other.process.wait(PATIENCE) == 1


def test_the_printed_link_signs_a_member_of_staff_in_once(running: Demo):
    link, admin = running.address("sign in as staff"), f"http://127.0.0.1:{running.port}/admin/"
    staff, other = Visitor(), Visitor()
    page, again = staff.open(link), other.open(link)
    staff.submit(page, page.form("csrfmiddlewaretoken"), {})
    assert staff.open(admin).url == admin
    with pytest.raises(VisitFailed, match="410"):
        other.submit(again, again.form("csrfmiddlewaretoken"), {})
    assert other.open(admin).url != admin, "whoever comes later is asked to sign in"


def test_site_and_worker_together_stay_small(running: Demo):
    visitor, site = Visitor(), f"http://127.0.0.1:{running.port}/"
    for path in ("", "reports", "reports/300", "open311/v2/requests.json?jurisdiction_id=vikhavn.example"):
        visitor.open(f"{site}{path}")
    ours = [pid for pid, command in running.children().items() if "streetmend.cli.child" in command]
    assert len(ours) >= 2
    assert resident_bytes(ours) < 300_000_000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_ready_when_all_of_it_answers_and_stops_all_of_it(tmp_path: Path, number: int):
    with Demo(tmp_path) as demo:
        site = demo.ready()
        assert site == f"http://127.0.0.1:{demo.port}/"
        assert Visitor().open(f"{site}readyz").status == 200
        assert "No mail has been sent yet." in Visitor().open(demo.address("the mailbox")).text
        assert "Received" in Visitor().open(demo.address("the pretend administration")).text
        assert demo.address("sign in as staff").startswith(f"{site}sign-in/")
        children = set(demo.children())
        assert demo.end(number) == 0
        assert len(children) >= 3
        assert wait_until_gone(children) == set()
        assert nobody_answers(demo.port)
        assert nobody_answers(demo.port + 1)


def test_nothing_is_left_when_the_parent_is_killed(tmp_path: Path):
    with Demo(tmp_path) as demo:
        demo.ready()
        children = set(demo.children())
        assert demo.end(signal.SIGKILL) == -signal.SIGKILL
        assert wait_until_gone(children) == set()


def test_a_second_run_keeps_the_data_and_follows_the_port(tmp_path: Path):
    with Demo(tmp_path, reports=7) as demo:
        demo.ready()
        assert any("7 reports were made" in line for line in demo.lines)
        first = demo.port
    with Demo(tmp_path, port=free_port(), reports=90) as demo:
        demo.ready()
        assert demo.port != first
        assert any("7 reports are kept from before" in line for line in demo.lines)


def test_a_port_in_use_is_said_with_the_command_to_run_next(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = subprocess.run(
            [sys.executable, "-m", "streetmend", "demo", "--port", str(port), "--data", str(tmp_path)],
            capture_output=True, text=True, env=clean_environment(), timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert said.returncode == 1
    assert f"Port {port} is in use" in said.stderr
    assert "Run next: streetmend demo --port" in said.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_was_killed_while_it_was_set_up_starts_all_the_same(tmp_path: Path):
    with Demo(tmp_path) as demo:
        while not (tmp_path / "streetmend.sqlite3").exists():
            time.sleep(0.01)
        children = set(demo.children())
        demo.end(signal.SIGKILL)
        assert wait_until_gone(children) == set()
    with Demo(tmp_path) as again:
        again.ready()
        assert any("12 reports" in line for line in again.lines)


def test_a_database_that_is_none_is_said_in_words(tmp_path: Path):
    (tmp_path / "demo.json").write_text('{"kind": "demo"}')
    (tmp_path / "streetmend.sqlite3").write_bytes(
        b"this is no database, but it is long enough to be read" * 30
    )
    with Demo(tmp_path) as demo:
        demo.line("Run next: streetmend demo --data DIR")
        assert demo.process.wait(PATIENCE) == 1
        assert any("file is not a database" in line for line in demo.lines)
        assert not any("Traceback" in line for line in demo.lines)


@pytest.mark.parametrize(
    "wrong", [["--port", "0"], ["--port", "x"], ["--reports", "-1"], ["--data", __file__]]
)
def test_wrong_use_is_told_by_status_2(wrong: list[str]):
    said = subprocess.run(
        [sys.executable, "-m", "streetmend", "demo", *wrong],
        capture_output=True, text=True, env=clean_environment(), timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert said.returncode == 2
    assert wrong[0] in said.stderr
