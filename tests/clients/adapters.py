"""Clients that nobody here wrote, each behind the same few functions. A further one is a class here and a line in CLIENTS.

An adapter calls the client and unwraps what it gives; it mends nothing of what comes over the wire.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from tests.support.machine import find_node

HERE = Path(__file__).parent
VENDOR = HERE / "vendor"
Row = dict[str, Any]


class Client(Protocol):
    """What the tests do with a client. `posts`: whether it can report at all."""

    name: str
    posts: bool

    def __init__(self, url: str, fmt: str, key: str = "") -> None: ...

    def discovery(self) -> Row: ...

    def services(self) -> list[Row]: ...

    def definition(self, code: str) -> Row: ...

    def requests(self, **search: str) -> list[Row]: ...

    def request(self, number: str) -> Row: ...

    def post(self, **fields: str) -> Row: ...


def rows(value: Any, item: str) -> list[Row]:
    """The rows of a list that a client read; those that map XML to dictionaries give a single row as itself."""
    if value is None or value == "":
        return []
    inside = value.get(item) if isinstance(value, dict) and item in value else value
    return inside if isinstance(inside, list) else [inside] if inside else []


class Three:
    """`three` of 2013, by Code for America. It was written for Python 2: two expressions of it are said anew."""

    name = "three"
    posts = True

    def __init__(self, url: str, fmt: str, key: str = "") -> None:
        self._client = _three().Three(url, format=fmt, api_key=key)

    def discovery(self) -> Row:
        found: Row = self._client.discovery()
        return found

    def services(self) -> list[Row]:
        return rows(self._client.services(), "service")

    def definition(self, code: str) -> Row:
        found: Row = self._client.services(code)
        return found

    def requests(self, **search: str) -> list[Row]:
        return rows(self._client.requests(**search), "request")

    def request(self, number: str) -> Row:
        (only,) = rows(self._client.request(number), "request")
        return only

    def post(self, **fields: str) -> Row:
        (only,) = rows(self._client.post(**fields), "request")
        return only


def _three() -> ModuleType:
    sys.modules["relaxml"] = _run(
        "relaxml", (VENDOR / "relaxml" / "converter.py").read_text(encoding="utf-8")
    )
    source = (VENDOR / "three" / "core.py").read_text(encoding="utf-8")
    for old, new in (
        ("from itertools import ifilter\n", "ifilter = filter\n"),
        ("content.keys()[0]", "list(content)[0]"),
    ):
        if source.count(old) != 1:
            raise AssertionError(f"{old!r} does not stand in three once")
        source = source.replace(old, new)
    return _run("three", source)


def _run(name: str, source: str) -> ModuleType:
    """The module of this source; what a newer Python thinks of its strings is left unsaid."""
    module = ModuleType(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, f"{name}.py", "exec"), module.__dict__)
    return module


class GeoReport:
    """`georeport` of 2025; it reads only, and knows no discovery."""

    name = "georeport"
    posts = False

    def __init__(self, url: str, fmt: str, key: str = "") -> None:
        from georeport import GeoReport as Original

        self._client = Original(url, output_format=fmt)
        self._json = fmt == "json"

    def discovery(self) -> Row:
        return {}

    def services(self) -> list[Row]:
        return rows(self._client.get_service_list(), "service")

    def definition(self, code: str) -> Row:
        found: Row = self._client.get_service_definition(code)
        return found

    def requests(self, **search: str) -> list[Row]:
        try:
            return rows(self._client.get_service_requests(**search), "request")
        except TypeError:
            if self._json:
                raise
            return []  # it looks for a request even in an XML list that has none, whoever wrote that

    def request(self, number: str) -> Row:
        found: Row = self._client.get_service_request(number)
        return found

    def post(self, **fields: str) -> Row:
        raise NotImplementedError


class Open311:
    """npm's `open311` of 2013, with the very `request` and `lodash` of its time; each call is a Node process."""

    name = "open311"
    posts = True

    def __init__(self, url: str, fmt: str, key: str = "") -> None:
        end = "" if url.endswith("/") else "/"
        self._options = {
            "endpoint": url + end, "format": fmt, "apiKey": key, "discovery": f"{url}{end}discovery.{fmt}"
        }  # fmt: skip

    def _call(self, *call: Any) -> Any:
        node = find_node()
        assert node is not None, "No Node found: run `make test`, or install it (Debian: apt install nodejs)"
        paths = os.pathsep.join(str(folder) for folder in (VENDOR / "node", HERE / "shims"))
        done = subprocess.run(
            [
                node,
                "--no-deprecation",
                HERE / "shims" / "drive.js",
                json.dumps({"options": self._options, "calls": [call]}),
            ],
            env={"PATH": os.environ.get("PATH", ""), "NODE_PATH": paths},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (found,) = json.loads(done.stdout)
        assert not found["error"], found["data"]
        return found["data"]

    def discovery(self) -> Row:
        found: Row = self._call("serviceDiscovery", {"cache": False})
        return found

    def services(self) -> list[Row]:
        return rows(self._call("serviceList"), "service")

    def definition(self, code: str) -> Row:
        found: Row = self._call("serviceDefinition", code)
        return found

    def requests(self, **search: str) -> list[Row]:
        return rows(self._call("serviceRequests", search), "request")

    def request(self, number: str) -> Row:
        (only,) = self._call("serviceRequest", number)
        return dict(only)

    def post(self, **fields: str) -> Row:
        (only,) = self._call("submitRequest", fields)
        return dict(only)


CLIENTS: tuple[type[Client], ...] = (Three, GeoReport, Open311)
