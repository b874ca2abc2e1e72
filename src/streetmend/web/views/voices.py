"""One press on a report's page: I see it too; this should not be here. No account, and no way to do either without end."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from streetmend.accounts.limits import Limit, LimitReached, count
from streetmend.clock import SystemClock
from streetmend.reports.models import Report
from streetmend.reports.queries.stories import visible_report
from streetmend.reports.services.voices import see_it_too, should_not_be_here
from streetmend.web.forms import Reader
from streetmend.web.requests import address_of, person_of
from streetmend.web.views.flow.steps import seen_other

_DAY = 86_400.0
_COOKIE = "streetmend-reader"
_YEAR = 365 * 24 * 3600
_REASON = 1000
#: from one address: a school class, but no machine
_PRESSES = Limit(60, _DAY)
#: about one report: staff know after the first
_MAILS = Limit(3, _DAY)


@require_POST
def me_too(request: HttpRequest, report_id: int) -> HttpResponse:
    """One more sees the problem; the same browser, or the same person, counts once."""
    report = _found(report_id)
    if not _may(f"me-too:{address_of(request)}", _PRESSES):
        return seen_other(f"/reports/{report.pk}?now=enough")
    person = person_of(request)
    reader = _reader(request)
    see_it_too(report=report, who=f"person {person.pk}" if person else reader, now=SystemClock().now())
    answer = seen_other(f"/reports/{report.pk}?now=me_too")
    if person is None:
        answer.set_signed_cookie(
            _COOKIE,
            reader,
            max_age=_YEAR,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return answer


@require_POST
def wrong_here(request: HttpRequest, report_id: int) -> HttpResponse:
    """Staff are told that somebody thinks that the report should not be here."""
    report = _found(report_id)
    form = Reader(request.POST)
    reason = form.text("reason", _REASON, multiline=True)
    if form.errors:
        return seen_other(f"/reports/{report.pk}?now=too_long")
    heard = _may(f"wrong:{address_of(request)}", _PRESSES) and _may(f"wrong-report:{report.pk}", _MAILS)
    if heard:
        should_not_be_here(report=report, reason=reason, now=SystemClock().now())
    return render(request, "web/heard.html", {"report": report})


def _found(report_id: int) -> Report:
    report = visible_report(report_id)
    if report is None:
        raise Http404(_("There is no such report."))
    return report


def _reader(request: HttpRequest) -> str:
    """By what a browser is known again, and nothing else of it."""
    return str(request.get_signed_cookie(_COOKIE, default="") or secrets.token_urlsafe(16))


def _may(name: str, limit: Limit) -> bool:
    try:
        count(name=name, limit=limit, now=SystemClock().now())
    except LimitReached:
        return False
    return True
