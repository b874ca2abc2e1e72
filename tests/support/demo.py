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
from collections.abc import Mapping
from pathlib import Path

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
        """Every process that the demo has started, with its command line (Linux)."""
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


def descendants(pid: int) -> dict[int, str]:
    """The processes below `pid` with their command lines, as /proc has them."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:
                continue
            parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    found: dict[int, str] = {}
    level = {pid}
    while level:
        level = {child for child, parent in parents.items() if parent in level}
        for child in level:
            try:
                line = Path(f"/proc/{child}/cmdline").read_bytes()
            except OSError:
                continue
            found[child] = line.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def is_alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
