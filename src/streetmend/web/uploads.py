"""Photos of a form: cut while they stream in, decoded, stored."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from streetmend.photos.decode import decode
from streetmend.photos.errors import PhotoRefused, too_many_bytes
from streetmend.photos.store import StoredPhoto, store

_TOO_LARGE = "streetmend.too_large"
_log = logging.getLogger(__name__)


class Limits(FileUploadHandler):
    """Stands before the other handlers: a file over the limit, and whatever comes after too many bytes, is not kept."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._file = self._all = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Another file begins."""
        super().new_file(*args, **kwargs)
        self._file = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """The bytes go on to the next handler, unless there were too many."""
        self._file += len(raw_data)
        self._all += len(raw_data)
        if self._file > settings.MAX_PHOTO_BYTES or self._all > settings.MAX_BODY_BYTES:
            if self.request is not None:
                self.request.META.setdefault(_TOO_LARGE, []).append(str(self.file_name)[:200])
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler has the file."""
        return


@dataclass(slots=True)
class Taken:
    """The photos that are in the store by now, and what was wrong with the others."""

    photos: list[StoredPhoto] = field(default_factory=list)
    error: str = ""
    #: where the first of them that says so was taken (WGS84 degrees)
    place: tuple[float, float] | None = None


def take(request: HttpRequest, *, name: str, room: int) -> Taken:
    """The files of the form's field become photos in the store; at most `room`. The first wrong one is told of."""
    taken = Taken()
    files: Sequence[UploadedFile[bytes]] = [file for file in request.FILES.getlist(name) if file]
    if request.META.get(_TOO_LARGE):
        taken.error = too_many_bytes(settings.MAX_PHOTO_BYTES).message
    if len(files) > room:
        taken.error = _("That is %(count)d photos too many.") % {"count": len(files) - room}
        files = files[:room]
    for file in files:
        try:
            picture = decode(file.read())
        except PhotoRefused as refused:
            taken.error = refused.message
            continue
        taken.place = taken.place or picture.place
        try:
            taken.photos.append(store(picture.jpeg, width=picture.width, height=picture.height))
        except OSError as error:
            taken.error = not_stored(str(file.name), error)
    return taken


def not_stored(name: str, error: OSError) -> str:
    """What the form says of a photo for which the store has no room, or cannot be written to; the log has the reason."""
    _log.error("photo could not be stored: %s", error.strerror or type(error).__name__)
    told = _(
        "The photo %(name)s could not be stored just now. What you wrote is kept: try again in a moment."
    )
    return told % {"name": name[:100]}
