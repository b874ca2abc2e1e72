"""The map of this site: which ground, and where it starts."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from threading import Lock

from django.conf import settings as django_settings

from streetmend.areas import queries as area_queries
from streetmend.bodies import queries as bodies
from streetmend.web.maps.ground import Ground, load, of_areas
from streetmend.web.maps.window import Window, fitting, unmercator

_log = logging.getLogger(__name__)
_lock = Lock()
_held: dict[object, Ground] = {}


def ground() -> Ground:
    """The operator's map, or the outlines of the areas where there is none (or it cannot be read: the log says why)."""
    view = bodies.site().map
    path = django_settings.DATA / Path(view.basemap) if view and view.basemap else None
    key: object = ("areas", area_queries.index().version)
    if path is not None:
        try:
            key = (path, path.stat().st_mtime_ns)
        except OSError as error:
            _log.warning("the map %s cannot be read: %s", path, error)
            path = None
    with _lock:
        if key not in _held:
            made = _read(path) if path else of_areas()
            _held.clear()
            _held[key] = made
        return _held[key]


def ground_version() -> str:
    """Another word whenever the ground is another, for addresses that browsers may keep."""
    drawn = ground()
    with _lock:
        key = next((key for key, held in _held.items() if held is drawn), "")
    return hashlib.sha256(repr(key).encode()).hexdigest()[:12]


def _read(path: Path) -> Ground:
    try:
        return load(path)
    except (OSError, ValueError) as error:
        _log.warning("the map %s cannot be read: %s", path, error)
        return of_areas()


def start_window(*, width: int, height: int) -> Window:
    """Where the map of the whole site starts: as the site file says, else around what the map or the areas hold."""
    view = bodies.site().map
    if view is not None and view.lat is not None and view.long is not None:
        return Window(view.lat, view.long, view.zoom, width, height)
    box = ground().box
    if box is None:
        return Window(59.9, 10.7, 4, width, height)
    west, north, east, south = box
    corners = [unmercator(west, north), unmercator(east, south)]
    return fitting(corners, width=width, height=height, margin=16) or Window(0, 0, 3, width, height)
