"""What happens now and then in any process of the site, counted for those who watch it: one small file for all of them.

A count is written within a second. It may be lost where a process is killed in that second: it is for watching, and nothing
rests on it.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from django.conf import settings

Labels = tuple[tuple[str, str], ...]
Key = tuple[str, Labels]
_WRITE_EVERY_SECONDS = 1.0


def count(name: str, amount: float = 1, labels: Mapping[str, str] | None = None) -> None:
    """So much more of it on this site."""
    counts().add(name, amount, labels)


def counts() -> Counts:
    """The counts of this site."""
    return _of(settings.DATA / "counts.json")


class Counts:
    """The counts of all processes that have the same file."""

    def __init__(self, path: Path, *, write_every: float = _WRITE_EVERY_SECONDS) -> None:
        self._path, self._every = path, write_every
        self._lock = threading.Lock()
        self._pending: dict[Key, float] = {}
        self._timer: threading.Timer | None = None

    def add(self, name: str, amount: float = 1, labels: Mapping[str, str] | None = None) -> None:
        """So much more of it; costs no more than memory at this moment."""
        with self._lock:
            _add(self._pending, {(name, tuple(sorted((labels or {}).items()))): amount})
            if self._timer is None:
                self._timer = threading.Timer(self._every, self.write)
                self._timer.daemon = True
                self._timer.start()

    def write(self) -> None:
        """What was counted is in the file; where that cannot be written, it waits."""
        with self._lock:
            self._timer = None
            pending, self._pending = self._pending, {}
        if not pending:
            return
        try:
            self._add_to_file(pending)
        except OSError:
            with self._lock:
                _add(self._pending, pending)

    def _add_to_file(self, pending: Mapping[Key, float]) -> None:
        self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o640)
        with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            known = _read(file.read())
            _add(known, pending)
            rows = [
                [name, list(map(list, labels)), amount] for (name, labels), amount in sorted(known.items())
            ]
            file.seek(0)
            file.write(json.dumps(rows))
            file.truncate()

    def all(self) -> Iterator[tuple[str, Labels, float]]:
        """Name, labels and count of everything that was ever counted, by name."""
        self.write()
        try:
            with self._path.open(encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                text = file.read()
        except OSError:
            return
        for (name, labels), amount in sorted(_read(text).items()):
            yield name, labels, amount


@cache
def _of(path: Path) -> Counts:
    return Counts(path)


def _add(known: dict[Key, float], more: Mapping[Key, float]) -> None:
    for key, amount in more.items():
        known[key] = known.get(key, 0.0) + amount


def _read(text: str) -> dict[Key, float]:
    """What the file holds; nothing where a disk that was full cut it off."""
    try:
        rows = json.loads(text or "[]")
        return {
            (str(name), tuple((str(key), str(value)) for key, value in labels)): float(amount)
            for name, labels, amount in rows
        }
    except (ValueError, TypeError):
        return {}
