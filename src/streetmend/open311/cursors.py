"""The text of a cursor: where a walk through the requests stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from streetmend.georeport.errors import Fault, InvalidParameters

#: begins a walk
START = "*"
_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = re.compile(r"(?P<way>[nc])\.(?P<micros>-?[0-9]{1,18})\.(?P<id>[0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place on a walk, `after` the moment and id that were told last: through all changes, or from the newest request on."""

    changes: bool
    after: tuple[datetime, int] | None

    def __str__(self) -> str:
        if self.after is None:
            return START
        micros = (self.after[0] - _BEGAN) // timedelta(microseconds=1)
        return f"{'c' if self.changes else 'n'}.{micros}.{self.after[1]}"


def read_cursor(text: str, *, changes: bool) -> Cursor:
    """The cursor of this text; `changes`: whether the search asks for them. Raises InvalidParameters."""
    if text == START:
        return Cursor(changes, None)
    found = _FORM.fullmatch(text)
    if found is None:
        raise _wrong("is no cursor of this server; * begins a walk")
    if changes and found["way"] == "n":
        raise _wrong("belongs to a walk without updated_after")
    try:
        at = _BEGAN + timedelta(microseconds=int(found["micros"]))
    except OverflowError as error:
        raise _wrong("is no cursor of this server; * begins a walk") from error
    return Cursor(found["way"] == "c", (at, int(found["id"])))


def _wrong(message: str) -> InvalidParameters:
    return InvalidParameters((Fault("cursor", message),))
