"""A served site and a client that speaks to it over a real socket."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import etree


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def xml(self) -> etree._Element:
        return etree.fromstring(self.body)

    @property
    def ids(self) -> list[str]:
        """The ids of the requests, in order, from either format."""
        if self.body.lstrip().startswith(b"<"):
            return [str(one.text) for one in self.xml.iterfind("request/service_request_id")]
        return [str(row["service_request_id"]) for row in self.json]


Get = Callable[..., Answered]


@pytest.fixture
def get(live_server: Any) -> Get:
    """Asks the server below /open311/v2/, or at a path from the root."""
    host = urlsplit(live_server.url)

    def ask(path: str, *, method: str = "GET", **headers: str) -> Answered:
        connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=30)
        try:
            target = path if path.startswith("/") else f"/open311/v2/{path}"
            connection.request(
                method, target, headers={name.replace("_", "-"): value for name, value in headers.items()}
            )
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answered(answer.status, found, answer.read())
        finally:
            connection.close()

    return ask
