"""Beside step 3: parts of a photo are hidden, by squares of a grid or by numbers, before anybody sees the photo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from streetmend.clock import SystemClock
from streetmend.photos.child import Part
from streetmend.photos.decode import decode
from streetmend.photos.errors import PhotoRefused
from streetmend.photos.store import StoredPhoto, path_of, remove, store
from streetmend.web.drafts import Draft, draft_of, keep
from streetmend.web.forms import in_order, number
from streetmend.web.uploads import not_stored
from streetmend.web.views.flow.steps import seen_other

#: the squares that a photo can be hidden by without a script
ROWS, COLUMNS = 6, 8
EXACT = ("left", "top", "width", "height")
_WHOLE = 1000


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hide(request: HttpRequest) -> HttpResponse:
    """The photo of the draft shows coarse squares in the chosen parts, and as it was it lies nowhere any more."""
    draft = draft_of(request)
    if draft.report is not None:
        return redirect("sent", token=draft.token)
    name = request.POST.get("photo") or request.GET.get("photo")
    photo = next((photo for photo in draft.content.photos if photo.name == name), None)
    if photo is None:
        return redirect(draft.url("details"))
    if request.method != "POST":
        return _page(request, draft, photo, {})
    chosen, errors = _chosen(request)
    if not errors:
        errors = _replace(draft, photo, chosen)
    if errors:
        return _page(request, draft, photo, errors, status=422)
    return seen_other(_back(request, draft))


def _replace(draft: Draft, photo: StoredPhoto, parts: Sequence[Part]) -> dict[str, str]:
    """What went wrong; nothing where the draft has the new photo in the place of the old one."""
    try:
        with default_storage.open(path_of(photo.name)) as file:
            picture = decode(file.read(), hide=parts)
    except FileNotFoundError as error:
        raise Http404 from error
    except PhotoRefused as refused:
        return {"cell": refused.message}
    try:
        made = store(picture.jpeg, width=picture.width, height=picture.height, alt=photo.alt)
    except OSError as failure:
        return {"cell": not_stored(photo.alt or photo.name, failure)}
    photos = [made if one.name == photo.name else one for one in draft.content.photos]
    keep(draft, draft.content.changed(photos=photos), now=SystemClock().now())
    remove(photo.name)
    return {}


def _chosen(request: HttpRequest) -> tuple[list[Part], dict[str, str]]:
    """The parts that the form says, and what is wrong with it."""
    errors: dict[str, str] = {}
    parts = [_square(*cell) for cell in _cells(request)]
    told = [request.POST.get(name, "").strip() for name in EXACT]
    if any(told):
        values = [number(text, least=0, most=100) for text in told]
        exact = [round(value * 10) for value in values if value is not None]
        if len(exact) == len(EXACT) and min(exact[2:]) > 0 and max(exact[:2]) < _WHOLE:
            parts.append((exact[0], exact[1], exact[2], exact[3]))
        else:
            errors["exact"] = _("Write four numbers from 0 to 100, of which width and height are not 0.")
    elif not parts:
        errors["cell"] = _("Choose at least one part, or write where it is.")
    return parts, errors


def _cells(request: HttpRequest) -> list[tuple[int, int]]:
    """Row and column, from 0, of each chosen square."""
    known = {f"{row}.{column}": (row, column) for row in range(ROWS) for column in range(COLUMNS)}
    return sorted({known[value] for value in request.POST.getlist("cell") if value in known})


def _square(row: int, column: int) -> Part:
    left, top = _WHOLE * column // COLUMNS, _WHOLE * row // ROWS
    return left, top, _WHOLE * (column + 1) // COLUMNS + 1 - left, _WHOLE * (row + 1) // ROWS + 1 - top


def _back(request: HttpRequest, draft: Draft) -> str:
    then = request.POST.get("then") or request.GET.get("then")
    return draft.url("details", **({"then": "check"} if then == "check" else {}))


def _page(
    request: HttpRequest, draft: Draft, photo: StoredPhoto, errors: dict[str, str], *, status: int = 200
) -> HttpResponse:
    chosen = set(_cells(request))
    cells: list[dict[str, Any]] = [
        {
            "value": f"{row}.{column}",
            "row": row + 1,
            "column": column + 1,
            "chosen": (row, column) in chosen,
        }
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]
    labels = (_("From the left"), _("From the top"), _("Width"), _("Height"))
    context = {
        "draft": draft,
        "photo": photo,
        "cells": cells,
        "numbers": [
            {"name": name, "label": label, "value": request.POST.get(name, "")[:8]}
            for name, label in zip(EXACT, labels, strict=True)
        ],
        "errors": errors,
        "error_list": in_order(errors, ("cell", "exact")),
        "then": request.POST.get("then") or request.GET.get("then", ""),
        "back": _back(request, draft),
    }
    return render(request, "web/hide.html", context, status=status)
