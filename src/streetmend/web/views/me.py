"""What is mine, for who is signed in: my reports, my alerts, all that is kept of me, and the end of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from streetmend.accounts.models import Person
from streetmend.bodies.queries import categories_in_use
from streetmend.clock import SystemClock
from streetmend.reports.errors import MoveRefused
from streetmend.reports.models import Report
from streetmend.reports.queries.alerts import wishes_of
from streetmend.reports.queries.own import everything_of, own_report, own_reports
from streetmend.reports.services.own import ask_to_be_erased, show_name, withdraw
from streetmend.reports.states import OPEN_STATES, Actor, State, may_move
from streetmend.web.requests import person_of
from streetmend.web.views.flow.steps import seen_other

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
_MineView = Callable[Concatenate[HttpRequest, Person, P], HttpResponse]


def mine(view: _MineView[P]) -> View[P]:
    """A view for the person who is signed in; anybody else is asked to sign in first. Nothing of it is kept by caches."""

    @never_cache
    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        person = person_of(request)
        if person is None:
            return redirect("sign-in")
        return view(request, person, *args, **kwargs)

    return inner


@require_safe
@mine
def me(request: HttpRequest, person: Person) -> HttpResponse:
    """My reports, and what I can do with what is mine."""
    labels = {choice.name_id: choice.label for choice in categories_in_use(get_language() or "")}
    reports = [
        {
            "report": report,
            "category": labels.get(report.category_name_id, report.category_name.name),
            "may_withdraw": may_move(Actor.REPORTER, State(report.state), State.WITHDRAWN),
            "is_open": State(report.state) in OPEN_STATES,
        }
        for report in own_reports(person)
    ]
    context = {
        "person": person,
        "reports": reports,
        "alerts": len(wishes_of(person.pk)),
        "now": request.GET.get("now", ""),
    }
    return render(request, "web/me.html", context)


@require_safe
@mine
def export(request: HttpRequest, person: Person) -> HttpResponse:
    """All that is kept of me, as JSON."""
    answer = JsonResponse(everything_of(person), json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@require_POST
@mine
def name(request: HttpRequest, person: Person, report_id: int) -> HttpResponse:
    """My name shows with this report, or does not."""
    shown = request.POST.get("show_name") == "yes"
    show_name(report=_own(person, report_id), shown=shown, now=SystemClock().now())
    return seen_other("/me?now=name")


@require_POST
@mine
def take_back(request: HttpRequest, person: Person, report_id: int) -> HttpResponse:
    """My report is withdrawn."""
    try:
        withdraw(report=_own(person, report_id), now=SystemClock().now())
    except MoveRefused:
        return seen_other("/me?now=closed")
    return seen_other("/me?now=withdrawn")


@require_POST
@mine
def erase(request: HttpRequest, person: Person) -> HttpResponse:
    """Nothing personal of mine is kept, as soon as nothing is on its way. Who works for the site asks an administrator."""
    if person.is_staff or request.POST.get("sure") != "yes":
        return seen_other("/me?now=sure")
    ask_to_be_erased(person=person, now=SystemClock().now())
    logout(request)
    return render(request, "web/erased.html", {})


def _own(person: Person, report_id: int) -> Report:
    report = own_report(person, report_id)
    if report is None:
        raise Http404(_("There is no such report."))
    return report
