"""The page of a mailed link: a button, because programs that look into mails open every link."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from streetmend.clock import SystemClock
from streetmend.reports.errors import LinkUnknown, ReportError
from streetmend.reports.models import ConfirmLink
from streetmend.reports.queries.alerts import about
from streetmend.reports.queries.stories import may_be_undone
from streetmend.reports.services import confirm_alert, confirm_report, confirm_update, links
from streetmend.reports.services.own import withdraw
from streetmend.reports.states import State
from streetmend.web.views.flow.steps import seen_other
from streetmend.web.words import of_report


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    """What the link is for is confirmed by POST, and only shown by GET."""
    now = SystemClock().now()
    try:
        link = links.find(secret[:200], now=now)
        if request.method != "POST":
            report = link.alert.report if link.alert else link.report
            context = {"link": link, "kind": _kind(link), "report": report, "used": bool(link.used_at)}
            if report is not None and link.used_at and _kind(link) == "report":
                context["may_undo"] = may_be_undone(report, now=now)
                context["undone"] = report.state == State.WITHDRAWN
            if link.alert and report is None:
                context["wanted"] = about(link.alert, get_language() or "")
            return render(request, "web/confirm.html", context)
        if request.POST.get("go") == "undo":
            return seen_other(_undone(link, secret))
        return seen_other(_confirmed(link, secret))
    except ReportError as error:
        status = 404 if isinstance(error, LinkUnknown) else 410
        return render(request, "web/link_gone.html", {"why": of_report(error)}, status=status)


def _kind(link: ConfirmLink) -> str:
    if link.alert_id:
        return "alert"
    return "update" if link.update_text else "report"


def _undone(link: ConfirmLink, secret: str) -> str:
    """The report is taken back if it has not left yet; the page of the link says what became of it."""
    now = SystemClock().now()
    if link.report is not None and _kind(link) == "report" and may_be_undone(link.report, now=now):
        withdraw(report=link.report, now=now)
    return f"/confirm/{secret}"


def _confirmed(link: ConfirmLink, secret: str) -> str:
    """What the link is for has happened; the address of the page that shows it."""
    now, kind = SystemClock().now(), _kind(link)
    if kind == "alert":
        alert = confirm_alert(secret=secret, now=now)
        return f"/reports/{alert.report_id}?now=follows" if alert.report_id else "/alerts?now=on"
    if kind == "update":
        return f"/reports/{confirm_update(secret=secret, now=now).pk}?now=updated"
    first = link.used_at is None
    report = confirm_report(secret=secret, now=now)
    if first and may_be_undone(report, now=now):
        # whoever pressed too early can still take it back here
        return f"/confirm/{secret}"
    if report.visible:
        return f"/reports/{report.pk}?now=confirmed"
    return "/about?now=looked_at" if report.hidden else "/about?now=confirmed"
