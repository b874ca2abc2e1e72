"""The map that devices keep for when there is no network: the ground that we draw, around where the site's map starts."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from streetmend.web.maps.configuring import TILE, map_data
from streetmend.web.maps.site_map import ground_version, start_window
from streetmend.web.maps.window import MAX_ZOOM, Window, mercator
from streetmend.web.static import FingerprintedStorage

#: what the map needs besides its tiles
FILES = ("js/map.js", "vendor/leaflet/leaflet.js", "vendor/leaflet/leaflet.css")
_WIDTH, _HEIGHT = 720, 480
#: squares are drawn one level closer than the map starts at; closer still they are the same ones, larger, and as sharp
_CLOSER = 1


def _window() -> Window:
    return start_window(width=_WIDTH, height=_HEIGHT)


def _level() -> int:
    """The level of the map whose squares are kept."""
    return int(min(MAX_ZOOM - 1, round(_window().zoom) + _CLOSER))


def kept_map_data() -> str:
    """JSON for the map of the form that works without network; "" where others' tiles are shown, which devices may not keep."""
    if settings.TILES["kind"] != "own":
        return ""
    return map_data("pick", _window(), here=reverse("where"), native=_level(), undecided=True)


def kept_files() -> list[str]:
    """The addresses of all that this map needs."""
    if settings.TILES["kind"] != "own":
        return []
    files = FingerprintedStorage()
    return [*(files.url(name) for name in FILES), *_tiles()]


def _tiles() -> Iterator[str]:
    south, west, north, east = _window().box()
    left, top = mercator(north, west)
    right, bottom = mercator(south, east)
    level = _level() - (TILE // 256 - 1)
    across = 2**level
    query = urlencode({"v": ground_version()})
    for y in range(int(top * across), min(int(bottom * across), across - 1) + 1):
        for x in range(int(left * across), min(int(right * across), across - 1) + 1):
            yield f"{reverse('map-tile', args=(level, x, y))}?{query}"
