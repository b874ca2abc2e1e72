"""Finished answers, kept under the digest of what they show, plain and packed."""

from __future__ import annotations

import gzip
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import brotli

from streetmend.reports.queries.search_sql import Way

#: smaller answers are sent as they are: packing would cost more than it saves
WORTH_PACKING = 1_000
#: how many bytes of answers one process keeps
MOST_BYTES = 64 * 1024 * 1024
_MOST_QUESTIONS = 10_000

_PACKERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "br": lambda plain: brotli.compress(plain, quality=4),
    # no time in the header: the same answer has the same bytes
    "gzip": lambda plain: gzip.compress(plain, 1, mtime=0),
}
_CODING = re.compile(r"\s*(?P<name>[\w*-]+)\s*(?:;\s*q\s*=\s*(?P<weight>[0-9.]+)\s*)?")


def coding_for(accept_encoding: str) -> str:
    """The best of our codings that the header allows; "" for none (RFC 9110, section 12.5.3)."""
    weights: dict[str, float] = {}
    for part in accept_encoding[:1000].lower().split(","):
        found = _CODING.fullmatch(part)
        if found is not None:
            weights[found["name"]] = _weight(found["weight"])
    allowed = [(weights.get(name, weights.get("*", 0.0)), name) for name in _PACKERS]
    best, name = max(allowed, key=lambda pair: pair[0])
    return name if best > 0 else ""


def _weight(text: str | None) -> float:
    if text is None:
        return 1.0
    try:
        return float(text)
    except ValueError:
        return 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a page besides its bytes."""

    rows: int
    more: bool
    #: when the last of its reports changed
    changed: datetime | None
    #: where a walk stands after it
    reached: str
    #: the index by which few reports were found, and how many answers were made since that was looked at
    few: Way | None = None
    made: int = 0


NOTHING_KNOWN: Final = Facts(0, False, None, "")


class Kept:
    """One finished answer; packed the first time that somebody asks for it."""

    __slots__ = ("facts", "packed", "plain")

    def __init__(self, plain: bytes, facts: Facts = NOTHING_KNOWN) -> None:
        self.plain = plain
        self.facts = facts
        self.packed: dict[str, bytes] = {}

    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.plain) + sum(map(len, self.packed.values()))


class AnswerCache:
    """The answers used last, together at most `most_bytes`; for any number of threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._questions: dict[Hashable, str] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def total_bytes(self) -> int:
        """Bytes of all that is kept."""
        return self._bytes

    def clear(self) -> None:
        """Everything is forgotten."""
        with self._lock:
            self._kept.clear()
            self._questions.clear()
            self._bytes = 0

    def last(self, question: Hashable) -> Kept | None:
        """The answer that this question got last, be it still the right one or not."""
        with self._lock:
            return self._kept.get(self._questions.get(question, ""))

    def get(self, key: str) -> Kept | None:
        """The answer under this key, now the one used last."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: str, kept: Kept, *, question: Hashable) -> None:
        """The answer is kept under this key, and others are forgotten where there is no room; one too large is not kept."""
        with self._lock:
            if len(self._questions) >= _MOST_QUESTIONS:
                self._questions.clear()
            self._questions[question] = key
            earlier = self._kept.pop(key, None)
            if earlier is not None:
                self._bytes -= earlier.size()
            if kept.size() <= self._most:
                self._kept[key] = kept
                self._bytes += kept.size()
                self._make_room()

    def packed(self, key: str, kept: Kept, coding: str) -> bytes:
        """The answer in this coding, made once; what it takes counts where the answer is kept."""
        found = kept.packed.get(coding)
        if found is not None:
            return found
        made = _PACKERS[coding](kept.plain)
        with self._lock:
            if coding not in kept.packed:
                kept.packed[coding] = made
                if self._kept.get(key) is kept:
                    self._bytes += len(made)
                    self._make_room()
        return made

    def _make_room(self) -> None:
        while self._bytes > self._most:
            _, forgotten = self._kept.popitem(last=False)
            self._bytes -= forgotten.size()
