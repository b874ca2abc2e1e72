"""Random questions and forms to every address of the Open311 server: no answer is a failure or a page in HTML.

Parameters have values of the right kind, values of another kind, and texts that have troubled servers before.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from random import Random
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode

from chaos.part import Found, Trial

SEEDED = True
MINUTES = 30
CASES = 10_000

_BASES = ("/open311/v2/", "/open311/strict/v2/", "/open311/fixmystreet/v2/")
_RESOURCES = (
    "discovery", "services", "services/Annet", "services/{odd}", "requests", "requests/{id}", "requests/{odd}",
    "servicerequestupdates", "tokens/{odd}", "{odd}",
)  # fmt: skip
_EXTENSIONS = (".json", ".xml", ".xml", ".json", ".geojson", ".csv", ".rss", "", ".html", ".exe", ".JSON")
_PARAMETERS = (
    "service_request_id", "service_code", "status", "start_date", "end_date", "updated_after", "updated_before",
    "agency_responsible", "interface_used", "has_photo", "max_requests", "page", "page_size",
    "cursor", "bbox", "lat", "long",
    "radius", "q", "jurisdiction_id", "extensions", "api_key", "format",
)  # fmt: skip
_FIELDS = (
    "api_key", "service_code", "lat", "long", "address_string", "address_id", "description",
    "email", "first_name", "last_name",
    "phone", "media_url", "device_id", "account_id", "attribute[x]", "attribute[x][]",
    "attribute", "attribute[", "photo1",
    "service_request_id", "update_id", "status", "updated_datetime", "jurisdiction_id",
)  # fmt: skip
_ODD = (
    "", " ", "0", "-1", "1", "7", "999999999999999999999999", "1e999", "NaN", "inf", "true",
    "null", "open", "closed,open",
    "OPEN",     "2026-01-01",
    "2026-01-01T00:00:00Z", "2026-02-30T25:61:61Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-01-01T00:00:00 02:00", "60.39", "5.32", "91", "181", "1,2,3,4", "4,60,5,61",
    "5,61,4,60", "1601|220", "|", "%", "_",
    "\\",     "'", '"', "';--", "<script>", "]]>", "&amp;", "\x00", "\x0b", "\ufffe",
    "\U0001f573", "a\u0308", "\u202e", "../../etc/passwd",
    "a/b", "%2e%2e", "x" * 3_000, "\u0661\u0662", "1_000", "0x10", "+1", "http://127.0.0.1/",
    "http://[::1]:99999/", "data:,x",
    "Annet", "Web interface", "true,false", "on", "\r\nSet-Cookie: x=1", "${7*7}", "{{7*7}}", "\ud83d",
)  # fmt: skip
_METHODS = ("GET", "GET", "GET", "GET", "POST", "POST", "HEAD", "OPTIONS", "PUT", "DELETE")
_FORM = "application/x-www-form-urlencoded"


def run(trial: Trial) -> Found:
    """`CASES` requests to a site with 300 reports, in this process."""
    cases = max(int(CASES * trial.size), 1)
    key = set_up(trial)
    from django.core.handlers.wsgi import WSGIHandler

    application, chance, statuses = WSGIHandler(), trial.random, Counter[str]()
    violations: list[str] = []
    for number in range(cases):
        environ, shown = _request(chance, key)
        status, kind = answered(application, environ)
        statuses[str(status)] += 1
        if status >= 500:
            violations.append(f"Request {number} ended with {status}: {shown[:400]}")
        elif kind.startswith("text/html") and status != 302:
            violations.append(f"Request {number} got a page in HTML ({status}): {shown[:400]}")
    return Found({"requests": cases, "statuses": dict(sorted(statuses.items()))}, tuple(violations[:20]))


def set_up(trial: Trial) -> str:
    """A site of its own is there and Django is ready; a key that may send reports."""
    os.environ["DATABASE_URL"] = f"sqlite:///{trial.folder / 'chaos.sqlite3'}"
    os.environ["STREETMEND_DATA"] = str(trial.folder)
    os.environ["STREETMEND_BASE_URL"] = "http://127.0.0.1:8000"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
    _streetmend("init", "--no-input")
    _streetmend("fill", "--reports=300", f"--seed={trial.seed}")
    key = _streetmend("keys", "create", "chaos", "--scope=report", "--scope=read").split()[-1]
    import django

    django.setup()
    return key


def _streetmend(*arguments: str) -> str:
    command = [sys.executable, "-W", "ignore", "-m", "streetmend", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _request(chance: Random, key: str) -> tuple[dict[str, Any], str]:
    """A WSGI environment, and the request in words that let it be repeated."""
    method = chance.choice(_METHODS)
    resource = chance.choice(_RESOURCES).replace("{id}", str(chance.randint(0, 400)))
    resource = resource.replace("{odd}", quote(chance.choice(_ODD)[:200], safe="", errors="replace"))
    path = chance.choice(_BASES) + resource + chance.choice(_EXTENSIONS)
    query = _pairs(chance, _PARAMETERS, most=5, key=key)
    kind, body = _body(chance, key) if method in ("POST", "PUT") else ("", b"")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "127.0.0.1:8000",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
    }
    for name, values in (
        ("HTTP_ACCEPT", ("*/*", "text/html", "application/json", "x", "")),
        ("HTTP_ACCEPT_ENCODING", ("gzip", "br;q=x", "*", "")),
        ("HTTP_IF_NONE_MATCH", ("*", '"x"', "W/", "")),
        ("HTTP_IDEMPOTENCY_KEY", ("one", "\xff", "x" * 500, "")),
        ("HTTP_AUTHORIZATION", (f"Bearer {key}", "Bearer \xff", "Basic x", "")),
    ):
        if chance.random() < 0.2:
            environ[name] = chance.choice(values)
    return environ, json.dumps([method, path, query, kind, body[:300].decode("latin-1")])


def _pairs(chance: Random, names: Sequence[str], *, most: int, key: str) -> str:
    chosen = [(chance.choice(names), chance.choice(_ODD)) for _ in range(chance.randint(0, most))]
    pairs = [(name, key if name == "api_key" and chance.random() < 0.9 else value) for name, value in chosen]
    return urlencode(pairs, errors="replace")


def _body(chance: Random, key: str) -> tuple[str, bytes]:
    form = urlencode([("api_key", key)]) + "&" + _pairs(chance, _FIELDS, most=9, key=key)
    way = chance.randrange(6)
    if way == 0:
        return "application/json", b'{"service_code": 1}'
    if way == 1:
        return "multipart/form-data; boundary=x", chance.randbytes(60)
    if way == 2:
        part = f'--x\r\nContent-Disposition: form-data; name="{chance.choice(_FIELDS)}"\r\n\r\n{chance.choice(_ODD)}\r\n--x--\r\n'
        return "multipart/form-data; boundary=x", part.encode("utf-8", "replace")
    return _FORM, form.encode()


def answered(application: Any, environ: dict[str, Any]) -> tuple[int, str]:
    """The status, and the Content-Type where there is a body."""
    told: list[tuple[str, list[tuple[str, str]]]] = []
    answer = application(environ, lambda status, headers, error=None: told.append((status, headers)))
    body = b"".join(answer)
    close = getattr(answer, "close", None)
    if close is not None:
        close()
    status, headers = told[0]
    kinds = {name.lower(): value for name, value in headers}
    return int(status[:3]), kinds.get("content-type", "") if body else ""
