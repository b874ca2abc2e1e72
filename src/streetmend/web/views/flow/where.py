"""Step 1: where the problem is. By words, by a click on the map, by the device's location, or by coordinates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from streetmend.bodies.queries import Responsible, Why, responsible
from streetmend.clock import SystemClock
from streetmend.geocode import Found, coordinates, geocoder
from streetmend.reports.queries.listing import near
from streetmend.web.drafts import Draft, draft_of, keep
from streetmend.web.forms import Reader, number, whole
from streetmend.web.maps.configuring import map_data
from streetmend.web.maps.site_map import start_window
from streetmend.web.maps.window import MAX_LAT, STREET_ZOOM, Window, fitting
from streetmend.web.views.flow.steps import after, seen_other
from streetmend.web.views.maps import HEIGHT, WIDTH, window_of

HINT_LENGTH = 300
_NEAR_METRES = 250.0
_MOVES = {"n": (0.0, -0.5), "s": (0.0, 0.5), "w": (-0.5, 0.0), "e": (0.5, 0.0)}


@dataclass(frozen=True, slots=True)
class Looked:
    """What the page shows: the window of its map, the chosen place, what the words found."""

    window: Window
    place: tuple[float, float] | None
    words: str
    matches: list[Found]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def where(request: HttpRequest) -> HttpResponse:
    """The place is chosen, and kept in the draft."""
    draft = draft_of(request)
    if draft.report is not None:
        return redirect("sent", token=draft.token)
    if request.method == "POST":
        return _keep(request, draft)
    number_of = whole(request.GET.get("q", "").strip().removeprefix("#"))
    if number_of is not None and request.GET.get("q", "").strip().startswith("#"):
        return redirect("report", report_id=number_of)
    return _page(request, draft, _look(request, draft), {})


def _keep(request: HttpRequest, draft: Draft) -> HttpResponse:
    form = Reader(request.POST)
    hint = form.text("hint", HINT_LENGTH)
    place = _posted_place(request)
    looked = Looked(_around(place), place, "", [])
    if place is None:
        form.errors["place"] = _("Choose a place: click on the map, or write a street.")
    elif responsible(*place).why == Why.NOBODY:
        form.errors["place"] = _("Nobody is responsible for this place.")
    if form.errors or place is None:
        return _page(request, draft, looked, form.errors, hint=hint, status=422)
    address = geocoder().reverse(*place)
    moved = draft.content.changed(
        lat=place[0], long=place[1], hint=hint, address=address.label if address else ""
    )
    return seen_other(after(keep(draft, moved, now=SystemClock().now()), "where", request))


def _posted_place(request: HttpRequest) -> tuple[float, float] | None:
    """One of the places that were found and chosen, else the one on the map."""
    chosen = coordinates(request.POST.get("place", "")[:100])
    if chosen is not None:
        return round(chosen[0], 6), round(chosen[1], 6)
    lat = number(request.POST.get("lat"), least=-90, most=90)
    long = number(request.POST.get("long"), least=-180, most=180)
    return None if lat is None or long is None else (round(lat, 6), round(long, 6))


def _around(place: tuple[float, float] | None) -> Window:
    start = start_window(width=WIDTH, height=HEIGHT)
    return start if place is None else replace(start, lat=place[0], long=place[1], zoom=STREET_ZOOM)


def _look(request: HttpRequest, draft: Draft) -> Looked:
    """What the reader asked to see: a click on the map, a step of its tools, words, or what the draft says."""
    words = request.GET.get("q", "").strip()[:200]
    if words:
        return _found(words)
    window = window_of(request)
    clicked = _clicked(request, window)
    if clicked is not None:
        # closer at each click, until one sees houses
        nearer = (
            min(STREET_ZOOM, max(window.zoom, window.zoom + 2)) if window.zoom < STREET_ZOOM else window.zoom
        )
        return Looked(replace(window, lat=clicked[0], long=clicked[1], zoom=nearer), clicked, "", [])
    pinned = _pinned(request)
    if "lat" not in request.GET:
        place = draft.content.place if draft.content.has_place else None
        return Looked(_around(place), place, "", [])
    return Looked(_moved(window, request.GET.get("go", "")), pinned, "", [])


def _found(words: str) -> Looked:
    place = coordinates(words)
    if place is not None:
        return Looked(_around(place), place, words, [])
    matches = geocoder().search(words)
    first = (matches[0].lat, matches[0].long) if matches else None
    if len(matches) > 1:
        places = [(match.lat, match.long) for match in matches]
        window = fitting(places, width=WIDTH // 2, height=HEIGHT // 2) or _around(first)
        return Looked(replace(window, width=WIDTH, height=HEIGHT), None, words, matches)
    return Looked(_around(first), first, words, matches)


def _clicked(request: HttpRequest, window: Window) -> tuple[float, float] | None:
    x = number(request.GET.get("map.x"), least=0, most=WIDTH)
    y = number(request.GET.get("map.y"), least=0, most=HEIGHT)
    return None if x is None or y is None else window.place(x, y)


def _pinned(request: HttpRequest) -> tuple[float, float] | None:
    lat = number(request.GET.get("pin_lat"), least=-MAX_LAT, most=MAX_LAT)
    long = number(request.GET.get("pin_long"), least=-180, most=180)
    return None if lat is None or long is None else (lat, long)


def _moved(window: Window, go: str) -> Window:
    if go in _MOVES:
        return window.moved(*_MOVES[go])
    return window.zoomed({"in": 1.0, "out": -1.0}.get(go, 0.0))


def _page(
    request: HttpRequest,
    draft: Draft,
    looked: Looked,
    errors: dict[str, str],
    *,
    hint: str | None = None,
    status: int = 200,
) -> HttpResponse:
    place, window = looked.place, looked.window
    here = responsible(*place) if place else None
    context = {
        "draft": draft,
        "errors": errors,
        "hint": draft.content.hint if hint is None else hint,
        "looked": looked,
        "place": place,
        "address": _address(place, looked),
        "here": here,
        "nobody": here is not None and here.why == Why.NOBODY,
        "recipients": [body.name for body in here.bodies] if here else [],
        "nearest": _nearest(here),
        "whys": _whys(here),
        "nearby": here is not None and here.why == Why.NEARBY,
        "rows": near(*place, metres=_NEAR_METRES, limit=4, open_only=True) if place else [],
        "window": window,
        "picture": _picture_url(window, place, looked.matches),
        "from_photo": request.GET.get("from") == "photo" and bool(draft.content.photos),
        "back_to": request.GET.get("then", request.POST.get("then", "")),
    }
    if request.GET.get("part") == "told":
        return render(request, "web/_place_parts.html", context)
    context["map_data"] = map_data(
        "pick",
        window,
        pins="state=open",
        here=reverse("where"),
        draft=draft.token,
        found=[(match.lat, match.long) for match in looked.matches],
    )
    return render(request, "web/where.html", context, status=status)


def _whys(here: Responsible | None) -> list[tuple[str, str]]:
    """Each body of the place with the names of the areas by which it is responsible."""
    if here is None:
        return []
    return [
        (body.name, ", ".join(area.name for area in here.areas if area.mapit_id in body.area_ids))
        for body in here.bodies
    ]


def _address(place: tuple[float, float] | None, looked: Looked) -> str:
    if place is None:
        return ""
    for match in looked.matches:
        if (match.lat, match.long) == place:
            return match.label
    found = geocoder().reverse(*place)
    return found.label if found else ""


def _nearest(here: Responsible | None) -> dict[str, object] | None:
    """The nearest covered place, where nobody is responsible or only somebody near is."""
    if here is None or here.nearest is None:
        return None
    found = here.nearest
    return {"name": found.name, "metres": found.metres, "lat": found.lat, "long": found.long}


def _picture_url(window: Window, place: tuple[float, float] | None, matches: list[Found]) -> str:
    query: dict[str, str | list[str]] = {
        "lat": f"{window.lat:.6f}",
        "long": f"{window.long:.6f}",
        "zoom": f"{window.zoom:g}",
    }
    if place:
        query |= {"pin_lat": f"{place[0]:.6f}", "pin_long": f"{place[1]:.6f}"}
    if len(matches) > 1:
        query["found"] = [f"{match.lat:.6f},{match.long:.6f}" for match in matches]
    return f"/map.svg?{urlencode(query, doseq=True)}"
