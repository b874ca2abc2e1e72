"""A demo as its users start it: a process of its own whose lines are read as they come."""

from __future__ import annotations

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

#: a machine that is busy with other tests is slow; a demo that takes longer hangs
PATIENCE = 150.0


class Demo:
    """`streetmend demo` with its data in `data`; use it as a context manager. Port 0: none is given."""

    def __init__(
        self,
        data: Path,
        *arguments: str,
        port: int | None = None,
        reports: int = 12,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._environment = clean_environment() | dict(environment or {})
        self.port = free_port() if port is None else port
        self.lines: list[str] = []
        self._said: queue.Queue[str | None] = queue.Queue()
        self._argv = [sys.executable, "-m", "streetmend", "demo"]
        self._argv += ["--port", str(self.port)] if self.port else []
        self._argv += ["--data", str(data), "--reports", str(reports), *arguments]

    def __enter__(self) -> Demo:
        self.process = subprocess.Popen(
            self._argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self._environment
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self._reader.join(PATIENCE)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as said:
            for line in said:
                self._said.put(line.rstrip("\n"))
        self._said.put(None)

    def line(self, beginning: str) -> str:
        """The next line that begins so; everything that was said before it is in `lines`."""
        while (said := self._said.get(timeout=PATIENCE)) is not None:
            self.lines.append(said)
            if said.strip().startswith(beginning):
                return said
        raise AssertionError(f"the demo ended before it said {beginning!r}:\n" + "\n".join(self.lines))

    def ready(self) -> str:
        """The site's address, as soon as the demo says that it is ready."""
        return self.line("ready ").removeprefix("ready ")

    def address(self, name: str) -> str:
        """An address that was printed before it was ready."""
        line = next(line for line in self.lines if line.strip().startswith(name))
        found = re.search(r"http://\S+", line)
        assert found, line
        return found[0]

    def children(self) -> dict[int, str]:
        """Every process that the demo has started, with its command line."""
        return descendants(self.process.pid)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Its status after the signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def clean_environment() -> dict[str, str]:
    """The environment of somebody who has set nothing up; what the tests' own site is set to is not theirs."""
    ours = ("STREETMEND_", "DATABASE_", "DJANGO_", "EMAIL_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def free_port() -> int:
    """A free port whose next one is free, too."""
    while True:
        with socket.socket() as probe, socket.socket() as following:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            if port < 65000:
                try:
                    following.bind(("127.0.0.1", port + 1))
                except OSError:
                    continue
                return port


class Process(NamedTuple):
    """A process of this machine."""

    pid: int
    parent: int
    zombie: bool
    command: str


def processes() -> list[Process]:
    """All of them, from /proc or, where there is none, from ps."""
    if Path("/proc/self/stat").exists():
        found = [_from_proc(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
        return [one for one in found if one is not None]
    said = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 3) for line in said.stdout.splitlines()]
    return [Process(int(row[0]), int(row[1]), row[2].startswith("Z"), row[3]) for row in rows if len(row) > 3]


def _from_proc(folder: Path) -> Process | None:
    try:
        state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:  # it has ended meanwhile
        return None
    return Process(int(folder.name), int(parent), state == "Z", command)


def descendants(pid: int) -> dict[int, str]:
    """The processes below `pid` with their command lines."""
    known = processes()
    found: dict[int, str] = {}
    level = {pid}
    while level:
        below = [one for one in known if one.parent in level]
        found |= {one.pid: one.command for one in below}
        level = {one.pid for one in below}
    return found


def is_alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    return any(one.pid == pid and not one.zombie for one in processes())


def resident_bytes(pids: Sequence[int]) -> int:
    """How much memory the processes hold; what they share counts for each of them."""
    pages = [Path(f"/proc/{pid}/statm") for pid in pids]
    if pages[0].exists():
        return sum(int(page.read_text().split()[1]) for page in pages) * os.sysconf("SC_PAGE_SIZE")
    asked = ["ps", "-o", "rss=", "-p", ",".join(map(str, pids))]
    said = subprocess.run(asked, capture_output=True, text=True, check=True)
    return sum(int(line) * 1024 for line in said.stdout.split())
