"""Processes that run beside each other: started, started again when they fall, and stopped with time to finish.

`serve` runs the site and a worker with it; the demo its pretend administration as well:

    if status := prepare_site():
        raise SystemExit(status)
    children = Children([site_child(port=8000), worker_child(), Child("administration", argv)])
    with stopping_on_signals() as stop:
        status = children.run(stop)
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from streetmend.clock import Clock, SystemClock

#: how long a child that was told to stop may finish what it has begun: one call's whole wall clock, and the record of it
DRAIN_SECONDS = 90.0
#: a child that lived so long may fall once more without counting
STEADY_SECONDS = 30.0
#: a child that falls so often without having been steady has no use
FALLS = 4
_LOOK_SECONDS = 0.2
#: of prctl(2): the signal that the kernel sends when the parent has died
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Child:
    """A process to be run: its name (for people), its arguments, and what its environment has besides ours."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def prepare_site() -> int:
    """The settings and the database are fit for the site: 0. Else the status of the program, which has told the problem on
    standard error.

    A process of its own does it, so that the one that only watches stays small. Call it before the first site_child().
    """
    return subprocess.run(_ours("prepare"), check=False).returncode  # noqa: S603  the arguments are ours


def site_child(*, port: int, host: str = "127.0.0.1", processes: int = 1) -> Child:
    """The site: `processes` processes answer at http://`host`:`port`/. Its links follow STREETMEND_BASE_URL, else the port."""
    argv = ("site", "--port", str(port), "--host", host, "--processes", str(processes))
    return Child("site", _ours(*argv), {"PORT": str(port)})


def worker_child(*, port: int | None = None) -> Child:
    """A worker. `port` is the site's, for the links in its mails where STREETMEND_BASE_URL is not set."""
    return Child("worker", _ours("worker"), {} if port is None else {"PORT": str(port)})


def _ours(*argv: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "streetmend.cli.child", str(os.getpid()), *argv)


class Children:
    """Some processes, kept running until told to stop."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        clock: Clock | None = None,
        say: Callable[[str], None] | None = None,
        drain_seconds: float = DRAIN_SECONDS,
    ) -> None:
        self._clock, self._say, self._drain_seconds = clock or SystemClock(), say or _say, drain_seconds
        self._kept = [_Kept(child, self._clock) for child in children]
        self._pause = threading.Event()

    def run(self, stop: threading.Event) -> int:
        """All of them run until `stop` is set (0), or until one falls again and again (1); none is left behind."""
        try:
            self.start()
            return self.watch(stop)
        finally:
            self.stop()

    def start(self) -> None:
        """All of them have been started."""
        for kept in self._kept:
            kept.start()

    def watch(self, stop: threading.Event) -> int:
        """Waits until `stop` is set (0) or a child has fallen too often (1); a child that falls less often is started again."""
        while not stop.wait(_LOOK_SECONDS):
            for kept in self._kept:
                status = kept.fallen()
                if status is None:
                    continue
                if kept.falls >= FALLS:
                    self._say(f"The {kept.child.name} ended {FALLS} times in a row ({_ended(status)}).")
                    return 1
                self._say(f"The {kept.child.name} ended ({_ended(status)}) and is started again.")
                kept.start_later()
        return 0

    def stop(self) -> None:
        """All of them have ended: each was told to stop and had `drain_seconds` to finish (less, if we are interrupted)."""
        end = self._clock.monotonic() + self._drain_seconds
        try:
            for kept in self._kept:
                kept.signal(signal.SIGTERM)
            while any(kept.alive for kept in self._kept) and self._clock.monotonic() < end:
                self._pause.wait(_LOOK_SECONDS / 4)
        finally:
            for kept in self._kept:
                kept.signal(signal.SIGKILL)
                kept.wait()

    def pids(self) -> dict[str, int]:
        """The process ids by the children's names, of those that run."""
        return {kept.child.name: kept.process.pid for kept in self._kept if kept.process and kept.alive}


class _Kept:
    """One child, its process, and how it has fared."""

    def __init__(self, child: Child, clock: Clock) -> None:
        self.child, self._clock = child, clock
        self.process: subprocess.Popen[bytes] | None = None
        self.falls = 0
        self._started = 0.0
        self._next: float | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        self._started, self._next = self._clock.monotonic(), None
        # a group of its own: Ctrl-C on the terminal reaches us alone, and each child is told to stop once
        self.process = subprocess.Popen(  # noqa: S603  the arguments are ours
            self.child.argv, env={**os.environ, **self.child.environment}, process_group=0
        )

    def start_later(self) -> None:
        """The child will be started again: at once after the first fall, later after each further one."""
        self._next = self._clock.monotonic() + (2.0 ** (self.falls - 1) - 1)

    def fallen(self) -> int | None:
        """The status of a child that has ended since the last look, else None."""
        if self._next is not None:
            if self._clock.monotonic() >= self._next:
                self.start()
            return None
        status = self.process.poll() if self.process else None
        if status is not None:
            steady = self._clock.monotonic() - self._started >= STEADY_SECONDS
            self.falls = 1 if steady else self.falls + 1
        return status

    def signal(self, number: int) -> None:
        if self.process is not None and self.alive:
            self.process.send_signal(number)

    def wait(self) -> None:
        if self.process is not None:
            self.process.wait()


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _ended(status: int) -> str:
    return f"by signal {-status}" if status < 0 else f"status {status}"


def end_with(parent: int) -> None:
    """This process is told to stop (SIGTERM) when the parent dies. Linux tells; elsewhere only an orderly stop reaches us."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(0)


@contextmanager
def stopping_on_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM, SIGINT (Ctrl-C) and SIGHUP set; a second one of them ends this process at once."""
    stop = threading.Event()

    def told(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise SystemExit(128 + number)
        stop.set()

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.signal(number, told) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
