"""The end of an alert, from the link that stands in each of its mails."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from streetmend.clock import SystemClock
from streetmend.reports.errors import LinkUnknown
from streetmend.reports.queries.alerts import alert_with
from streetmend.reports.services import end_alert
from streetmend.web.words import of_report


@csrf_exempt  # mail programs post here themselves (RFC 8058); the token is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, token: str) -> HttpResponse:
    """POST ends the alert of the token, as often as one likes; GET shows the button that does so."""
    try:
        alert = alert_with(token)
    except LinkUnknown as error:
        return render(request, "web/link_gone.html", {"why": of_report(error)}, status=404)
    if request.method == "POST":
        end_alert(alert=alert, now=SystemClock().now())
    ended = request.method == "POST" or alert.ended_at is not None
    return render(request, "web/end_alert.html", {"report": alert.report, "ended": ended})
