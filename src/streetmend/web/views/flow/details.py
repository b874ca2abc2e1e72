"""Step 3: what this kind of problem asks besides, and photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from streetmend.bodies.answers import check as check_answers
from streetmend.bodies.values import Choice
from streetmend.clock import SystemClock
from streetmend.photos.store import StoredPhoto
from streetmend.reports.errors import PhotoMissing
from streetmend.text import TextError, clean_text
from streetmend.web.drafts import Draft, draft_of, keep
from streetmend.web.forms import Reader
from streetmend.web.questions import Shown, shown_questions
from streetmend.web.requests import site_of
from streetmend.web.uploads import take
from streetmend.web.views.flow.steps import after, choice_of, first_missing, seen_other, step_of
from streetmend.web.words import of_report

LONGEST_ANSWER = 20_000


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """The answers and the photos are in the draft."""
    draft = draft_of(request)
    if draft.report is not None:
        return redirect("sent", token=draft.token)
    if first_missing(draft) in ("where", "what"):
        return redirect(draft.url(first_missing(draft) or "where"))
    choice = choice_of(draft)
    if choice is None:
        return redirect(draft.url("what"))
    if request.method != "POST":
        return _page(request, draft, choice, draft.content.answers, {})
    return _keep(request, draft, choice)


def _keep(request: HttpRequest, draft: Draft, choice: Choice) -> HttpResponse:
    form = Reader(request.POST)
    given = {
        question.code: form.texts(f"answer.{question.code}", LONGEST_ANSWER) for question in choice.questions
    }
    checked = check_answers(choice.questions, given, zone=site_of(request).zone)
    errors = {f"answer.{code}": why for code, why in checked.errors.items()}
    if request.POST.get("first"):
        # the pictures change places, and nothing is asked for yet
        return _put_first(request, draft, {**draft.content.answers, **checked.answers})
    if request.POST.get("hide"):
        photos = [described(photo, request) for photo in draft.content.photos]
        answered = draft.content.changed(answers={**draft.content.answers, **checked.answers}, photos=photos)
        draft = keep(draft, answered, now=SystemClock().now())
        return seen_other(draft.url("hide", photo=request.POST["hide"][:100], **_then(request)))
    removed = set(request.POST.getlist("remove"))
    kept = [described(photo, request) for photo in draft.content.photos if photo.name not in removed]
    taken = take(request, name="photos", room=max(0, site_of(request).max_photos - len(kept)))
    if taken.error:
        errors["photos"] = taken.error
    elif choice.photo_required and not kept and not taken.photos:
        errors["photos"] = of_report(PhotoMissing(""))
    # what was right stays, whatever else is wrong: nobody sends a photo twice
    content = draft.content.changed(
        answers=checked.answers, photos=[*kept, *taken.photos], details_done=not errors
    )
    draft = keep(draft, content, now=SystemClock().now())
    if errors:
        shown = {**checked.answers, **{code: given[code] for code in checked.errors}}
        return _page(request, draft, choice, shown, errors, status=422)
    return seen_other(after(draft, "details", request))


def _put_first(request: HttpRequest, draft: Draft, answers: dict[str, list[str]]) -> HttpResponse:
    first = request.POST.get("first")
    photos = sorted(
        (described(photo, request) for photo in draft.content.photos), key=lambda photo: photo.name != first
    )
    keep(draft, draft.content.changed(answers=answers, photos=photos), now=SystemClock().now())
    return seen_other(draft.url("details", **_then(request)))


def _then(request: HttpRequest) -> dict[str, str]:
    return {"then": "check"} if request.POST.get("then") == "check" else {}


def described(photo: StoredPhoto, request: HttpRequest) -> StoredPhoto:
    """The photo with what the form says that it shows, if it says so."""
    raw = request.POST.get(f"alt.{photo.name}")
    if raw is None:
        return photo
    try:
        return replace(photo, alt=clean_text(raw, field="alt", max_length=300))
    except TextError:
        return photo


def _error_list(shown: Sequence[Shown], errors: dict[str, str]) -> list[tuple[str, str]]:
    """What is wrong, each with the question that it is about: several may have the same words."""
    asked = {one.field: one.question.text or one.question.code for one in shown}
    return [(name, f"{_ended(asked[name])} {why}" if name in asked else why) for name, why in errors.items()]


def _ended(question: str) -> str:
    """The question as it stands before what is said of it."""
    return question if question.endswith(("?", ":", ".", "!")) else f"{question}:"


def _page(
    request: HttpRequest,
    draft: Draft,
    choice: Choice,
    answers: dict[str, list[str]],
    errors: dict[str, str],
    *,
    status: int = 200,
) -> HttpResponse:
    shown = shown_questions(choice, answers, errors)
    most = site_of(request).max_photos
    context = {
        "draft": draft,
        "step": step_of("details"),
        "choice": choice,
        "questions": shown,
        "errors": errors,
        "error_list": _error_list(shown, errors),
        "photos": draft.content.photos,
        "room": max(0, most - len(draft.content.photos)),
        "most": most,
        "then": request.GET.get("then", request.POST.get("then", "")),
    }
    return render(request, "web/details.html", context, status=status)
