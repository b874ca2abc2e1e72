"""The floor under every program: the driver fetches the same columns of the same rows, and nothing is done but to encode them.

Ids stand for names, times are as the database writes them, nothing is looked up, checked or left out. And a file of the same
size, as the same server gives it away.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse

from streetmend.reports.queries.mass import ReportRow, page
from streetmend.reports.queries.search import Search

_encoder = msgspec.json.Encoder()
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def requests_json(request: HttpRequest) -> HttpResponse:
    """The rows as an array of objects."""
    names = ReportRow._fields
    rows = [dict(zip(names, row, strict=True)) for row in _rows()]
    return HttpResponse(_encoder.encode(rows), content_type="application/json")


def requests_xml(request: HttpRequest) -> HttpResponse:
    """The rows as elements, joined; numbers are put in as they are, texts are escaped."""
    tags = [(f"<{name}>", f"</{name}>") for name in ReportRow._fields]
    parts = ["<service_requests>"]
    for row in _rows():
        parts.append("<request>")
        for (start, end), value in zip(tags, row, strict=True):
            if value is not None:
                parts += (start, value.translate(_ESCAPED) if value.__class__ is str else str(value), end)
        parts.append("</request>")
    parts.append("</service_requests>")
    return HttpResponse("".join(parts).encode(), content_type="text/xml")


def _rows() -> list[tuple[object, ...]]:
    """By the statement that our own answer takes."""
    return list(page(Search(limit=settings.MAX_REQUESTS)).rows)


def same_size(request: HttpRequest) -> FileResponse:
    """The file that the benchmark has written for this address."""
    name = request.path.rpartition("/")[2]
    return FileResponse(Path(settings.DATA / name).open("rb"), content_type="application/octet-stream")
