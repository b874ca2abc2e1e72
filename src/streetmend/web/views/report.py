"""One report: what it says, where it went, what has happened; and what readers may do about it."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from streetmend.bodies.queries import categories_in_use
from streetmend.clock import SystemClock
from streetmend.reports.errors import ReportError
from streetmend.reports.models import Report
from streetmend.reports.queries.allowed import may_be_said, updates_allowed
from streetmend.reports.queries.stories import seen_too, story, visible_report
from streetmend.reports.services import Said, Told, add_update, follow, request_update
from streetmend.reports.states import Actor, State
from streetmend.reports.vapid import public_key
from streetmend.web.forms import Reader, in_order
from streetmend.web.look import look_of
from streetmend.web.maps.configuring import map_data
from streetmend.web.maps.drawing import draw
from streetmend.web.maps.pins import Pin
from streetmend.web.maps.site_map import ground
from streetmend.web.maps.window import STREET_ZOOM, Window
from streetmend.web.requests import is_proven, person_of, site_of
from streetmend.web.uploads import take
from streetmend.web.views.flow.steps import seen_other
from streetmend.web.words import of_report

UPDATE_LENGTH = 5000
_TOKEN = re.compile(r"[\w-]{1,64}", re.ASCII)


@require_safe
def page(request: HttpRequest, report_id: int) -> HttpResponse:
    """The report's page."""
    return _page(request, _found(report_id), {}, {})


@require_http_methods(["POST"])
def update(request: HttpRequest, report_id: int) -> HttpResponse:
    """What was said stands on the report, or waits for its mailed link."""
    report = _found(report_id)
    form = Reader(request.POST)
    told: dict[str, Any] = {
        "text": form.text("text", UPDATE_LENGTH, multiline=True),
        "state": request.POST.get("state", ""),
        "name": form.text("name", 200),
        "show_name": request.POST.get("show_name") == "yes",
        "email": form.email("email"),
        "form_token": _form_token(request),
    }
    if told["state"] and told["state"] not in may_be_said(report):
        form.errors["state"] = _("The report's state has changed meanwhile. Look at it again.")
    taken = take(request, name="photos", room=site_of(request).max_photos) if not form.errors else None
    if taken is not None and taken.error:
        form.errors["photos"] = taken.error
    if form.errors or taken is None:
        return _page(request, report, told, form.errors, status=422)
    said = Said(told["text"], State(told["state"]) if told["state"] else None, taken.photos)
    try:
        return _said(request, report, told, said)
    except ReportError as error:
        return _page(request, report, told, {error.field: of_report(error)}, status=422)


def _form_token(request: HttpRequest) -> str:
    """The token that the form came with, by which its repeat is known; a new one where it is none of ours."""
    sent = request.POST.get("form_token", "")
    return sent if _TOKEN.fullmatch(sent) else secrets.token_urlsafe(24)


def _said(request: HttpRequest, report: Report, told: dict[str, Any], said: Said) -> HttpResponse:
    now, email = SystemClock().now(), told["email"]
    if is_proven(request, email):
        person = person_of(request)
        own = person is not None and report.reporter_id == person.pk
        add_update(
            report=report,
            actor=Actor.REPORTER if own else Actor.RESIDENT,
            said=said,
            now=now,
            person=person,
            name=told["name"],
            show_name=told["show_name"],
            form_token=told["form_token"],
        )
        return seen_other(f"/reports/{report.pk}?now=updated")
    teller = Told(email, told["name"], show_name=told["show_name"], language=get_language() or "en")
    request_update(report=report, told=teller, said=said, now=now, form_token=told["form_token"])
    return render(request, "web/mail_sent.html", {"report": report, "email": email})


@require_http_methods(["POST"])
def follow_report(request: HttpRequest, report_id: int) -> HttpResponse:
    """Who is signed in follows the report; others have a mail that asks whether the address wants news of it.

    `same` is pressed in the form for a new report: it is this one, and whoever is not known is asked for the address alone.
    """
    report = _found(report_id)
    person, same = person_of(request), "same" in request.POST
    form = Reader(request.POST)
    if same and "follow_email" not in request.POST:
        if person is None or not is_proven(request, person.email):
            return _ask_whom_to_tell(request, report, person.email if person else "", {})
        email = person.email
    else:
        email = form.email("follow_email") if "follow_email" in request.POST else form.email("email")
    errors, proven = form.errors, is_proven(request, email)
    if not errors:
        try:
            follow(
                report=report,
                email=email,
                language=get_language() or "en",
                now=SystemClock().now(),
                confirmed=proven,
            )
        except ReportError as error:
            errors = {"follow_email": of_report(error)}
    if errors and same:
        return _ask_whom_to_tell(request, report, email, errors)
    if errors:
        return _page(request, report, {"follow_email": email}, errors, status=422)
    if proven:
        return seen_other(f"/reports/{report.pk}?now=follows")
    return render(request, "web/mail_sent.html", {"report": report, "email": email})


def _ask_whom_to_tell(
    request: HttpRequest, report: Report, email: str, errors: dict[str, str]
) -> HttpResponse:
    context = {
        "report": report,
        "email": email,
        "errors": errors,
        "error_list": list(errors.items()),
        "draft": request.POST.get("draft", "")[:200],
    }
    return render(request, "web/follow.html", context, status=422 if errors else 200)


def _found(report_id: int) -> Report:
    report = visible_report(report_id)
    if report is None:
        raise Http404(_("There is no such report."))
    return report


def _page(
    request: HttpRequest, report: Report, told: dict[str, Any], errors: dict[str, str], *, status: int = 200
) -> HttpResponse:
    window = Window(report.lat, report.long, STREET_ZOOM, 640, 440)
    pin = Pin(report.lat, report.long, look_of(report.state).name, report.title)
    person = person_of(request)
    known = {"email": person.email if person else "", "name": person.name if person else ""}
    labels = {choice.name: choice.label for choice in categories_in_use(get_language() or "")}
    context = {
        "report": report,
        "category": labels.get(report.category_name.name, report.category_name.name),
        "story": story(report, now=SystemClock().now()),
        "map_data": map_data("show", window, pin=look_of(report.state).name),
        "map": draw(ground(), window, [pin], name="place", links=False, big=True),
        "told": {"follow_email": known["email"], **known, **told},
        "errors": errors,
        "error_list": in_order(errors, ("text", "state", "photos", "name", "email", "follow_email")),
        "form_token": told.get("form_token") or secrets.token_urlsafe(24),
        "takes_updates": updates_allowed(report),
        "may_say": [(state.value, look_of(state).word) for state in may_be_said(report)],
        "now": request.GET.get("now", ""),
        "push_key": public_key(),
        "seen_too": seen_too(report),
        "most_photos": site_of(request).max_photos,
    }
    return render(request, "web/report.html", context, status=status)
