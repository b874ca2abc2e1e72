"""Photos as staff see them: those of hidden and private reports too."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest

from streetmend.photos.store import path_of
from streetmend.reports.models import Photo


def photo(request: HttpRequest, name: str) -> FileResponse:
    """The photo, if there is a row of it; kept by no browser."""
    row = Photo.objects.filter(name=name).first()
    if row is None:
        raise Http404
    try:
        file = default_storage.open(path_of(row.name))
    except OSError as error:
        raise Http404 from error
    answer = FileResponse(file, content_type="image/jpeg")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
