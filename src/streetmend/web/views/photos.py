"""Photos of public reports."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from streetmend.photos.small import small
from streetmend.photos.store import path_of
from streetmend.reports.queries.drafts import find_draft
from streetmend.reports.queries.stories import is_public_photo

_NAME = re.compile(r"[0-9a-f]{32}\.jpg")


@require_safe
@cache_control(public=True, max_age=3600)
def photo(request: HttpRequest, folder: str, name: str) -> HttpResponseBase:
    """The photo, as long as it stands on a public report; within an hour after it is hidden, nobody sees it any more."""
    if not _NAME.fullmatch(name) or path_of(name) != f"{folder}/{name}":
        raise Http404
    return _shown(name, path_of)


@require_safe
@cache_control(public=True, max_age=3600)
def small_photo(request: HttpRequest, name: str) -> HttpResponseBase:
    """The same photo as a list shows it."""
    if not _NAME.fullmatch(name):
        raise Http404
    return _shown(name, small)


@require_safe
@never_cache
def draft_photo(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """A photo of a report that is not sent yet, small (`whole=yes`: whole), for whoever holds the draft and nobody else."""
    draft = find_draft(token[:200]) if _NAME.fullmatch(name) else None
    kept = draft.content.get("photos", []) if draft is not None else []
    if name not in [photo.get("name") for photo in kept]:
        raise Http404
    answer = _file(name, path_of if request.GET.get("whole") == "yes" else small)
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def _shown(name: str, path: Callable[[str], str]) -> HttpResponseBase:
    if not is_public_photo(name):
        raise Http404
    answer = _file(name, path)
    # other sites and administrations may show it
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _file(name: str, path: Callable[[str], str]) -> FileResponse:
    try:
        file = default_storage.open(path(name))
    except OSError as error:
        raise Http404 from error
    answer = FileResponse(file, content_type="image/jpeg")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
