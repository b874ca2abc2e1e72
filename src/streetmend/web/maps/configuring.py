"""What the script of a map is told: where it starts, whose tiles it shows, where its pins come from."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from streetmend.web.maps.site_map import ground_version
from streetmend.web.maps.window import MAX_ZOOM, MIN_ZOOM, Window
from streetmend.web.static import FingerprintedStorage

#: the side of the tiles that we draw ourselves, in pixels
TILE = 512


def map_data(mode: str, window: Window, *, pins: str = "", **more: Any) -> str:
    """JSON for the `data-map` of a map. `mode`: pick or show; `pins`: the query string of the reports on it."""
    files = FingerprintedStorage()
    return json.dumps(
        {
            "mode": mode,
            "lat": window.lat,
            "long": window.long,
            "zoom": round(window.zoom),
            "least": MIN_ZOOM,
            "most": MAX_ZOOM - 1,
            "tiles": _tiles(),
            "pins": f"{reverse('map-pins')}?{pins}",
            "files": {
                "script": files.url("vendor/leaflet/leaflet.js"),
                "style": files.url("vendor/leaflet/leaflet.css"),
                "archive": files.url("vendor/pmtiles/pmtiles.js"),
            },
            "words": {
                "map": _("Map. The arrow keys move it, plus and minus bring it closer or farther."),
                "in": _("Closer"),
                "out": _("Farther"),
                "many": _("%(n)s reports"),
            },
            **more,
        },
        ensure_ascii=False,
    )


def _tiles() -> dict[str, Any]:
    tiles = settings.TILES
    if tiles["kind"] == "own":
        query = urlencode({"v": ground_version()})
        return {"kind": "own", "url": f"/map/tiles/{{z}}/{{x}}/{{y}}.svg?{query}", "size": TILE}
    if tiles["kind"] == "pmtiles" and not tiles["url"].startswith(("http://", "https://")):
        return {**tiles, "url": reverse("map-archive")}
    return dict(tiles)
