"""Who may do what on the desk's own pages, and the log of who did it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from streetmend.accounts.models import Person, Role
from streetmend.clock import SystemClock
from streetmend.desk.rows import ADMINISTRATORS, EVERYBODY
from streetmend.desk.site import role_of
from streetmend.reports.queries.connections import silent_since
from streetmend.reports.queries.outbound import outbound_block

_Page = Callable[..., HttpResponse]

#: what can be done -> who may do it. What is not here nobody may do.
MAY: dict[str, frozenset[Role]] = {
    "ask": EVERYBODY,
    "there": ADMINISTRATORS,
    "again": ADMINISTRATORS,
    "email": ADMINISTRATORS,
    "stop": ADMINISTRATORS,
    "pause": ADMINISTRATORS,
    "resume": ADMINISTRATORS,
    "test": ADMINISTRATORS,
    # what was sent holds names and addresses of people
    "read_sent": ADMINISTRATORS,
}


def staff_page(page: _Page) -> _Page:
    """The page for members of staff; others are led to the sign-in, or told that it is not for them. No browser keeps it."""

    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if role_of(request) is None:
            if request.user.is_authenticated:
                raise PermissionDenied
            return redirect("sign-in")
        return page(request, *args, **kwargs)

    return guarded


def may(request: HttpRequest) -> dict[str, bool]:
    """What the signed-in member of staff may do, by its name."""
    role = role_of(request)
    return {what: role in roles for what, roles in MAY.items()}


def wanted(request: HttpRequest, *known: str) -> str:
    """What the form asks for. Raises BadRequest for what there is not, PermissionDenied for what this person may not do."""
    what = request.POST.get("do", "")
    if what not in known or what not in MAY:
        raise BadRequest("nothing of ours was asked for")
    if role_of(request) not in MAY[what]:
        raise PermissionDenied
    return what


def done(request: HttpRequest, row: Model, words: str, act: Callable[[], Any]) -> None:
    """It was done, and the log says who did it and in what words: both or neither. Raises what `act` raises."""
    with transaction.atomic():
        act()
        person = request.user
        if not isinstance(person, Person):
            raise PermissionDenied
        LogEntry.objects.create(
            user_id=person.pk,
            content_type_id=ContentType.objects.get_for_model(row).pk,
            object_id=str(row.pk),
            object_repr=str(row)[:200],
            action_flag=CHANGE,
            change_message=words,
        )


def logged(row: Model) -> list[LogEntry]:
    """What members of staff did with the row, the latest first."""
    kind = ContentType.objects.get_for_model(row)
    rows = LogEntry.objects.select_related("user").filter(content_type=kind, object_id=str(row.pk))
    return list(rows.order_by("-action_time")[:50])


def standing() -> dict[str, Any]:
    """Whether anything leaves at all: no worker works, or sending is paused."""
    silent, last = silent_since(now=SystemClock().now())
    block = outbound_block(instance_id=settings.INSTANCE_ID)
    return {"silent": silent, "last_beat": last, "blocked": block}


def back(request: HttpRequest, said: str) -> HttpResponse:
    """To the page that the form was on, which says what was done."""
    return HttpResponseRedirect(f"{request.path}?now={said}", status=303)
