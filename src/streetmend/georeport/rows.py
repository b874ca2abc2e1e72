"""One mapping of an answer, read field by field; what nobody asked for, or could not be read, is left over.

Free texts are taken exactly as they stand; ids, codes, words, numbers and addresses without the white space
around them. Empty, blank and null are the same: None.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from streetmend.georeport import times
from streetmend.georeport.types import Json, When
from streetmend.georeport.xml_reading import TEXT

STATUSES = frozenset(
    {
        "open",
        "closed",
        "fixed",
        "in_progress",
        "action_scheduled",
        "planned",
        "investigating",
        "duplicate",
        "not_councils_responsibility",
        "no_further_action",
        "internal_referral",
        "cancelled",
        "reopen",
        "for_triage",
        "unchanged",
    }
)
"""The words that status has in GeoReport v2 and mySociety's updates; other words stay as they stand."""

T = TypeVar("T")

_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:[.,][0-9]{0,400})?(?:[eE][+-]?[0-9]{1,3})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}(?:\.0+)?")
_TRUE = frozenset({"true", "1", "yes", "y", "t", "on"})
_FALSE = frozenset({"false", "0", "no", "n", "f", "off"})


class Row:
    """A mapping of which fields are taken one after the other."""

    def __init__(self, raw: Mapping[str, Json]) -> None:
        self._left = dict(raw)

    def others(self) -> dict[str, Json]:
        """What has not been taken, without what is empty."""
        return {name: value for name, value in self._left.items() if not is_empty(value)}

    def peek(self, name: str) -> Json:
        """The field as it stands; it counts as left over."""
        return self._left.get(name)

    def drop(self, name: str) -> None:
        """The field has been understood."""
        self._left.pop(name, None)

    def rows(self, name: str, item: str) -> list["Row"]:
        """A list of mappings, wrapped in any way; left over if there is anything else in it."""
        found = [one for one in items(self._left.get(name), item) if not is_empty(one)]
        rows = [Row(one) for one in found if isinstance(one, Mapping)]
        if len(rows) == len(found):
            self.drop(name)
        return rows

    def text(self, name: str) -> str | None:
        """A free text."""
        return self._take(name, scalar)

    def word(self, name: str) -> str | None:
        """An id, a code or an address: a text without white space around it."""
        return self._take(name, word)

    def time(self, name: str) -> When | None:
        return self._take(name, _time)

    def number(self, name: str) -> float | None:
        return self._take(name, _number)

    def whole(self, name: str) -> int | None:
        return self._take(name, _whole)

    def truth(self, name: str) -> bool | None:
        return self._take(name, _truth)

    def status(self, name: str) -> str | None:
        """One of ``STATUSES`` in its usual spelling, or the word as it stands."""
        return self._take(name, _status)

    def texts(self, name: str, item: str) -> tuple[str, ...]:
        """A list of texts: an array, a container of ``item`` elements, repeated elements, or one text
        alone.
        """
        value = self._left.get(name)
        if value is None:
            self._left.pop(name, None)
            return ()
        found = [scalar(one) for one in items(value, item)]
        if any(
            text is None and not is_empty(one) for text, one in zip(found, items(value, item), strict=True)
        ):
            return ()  # not a list of texts: left over
        del self._left[name]
        return tuple(text for text in found if text is not None)

    def _take(self, name: str, read: Callable[[Json], T]) -> T:
        value = self._left.get(name)
        found = read(value)
        if found is not None or is_empty(value):
            self._left.pop(name, None)
        return found


def is_empty(value: Json) -> bool:
    """Is there nothing in it? Null, a blank text, an empty list or object, or one of only such."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Mapping):
        return not value
    return isinstance(value, list | tuple) and all(is_empty(one) for one in value)


def items(value: Json, item: str) -> Iterator[Json]:
    """The items of a list, however it is wrapped: ``[..]``, ``{item: [..]}``, ``{item: ..}``, or one alone."""
    if isinstance(value, Mapping) and len(value) == 1 and item in value:
        value = value[item]
    if isinstance(value, list | tuple):
        for one in value:
            yield one[item] if isinstance(one, Mapping) and len(one) == 1 and item in one else one
    elif value is not None:
        yield value


def scalar(value: Json) -> str | None:
    """A text or number as text, exactly; None for what is blank or no single value."""
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, Mapping):
        return scalar(value.get(TEXT)) if set(value) <= {TEXT} else None
    return None


def word(value: Json) -> str | None:
    text = scalar(value)
    return None if text is None else text.strip()


def _time(value: Json) -> When | None:
    return times.read(scalar(value))


def _number(value: Json) -> float | None:
    text = word(value)
    if text is None or not _NUMBER.fullmatch(text):
        return None
    number = float(text.replace(",", "."))
    return number + 0.0 if math.isfinite(number) else None


def _whole(value: Json) -> int | None:
    text = word(value)
    return int(text.split(".")[0]) if text is not None and _WHOLE.fullmatch(text) else None


def _truth(value: Json) -> bool | None:
    text = (word(value) or "").lower()
    return True if text in _TRUE else False if text in _FALSE else None


def _status(value: Json) -> str | None:
    text = word(value)
    if text is None:
        return None
    usual = re.sub(r"[\s_\-]+", "_", text.lower())
    return usual if usual in STATUSES else text


def find_rows(value: Json, known: frozenset[str], names: Iterable[str]) -> list[Json] | None:
    """The rows of a list answer, bare or wrapped in any roots; None where nothing looks like one.

    A row is a mapping with at least one of the ``known`` fields; anything else that lies in a list among rows
    is kept, for the caller to complain about. ``names`` are the usual names of wrappers, tried first.
    """
    if is_empty(value):
        return []
    if isinstance(value, list | tuple):
        return [row for one in value for row in _unwrapped(one, known)]
    if not isinstance(value, Mapping):
        return None
    if not known.isdisjoint(value):
        return [value]
    inside = [value[name] for name in names if name in value] or [
        child for child in value.values() if isinstance(child, Mapping | list)
    ]
    if len(inside) == 1:
        return find_rows(inside[0], known, names)
    return None


def _unwrapped(value: Json, known: frozenset[str]) -> list[Json]:
    """A row in a wrapper of its own, as ``[{"request": {...}}, ...]``; what the wrapper says besides (a
    dump's ``pk``) is said by the row.
    """
    if not isinstance(value, Mapping) or not known.isdisjoint(value):
        return [value]
    inside = [name for name, child in value.items() if _all_rows(child, known)]
    if len(inside) != 1:
        return [value]
    child = value[inside[0]]
    besides = {name: other for name, other in value.items() if name != inside[0]}
    rows = child if isinstance(child, list) else [child]
    return [{**besides, **row} for row in rows if isinstance(row, Mapping)]


def _all_rows(value: Json, known: frozenset[str]) -> bool:
    rows = value if isinstance(value, list) else [value]
    return bool(rows) and all(isinstance(row, Mapping) and not known.isdisjoint(row) for row in rows)
