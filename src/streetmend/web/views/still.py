"""The page of the question whether something is still there: its answer stands on the report."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from streetmend.clock import SystemClock
from streetmend.reports.errors import LinkUnknown, ReportError
from streetmend.reports.models import Report
from streetmend.reports.queries.alerts import asked_about
from streetmend.reports.services import Said, add_update
from streetmend.reports.states import Actor, State
from streetmend.web.views.flow.steps import seen_other
from streetmend.web.words import of_report


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def still(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; POST with `answer` (fixed or still) says so in the reporter's name. The same answer again adds nothing."""
    try:
        report = asked_about(token)
        answer = request.POST.get("answer", "")
        if request.method != "POST" or answer not in ("fixed", "still"):
            return render(request, "web/still.html", {"report": report})
        _say(report, answer)
    except LinkUnknown as error:
        return render(request, "web/link_gone.html", {"why": of_report(error)}, status=404)
    except ReportError:
        # it was closed meanwhile: its page says how
        return seen_other(f"/reports/{report.pk}")
    return seen_other(f"/reports/{report.pk}?now=updated")


def _say(report: Report, answer: str) -> None:
    if answer == "fixed" and report.state == State.FIXED:
        return
    with override(report.language):
        said = (
            Said(_("It is fixed."), State.FIXED) if answer == "fixed" else Said(_("It is still there."), None)
        )
    add_update(
        report=report,
        actor=Actor.REPORTER,
        said=said,
        now=SystemClock().now(),
        person=report.reporter,
        name=report.name,
        show_name=report.show_name,
        form_token=f"still-{answer}-{report.pk}",
    )
