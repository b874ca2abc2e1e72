"""How much memory a server's process takes when it has answered every operation, in every format and packing (Linux)."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

TIMES = 10
_PATIENCE_SECONDS = 60


def resident(paths: Iterable[str]) -> float:
    """Megabytes of the largest process of a site that is served as operators serve it, on this process's database."""
    port = _free_port()
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "streetmend",
        "serve",
        "--no-worker",
        "--workers=1",
        f"--port={port}",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as served:
        try:
            _wait(port)
            for path in paths:
                for _ in range(TIMES):
                    for coding in ("identity", "gzip", "br"):
                        _get(port, path, coding)
            return max(_kilobytes(process) for process in family(served.pid)) / 1024
        finally:
            served.send_signal(signal.SIGTERM)


def _get(port: int, path: str, coding: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": coding})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path} is answered with {answer.status}")
    finally:
        connection.close()


def _wait(port: int) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            _get(port, "/healthz", "identity")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The site does not answer")


def family(process: int) -> set[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(file.parent.name))
    found, ahead = set(), [process]
    while ahead:
        one = ahead.pop()
        found.add(one)
        ahead += children.get(one, [])
    return found


def _kilobytes(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def can_be_seen() -> bool:
    """Whether this machine tells."""
    return os.path.exists("/proc/self/status")
