"""After the form: what happens next, and the mail once more where it did not come."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from streetmend.clock import SystemClock
from streetmend.reports.errors import ReportError
from streetmend.reports.models import Report
from streetmend.reports.queries.drafts import find_draft
from streetmend.reports.queries.stories import may_be_undone, story
from streetmend.reports.services import change_confirm_address, send_confirm_link_again
from streetmend.reports.services.own import withdraw
from streetmend.reports.states import State
from streetmend.web.forms import Reader
from streetmend.web.words import of_report


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sent(request: HttpRequest, token: str) -> HttpResponse:
    """What became of the report of this draft; POST sends the link once more."""
    draft = find_draft(token[:200])
    if draft is None or draft.report is None:
        raise Http404(_("There is no such report."))
    report, said, errors = draft.report, "", dict[str, str]()
    if request.method == "POST":
        said, errors = _acted(request, report)
        report.refresh_from_db()
    context = {
        "report": report,
        "waits": report.state == State.UNCONFIRMED,
        "said": said,
        "errors": errors,
        "error_list": list(errors.items()),
        "email": request.POST.get("email", "") if errors else "",
        "may_undo": may_be_undone(report, now=SystemClock().now()),
        "story": story(report, now=SystemClock().now()),
        "here_again": f"/report/where?lat={report.lat}&long={report.long}&pin_lat={report.lat}&pin_long={report.long}&zoom=16",
    }
    return render(request, "web/sent.html", context, status=422 if errors else 200)


def _acted(request: HttpRequest, report: Report) -> tuple[str, dict[str, str]]:
    """What was asked for is done: what is said of it, and what was wrong."""
    now, go = SystemClock().now(), request.POST.get("go", "")
    try:
        if go == "undo":
            if may_be_undone(report, now=now):
                withdraw(report=report, now=now)
                return _("The report is taken back. It was sent to nobody."), {}
            return _("It has left already."), {}
        if go == "address":
            form = Reader(request.POST)
            email = form.email("email")
            if form.errors:
                return "", form.errors
            changed = change_confirm_address(report=report, email=email, now=now)
            return (_("The mail is on its way.") if changed else _("You have confirmed it already.")), {}
        again = send_confirm_link_again(report=report, now=now)
        return (
            _("The mail is on its way.") if again else _("Please wait a minute before you ask again.")
        ), {}
    except ReportError as error:
        return "", {"email": of_report(error)}
