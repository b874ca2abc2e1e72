"""Step 4: everything once more, who tells, and the button that sends it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from streetmend.bodies.queries import responsible
from streetmend.bodies.values import Choice
from streetmend.clock import SystemClock
from streetmend.reports.errors import ReportError
from streetmend.web.drafts import Draft, draft_of
from streetmend.web.forms import Reader, in_order
from streetmend.web.personal import personal_in
from streetmend.web.requests import is_proven, person_of
from streetmend.web.views.flow.sending import send_draft
from streetmend.web.views.flow.steps import choice_of, first_missing, seen_other, step_of
from streetmend.web.words import of_report

NAME_LENGTH = 200
PHONE_LENGTH = 40


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The report is submitted."""
    draft = draft_of(request)
    if draft.report is not None:
        return redirect("sent", token=draft.token)
    missing = first_missing(draft)
    choice = choice_of(draft)
    if missing is not None or choice is None:
        return redirect(draft.url(missing or "what"))
    if request.method == "POST":
        return _send(request, draft, choice)
    person = person_of(request)
    known = {"email": person.email, "name": person.name, "phone": person.phone} if person else {}
    told = {**known, **draft.content.who}
    return _page(request, draft, choice, told, {})


def _send(request: HttpRequest, draft: Draft, choice: Choice) -> HttpResponse:
    form = Reader(request.POST)
    told: dict[str, Any] = {
        "email": form.email("email"),
        "name": form.text("name", NAME_LENGTH),
        "phone": form.text("phone", PHONE_LENGTH),
        "show_name": request.POST.get("show_name") == "yes",
    }
    # people do not see this field; programs that fill in every field do
    if request.POST.get("website"):
        return redirect("home")
    if form.errors:
        return _page(request, draft, choice, told, form.errors, status=422)
    try:
        send_draft(request, draft, told, now=SystemClock().now())
    except ReportError as error:
        return _page(request, draft, choice, told, {error.field: of_report(error)}, status=422)
    return seen_other(f"/report/sent/{draft.token}")


def _page(
    request: HttpRequest,
    draft: Draft,
    choice: Choice,
    told: dict[str, Any],
    errors: dict[str, str],
    *,
    status: int = 200,
) -> HttpResponse:
    here = responsible(*draft.content.place, draft.content.category)
    context = {
        "draft": draft,
        "step": step_of("check"),
        "choice": choice,
        "told": told,
        "errors": errors,
        "error_list": in_order(errors, ("email", "name", "phone")),
        "answers": _answers(draft, choice),
        "recipients": [body.name for body in here.responsible_bodies],
        "private": here.private,
        "personal": [
            {"kind": kind.value, "words": words}
            for kind, words in personal_in(f"{draft.content.title}\n{draft.content.detail}")
        ],
        "proven": is_proven(request, told.get("email", "")),
    }
    return render(request, "web/check.html", context, status=status)


def _answers(draft: Draft, choice: Choice) -> list[tuple[str, str]]:
    """Each question that was answered, with the answers as people chose them."""
    shown = []
    for question in choice.questions:
        names = {value["key"]: value["name"] for value in question.values}
        values = draft.content.answers.get(question.code, [])
        if values:
            shown.append(
                (question.text or question.code, ", ".join(names.get(value, value) for value in values))
            )
    return shown
