"""What a program posted, as fields and files: urlencoded or multipart, within limits, whatever else it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError

from streetmend.georeport.decoding import usable
from streetmend.georeport.errors import Fault
from streetmend.georeport.types import Upload
from streetmend.open311.saying import CallRefused

#: photos that are too large are read past and left out; a body beyond this is not read at all
MOST_BYTES = 100 * 1024 * 1024
_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
#: where the upload handlers note files that were cut off
_CUT_OFF = "streetmend.too_large"
#: they say who sends and where to, and are no part of what is said
_NOT_CONTENT = frozenset({"api_key", "jurisdiction_id", "jurisdiction_id[]"})
_TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


@dataclass(frozen=True, slots=True)
class Incoming:
    """The fields of a form in their order, its files, and whether files were left out because they were too large."""

    fields: tuple[tuple[str, str], ...]
    uploads: tuple[Upload, ...]
    cut_off: bool

    def field(self, name: str) -> str:
        """The value of the field, "" where it is not there."""
        return next((value.strip() for given, value in self.fields if given == name and value.strip()), "")

    def content(self) -> bytes:
        """All that was said, the same for every order of the fields and every kind of line break."""
        said = sorted(
            (name, usable(value.replace("\r\n", "\n").replace("\r", "\n")))
            for name, value in self.fields
            if name not in _NOT_CONTENT and value.strip()
        )
        files = sorted(hashlib.sha256(upload.content).hexdigest() for upload in self.uploads)
        return json.dumps([said, files]).encode()


def read_incoming(request: HttpRequest) -> Incoming:
    """The form that was posted. Raises CallRefused."""
    if _length(request) > MOST_BYTES:
        raise _too_large(f"has more than {MOST_BYTES // 1024 // 1024} MB")
    kind = request.content_type or ""
    if kind not in ("", _URLENCODED, _MULTIPART):
        raise CallRefused(
            400,
            [Fault("Content-Type", f"must be {_URLENCODED} or {_MULTIPART}: the request is sent as a form")],
        )
    try:
        posted = request.POST if kind else QueryDict(request.body)
        files = [(name, file) for name, many in request.FILES.lists() for file in many]
        uploads = tuple(
            Upload(
                field=name,
                filename=str(file.name),
                content_type=file.content_type or "",
                content=file.read(),
            )
            for name, file in files
        )
    except _TOO_LARGE as error:
        raise _too_large(_why(error)) from error
    except (BadRequest, MultiPartParserError, UnreadablePostError, SuspiciousOperation, ValueError) as error:
        raise CallRefused(400, [Fault("body", "cannot be read as a form in UTF-8")]) from error
    fields = tuple((name, value) for name, values in posted.lists() for value in values)
    return Incoming(fields, uploads, cut_off=bool(request.META.get(_CUT_OFF)))


def _length(request: HttpRequest) -> int:
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else 0


def _why(error: Exception) -> str:
    if isinstance(error, TooManyFieldsSent):
        return f"has more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields"
    if isinstance(error, TooManyFilesSent):
        return f"has more than {settings.DATA_UPLOAD_MAX_NUMBER_FILES} files"
    return f"has more than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes besides its files"


def _too_large(why: str) -> CallRefused:
    return CallRefused(413, [Fault("body", why)])
