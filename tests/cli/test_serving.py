"""`serve` runs the site and a worker, keeps them running, and ends when what has begun is finished."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streetmend.processes import FALLS, Child, Children
from tests.cli.conftest import PATIENCE_SECONDS, Script

pytestmark = pytest.mark.once


def until(there: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not there():
        assert time.monotonic() < end, f"it never came: {what}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def status_of(port: int, path: str = "/healthz") -> int | None:
    """The status of the site's answer; None where nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def below(pid: int) -> list[int]:
    """The process ids of its children."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in listed.stdout.split()]


def alive(pid: int) -> bool:
    """Whether there is such a process (one that has ended and was not waited for is none)."""
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state = listed.stdout.strip()
    return state != "" and not state.startswith("Z")


class Serving:
    """`streetmend serve` as a process."""

    def __init__(self, environment: dict[str, str], log: Path, *arguments: str) -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streetmend", "serve", *arguments],
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def children(self) -> dict[str, int]:
        """The site and the worker by name, with their process ids."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        found = (line.split() for line in listed.splitlines() if "streetmend.cli.child" in line)
        return {words[words.index("streetmend.cli.child") + 2]: int(words[0]) for words in found}

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def serve(script: Script, tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    running: list[Serving] = []

    def started(*arguments: str, **environment: str) -> Serving:
        log = tmp_path / f"serve-{len(running)}.log"
        running.append(Serving({**script.environment, **environment}, log, *arguments))
        return running[-1]

    yield started
    for one in running:
        with contextlib.suppress(ProcessLookupError):
            one.process.kill()
            one.process.wait()


def test_it_answers_at_the_port_that_it_prints_and_ends_with_0_when_told(
    serve: Callable[..., Serving],
) -> None:
    port = free_port()
    site = serve("--workers", "1", PORT=str(port))
    until(lambda: f"Streetmend answers at http://127.0.0.1:{port}/" in site.said(), "the address")
    assert status_of(port) == 200
    until(lambda: "started" in site.said(), "the worker")
    assert set(site.children()) == {"site", "worker"}
    assert site.end() == 0
    assert "worker" in site.said().splitlines()[-1]
    assert "stopped" in site.said().splitlines()[-1]
    assert status_of(port) is None


def test_a_request_that_has_begun_is_answered_after_it_was_told_to_stop(
    serve: Callable[..., Serving],
) -> None:
    port = free_port()
    site = serve("--port", str(port), "--workers", "1", "--no-worker")
    until(lambda: status_of(port) == 200, "the site")
    assert set(site.children()) == {"site"}
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as begun:
        head = "POST /admin/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20\r\n"
        begun.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\na=12345678".encode())
        time.sleep(0.5)  # for the site to take it in; a slower one would only make the test easier
        site.process.send_signal(signal.SIGTERM)
        until(lambda: status_of(port) is None, "the end of listening")
        begun.sendall(b"1234567890")
        assert begun.recv(12) == b"HTTP/1.1 403"
    assert site.process.wait(PATIENCE_SECONDS) == 0


def test_forms_on_their_way_over_a_slow_line_hold_up_nobody(serve: Callable[..., Serving]) -> None:
    port = free_port()
    site = serve("--port", str(port), "--workers", "1", "--no-worker")
    until(lambda: status_of(port) == 200, "the site")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    connection.request("GET", "/sign-in")
    answer = connection.getresponse()
    answer.read()
    cookie = str(answer.getheader("set-cookie")).partition(";")[0].strip()
    connection.close()
    head = f"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nContent-Length: 20\r\n"
    with contextlib.ExitStack() as held:
        for _ in range(10):
            slow = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS))
            slow.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\na=1".encode())
        time.sleep(0.5)  # for the site to take them in; a slower one would only make the test easier
        assert status_of(port) == 200
        slow.sendall(b"x" * 17)
        assert slow.recv(9) == b"HTTP/1.1 "
    assert site.end() == 0


def test_what_falls_is_started_again(serve: Callable[..., Serving]) -> None:
    port = free_port()
    site = serve("--port", str(port), "--workers", "1")
    until(lambda: status_of(port) == 200, "the site")
    until(lambda: set(site.children()) == {"site", "worker"}, "both")
    first = site.children()
    os.kill(first["worker"], signal.SIGKILL)
    until(lambda: site.children().get("worker", first["worker"]) != first["worker"], "another worker")
    assert "The worker ended (by signal 9) and is started again." in site.said()
    [answering] = below(first["site"])
    os.kill(first["site"], signal.SIGKILL)
    until(lambda: not alive(answering), "the end of the process that answered")
    until(lambda: site.children().get("site", first["site"]) != first["site"], "another site")
    until(lambda: status_of(port) == 200, "its answer")
    assert site.end() == 0


def test_its_processes_do_not_outlive_it(serve: Callable[..., Serving]) -> None:
    port = free_port()
    site = serve("--port", str(port), "--workers", "1")
    until(lambda: status_of(port) == 200 and set(site.children()) == {"site", "worker"}, "both")
    site.process.kill()
    site.process.wait()
    until(lambda: status_of(port) is None, "the end of the site")


def test_told_to_stop_while_it_starts_it_ends_at_once(serve: Callable[..., Serving]) -> None:
    site = serve("--port", str(free_port()), "--workers", "2")
    until(lambda: set(site.children()) == {"site", "worker"}, "both")
    until(lambda: len(below(site.children()["site"])) == 2, "those that answer")
    assert site.end() == 0
    assert "refused to" not in site.said()


def test_a_port_in_use_is_a_problem_with_the_command_that_takes_another(script: Script) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = script("serve", "--port", str(port))
    assert ended.status == 1
    assert ended.err == (
        f"Error: Port {port} of 127.0.0.1 is in use by another program.\nRun next: streetmend serve --port {port + 1}\n"
    )


def test_without_a_database_it_does_not_start(fresh: Script) -> None:
    ended = fresh("serve", "--port", str(free_port()))
    assert ended.status == 1
    assert ended.err.splitlines()[-1] == "Run next: streetmend init"


def test_work_once_ends_when_nothing_is_due(script: Script) -> None:
    ended = script("work", "--once")
    assert ended.status == 0
    assert "stopped" in ended.err


class TestChildren:
    """Any processes, kept running."""

    def test_one_that_falls_again_and_again_ends_them_all_with_1(self, tmp_path: Path) -> None:
        count = tmp_path / "count"
        failing = Child("failing", ("sh", "-c", f"echo >> {count}; exit 3"))
        steady = Child("steady", ("sleep", "1000"))
        said: list[str] = []
        children = Children([failing, steady], say=said.append)
        assert children.run(threading.Event()) == 1
        assert count.read_text() == "\n" * FALLS
        assert said[-1] == f"The failing ended {FALLS} times in a row (status 3)."
        assert children.pids() == {}

    def test_one_that_does_not_end_when_told_is_ended_after_its_time(self) -> None:
        deaf = Child("deaf", ("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"))
        stop = threading.Event()
        children = Children([deaf], drain_seconds=0.3)
        children.start()
        stop.set()
        assert children.watch(stop) == 0
        children.stop()
        assert children.pids() == {}

    def test_each_has_its_own_environment_besides_ours(self, tmp_path: Path) -> None:
        file = tmp_path / "said"
        child = Child("child", ("sh", "-c", f'echo "$COLOUR $HOME" > {file}; sleep 1000'), {"COLOUR": "blue"})
        children = Children([child])
        children.start()
        until(lambda: file.exists() and file.read_text() != "", "its words")
        children.stop()
        assert file.read_text() == f"blue {os.environ['HOME']}\n"
