"""One delivery: every attempt in plain words, what comes next, and what staff can do about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from streetmend.bodies.queries import mail_address
from streetmend.clock import SystemClock
from streetmend.desk.acting import back, done, logged, may, staff_page, standing, wanted
from streetmend.desk.meanings import meaning_of
from streetmend.reports.errors import ReportError
from streetmend.reports.models import Delivery
from streetmend.reports.queries.connections import Try, delivery, is_doubtful, tries
from streetmend.reports.services.by_staff import (
    ASKABLE,
    DeliveryMoved,
    IdTaken,
    NoAddress,
    ask_now,
    confirm_there,
    send_again,
    send_by_email,
    stop_delivery,
)
from streetmend.reports.services.lost import is_lost
from streetmend.reports.states import DeliveryActor, DeliveryState, may_deliver
from streetmend.text import TextError, TextMissing

_MOST_ID = 2**63
_LOG = {
    "ask": "Asked now.",
    "there": "Said that it is there.",
    "again": "Sent again.",
    "email": "Sent by e-mail.",
    "stop": "Stopped.",
}


@staff_page
def one(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """The delivery; a button's wish is written down and the worker acts."""
    row = delivery(delivery_id) if delivery_id < _MOST_ID else None
    if row is None:
        raise Http404
    if request.method != "POST":
        return _page(request, row, {})
    what, errors = wanted(request, *_LOG), {}
    remote_id = request.POST.get("remote_id", "")
    words = f"{_LOG[what]} ({remote_id[:255]})" if what == "there" else _LOG[what]
    try:
        done(request, row, words, _deed(what, row, remote_id))
    except TextError as error:
        errors = {"remote_id": _of_text(error)}
    except ReportError as error:
        errors = {error.field: _words(error)}
    if errors:
        return _page(request, delivery(delivery_id) or row, errors, remote_id=remote_id, status=422)
    return back(request, what)


def _of_text(error: TextError) -> str:
    return _("Please fill this in.") if isinstance(error, TextMissing) else _("This cannot be used.")


def _deed(what: str, row: Delivery, remote_id: str) -> Callable[[], Any]:
    now = SystemClock().now()
    if what == "there":
        return partial(confirm_there, delivery=row, remote_id=remote_id, now=now)
    deeds = {"ask": ask_now, "again": send_again, "email": send_by_email, "stop": stop_delivery}
    return partial(deeds[what], delivery=row, now=now)


def _words(error: ReportError) -> str:
    said = {
        DeliveryMoved: _("Its state has changed meanwhile. Look at it again."),
        IdTaken: _("Another report of ours has this number there."),
        NoAddress: _("This administration has no e-mail address."),
    }
    return said.get(type(error), _("This cannot be used."))


def _possible(row: Delivery) -> dict[str, bool]:
    """What can be done with the delivery where it stands."""
    state = DeliveryState(row.state)
    has_address = bool(mail_address(row.body, row.category_name_id))

    lost = is_lost(row)

    def moves(target: DeliveryState) -> bool:
        if state == DeliveryState.ACCEPTED and not lost:
            return False
        return may_deliver(DeliveryActor.STAFF, state, target)

    return {
        "ask": state in ASKABLE and row.endpoint_id is not None,
        "there": moves(DeliveryState.ACCEPTED) or lost,
        "again": moves(DeliveryState.WAITING) or (state == DeliveryState.WAITING and row.next_at is not None),
        "email": moves(DeliveryState.BY_EMAIL) and row.endpoint_id is not None and has_address,
        "stop": moves(DeliveryState.CANCELLED),
    }


def _page(
    request: HttpRequest,
    row: Delivery,
    errors: dict[str, str],
    *,
    remote_id: str = "",
    status: int = 200,
) -> HttpResponse:
    allowed, possible = may(request), _possible(row)
    told = [_told(row, one, sent=allowed["read_sent"]) for one in tries(row)]
    context = {
        "delivery": row,
        "report": row.report,
        "tries": told,
        "does": {what: possible[what] and allowed[what] for what in possible},
        "doubtful": is_doubtful(row),
        "lost": is_lost(row),
        "remote_id": remote_id,
        "errors": errors,
        "log": logged(row),
        "now": request.GET.get("now", ""),
        "standing": standing(),
    }
    return render(request, "desk/delivery.html", context, status=status)


def _told(row: Delivery, one: Try, *, sent: bool) -> dict[str, Any]:
    running = row.state == DeliveryState.SENDING and one.attempt.n == row.attempts
    shown = json.dumps(one.sent, ensure_ascii=False, indent=1) if sent and one.sent else ""
    return {
        "attempt": one.attempt,
        "seconds": one.seconds,
        "meaning": meaning_of(one.attempt, running=running),
        "sent": shown,
    }
