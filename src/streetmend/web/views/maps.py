"""The map as a picture, for the form in which a click on it chooses a place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from streetmend.geocode import coordinates
from streetmend.reports.queries.listing import Filters
from streetmend.web.forms import number
from streetmend.web.maps.configuring import TILE
from streetmend.web.maps.drawing import draw, short_count
from streetmend.web.maps.pins import Pin, place_pins
from streetmend.web.maps.site_map import ground, start_window
from streetmend.web.maps.window import MAX_LAT, MAX_ZOOM, MIN_ZOOM, Window, unmercator
from streetmend.web.pins import marks_in
from streetmend.web.views.lists import filters_of

#: the size of the picture that is clicked on
WIDTH, HEIGHT = 720, 480
#: pins of reports are drawn from this zoom on
_PINS_FROM = 13.0
_LARGEST_SIDE = 4096
_MOST_FOUND = 8
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})?", re.ASCII)
_PIECE = 64 * 1024


@require_safe
@cache_control(public=True, max_age=60)
def picture(request: HttpRequest) -> HttpResponse:
    """The window of the parameters lat, long, zoom, with reports, and with a chosen place (`pin_lat`, `pin_long`)."""
    window = window_of(request)
    pins = marks_in(Filters(), window).pins if window.zoom >= _PINS_FROM else []
    found = [coordinates(words[:100]) for words in request.GET.getlist("found")[:_MOST_FOUND]]
    pins += [Pin(*place, "found", str(number)) for number, place in enumerate(found, 1) if place]
    chosen = _place(request, "pin_lat", "pin_long")
    if chosen:
        pins.append(Pin(*chosen, "chosen"))
    svg = draw(ground(), window, pins, links=False, alone=True)
    return HttpResponse(svg, content_type="image/svg+xml; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=86_400)
def tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """A square of the ground, 512 pixels wide: the world is 2^z of them wide and high, x from the west, y from the north."""
    if not (MIN_ZOOM - 1 <= z <= MAX_ZOOM - 1 and x < 2**z and y < 2**z):
        raise Http404
    lat, long = unmercator((x + 0.5) / 2**z, (y + 0.5) / 2**z)
    svg = draw(ground(), Window(lat, long, float(z + 1), TILE, TILE), links=False, alone=True)
    return HttpResponse(svg, content_type="image/svg+xml; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=60)
def pins(request: HttpRequest) -> HttpResponse:
    """The reports of a list's query string inside a window, those that would cover each other as one; as JSON."""
    width = number(request.GET.get("width"), least=1, most=_LARGEST_SIDE)
    height = number(request.GET.get("height"), least=1, most=_LARGEST_SIDE)
    asked = window_of(request)
    window = Window(asked.lat, asked.long, asked.zoom, int(width or WIDTH), int(height or HEIGHT))
    filters, _days = filters_of(request)
    marks = marks_in(filters, window)
    shown: list[dict[str, Any]] = []
    for pin in place_pins(marks.pins, window):
        lat, long = window.place(pin.x, pin.y)
        shown.append(
            {
                "lat": lat,
                "long": long,
                "look": pin.look,
                "label": pin.label,
                "href": pin.href,
                "count": pin.count,
                "text": short_count(pin.count),
            }
        )
    return JsonResponse({"pins": shown, "all": marks.all})


@require_safe
@cache_control(public=True, max_age=86_400)
def archive(request: HttpRequest) -> HttpResponseBase:
    """The operator's file of tiles (PMTiles), of which browsers ask for the parts they need."""
    tiles = settings.TILES
    if tiles["kind"] != "pmtiles" or tiles["url"].startswith(("http://", "https://")):
        raise Http404
    try:
        file = (settings.DATA / Path(tiles["url"]).expanduser()).open("rb")
    except OSError as error:
        raise Http404 from error
    size = file.seek(0, 2)
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    first = int(asked[1]) if asked else 0
    last = min(size - 1, int(asked[2])) if asked and asked[2] else size - 1
    if first > last:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    file.seek(first)
    if not asked:
        return FileResponse(file, content_type="application/octet-stream", headers={"Accept-Ranges": "bytes"})
    headers = {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(last - first + 1)}
    return StreamingHttpResponse(
        _part(file, last - first + 1), status=206, content_type="application/octet-stream", headers=headers
    )


def _part(file: BinaryIO, length: int) -> Iterator[bytes]:
    with file:
        while length > 0 and (piece := file.read(min(length, _PIECE))):
            length -= len(piece)
            yield piece


def window_of(request: HttpRequest) -> Window:
    """The window that the request's parameters describe; what is missing or wrong is the site's start."""
    start = start_window(width=WIDTH, height=HEIGHT)
    place = _place(request, "lat", "long")
    zoom = number(request.GET.get("zoom"), least=MIN_ZOOM, most=MAX_ZOOM)
    if place is None:
        return start if zoom is None else Window(start.lat, start.long, zoom, WIDTH, HEIGHT)
    return Window(*place, zoom if zoom is not None else start.zoom, WIDTH, HEIGHT)


def _place(request: HttpRequest, lat_name: str, long_name: str) -> tuple[float, float] | None:
    lat = number(request.GET.get(lat_name), least=-MAX_LAT, most=MAX_LAT)
    long = number(request.GET.get(long_name), least=-180, most=180)
    return None if lat is None or long is None else (lat, long)
