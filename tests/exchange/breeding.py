"""`python -m tests.exchange.breeding`: a process that has loaded the whole worker, and makes workers by forking.

To load Django and all of its modules takes a worker most of a test's time; one that is forked has them. In everything else it is
what `streetmend work` is: a process with an environment, output, signals and connections of its own, which runs that command.

Each line of its input is an order as JSON: `arguments`, `environment` and the file `log` for what it says. It answers with lines
of JSON: the `pid` of a worker, and later how it `ended`: as `subprocess` says it, negative for a signal.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

#: in place of arguments: a worker that does what is due, and stops itself (SIGSTOP) before the first byte of each call
STOPPING = "stopping"


class Breeder:
    """The process, as a test sees it; it starts when the first worker is wanted."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._born: list[int] = []
        self._ended: dict[int, int] = {}
        self._told = threading.Condition()

    def worker(self, environment: Mapping[str, str], log: Path, *arguments: str) -> int:
        """The pid of a new worker."""
        process = self._begin(environment)
        order = {"arguments": arguments, "environment": dict(environment), "log": str(log)}
        assert process.stdin is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        with self._told:
            if not self._told.wait_for(lambda: self._born, timeout=60):
                raise RuntimeError("no worker came")
            return self._born.pop()

    def status(self, pid: int, seconds: float) -> int | None:
        """How the worker ended; None where it has not within so many seconds."""
        with self._told:
            self._told.wait_for(lambda: pid in self._ended, timeout=seconds)
            return self._ended.get(pid)

    def close(self) -> None:
        """It ends."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(60)

    def _begin(self, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.exchange.breeding"],
                env={**environment, "STREETMEND_CRASH_POINT": ""}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        return self._process

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                told = json.loads(line)
                with self._told:
                    if "ended" in told:
                        self._ended[told["pid"]] = told["ended"]
                    else:
                        self._born.append(told["pid"])
                    self._told.notify_all()


def main() -> None:
    """Makes what is ordered until its input ends."""
    from streetmend.cli import setup_django

    setup_django()
    for name in ("streetmend.exchange.worker", "streetmend.exchange.watchdog", "streetmend.cli.work"):
        importlib.import_module(name)
    ends, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    unread = b""
    while True:
        ready, _, _ = select.select([0, ends], [], [])
        if ends in ready:
            os.read(ends, 4096)
            _tell_of_ends()
        if 0 in ready:
            came = os.read(0, 65536)
            if not came:
                return
            *orders, unread = (unread + came).split(b"\n")
            for order in orders:
                _tell(pid=_bear(json.loads(order)))


def _tell(**told: int) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")


def _tell_of_ends() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _tell(pid=pid, ended=os.waitstatus_to_exitcode(status))


def _bear(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for number, file in enumerate((nothing, log, log)):
        os.dup2(file, number)
    status = 1
    try:
        status = _work(order)
    finally:
        # what belongs to the process that it was forked from is not tidied up by it
        sys.stdout.flush()
        os._exit(status)
    return 0


def _work(order: dict[str, Any]) -> int:
    """`streetmend work` with this environment and these arguments; its exit status."""
    os.environ.clear()
    os.environ.update(order["environment"])
    from django.conf import settings

    read = importlib.reload(importlib.import_module("streetmend.settings"))
    for name in filter(str.isupper, dir(read)):
        setattr(settings, name, getattr(read, name))
    from django.db import connections

    from streetmend import crash
    from streetmend.cli import group

    # nothing was connected to before it was forked; but the connection may have been made
    connections.settings = connections.configure_settings(settings.DATABASES)
    with contextlib.suppress(AttributeError):
        del connections["default"]

    if point := os.environ.get("STREETMEND_CRASH_POINT"):
        crash.aim(point)
    try:
        if order["arguments"] == [STOPPING]:
            return _work_and_stop()
        group.main(["work", *order["arguments"]], prog_name="streetmend")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _work_and_stop() -> int:
    from django.db import connection

    from streetmend.database.gate import gate_for
    from streetmend.exchange.worker import run
    from streetmend.fetch import Fetcher

    class Stopping:
        """Looks a name up only when somebody has let the process go on: the lease was looked at by then, and nothing has left."""

        async def resolve(self, host: str, port: int) -> list[str]:
            gate = gate_for(str(connection.settings_dict["NAME"]))
            while connection.vendor == "sqlite":
                # it holds nobody up while it stands still: no other thread of it is inside a write, or about to begin one
                turn = await asyncio.to_thread(gate.take)
                alone = gate.waiting == 0
                turn.done()
                if alone:
                    break
                await asyncio.sleep(0.01)
            os.kill(os.getpid(), signal.SIGSTOP)
            return ["127.0.0.1"]

    @contextlib.asynccontextmanager
    async def transport() -> AsyncIterator[Fetcher]:
        async with Fetcher(allow=["127.0.0.0/8"], resolver=Stopping()) as fetcher:
            yield fetcher

    return run(once=True, transport=transport)


if __name__ == "__main__":
    main()
