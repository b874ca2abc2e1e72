"""Which body or category of the file is which of those that are there."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

P = TypeVar("P")
W = TypeVar("W")

#: what identifies one, best first; None identifies nothing
Keys = tuple[Hashable | None, ...]


def match(
    present: Sequence[P], wanted: Sequence[W], keys_of: Callable[[P], Keys], wanted_keys: Callable[[W], Keys]
) -> tuple[list[tuple[P | None, W]], list[P]]:
    """Each wanted one with the one that is there (None: a new one), in their order; and those that nobody wants.

    What agrees in the first key is the same; what is left then is the same where it agrees in the second: a body that has another
    name but its old number was renamed.
    """
    left = dict(enumerate(present))
    taken: dict[int, int] = {}
    levels = len(keys_of(present[0])) if present else 0
    for level in range(levels):
        by_key = {keys_of(found)[level]: at for at, found in left.items()}
        for at, one in enumerate(wanted):
            key = wanted_keys(one)[level]
            if at not in taken and key is not None and (found_at := by_key.get(key)) in left:
                taken[at] = found_at
                del left[found_at]
    pairs = [(present[taken[at]] if at in taken else None, one) for at, one in enumerate(wanted)]
    return pairs, list(left.values())
