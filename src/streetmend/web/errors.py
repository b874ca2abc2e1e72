"""Pages for what went wrong. None of them shows more than the reader needs."""

from __future__ import annotations

import logging
import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from streetmend.database.errors import is_temporary

#: when it may go better
AGAIN_SECONDS = "5"
_log = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request makes no sense."""
    return render(request, "web/error.html", {"status": 400}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: not for this reader."""
    return render(request, "web/error.html", {"status": 403}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: there is nothing here (any more)."""
    return render(request, "web/error.html", {"status": 404}, status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """500: our fault; 503 where the database is away, busy or of another release, which passes.

    The page needs neither the database nor the site.
    """
    error = sys.exc_info()[1]
    if error is not None and is_temporary(error):
        busy = render_to_string("web/failed.html", {"busy": True})
        return HttpResponse(
            busy, status=503, headers={"Retry-After": AGAIN_SECONDS, "Cache-Control": "no-store"}
        )
    return HttpResponse(render_to_string("web/failed.html"), status=500)


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form does not come from a page of ours, or from one that was open too long."""
    _log.info("form refused path=%s reason=%s", request.path, reason)
    return render(request, "web/error.html", {"status": 403, "form": True}, status=403)
