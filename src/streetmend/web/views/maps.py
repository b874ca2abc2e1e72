"""The map as a picture, for the form in which a click on it chooses a place."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from streetmend.reports.queries.listing import in_box
from streetmend.web.forms import number
from streetmend.web.maps.drawing import draw
from streetmend.web.maps.pins import Pin
from streetmend.web.maps.site_map import ground, start_window
from streetmend.web.maps.window import MAX_LAT, MAX_ZOOM, MIN_ZOOM, Window
from streetmend.web.pins import pins_of

#: the size of the picture that is clicked on
WIDTH, HEIGHT = 720, 480
#: pins of reports are drawn from this zoom on
_PINS_FROM = 13.0


@require_safe
@cache_control(public=True, max_age=60)
def picture(request: HttpRequest) -> HttpResponse:
    """The window of the parameters lat, long, zoom, with reports, and with a chosen place (`pin_lat`, `pin_long`)."""
    window = window_of(request)
    pins = pins_of(in_box(window.box(), limit=200)) if window.zoom >= _PINS_FROM else []
    chosen = _place(request, "pin_lat", "pin_long")
    if chosen:
        pins.append(Pin(*chosen, "chosen"))
    svg = draw(ground(), window, pins, links=False, alone=True)
    return HttpResponse(svg, content_type="image/svg+xml; charset=utf-8")


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
