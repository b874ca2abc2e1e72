"""Photos that were stored and that no row ever named (a transaction was rolled back, a form never sent) are removed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from streetmend.photos.store import path_of, remove

#: a photo lies in the store before the row that names it is written: so long it is left alone
GRACE = timedelta(days=1)
#: the folders that `path_of` spreads the photos over
FOLDERS = tuple(f"{number:02x}" for number in range(256))
_NAME = re.compile(r"[0-9a-f]{32}\.jpg")
_AT_ONCE = 500

#: those of the names that something owns
Owned = Callable[[Sequence[str]], Collection[str]]


def sweep(folder: str, *, owned: Owned, now: datetime) -> int:
    """Photos of the folder that were stored more than a day before `now` (UTC) and that nothing owns are gone; says how many.

    Files that are no photos of ours stay. One folder at a time keeps it short. Raises OSError where the store cannot be read.
    """
    names = _old_names(folder, now - GRACE)
    gone = 0
    for start in range(0, len(names), _AT_ONCE):
        batch = names[start : start + _AT_ONCE]
        kept = owned(batch)
        for name in batch:
            if name not in kept:
                remove(name)
                gone += 1
    return gone


def _old_names(folder: str, before: datetime) -> list[str]:
    try:
        _, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    return [name for name in sorted(files) if _NAME.fullmatch(name) and _stored_before(name, before)]


def _stored_before(name: str, before: datetime) -> bool:
    try:
        return default_storage.get_modified_time(path_of(name)) < before
    except FileNotFoundError:  # another process removed it
        return False
