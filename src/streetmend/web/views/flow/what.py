"""Step 2: what the problem is, in a sentence, and which kind of problem that is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from streetmend.bodies.queries import ChoicesHere, categories_at
from streetmend.clock import SystemClock
from streetmend.reports.queries.listing import near
from streetmend.web.drafts import Draft, draft_of, keep
from streetmend.web.forms import Reader, in_order
from streetmend.web.same import same_within
from streetmend.web.suggesting import suggested
from streetmend.web.views.flow.steps import after, seen_other, step_of

TITLE_LENGTH = 200
DETAIL_LENGTH = 5000


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def what(request: HttpRequest) -> HttpResponse:
    """The words and the category are in the draft."""
    draft = draft_of(request)
    if draft.report is not None:
        return redirect("sent", token=draft.token)
    if not draft.content.has_place:
        return redirect(draft.url("where"))
    choices = categories_at(*draft.content.place, get_language() or "")
    if request.method != "POST":
        content = draft.content
        told = {"title": content.title, "detail": content.detail, "category": content.category}
        return _page(request, draft, choices, told, {})
    return _keep(request, draft, choices)


def _keep(request: HttpRequest, draft: Draft, choices: ChoicesHere) -> HttpResponse:
    form = Reader(request.POST)
    told = {
        "title": form.text("title", TITLE_LENGTH, required=True),
        "detail": form.text("detail", DETAIL_LENGTH, multiline=True),
        "category": form.text("category", 200),
    }
    if request.POST.get("go") == "suggest":
        return _page(request, draft, choices, told, {}, suggest=True)
    chosen = choices.choice(told["category"])
    if chosen is None:
        form.errors["category"] = _("Choose what kind of problem it is.")
    elif chosen.stop:
        form.errors["category"] = _("This kind of problem cannot be reported here.")
    if form.errors:
        return _page(request, draft, choices, told, form.errors, suggest=not told["category"], status=422)
    changed = draft.content.changed(**told)
    if told["category"] != draft.content.category:
        # another kind of problem asks other questions
        changed = changed.changed(answers={}, details_done=False)
    return seen_other(after(keep(draft, changed, now=SystemClock().now()), "what", request))


def _page(
    request: HttpRequest,
    draft: Draft,
    choices: ChoicesHere,
    told: dict[str, str],
    errors: dict[str, str],
    *,
    suggest: bool = False,
    status: int = 200,
) -> HttpResponse:
    lat, long = draft.content.place
    words = f"{told['title']} {told['detail']}"
    likely = suggested(words, choices.choices) if suggest or told["title"] else []
    chosen = choices.choice(told["category"])
    if chosen is not None and chosen not in likely:
        likely = [chosen, *likely]
    same = []
    first = chosen or (likely[0] if likely else None)
    if first is not None:
        same = near(lat, long, metres=same_within(first.name), limit=3, category=first.name, open_only=True)
    context = {
        "draft": draft,
        "step": step_of("what"),
        "told": told,
        "errors": errors,
        "error_list": in_order(errors, ("title", "detail", "category")),
        "groups": choices.groups,
        "likely": likely,
        "only_likely": bool(likely) and len(choices.choices) > 6,
        "stop": first.stop if first is not None else "",
        "same": same,
        "recipients": [body.name for body in choices.responsible.bodies],
        "then": request.GET.get("then", request.POST.get("then", "")),
    }
    return render(request, "web/what.html", context, status=status)
