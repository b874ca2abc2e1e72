"""A backup is brought back: photos first, then the database, which sends nothing until an operator resumes it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path

from streetmend.cli import Problem
from streetmend.cli.console import Step
from streetmend.cli.copies import postgresql, sqlite
from streetmend.cli.copies.checking import check, differences
from streetmend.cli.copies.manifest import PHOTOS, Manifest, hash_of


def bring(folder: Path, manifest: Manifest, *, replace: bool, step: Step) -> None:
    """The site is the one of the backup, paused. Raises Problem, and then has changed no row."""
    from django.db import connection

    if manifest.vendor != connection.vendor:
        raise Problem(
            f"The backup is of {manifest.vendor}, and DATABASE_URL names {connection.vendor}.",
            next_command="the same again, with a DATABASE_URL of that kind",
        )
    wrong = check(folder, manifest)
    if wrong:
        raise Problem(
            "The backup is not whole. " + " ".join(wrong[:5]), next_command="the same with an older backup"
        )
    if not replace and not _is_free():
        raise Problem(
            "There is a site in this database; it would be gone.",
            next_command=f"streetmend restore {folder} --replace",
        )
    _bring_photos(folder, manifest, step)
    connection.close()
    if connection.vendor == "sqlite":
        sqlite.load(folder / manifest.database, _target(), taken_at=datetime.fromisoformat(manifest.taken_at))
    else:
        postgresql.load(folder / manifest.database, taken_at=datetime.fromisoformat(manifest.taken_at))


def faults_after(manifest: Manifest) -> Iterator[str]:
    """What is wrong with the site that was brought back: rows, photos, and whether it answers."""
    from django.core.files.storage import default_storage

    from streetmend.photos.store import path_of
    from streetmend.reports.models import Photo, Report

    # the row that pauses it came with the restore
    expected = {table: count for table, count in manifest.rows.items() if table != "reports_outbound"}
    yield from differences(expected, _counted())
    known = set(manifest.missing_photos)
    for name in Photo.objects.values_list("name", flat=True).order_by("id").iterator():
        if name not in known and not default_storage.exists(path_of(name)):
            yield f"The photo {name} is not in the store."
    newest = Report.objects.filter(visible=True).order_by("-id").values_list("id", flat=True).first()
    for path in ("/", *([f"/reports/{newest}"] if newest else ())):
        status = _status_of(path)
        if status != 200:
            yield f"The page {path} answers with {status}."


def _status_of(path: str) -> int:
    """The status with which the site answers a request for the path, asked in this process."""
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

    told = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": settings.ALLOWED_HOSTS[0].lstrip(".*") or "localhost",
        "SERVER_PORT": "443" if settings.SECURE else "80",
        "wsgi.url_scheme": "https" if settings.SECURE else "http",
        "HTTP_X_FORWARDED_PROTO": "https" if settings.SECURE else "http",
    }
    answer = WSGIHandler().get_response(WSGIRequest({**told, "wsgi.input": BytesIO()}))
    answer.close()
    return answer.status_code


def _bring_photos(folder: Path, manifest: Manifest, step: Step) -> None:
    """The photos of the backup lie in the store; one that lies there with the same bytes is left alone."""
    from django.conf import settings

    entries = [entry for entry in manifest.files if entry.path.startswith(f"{PHOTOS}/")]
    for number, entry in enumerate(entries, 1):
        target = Path(settings.MEDIA_ROOT) / entry.path.removeprefix(f"{PHOTOS}/")
        if not target.is_file() or hash_of(target) != entry.sha256:
            target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            half = target.with_name(f"{target.name}.restoring")
            shutil.copyfile(folder / entry.path, half)
            half.chmod(0o640)
            half.replace(target)
        step(number, len(entries))


def _target() -> Path:
    from streetmend.cli.database import sqlite_file

    file = sqlite_file()
    if file is None:
        raise Problem("A database in memory cannot be restored to.")
    return file


def _is_free() -> bool:
    """Whether nothing would be lost: no database yet, or one without a table or without a report, a body and a person."""
    from django.db import connection

    if connection.vendor == "sqlite" and not _target().exists():
        return True
    if not connection.introspection.table_names():
        return True
    from streetmend.accounts.models import Person
    from streetmend.bodies.models import Body
    from streetmend.reports.models import Report

    return not any(model.objects.exists() for model in (Report, Body, Person))


def _counted() -> dict[str, int]:
    from django.db import connection

    if connection.vendor == "postgresql":
        return postgresql.counted()
    connection.close()
    return sqlite.rows_of(_target())
