"""The order of the steps, and where one goes from each."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language

from streetmend.bodies.queries import categories_at
from streetmend.bodies.values import Choice
from streetmend.web.drafts import Draft

STEPS = ("where", "what", "details", "check")


class SeeOther(HttpResponseRedirect):
    """The next page is fetched with GET, whatever was sent."""

    status_code = 303


def seen_other(url: str) -> HttpResponse:
    """A redirect to the next step."""
    return SeeOther(url)


def after(draft: Draft, step: str, request: HttpRequest) -> str:
    """The address of the step after this one: the check again where somebody came from there to change one thing."""
    if request.POST.get("then") == "check" and first_missing(draft) is None:
        return draft.url("check")
    return draft.url(STEPS[STEPS.index(step) + 1])


def first_missing(draft: Draft) -> str | None:
    """The first step that must be gone through before the report can be sent; None where nothing is missing."""
    content = draft.content
    if not content.has_place:
        return "where"
    choice = choice_of(draft)
    if not content.title or choice is None:
        return "what"
    lacks_photo = choice.photo_required and not content.photos
    return None if content.details_done and not lacks_photo else "details"


def choice_of(draft: Draft) -> Choice | None:
    """The draft's category, if its place has it (still)."""
    if not draft.content.has_place or not draft.content.category:
        return None
    return categories_at(*draft.content.place, get_language() or "").choice(draft.content.category)


def step_of(step: str) -> dict[str, int]:
    """Which step this is, and of how many."""
    return {"number": STEPS.index(step) + 1, "of": len(STEPS)}
