"""Before step 1, for whoever begins with a photo: the place comes from the photo or from the device, and is shown on the map."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from streetmend.clock import SystemClock
from streetmend.web.drafts import draft_of, keep
from streetmend.web.forms import number
from streetmend.web.requests import site_of
from streetmend.web.uploads import take
from streetmend.web.views.flow.steps import seen_other


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def photo(request: HttpRequest) -> HttpResponse:
    """The photos are in a draft; the next page shows the place where they were taken, if anything told it."""
    draft = draft_of(request)
    if draft.report is not None:
        return redirect("sent", token=draft.token)
    most = site_of(request).max_photos
    context = {"draft": draft, "most": most, "error_list": []}
    if most == 0:
        return redirect("where")
    if request.method != "POST":
        return render(request, "web/photo.html", context)
    kept = draft.content.photos
    taken = take(request, name="photos", room=max(0, most - len(kept)))
    if not taken.photos and not taken.error:
        taken.error = _("Choose a photo, or begin with the place.")
    if taken.photos:
        draft = keep(draft, draft.content.changed(photos=[*kept, *taken.photos]), now=SystemClock().now())
    if taken.error:
        context |= {"draft": draft, "error_list": [("photos", taken.error)]}
        return render(request, "web/photo.html", context, status=422)
    place = taken.place or _told_by_the_device(request)
    if place is None:
        return seen_other(draft.url("where", **{"from": "photo"}))
    lat, long = f"{place[0]:.6f}", f"{place[1]:.6f}"
    at = {"lat": lat, "long": long, "pin_lat": lat, "pin_long": long, "zoom": "17"}
    return seen_other(draft.url("where", **at, **{"from": "photo"}))


def _told_by_the_device(request: HttpRequest) -> tuple[float, float] | None:
    lat = number(request.POST.get("device_lat"), least=-90, most=90)
    long = number(request.POST.get("device_long"), least=-180, most=180)
    return None if lat is None or long is None else (lat, long)
