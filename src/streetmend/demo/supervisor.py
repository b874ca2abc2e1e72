"""The demo's parent process: sets the site up, runs site, worker and neighbours beside each other, and stops all of them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streetmend.demo.check import Report, walk
from streetmend.demo.folder import Folder, FolderRefused
from streetmend.processes import Child, Children, prepare_site, site_child, stopping_on_signals, worker_child

HOST = "127.0.0.1"
#: how long what has begun may be finished when the demo is told to stop
_DRAIN_SECONDS = 8.0
_CHECK_DRAIN_SECONDS = 3.0
#: a start that takes longer has failed
_START_SECONDS = 90.0
#: of the 40 seconds of a check, the rest is for a last slow answer and for stopping
_CHECK_SECONDS = 32.0
_LOOK_SECONDS = 0.05
_AGAIN = "streetmend demo --data DIR (an empty folder)"


class DemoFailed(Exception):
    """The demo cannot run; the text says why, and `next_command` what to run instead."""

    def __init__(self, what: str, next_command: str = "") -> None:
        super().__init__(what)
        self.next_command = next_command


@dataclass(frozen=True, slots=True)
class Plan:
    """What the demo is to do. `say` prints one line."""

    folder: Folder
    port: int
    reports: int
    say: Callable[[str], None]
    check: bool = False
    in_progress_seconds: float = 6.0
    fixed_seconds: float = 15.0

    @property
    def site(self) -> str:
        """The site's address."""
        return f"http://{HOST}:{self.port}/"


def run(plan: Plan) -> int:
    """The demo runs until SIGTERM or Ctrl-C (0), or until its check has passed (0) or failed (1); nothing is left behind.

    Raises DemoFailed where it cannot start.
    """
    began = time.monotonic()
    try:
        with plan.folder.held(), stopping_on_signals() as stop:
            return _Demo(plan, stop, began).run()
    except FolderRefused as error:
        raise DemoFailed(str(error), "streetmend demo --data DIR") from error


class _Demo:
    def __init__(self, plan: Plan, stop: threading.Event, began: float) -> None:
        self.plan, self.stop, self.began = plan, stop, began
        self.until = began + (_CHECK_SECONDS if plan.check else _START_SECONDS)
        self.neighbours_port = free_port(plan.port + 1)
        self.neighbours = f"http://{HOST}:{self.neighbours_port}/"

    def run(self) -> int:
        os.environ.update(environment := dict(self.plan.folder.environment(self.plan.port)))
        for foreign in os.environ.keys() - environment.keys():
            del os.environ[foreign]
        done = self._set_up()
        if done is None or self.stop.is_set():
            return 0
        if status := prepare_site():
            return status
        drain = _CHECK_DRAIN_SECONDS if self.plan.check else _DRAIN_SECONDS
        children = Children(self._children(done["language"]), drain_seconds=drain)
        try:
            children.start()
            if not self._answers(children):
                return 0
            self._announce(done)
            return self._check(done) if self.plan.check else children.watch(self.stop)
        finally:
            children.stop()

    def _set_up(self) -> dict[str, Any] | None:
        """What the set-up said it did; None where we were told to stop."""
        if not self.plan.folder.database.exists():
            self.plan.say(f"Setting up a town with {self.plan.reports} reports in {self.plan.folder.path}")
        argv = [sys.executable, "-m", "streetmend.demo.setup", str(os.getpid())]
        argv += ["--administration", self.neighbours, "--reports", str(self.plan.reports)]
        setup = subprocess.Popen(argv, stdout=subprocess.PIPE, process_group=0)  # noqa: S603  the arguments are ours
        try:
            while setup.poll() is None and not self._late() and not self.stop.wait(_LOOK_SECONDS):
                pass
        finally:
            if setup.poll() is None:
                setup.send_signal(signal.SIGTERM)
            said, _ = setup.communicate()
        if self.stop.is_set():
            return None
        if setup.returncode:
            raise DemoFailed(
                f"The demo's site could not be set up in {self.plan.folder.path} (the lines above say why).",
                _AGAIN,
            )
        done: dict[str, Any] = json.loads(said)
        return done

    def _children(self, language: str) -> list[Child]:
        argv = [sys.executable, "-m", "streetmend.demo.neighbours", str(os.getpid())]
        argv += ["--folder", str(self.plan.folder.path), "--port", str(self.neighbours_port)]
        argv += ["--site", self.plan.site, "--in-progress-seconds", str(self.plan.in_progress_seconds)]
        argv += ["--fixed-seconds", str(self.plan.fixed_seconds), "--language", language]
        return [
            Child("pretend administration", tuple(argv)),
            site_child(port=self.plan.port, host=HOST, processes=1),
            worker_child(port=self.plan.port),
        ]

    def _answers(self, children: Children) -> bool:
        """Whether site and neighbours answer by now; false where we were told to stop. Raises DemoFailed."""
        for url in (f"{self.plan.site}readyz", self.neighbours):
            while not _is_there(url):
                if self.stop.wait(_LOOK_SECONDS):
                    return False
                if len(children.pids()) < 3:
                    raise DemoFailed("A process of the demo ended at once (the lines above say why).", _AGAIN)
                if self._late():
                    patience = f"{self.until - self.began:.0f} seconds"
                    raise DemoFailed(f"The demo did not answer within {patience}.", _AGAIN)
        return True

    def _late(self) -> bool:
        return time.monotonic() > self.until

    def _announce(self, done: dict[str, Any]) -> None:
        say, site = self.plan.say, self.plan.site
        say("Vikhavn, a town that does not exist, and its street reports")
        say(f"  the site                    {site}")
        say(f"  its Open311 server          {site}open311/")
        say(f"  the mailbox                 {self.neighbours}mailbox/")
        say(f"  the pretend administration  {self.neighbours}")
        say(f"  sign in as staff (once)     {done['sign_in']}")
        kept = "were made" if done["new"] else "are kept from before"
        say(f"  {done['reports']} reports {kept}; the data: {self.plan.folder.path}")
        say(f"ready {site}")

    def _check(self, done: dict[str, Any]) -> int:
        report = Report(
            site=self.plan.site, mailbox=f"{self.neighbours}mailbox/", administration=self.neighbours
        )
        return walk(report, say=self.plan.say, began=self.began, until=self.until, stop=self.stop)


def free_port(first: int) -> int:
    """The first free port from `first` on. Raises DemoFailed."""
    for port in range(first, 65536):
        if is_free(port):
            return port
    raise DemoFailed(f"There is no free port from {first} on.", "streetmend demo --port 8000")


def is_free(port: int) -> bool:
    """Whether a server could listen at the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _is_there(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def default_folder() -> Path:
    """Where the demo's data lie if nothing else is said."""
    return Path(os.environ.get("STREETMEND_DATA") or "var").expanduser().resolve()
