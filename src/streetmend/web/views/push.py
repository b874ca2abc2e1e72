"""A browser asks to be told by push messages, and what it asked for. What it tells of itself is posted with the page's key."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from streetmend.accounts.limits import Limit, LimitReached, caller_address, count, whole_seconds
from streetmend.clock import SystemClock
from streetmend.reports.models import Alert, HowOften
from streetmend.reports.queries.alerts import about, end_token, wishes_of_device
from streetmend.reports.queries.stories import visible_report
from streetmend.reports.services.devices import (
    Subscription,
    SubscriptionInvalid,
    TooManyAlerts,
    follow_by_push,
    move_device,
    want_news_by_push,
)
from streetmend.web.views.alerts import asked_for

#: how often one address may bring in devices or wishes
SUBSCRIBING = Limit(60, 86_400)
#: how often it may ask what a device asked for
ASKING = Limit(600, 3_600)
_LONGEST = 3000


@never_cache
@require_POST
def mine(request: HttpRequest) -> HttpResponse:
    """What the browser of `endpoint` is told of, as JSON: the words, the report's number, and what ends it."""
    if (refused := _too_often(request, "push-asks", ASKING)) is not None:
        return refused
    wishes = wishes_of_device(request.POST.get("endpoint", "")[:_LONGEST])
    return JsonResponse({"alerts": [_alert(wish) for wish in wishes]})


@never_cache
@require_POST
def follow(request: HttpRequest, report_id: int) -> HttpResponse:
    """The browser is told what happens to the report."""
    report = visible_report(report_id)
    if report is None:
        return _wrong(_("There is no such report."), 404)
    if (refused := _too_often(request, "push", SUBSCRIBING)) is not None:
        return refused
    return _subscribed(request, partial(follow_by_push, report=report))


@never_cache
@require_POST
def wish(request: HttpRequest) -> HttpResponse:
    """The browser is told of new reports like those that the form of `/alerts` asks for."""
    if (refused := _too_often(request, "push", SUBSCRIBING)) is not None:
        return refused
    asked = asked_for(request.POST)
    want = partial(want_news_by_push, wanted=asked.wanted, how_often=HowOften(asked.how_often))
    return _subscribed(request, want)


def _subscribed(request: HttpRequest, subscribe: Callable[..., Alert]) -> HttpResponse:
    """`subscribe` is done for the subscription that the browser sent."""
    try:
        alert = subscribe(
            subscription=_subscription(request), language=get_language() or "en", now=SystemClock().now()
        )
    except (SubscriptionInvalid, TooManyAlerts) as error:
        return _refused(error)
    return JsonResponse(_alert(alert), status=201)


@never_cache
@require_POST
def moved(request: HttpRequest) -> HttpResponse:
    """The browser that was told at `was` is told by its new subscription."""
    if (refused := _too_often(request, "push", SUBSCRIBING)) is not None:
        return refused
    try:
        found = move_device(
            endpoint=request.POST.get("was", "")[:_LONGEST],
            subscription=_subscription(request),
            now=SystemClock().now(),
        )
    except SubscriptionInvalid as error:
        return _refused(error)
    return JsonResponse({"found": found})


def _subscription(request: HttpRequest) -> Subscription:
    endpoint, p256dh, auth = (
        request.POST.get(name, "")[:_LONGEST] for name in ("endpoint", "p256dh", "auth")
    )
    return Subscription(endpoint, p256dh, auth)


def _alert(alert: Alert) -> dict[str, object]:
    if alert.report is not None:
        words, url = alert.report.title, f"/reports/{alert.report.pk}"
    else:
        language = get_language() or ""
        words, url = render_to_string("alert_words.txt", {"wanted": about(alert, language)}), ""
    return {
        "words": " ".join(words.split()),
        "report": alert.report_id,
        "url": url,
        "end": f"/alerts/{end_token(alert)}/end",
    }


def _too_often(request: HttpRequest, name: str, limit: Limit) -> HttpResponse | None:
    try:
        count(name=f"{name}:{caller_address(request)}", limit=limit, now=SystemClock().now())
    except LimitReached as reached:
        answer = _wrong(_("That was very often today. Try again tomorrow."), 429)
        answer.headers["Retry-After"] = str(whole_seconds(reached.wait_seconds))
        return answer
    return None


def _refused(error: SubscriptionInvalid | TooManyAlerts) -> HttpResponse:
    if isinstance(error, TooManyAlerts):
        return _wrong(_("This device is told of very many things already. End some of them first."), 422)
    return _wrong(_("This browser cannot be told: its push service gave nothing that we can use."), 422)


def _wrong(why: str, status: int) -> HttpResponse:
    return JsonResponse({"why": why}, status=status)
