"""A program that sends things to the server over a real socket, and reads what it answers."""

from __future__ import annotations

import http.client
import io
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.utils import timezone
from PIL import Image

from streetmend.accounts.keys import create_api_key
from streetmend.accounts.models import ApiKey, Scope
from streetmend.georeport.multipart import write_form
from streetmend.georeport.types import Upload
from tests.open311.conftest import Answered
from tests.support.town import WEST

Fields = Sequence[tuple[str, str]]
URLENCODED = "application/x-www-form-urlencoded"


class Sender:
    """Posts to a served site, to `path` where nothing else is said; `key` goes into each form unless it is None."""

    def __init__(self, url: str, key: str | None, path: str = "requests.json") -> None:
        self.host, self.key, self.path = urlsplit(url), key, path

    def call(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Answered:
        """Any call below /open311/v2/, or at a path from the root."""
        connection = http.client.HTTPConnection(self.host.hostname or "", self.host.port, timeout=60)
        try:
            target = path if path.startswith("/") else f"/open311/v2/{path}"
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answered(answer.status, found, answer.read())
        finally:
            connection.close()

    def post(
        self,
        fields: Fields,
        *uploads: Upload,
        path: str = "",
        headers: dict[str, str] | None = None,
    ) -> Answered:
        """A form: urlencoded, or multipart where there are files."""
        fields = [*fields, *([("api_key", self.key)] if self.key is not None else [])]
        kind, body = write_form(fields, uploads) if uploads else (URLENCODED, urlencode(fields).encode())
        return self.call("POST", path or self.path, body, {"Content-Type": kind, **(headers or {})})


def new_key(*scopes: Scope, body_id: int | None = None, rate: int | None = None) -> tuple[ApiKey, str]:
    """A key of scope report, or of these scopes."""
    return create_api_key(
        name="Test app",
        scopes=scopes or (Scope.REPORT,),
        body_id=body_id,
        rate_per_minute=rate,
        now=timezone.now(),
    )


def report(**more: Any) -> list[tuple[str, str]]:
    """The fields of a report of a dark lamp in the west; None leaves a field out, a list repeats it."""
    fields: dict[str, Any] = {
        "service_code": "Gatelys",
        "lat": str(WEST[0]),
        "long": str(WEST[1]),
        "description": "Lykta er mørk\nDen over benken.",
        **more,
    }
    return [
        (name, one)
        for name, value in fields.items()
        if value is not None
        for one in (value if isinstance(value, list) else [value])
    ]


def jpeg(colour: str = "red", name: str = "photo1") -> Upload:
    """A small photo in the part of this name."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return Upload(field=name, filename="photo.jpg", content_type="image/jpeg", content=out.getvalue())
