"""Step 1 without any map: streets and landmarks by name, and the house numbers of one street."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from streetmend.geocode import Found, geocoder
from streetmend.web.drafts import draft_of
from streetmend.web.maps.site_map import ground

#: more names than this are shown one letter at a time
_ON_A_PAGE = 300
_LONGEST_NAME = 300


@never_cache
@require_safe
def streets(request: HttpRequest) -> HttpResponse:
    """The names, under their first letters; with `street`, its addresses."""
    draft = draft_of(request)
    street = request.GET.get("street", "")[:_LONGEST_NAME]
    if street:
        context = {"draft": draft, "street": street, "numbers": _numbers(street)}
        return render(request, "web/street.html", context)
    found = _names()
    letters = [(letter, list(places)) for letter, places in groupby(found, key=_letter)]
    wanted = request.GET.get("letter", "")[:1].upper()
    shown = letters
    if len(found) > _ON_A_PAGE:
        shown = [one for one in letters if one[0] == (wanted or letters[0][0])]
    context = {"draft": draft, "letters": [letter for letter, _ in letters], "shown": shown}
    return render(request, "web/streets.html", context)


def _names() -> list[Found]:
    streets = geocoder().streets()
    known = {place.label for place in streets}
    more = [Found(*one) for one in ground().named() if one[0] not in known]
    return sorted([*streets, *more], key=lambda place: (_letter(place), place.label.casefold()))


def _numbers(street: str) -> list[Found]:
    return geocoder().numbers(street) or [place for place in _names() if place.label == street]


def _letter(place: Found) -> str:
    return place.label[:1].upper()
