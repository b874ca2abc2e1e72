"""Alerts on new reports: asking for one, and the end of any alert from the link that stands in each of its mails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from streetmend.areas.queries import areas
from streetmend.bodies.queries import bodies, categories_in_use
from streetmend.clock import SystemClock
from streetmend.geocode import Found, coordinates, geocoder
from streetmend.reports.errors import LinkUnknown, ReportError
from streetmend.reports.models import Alert, HowOften
from streetmend.reports.queries.alerts import about, alert_with, end_token, report_with, wishes_of
from streetmend.reports.services import end_alert, end_news
from streetmend.reports.services.alerting import Wanted, want_news
from streetmend.reports.vapid import public_key
from streetmend.web.forms import Reader, in_order, whole
from streetmend.web.requests import is_proven, person_of
from streetmend.web.views.flow.steps import seen_other
from streetmend.web.words import of_report

#: how far around a place, in metres
DISTANCES = (200, 500, 1000, 2000, 5000, 10000)
_USUAL = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says; ids are those that there are, or None."""

    place: tuple[float, float] | None
    metres: int
    area: int | None
    body: int | None
    category: int | None
    how_often: HowOften

    @property
    def wanted(self) -> Wanted:
        """The wish; a place counts for more than an area."""
        lat, long = self.place or (None, None)
        return Wanted(
            lat=lat,
            long=long,
            metres=self.metres if self.place else None,
            area_id=None if self.place else self.area,
            body_id=self.body,
            category_name_id=self.category,
        )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def alerts(request: HttpRequest) -> HttpResponse:
    """Somebody says of which new reports they want to hear, and confirms it by a mailed link."""
    if request.method != "POST":
        return _page(request, asked_for(request.GET), {})
    form = Reader(request.POST)
    asked, email = asked_for(request.POST), form.email("email")
    if form.errors:
        return _page(request, asked, form.errors, email=email, status=422)
    proven = is_proven(request, email)
    try:
        want_news(
            wanted=asked.wanted,
            how_often=asked.how_often,
            email=email,
            language=get_language() or "en",
            now=SystemClock().now(),
            proven=proven,
        )
    except ReportError as error:
        return _page(request, asked, {"email": of_report(error)}, email=email, status=422)
    if proven:
        return seen_other("/alerts?now=on")
    # the same page whether or not the address had the alert already: nobody learns who wants what
    return render(request, "web/mail_sent.html", {"email": email})


@csrf_exempt  # mail programs post here themselves (RFC 8058); the token is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, token: str) -> HttpResponse:
    """POST ends the alert of the token, as often as one likes; GET shows the button that does so."""
    try:
        alert = alert_with(token)
    except LinkUnknown:
        return _end_own(request, token)
    if request.method == "POST":
        end_alert(alert=alert, now=SystemClock().now())
    context = {
        "report": alert.report,
        "wanted": None if alert.report else about(alert, get_language() or ""),
        "ended": request.method == "POST" or alert.ended_at is not None,
    }
    return render(request, "web/end_alert.html", context)


def _end_own(request: HttpRequest, token: str) -> HttpResponse:
    """The same for the one who made a report, who is told of it without having asked."""
    try:
        report = report_with(token)
    except LinkUnknown as error:
        return render(request, "web/link_gone.html", {"why": of_report(error)}, status=404)
    if request.method == "POST":
        end_news(report=report, now=SystemClock().now())
    context = {
        "report": report,
        "wanted": None,
        "ended": request.method == "POST" or report.updates_ended_at is not None,
    }
    return render(request, "web/end_alert.html", context)


def asked_for(sent: Any) -> Asked:
    """What was sent or linked to; what there is not, is not asked for."""
    metres = whole(sent.get("metres"))
    area, body, category = (whole(sent.get(name)) for name in ("area", "body", "category"))
    often = sent.get("how_often", "")
    return Asked(
        place=_place(sent.get("place", "")),
        metres=metres if metres in DISTANCES else _USUAL,
        area=area if area in {one.mapit_id for one in areas()} else None,
        body=body if body in {one.id for one in bodies()} else None,
        category=category if category in {one.name_id for one in categories_in_use()} else None,
        how_often=HowOften(often) if often in HowOften.values else HowOften.INSTANT,
    )


def _place(text: str) -> tuple[float, float] | None:
    found = coordinates(text[:100])
    return None if found is None else (round(found[0], 6), round(found[1], 6))


def _page(
    request: HttpRequest, asked: Asked, errors: dict[str, str], *, email: str = "", status: int = 200
) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:200]
    person = person_of(request)
    language = get_language() or ""
    mine = wishes_of(person.pk) if person else []
    context = {
        "asked": asked,
        "words": words,
        "matches": _matches(words, asked.place),
        "distances": DISTANCES,
        "areas": sorted(areas(), key=lambda area: area.name.casefold()),
        "bodies": bodies(),
        "categories": sorted(categories_in_use(language), key=lambda choice: choice.label.casefold()),
        "often": [(HowOften.INSTANT, _("At once")), (HowOften.DAILY, _("Once a day, in the morning"))],
        "email": email or (person.email if person else ""),
        "mine": [_mine(alert, language) for alert in mine],
        "now": request.GET.get("now", ""),
        "push_key": public_key(),
        "errors": errors,
        "error_list": in_order(errors, ("email",)),
    }
    return render(request, "web/alerts.html", context, status=status)


def _matches(words: str, place: tuple[float, float] | None) -> list[Found]:
    """The places to choose from: what the words mean, else the one that was linked to."""
    if words:
        at = coordinates(words)
        return geocoder().search(words) if at is None else [Found(words, *at)]
    if place is None:
        return []
    known = geocoder().reverse(*place)
    return [Found(known.label if known else f"{place[0]:.5f}, {place[1]:.5f}", *place)]


def _mine(alert: Alert, language: str) -> dict[str, Any]:
    return {
        "report": alert.report,
        "wanted": None if alert.report else about(alert, language),
        "daily": alert.how_often == HowOften.DAILY,
        "token": end_token(alert),
    }
