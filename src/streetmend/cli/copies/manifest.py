"""What lies in a backup: one JSON file with the hash of every other, written last, so that a backup without it is none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from streetmend.cli import Problem

NAME = "manifest.json"
PHOTOS = "photos"
_FORMAT = 1
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path below the backup's folder, its size and its SHA-256 in hexadecimal digits."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A backup: when its database was taken (UTC, ISO 8601), of what release and kind, and what lies in it."""

    taken_at: str
    release: str
    vendor: str
    database: str
    #: the last migration of each app
    migrations: dict[str, str]
    #: table -> how many rows
    rows: dict[str, int]
    files: list[Entry]
    #: photos that a row names and that the store did not have
    missing_photos: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """The manifest lies in the folder."""
        text = json.dumps({"format": _FORMAT, **asdict(self)}, indent=1, ensure_ascii=False)
        (folder / NAME).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> Manifest:
    """The manifest of the backup in the folder. Raises Problem where there is none that this release reads."""
    file = folder / NAME
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if found.pop("format", None) != _FORMAT:
            raise Problem(f"{file} is of another format than this release reads.")
        entries = [Entry(**entry) for entry in found.pop("files")]
        manifest = Manifest(files=entries, **found)
        datetime.fromisoformat(manifest.taken_at)
    except FileNotFoundError as error:
        raise Problem(f"{folder} holds no whole backup: there is no {NAME} in it.") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Problem(f"{file} cannot be understood: {error}.") from error
    for entry in [*manifest.files, Entry(manifest.database, 0, "")]:
        if PurePosixPath(entry.path).is_absolute() or ".." in PurePosixPath(entry.path).parts:
            raise Problem(f"{file} names a file outside of the backup: {entry.path!r}.")
    return manifest


def entry_of(folder: Path, path: str) -> Entry:
    """The entry of a file that lies in the folder."""
    file = folder / path
    return Entry(path, file.stat().st_size, hash_of(file))


def hash_of(file: Path) -> str:
    """The SHA-256 of the file's bytes, in hexadecimal digits."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    """What is wrong with the files of the backup: one sentence each."""
    for entry in manifest.files:
        file = folder / entry.path
        if not file.is_file():
            yield f"{entry.path} is missing."
        elif file.stat().st_size != entry.bytes:
            yield f"{entry.path} has {file.stat().st_size:,} bytes instead of {entry.bytes:,}."
        elif hash_of(file) != entry.sha256:
            yield f"{entry.path} is damaged: its hash is another."
