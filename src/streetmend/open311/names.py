"""The names that searches are asked with and rows are shown with, taken from the bodies' directory once per epoch."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import msgspec

from streetmend.bodies.directory import Directory, directory
from streetmend.open311.moments import LocalTimes


class Names:
    """What the directory of one epoch calls things; memory is kept of what rows ask for again and again."""

    def __init__(self, known: Directory) -> None:
        self.directory = known
        self.epoch = known.site.epoch
        self.times = LocalTimes(known.site.zone)
        self.categories = known.category_names
        self._category_ids = {name: number for number, name in known.category_names.items()}
        self._body_ids = {
            body.mapit_id: body.id for body in known.bodies.values() if body.mapit_id is not None
        }
        self.recipients = _Recipients(known)

    def category_id(self, name: str) -> int | None:
        """The id of the category name that is written exactly so."""
        return self._category_ids.get(name)

    def body_id(self, mapit_id: int) -> int | None:
        """The id of the body with this MapIt id."""
        return self._body_ids.get(mapit_id)

    def changed_at(self) -> datetime | None:
        """When anything in the directory last changed."""
        return self.directory.site.changeset


class _Recipients(dict[str, tuple[str, ...]]):
    """The names of the bodies whose ids stand in a JSON array."""

    def __init__(self, known: Directory) -> None:
        super().__init__()
        self._bodies = known.bodies

    def __missing__(self, ids: str) -> tuple[str, ...]:
        bodies = (self._bodies.get(one) for one in cast(list[int], msgspec.json.decode(ids)))
        found = tuple(body.name for body in bodies if body is not None)
        if len(self) < 10_000:
            self[ids] = found
        return found


_held: Names | None = None


def names() -> Names:
    """The names as they are now; one small query sees whether memory still holds."""
    global _held
    known = directory()
    held = _held
    if held is None or held.directory is not known:
        held = _held = Names(known)
    return held


def remembered() -> Names:
    """The names as they were last, without a look at whether that still holds: whoever uses them compares the epoch of what
    they read. Where there are none yet, those of now.
    """
    return _held or names()
