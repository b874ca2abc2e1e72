"""A backup is taken while the site runs: the database as of one moment first, then the photos that it names.

Photos are written before the rows that name them and never changed, so a copy that is made later is complete.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from streetmend.cli import Problem
from streetmend.cli.console import Step
from streetmend.cli.copies import postgresql, sqlite
from streetmend.cli.copies.manifest import PHOTOS, Entry, Manifest, entry_of
from streetmend.clock import Clock


def take(folder: Path, clock: Clock, step: Step) -> Manifest:
    """A whole backup lies in `folder`, which did not exist or was empty. Raises Problem."""
    from django.db import connection

    from streetmend.reports.queries.photos import every_photo

    _prepare(folder)
    taken_at = clock.now().isoformat()
    database = sqlite.NAME if connection.vendor == "sqlite" else postgresql.NAME
    if database == sqlite.NAME:
        rows, named = sqlite.dump(_sqlite_file(), folder / database)
    else:
        rows, named = postgresql.dump(folder / database)
    photos, missing = _copy_photos(folder, sorted(named | every_photo()), step)
    manifest = Manifest(
        taken_at=taken_at,
        release=version("streetmend"),
        vendor=connection.vendor,
        database=database,
        migrations=migrations(),
        rows=rows,
        files=[entry_of(folder, database), *photos],
        missing_photos=missing,
    )
    manifest.write(folder)
    return manifest


def migrations() -> dict[str, str]:
    """The last migration of each app that this release brings."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    return dict(sorted(MigrationLoader(connection).graph.leaf_nodes()))


def _prepare(folder: Path) -> None:
    """The folder is there, empty and for nobody else."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Problem(f"{folder} is not an empty folder; a backup is written into one of its own.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # what lies in it is as secret as the database, whatever the folder was before
    folder.chmod(0o700)


def _sqlite_file() -> Path:
    from streetmend.cli.database import sqlite_file

    file = sqlite_file()
    if file is None:
        raise Problem("A database in memory cannot be backed up.")
    return file


def _copy_photos(folder: Path, names: Sequence[str], step: Step) -> tuple[list[Entry], list[str]]:
    """The photos that rows name lie in the backup; their entries, and the names of those that the store does not have."""
    from django.core.files.storage import default_storage

    from streetmend.photos.store import path_of

    entries, missing = [], []
    for number, name in enumerate(names, 1):
        target = folder / PHOTOS / path_of(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with default_storage.open(path_of(name), "rb") as source, target.open("wb") as stream:
                shutil.copyfileobj(source, stream)
        except FileNotFoundError:
            target.unlink(missing_ok=True)
            missing.append(name)
        else:
            entries.append(entry_of(folder, f"{PHOTOS}/{path_of(name)}"))
        step(number, len(names))
    return entries, missing
