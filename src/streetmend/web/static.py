"""Static files without a build step: addresses with a fingerprint, answers compressed once a process."""

from __future__ import annotations

import gzip
import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

_TEXT = (".css", ".js", ".svg", ".txt")
_FONTS = "fonts/"
#: beside what an operator collects, whose folder each process reads through when it starts, while another one may be writing
_PACKED = "compressed"


class FingerprintedStorage(StaticFilesStorage):
    """Gives each file an address that changes with its content, so that browsers may keep it for a year."""

    def url(self, name: str | None) -> str:
        """The file's address with its fingerprint; fonts have their version in their name, by which style sheets ask."""
        plain = super().url(name)
        return plain if not name or name.startswith(_FONTS) else f"{plain}?v={fingerprint(name)}"


@cache
def fingerprint(name: str) -> str:
    """Twelve hexadecimal digits that change with the content of the static file; "0" where there is none."""
    found = finders.find(name)
    if not isinstance(found, str):
        return "0"
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:12]


class StaticFiles(WhiteNoiseMiddleware):
    """Serves the packages' static files, those of text compressed as well (kept below the data directory)."""

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> StaticFile:
        """The file as it is answered."""
        packed = _packed(Path(path)) if path.endswith(_TEXT) else None
        if packed is None:
            return super().get_static_file(path, url, stat_cache)
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        self.add_cache_headers(headers, path, url)
        return StaticFile(path, headers.items(), encodings={"gzip": str(packed)})

    def immutable_file_test(self, path: str, url: str) -> bool:
        """Fonts have their version in their name."""
        return url.startswith(f"{settings.STATIC_URL}{_FONTS}")


def _packed(file: Path) -> Path | None:
    """The compressed copy of the file, made where it is missing; None where it cannot be kept or is not worth it."""
    content = file.read_bytes()
    if len(content) < 500:
        return None
    packed = settings.DATA / _PACKED / f"{hashlib.sha256(content).hexdigest()[:24]}.gz"
    try:
        if not packed.exists():
            packed.parent.mkdir(exist_ok=True)
            draft = packed.with_suffix(f".{os.getpid()}")
            draft.write_bytes(gzip.compress(content, 9, mtime=0))
            draft.replace(packed)
    except OSError:
        return None
    return Path(packed)
