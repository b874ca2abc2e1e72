"""The text of a cursor: where a walk through the requests stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from streetmend.georeport.errors import Fault, InvalidParameters

#: begins a walk
START = "*"
_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = re.compile(r"(?P<way>[ncu])\.(?P<micros>-?[0-9]{1,18})\.(?P<id>[0-9]{1,18})")


class Way(StrEnum):
    """What is walked through: requests from the newest to the oldest, their changes or updates from the earliest on."""

    NEWEST = "n"
    CHANGES = "c"
    UPDATES = "u"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place on a walk, `after` the moment and id that were told last."""

    way: Way
    after: tuple[datetime, int] | None

    def __str__(self) -> str:
        if self.after is None:
            return START
        micros = (self.after[0] - _BEGAN) // timedelta(microseconds=1)
        return f"{self.way}.{micros}.{self.after[1]}"


def read_cursor(text: str, *, begins: Way, allowed: Iterable[Way]) -> Cursor:
    """The cursor of this text, of one of the `allowed` ways; a walk that begins is of the first. Raises InvalidParameters."""
    if text == START:
        return Cursor(begins, None)
    found = _FORM.fullmatch(text)
    if found is None:
        raise _wrong("is no cursor of this server; * begins a walk")
    way = Way(found["way"])
    if way not in allowed:
        raise _wrong("belongs to another walk")
    try:
        at = _BEGAN + timedelta(microseconds=int(found["micros"]))
    except OverflowError as error:
        raise _wrong("is no cursor of this server; * begins a walk") from error
    return Cursor(way, (at, int(found["id"])))


def _wrong(message: str) -> InvalidParameters:
    return InvalidParameters((Fault("cursor", message),))
