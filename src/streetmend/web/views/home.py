"""The home page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from streetmend.reports.queries.listing import recent
from streetmend.web.maps.drawing import draw
from streetmend.web.maps.site_map import ground, start_window
from streetmend.web.pins import pins_of

_SHOWN = 6
_ON_THE_MAP = 150


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What the site is for, where to begin, what was reported last."""
    newest = recent(_ON_THE_MAP)
    window = start_window(width=720, height=540)
    drawn = draw(ground(), window, pins_of(newest), name="home")
    return render(request, "web/home.html", {"rows": newest[:_SHOWN], "map": drawn})
