"""The data folder of a demo: what lies in it besides a site's own files, and the environment that its processes have."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: settings of a real site that a demo must not take over
_FOREIGN = ("DATABASE_URL", "DATABASE_REPLICA_URL", "EMAIL_URL", "PORT")


class FolderRefused(Exception):
    """The demo cannot use this folder; the text says why."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that a demo may use: an empty one, or the one of an earlier demo."""

    path: Path

    @property
    def marker(self) -> Path:
        """Says that the folder is a demo's, and where its administration was last."""
        return self.path / "demo.json"

    @property
    def database(self) -> Path:
        """The site's database."""
        return self.path / "streetmend.sqlite3"

    @property
    def mail(self) -> Path:
        """Where the site's mails lie."""
        return self.path / "mail"

    @property
    def journal(self) -> Path:
        """What the pretend administration has received and said."""
        return self.path / "administration.jsonl"

    @contextmanager
    def held(self) -> Iterator[None]:
        """No other demo uses the folder meanwhile. Raises FolderRefused."""
        self._check()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / "demo.lock").open("w")
        except OSError as error:
            raise FolderRefused(f"{self.path} cannot be written: {error.strerror}.") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FolderRefused(f"A demo is running already with the data in {self.path}.") from error
            yield

    def _check(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise FolderRefused(f"{self.path} is no folder.")
        if self.database.exists() and not self.marker.exists():
            raise FolderRefused(f"{self.path} holds a site that is no demo; it is left alone.")

    def remembered(self) -> dict[str, str]:
        """What the marker says; nothing where there is none yet, or it cannot be read."""
        try:
            known = json.loads(self.marker.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(name): str(value) for name, value in known.items()} if isinstance(known, dict) else {}

    def remember(self, **what: str) -> None:
        """The marker says this as well."""
        text = json.dumps(self.remembered() | what)
        fresh = self.marker.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.marker)

    def environment(self, port: int) -> Mapping[str, str]:
        """The environment of the demo's processes: whatever this machine's own site is set to, it is not meant."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("STREETMEND_") and name not in _FOREIGN
        }
        return kept | {
            "DJANGO_SETTINGS_MODULE": "streetmend.settings",
            "PORT": str(port),
            "PYTHONUNBUFFERED": "1",
            "EMAIL_URL": f"filemail://{self.mail}",
            "STREETMEND_DATA": str(self.path),
            "STREETMEND_BASE_URL": f"http://127.0.0.1:{port}",
            "STREETMEND_ALLOWED_HOSTS": "127.0.0.1 localhost",
            "STREETMEND_OUTBOUND_ALLOW": "127.0.0.0/8",
            "STREETMEND_GEOCODER": "addresses.csv.gz",
        }
