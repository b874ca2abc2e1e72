"""How single requests look in an answer, kept by what makes them look so, to make a page anew of which few have changed.

A piece is found by the kind of the answer (its dialect and format), the epoch of the names, and the id and version of its
report: the same things by which a whole answer is known, so it is true as long as that is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

#: how many bytes of pieces one process keeps, and what keeping one costs besides
MOST_BYTES = 12 * 1024 * 1024
_EACH = 400


class Piece(NamedTuple):
    """A request as it stands in an answer, and the times of its report as texts in UTC."""

    body: bytes
    requested: str
    updated: str


class Pieces:
    """The pieces used lately, together at most `most_bytes`; for any number of threads.

    There are two generations: when the young one has half of the bytes, it becomes the old one, and what was the old one and
    was not asked for since is forgotten. So keeping costs nothing but what is kept.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes // 2
        self._young: dict[tuple[str, str], Piece] = {}
        self._old: dict[tuple[str, str], Piece] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def clear(self) -> None:
        """Everything is forgotten."""
        with self._lock:
            self._young, self._old, self._bytes = {}, {}, 0

    def known(self, kind: str, keys: Sequence[str]) -> dict[str, Piece]:
        """The pieces of this kind that are kept, by their keys."""
        found: dict[str, Piece] = {}
        aged: dict[str, Piece] = {}
        young, old = self._young, self._old
        for key in keys:
            piece = young.get((kind, key))
            if piece is None and (piece := old.get((kind, key))) is not None:
                aged[key] = piece
            if piece is not None:
                found[key] = piece
        if aged:
            self.keep(kind, aged)
        return found

    def keep(self, kind: str, pieces: Mapping[str, Piece]) -> None:
        """The pieces are kept, as far as there is room."""
        taken = size(pieces.values())
        if taken > self._most:
            return
        with self._lock:
            if self._bytes + taken > self._most:
                self._old, self._young, self._bytes = self._young, {}, 0
            self._young.update({(kind, key): piece for key, piece in pieces.items()})
            self._bytes += taken


def size(pieces: Iterable[Piece]) -> int:
    """Bytes that they take."""
    return sum([len(piece.body) + _EACH for piece in pieces])
