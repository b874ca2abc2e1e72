"""A draft that is finished later, on any device: its link by mail."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from streetmend.clock import SystemClock
from streetmend.reports.errors import ReportError
from streetmend.reports.services.drafts import mail_draft_link
from streetmend.web.drafts import draft_of
from streetmend.web.forms import Reader
from streetmend.web.words import of_report


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def later(request: HttpRequest) -> HttpResponse:
    """POST: a mail with the link of the draft is on its way."""
    draft = draft_of(request)
    if draft.report is not None:
        return redirect("sent", token=draft.token)
    if not draft.token:
        return redirect("where")
    form, sent, email = Reader(request.POST), False, ""
    if request.method == "POST":
        email = form.email("email")
        if not form.errors:
            try:
                sent = mail_draft_link(
                    token=draft.token, email=email, language=get_language() or "en", now=SystemClock().now()
                )
            except ReportError as error:
                form.errors["email"] = of_report(error)
    errors = list(form.errors.items())
    context = {"draft": draft, "email": email, "sent": sent, "errors": form.errors, "error_list": errors}
    return render(request, "web/later.html", context, status=422 if errors else 200)
