"""The pages that work without network: a form for a report, and the reports that wait on the device."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from streetmend.bodies.queries import categories_in_use, site
from streetmend.bodies.values import Choice
from streetmend.web.maps.keeping import kept_map_data
from streetmend.web.questions import Shown, shown_questions
from streetmend.web.requests import site_of


@never_cache
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """A form on one page for a report that the device keeps; kinds of problem and questions are those of all places."""
    return _page(request, "web/offline.html")


@never_cache
@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """The reports that wait on the device; the page itself knows none of them."""
    return _page(request, "web/waiting.html")


def _page(request: HttpRequest, template: str) -> HttpResponse:
    """The page in the language of `?language=`, by which the service worker keeps one of each; else in the reader's."""
    language = request.GET.get("language", "")
    if language not in site_of(request).languages:
        return render(request, template, _context())
    setattr(request, "site_info", site().in_language(language))  # noqa: B010 - as the middleware sets it
    with translation.override(language):
        answer = render(request, template, _context())
    answer.headers["Content-Language"] = language
    return answer


def _context() -> dict[str, Any]:
    groups: dict[str, list[Choice]] = {}
    asked: list[tuple[str, list[Shown]]] = []
    for choice in categories_in_use(translation.get_language() or ""):
        if choice.stop:
            continue
        groups.setdefault(choice.group, []).append(choice)
        if questions := shown_questions(choice, {}, {}):
            asked.append((choice.name, questions))
    return {"groups": sorted(groups.items()), "asked": asked, "map_data": kept_map_data()}
