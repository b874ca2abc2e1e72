"""After the form: what happens next, and the mail once more where it did not come."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from streetmend.clock import SystemClock
from streetmend.reports.errors import ReportError
from streetmend.reports.queries.drafts import find_draft
from streetmend.reports.queries.stories import story
from streetmend.reports.services import send_confirm_link_again
from streetmend.reports.states import State
from streetmend.web.words import of_report


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sent(request: HttpRequest, token: str) -> HttpResponse:
    """What became of the report of this draft; POST sends the link once more."""
    draft = find_draft(token[:200])
    if draft is None or draft.report is None:
        raise Http404(_("There is no such report."))
    report, said, status = draft.report, "", 200
    waits = report.state == State.UNCONFIRMED
    if request.method == "POST" and waits:
        try:
            again = send_confirm_link_again(report=report, now=SystemClock().now())
            said = _("The mail is on its way.") if again else _("Please wait a minute before you ask again.")
        except ReportError as error:
            said, status = of_report(error), 422
    context = {
        "report": report,
        "waits": waits,
        "said": said,
        "story": story(report, now=SystemClock().now()),
        "here_again": f"/report/where?lat={report.lat}&long={report.long}&pin_lat={report.lat}&pin_long={report.long}&zoom=16",
    }
    return render(request, "web/sent.html", context, status=status)
