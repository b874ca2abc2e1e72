"""What the pretend administration has received and said, one line of JSON each, so that it knows after a restart what it knew."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Received:
    """A report that came in. `office` is which part of the administration; `fields` are the form's.

    One that is not `handled` is history: nobody does anything about it any more. `status` and `notes` are then how it ended.
    """

    office: str
    number: str
    at: datetime
    fields: tuple[tuple[str, str], ...]
    handled: bool = True
    status: str = "open"
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said about a report: `word` is the finer status."""

    office: str
    number: str
    at: datetime
    update_id: str
    status: str
    word: str
    text: str


Line = Received | Spoken
_KINDS: dict[str, type[Received] | type[Spoken]] = {"received": Received, "spoken": Spoken}


class Journal:
    """A file of lines. A line that was cut off by a crash is left out."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def lines(self) -> list[Line]:
        """Everything written so far, in order."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        read = (_read(line) for line in text.splitlines())
        return [line for line in read if line is not None]

    def add(self, line: Line) -> None:
        """The line is in the file."""
        with self._path.open("a+b") as file:
            torn = file.tell() > 0 and file.seek(-1, os.SEEK_END) >= 0 and file.read(1) != b"\n"
            file.write((b"\n" if torn else b"") + _written(line).encode("ascii"))

    def begin_with(self, lines: Iterable[Line]) -> None:
        """The file has these lines and nothing else."""
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.write_text("".join(map(_written, lines)), encoding="utf-8")
        os.replace(fresh, self._path)


def number_of(office: str, count: int) -> str:
    """The number that an office gives to the `count`-th report it has received."""
    return f"{office[:2].upper()}-{10_000 + count}"


def _written(line: Line) -> str:
    kind = "received" if isinstance(line, Received) else "spoken"
    plain = {"kind": kind, **asdict(line), "at": line.at.isoformat()}
    return json.dumps(plain, ensure_ascii=True) + "\n"


def _read(text: str) -> Line | None:
    try:
        plain: dict[str, Any] = json.loads(text)
        kind = _KINDS[plain.pop("kind")]
        plain["at"] = datetime.fromisoformat(plain["at"])
        if "fields" in plain:
            plain["fields"] = tuple((str(name), str(value)) for name, value in plain["fields"])
        return kind(**plain)
    except (ValueError, KeyError, TypeError):
        return None
