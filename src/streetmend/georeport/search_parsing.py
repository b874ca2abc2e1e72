"""From decoded query parameters to the fields of a search, collecting every fault on the way."""

from collections.abc import Callable, Iterable
from datetime import tzinfo
from typing import Any, TypeVar

from streetmend.georeport import numbers, times
from streetmend.georeport.errors import Fault, InvalidParameters
from streetmend.georeport.parameters import (
    IDS,
    JURISDICTION,
    PLACE,
    SEARCH,
    UPDATES,
    Context,
    Parameter,
    reader,
)
from streetmend.georeport.values import MOST_BODIES, MOST_IDS, Box, Circle, Wrong

__all__ = ["MOST_BODIES", "MOST_IDS", "Box", "Circle", "read_place", "read_search", "read_updates_search"]

T = TypeVar("T")

_CIRCLE = ("lat", "long", "radius")
_ALWAYS = frozenset({IDS.name, JURISDICTION.name, "extensions"})


class _Fields:
    """The parameters by name, cleaned of empty ones; takes note of what is wrong."""

    def __init__(self, query: Iterable[tuple[str, str]]) -> None:
        self.faults: list[Fault] = []
        given: dict[str, list[str]] = {}
        for name, value in query:
            if value.strip():
                given.setdefault(name, []).append(value)
        self._given = given

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def take(self, parameter: Parameter, read: Callable[[str], T]) -> T | None:
        """What ``read`` makes of the parameter, or None (and a fault) if it is absent, given twice or refused."""
        values = self._given.get(parameter.name)
        if not values:
            return None
        if parameter.joined_by:
            values = [parameter.joined_by.join(values)]
        if len(set(values)) > 1:
            self.wrong(parameter.name, "is given more than once")
            return None
        try:
            return read(values[0])
        except (Wrong, numbers.NotANumber, times.NotATime) as error:
            self.wrong(parameter.name, str(error))
            return None

    def wrong(self, name: str, message: str) -> None:
        self.faults.append(Fault(name, message))

    def with_hints(self) -> list[Fault]:
        """What is wrong; of a lat that would be a long, and the other way round, with a hint that they may be swapped."""
        swapped = self._swapped()
        return [
            Fault("lat", f"{one.message}; are lat and long swapped?")
            if swapped and one.parameter == "lat"
            else one
            for one in self.faults
        ]

    def _swapped(self) -> bool:
        lat, long = (self._given.get(name, [""])[0] for name in ("lat", "long"))
        try:
            numbers.latitude(long)
            return abs(numbers.longitude(lat)) > 90
        except numbers.NotANumber:
            return False

    def together(self, names: Iterable[str]) -> None:
        """Where one of these is given, all are needed."""
        names = tuple(names)
        present = [name for name in names if name in self]
        for name in names if present else ():
            if name not in self:
                self.wrong(name, f"is required with {' and '.join(present)}")


def read_search(
    query: Iterable[tuple[str, str]], *, zone: tzinfo, limit: int, digit_ids: bool
) -> dict[str, Any]:
    """Keyword arguments for RequestSearch. Raises InvalidParameters."""
    fields = _Fields(query)
    overriding = IDS.name in fields
    wanted = [one for one in SEARCH if not overriding or one.name in _ALWAYS]
    found = _read(fields, wanted, Context(zone, limit, digit_ids), together=() if overriding else _CIRCLE)
    lat, long, radius = (found.pop(name, None) for name in _CIRCLE)
    if lat is not None and long is not None and radius is not None:
        found["near"] = Circle(lat, long, radius)
    return found


def read_updates_search(query: Iterable[tuple[str, str]], *, zone: tzinfo, limit: int) -> dict[str, Any]:
    """Keyword arguments for UpdatesSearch. Raises InvalidParameters."""
    return _read(_Fields(query), UPDATES, Context(zone, limit, digit_ids=True))


def read_place(query: Iterable[tuple[str, str]], *, zone: tzinfo) -> tuple[float, float] | None:
    """The place (lat, long in WGS84) that services are asked for, or None. Raises InvalidParameters."""
    found = _read(_Fields(query), PLACE, Context(zone, 1, digit_ids=True), together=("lat", "long"))
    return (found["lat"], found["long"]) if "lat" in found else None


def _read(
    fields: _Fields, wanted: Iterable[Parameter], context: Context, together: Iterable[str] = ()
) -> dict[str, Any]:
    fields.together(together)
    found = {one.name: fields.take(one, reader(one, context)) for one in wanted}
    if fields.faults:
        raise InvalidParameters(tuple(fields.with_hints()))
    return {name: value for name, value in found.items() if value is not None}
