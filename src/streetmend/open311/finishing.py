"""Finished answers to those who read: packed, tagged, or 304; and errors in the form that was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from streetmend.clock import SystemClock
from streetmend.georeport.dialect import Dialect
from streetmend.georeport.types import Error
from streetmend.georeport.writing import WRITERS, Format, content_type
from streetmend.open311 import feeds, paging
from streetmend.open311.packing import WORTH_PACKING, AnswerCache, Kept, coding_for
from streetmend.open311.pieces import Pieces

#: finished pages of requests, found by what they show
ANSWERS = AnswerCache()
#: single requests as pages show them
PIECES = Pieces()
#: what changed in the same second may change in it once more, and a time in whole seconds could not tell
_SETTLED = timedelta(seconds=2)


class Refused(Exception):
    """The answer is an error of this status, with one line for each description."""

    def __init__(self, status: int, descriptions: Iterable[str]) -> None:
        super().__init__(status)
        self.status, self.descriptions = status, tuple(descriptions)


def etag(text: str) -> str:
    """The tag of an answer that shows what `text` identifies."""
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def finished(
    request: HttpRequest,
    kept: Kept,
    kind: str,
    tag: str,
    key: str = "",
    *,
    changed: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The answer, packed where the client can unpack it; 304 where it has it already (RFC 9110, section 13).

    The tag alone decides: `changed` (aware), which becomes Last-Modified, cannot know what has left the answer.
    """
    if _has(request, tag):
        response = HttpResponse(status=304)
    else:
        coding = (
            coding_for(request.META.get("HTTP_ACCEPT_ENCODING", ""))
            if len(kept.plain) >= WORTH_PACKING
            else ""
        )
        body = ANSWERS.packed(key, kept, coding) if coding else kept.plain
        response = HttpResponse(body, content_type=kind, headers=headers)
        if coding:
            response.headers["Content-Encoding"] = coding
        response.headers["Content-Length"] = str(len(body))
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "no-cache"
    if changed is not None and SystemClock().now() - changed > _SETTLED:
        response.headers["Last-Modified"] = format_datetime(changed.astimezone(UTC), usegmt=True)
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


def _has(request: HttpRequest, tag: str) -> bool:
    given = request.META.get("HTTP_IF_NONE_MATCH", "")
    known = {part.strip().removeprefix("W/") for part in given.split(",")}
    return given.strip() == "*" or tag.removeprefix("W/") in known


def errors(
    status: int, descriptions: Iterable[str], fmt: Format, dialect: Dialect, *, feed: str = ""
) -> HttpResponse:
    """GeoReport v2, errors (A8): one line for everything that is wrong."""
    found = [Error(code=str(status), description=text) for text in descriptions]
    if feed == "csv":
        body, kind = feeds.write_csv_errors(found), feeds.CSV_TYPE
    else:
        body, kind = WRITERS[fmt].write_errors(found, dialect), content_type(fmt, dialect)
    return HttpResponse(body, status=status, content_type=kind, headers={"Cache-Control": "no-store"})


def readable_everywhere(response: HttpResponse) -> HttpResponse:
    """The answer, which scripts of every page of the web may read."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = paging.EXPOSED
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
