"""Which areas there are, which of them cover a place, and their outlines. One small query sees whether memory still holds."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from streetmend.areas.index import REACH_METRES, AreaIndex, AreaInfo, Nearby
from streetmend.areas.models import Area
from streetmend.areas.outlines import Outline, outlines_of
from streetmend.areas.places import Box

_lock = threading.Lock()
_held: AreaIndex | None = None

Version = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Located:
    """The areas of a place. `nearby` is None where they cover it, else how far the nearest ones are."""

    areas: tuple[AreaInfo, ...]
    nearby: Nearby | None


def index() -> AreaIndex:
    """All current areas in memory: for many look-ups in a row. It does not follow a later import."""
    global _held
    version = _version()
    held = _held
    if held is not None and held.version == version:
        return held
    with _lock:
        if _held is None or _held.version != version:
            _held = _load()
        return _held


def _version() -> Version:
    # asked at every request: making the query by the model costs several times what the database does
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT area_type, name, digest FROM areas_generation WHERE current ORDER BY area_type"
        )
        return tuple(cursor.fetchall())


def _load() -> AreaIndex:
    """The areas as they are now, seen at one moment even while an import takes over."""
    while True:
        version = _version()
        rows = [
            (AreaInfo(area_type, mapit_id, name, generation), bytes(boundary))
            for area_type, mapit_id, name, generation, boundary in Area.objects.filter(
                generation__current=True
            ).values_list("area_type", "mapit_id", "name", "generation__name", "boundary")
        ]
        if _version() == version:
            return AreaIndex(version, rows)


def areas() -> tuple[AreaInfo, ...]:
    """All current areas, by type and id."""
    return index().areas


def locate(lat: float, long: float) -> Located:
    """The areas that the place lies in or on the border of; beyond all of them, the nearest within 2 km.

    WGS84 degrees; the distance is in metres on the ground. Raises PlaceInvalid.
    """
    known = index()
    found = known.covering(lat, long)
    if found:
        return Located(found, None)
    nearby = known.nearest(lat, long, within=REACH_METRES)
    return Located(nearby.areas if nearby else (), nearby)


def covering(lat: float, long: float) -> tuple[AreaInfo, ...]:
    """The areas of the place, by type and id: those that cover it, else the nearest within 2 km, else none.

    Raises PlaceInvalid.
    """
    return locate(lat, long).areas


def nearest(lat: float, long: float, *, among: Collection[int] | None = None) -> Nearby | None:
    """The nearest of all areas, or of those with the MapIt ids `among`, at any distance. Raises PlaceInvalid."""
    return index().nearest(lat, long, among=among)


def outlines(among: Collection[int] | None = None, *, tolerance: float = 0.0) -> tuple[Outline, ...]:
    """The boundaries of all areas, or of those with the MapIt ids `among`, for a map to draw.

    `tolerance`: how many metres a simplified boundary may differ from the true one; neighbours stay neighbours.
    """
    return outlines_of(index(), among, tolerance)


def bounds(among: Collection[int] | None = None) -> Box | None:
    """The box around all areas, or around those with the MapIt ids `among`; None where there are none."""
    return index().bounds(among)
