"""The connections to bodies: how each does, what is owed, and what staff can do about it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from streetmend.bodies.health import pause_endpoint, resume_endpoint, want_test
from streetmend.bodies.queries import endpoints_with_pull_problems, pulls_of
from streetmend.clock import SystemClock
from streetmend.desk.acting import back, done, logged, may, staff_page, standing, wanted
from streetmend.reports.queries.connections import (
    connection,
    connections,
    deliveries_in_trouble,
    mails_owed,
)
from streetmend.reports.queries.letters import letter_box

#: so many deliveries stand on a connection's page
SHOWN = 100
_MOST_ID = 2**63


@staff_page
def everything(request: HttpRequest) -> HttpResponse:
    """All connections in one table."""
    context = {
        "connections": connections(),
        "pull_problems": endpoints_with_pull_problems(),
        "mails": mails_owed(),
        "standing": standing(),
    }
    return render(request, "desk/connections.html", context)


@staff_page
def mail(request: HttpRequest) -> HttpResponse:
    """What goes by e-mail and is not there."""
    context = {
        "owed": mails_owed(),
        "deliveries": deliveries_in_trouble(endpoint_id=None, limit=SHOWN),
        "box": letter_box(limit=SHOWN),
        "standing": standing(),
    }
    return render(request, "desk/connection.html", context)


@staff_page
def one(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """One connection, with what is not at its end there; a button's wish is written down and the worker acts."""
    found = connection(endpoint_id) if endpoint_id < _MOST_ID else None
    if found is None:
        raise Http404
    if request.method == "POST":
        return _act(request, found.endpoint)
    row = found.endpoint
    context = {
        "connection": found,
        "endpoint": row,
        "owed": found.owed,
        "deliveries": deliveries_in_trouble(endpoint_id=row.pk, limit=SHOWN),
        "pulls": pulls_of(row.pk),
        "may": may(request),
        "log": logged(row),
        "now": request.GET.get("now", ""),
        "standing": standing(),
    }
    return render(request, "desk/connection.html", context)


def _act(request: HttpRequest, row: Any) -> HttpResponse:
    what, now = wanted(request, "pause", "resume", "test"), SystemClock().now()
    if what == "pause":
        why = _("%(person)s paused it.") % {"person": request.user.get_username()}
        done(request, row, "Paused.", partial(pause_endpoint, endpoint_id=row.pk, why=why, now=now))
    elif what == "resume":
        done(request, row, "Resumed.", partial(resume_endpoint, endpoint_id=row.pk, now=now))
    else:
        done(request, row, "Test wanted.", partial(want_test, endpoint_id=row.pk, now=now))
    return back(request, what)
