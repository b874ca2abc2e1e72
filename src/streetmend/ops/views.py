"""`/healthz`, `/readyz` and `/metrics`. None of them says anything about a person or a report."""

from __future__ import annotations

import hmac
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from streetmend.clock import SystemClock
from streetmend.database.damage import damaged_pages
from streetmend.database.schema import missing_migrations, unknown_migrations
from streetmend.ops.happenings import happenings
from streetmend.reports.queries.figures import Figure, figures

#: below this the disk is too full to take in photos and reports
LEAST_FREE_BYTES = 100 * 1024 * 1024
_NO_STORE = {"Cache-Control": "no-store"}


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8", headers=_NO_STORE)


def readyz(request: HttpRequest) -> HttpResponse:
    """Whether the site can take in a report and its photos: 200, or 503 with what is missing."""
    found = {"database": _database(), "disk": _disk(), "photos": _photos()}
    status = 200 if all(said == "ok" or said.startswith("ok, ") for said in found.values()) else 503
    return JsonResponse(found, status=status, headers=_NO_STORE)


def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in Prometheus's text format, for who has the key (`STREETMEND_METRICS_KEY`); without a key there are none."""
    if not settings.METRICS_KEY:
        raise Http404
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    given = given or request.GET.get("key", "")
    if not hmac.compare_digest(given.encode(), settings.METRICS_KEY.encode()):
        return HttpResponse(
            "The key is missing or wrong.\n", status=403, content_type="text/plain", headers=_NO_STORE
        )
    text = "".join(_lines([*figures(now=SystemClock().now()), *happenings()]))
    kind = "text/plain; version=0.0.4; charset=utf-8"
    return HttpResponse(text, content_type=kind, headers=_NO_STORE)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing, unknown, damaged = missing_migrations(), unknown_migrations(), damaged_pages()
    except Error as error:
        return f"cannot be asked ({type(error).__name__})"
    if missing:
        return f"{len(missing)} migrations are missing"
    if damaged:
        return f"ok, but damaged pages were read ({damaged} times)"
    # such a program serves on until it is replaced: a later release adds first and takes away later
    return f"ok, and of a later release: {', '.join(unknown)}" if unknown else "ok"


def _disk() -> str:
    try:
        free = shutil.disk_usage(settings.DATA).free
    except OSError as error:
        return f"cannot be looked at ({type(error).__name__})"
    return "ok" if free >= LEAST_FREE_BYTES else f"{free // (1024 * 1024)} MB are free"


def _photos() -> str:
    """Whether a photo could be stored."""
    folder = Path(settings.MEDIA_ROOT)
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return "ok"
    except OSError as error:
        return f"cannot be stored ({type(error).__name__})"


def _lines(found: list[Figure]) -> Iterator[str]:
    """The text format: each figure's help and type once, then its values."""
    named = ""
    for figure in found:
        name = f"streetmend_{figure.name}"
        if name != named:
            kind = "counter" if name.endswith("_total") else figure.kind
            yield f"# HELP {name} {figure.words}\n# TYPE {name} {kind}\n"
            named = name
        labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in figure.labels)
        line = f"{name}{figure.part}"
        yield f"{line}{{{labels}}} {figure.value:.15g}\n" if labels else f"{line} {figure.value:.15g}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
