"""A small synchronous client over ``calls``, for scripts and other people's programs.

::

    client = Client(Endpoint("https://town.example/open311/v2", api_key="..."))
    for service in client.services():
        print(service.service_code, service.service_name)
    accepted = client.create(NewRequest(service_code="pothole", lat=59.9, long=10.7, description="A hole"))

Each method gives the value, or raises Refused (trying again will not help), Unreachable (nothing was received)
or Unclear (nobody knows; ask before a POST is repeated).
"""

import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from threading import Timer
from time import monotonic
from typing import Final, TypeVar
from urllib.parse import quote, urljoin, urlsplit

from streetmend.georeport import calls
from streetmend.georeport.calls import Call, Endpoint
from streetmend.georeport.errors import Unclear, Unreachable
from streetmend.georeport.outcomes import Outcome, header
from streetmend.georeport.reading import Page
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.types import (
    Accepted,
    Discovery,
    NewRequest,
    Request,
    RequestUpdate,
    Service,
    ServiceDefinition,
)

T = TypeVar("T")

USER_AGENT: Final = "streetmend-georeport"
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 64 * 1024
_IN_PATHS = "/%:@!$&'()*+,;=~"  # what a finished address may contain unencoded


class Client:
    """Calls one endpoint, one connection for each call.

    ``timeout`` is the longest that a whole call may take, in seconds, however busily the other side drips; each
    address of its host that is tried without success may take as long again. A GET follows at most three
    redirects, and none from https to http; a POST follows none.
    ``context`` is the TLS context, by default one that checks certificates.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout: float = 60.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._timeout = timeout
        self._context = context

    def discovery(self) -> Discovery:
        """What the server says about itself."""
        return self.perform(calls.discovery(self.endpoint))

    def services(self, *, lat: float | None = None, long: float | None = None) -> Page[Service]:
        """What can be reported, or what can be reported at a point."""
        return self.perform(calls.services(self.endpoint, lat=lat, long=long))

    def definition(self, service_code: str) -> ServiceDefinition:
        """The questions of a service."""
        return self.perform(calls.definition(self.endpoint, service_code))

    def create(self, new: NewRequest, *, idempotency_key: str | None = None) -> Accepted:
        """Post a new request: the id that it was given, or a token."""
        extra = [("Idempotency-Key", idempotency_key)] if idempotency_key else []
        return self.perform(calls.create(self.endpoint, new, headers=extra)).accepted()

    def token(self, token: str) -> Accepted:
        """The id that belongs to a token, if there is one already."""
        return self.perform(calls.token(self.endpoint, token))

    def requests(self, search: RequestSearch | None = None) -> Page[Request]:
        """The requests that a search finds."""
        return self.perform(calls.requests(self.endpoint, search or RequestSearch()))

    def request(self, service_request_id: str) -> Request:
        """One request."""
        return self.perform(calls.request(self.endpoint, service_request_id))

    def updates(self, *, start: datetime, end: datetime) -> Page[RequestUpdate]:
        """The updates between two aware moments."""
        return self.perform(calls.updates(self.endpoint, start=start, end=end))

    def post_update(self, update: RequestUpdate) -> Outcome:
        """Post an update: what became of it."""
        return self.perform(calls.post_update(self.endpoint, update))

    def perform(self, call: Call[T]) -> T:
        """Send any call and read its answer."""
        deadline = monotonic() + self._timeout
        url = call.url
        for _ in range(_MOST_REDIRECTS + 1):
            status, headers, body = self._exchange(call, url, deadline)
            target = header(headers, "location")
            if call.method != "GET" or status not in _REDIRECTS or not target:
                break
            following = urljoin(url, target)
            if urlsplit(url).scheme == "https" and urlsplit(following).scheme != "https":
                break
            url = following
        return call.read(status, headers, body)

    def _exchange(self, call: Call[T], url: str, deadline: float) -> tuple[int, Mapping[str, str], bytes]:
        try:
            connection, target = self._connection(url)
        except ValueError as error:
            raise Unreachable(f"No address of a web server: {call.shown_url}") from error
        try:
            try:
                connection.connect()
            except (OSError, UnicodeError, http.client.HTTPException) as error:
                raise Unreachable(f"No connection to {call.shown_url}: {error}") from error
            with _Deadline(connection.sock, deadline - monotonic()) as late:
                try:
                    connection.request(call.method, target, call.body or None, _headers(call, url))
                    answer = _answer(connection.getresponse(), call)
                    late.check()
                except (OSError, http.client.HTTPException) as error:
                    reason = str(error) or type(error).__name__
                    raise Unclear(f"No answer from {call.shown_url}: {reason}") from error
            return answer
        finally:
            connection.close()

    def _connection(self, url: str) -> tuple[http.client.HTTPConnection, str]:
        """Raises ValueError for what is no address of a web server."""
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        if parts.scheme not in ("http", "https") or not host:
            raise ValueError(parts.scheme)
        path = quote(parts.path or "/", safe=_IN_PATHS)
        target = f"{path}?{quote(parts.query, safe=_IN_PATHS + '?')}" if parts.query else path
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=self._timeout), target
        context = self._context or ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=context), target


def _headers(call: Call[T], url: str) -> dict[str, str]:
    """The key goes to the endpoint only, and to nobody whom it sends us to."""
    at_home = urlsplit(url)[:2] == urlsplit(call.url)[:2]
    given = [pair for pair in call.headers if at_home or pair[0].lower() != "authorization"]
    return {
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "identity",
        "Connection": "close",
        **dict(given),
    }


def _answer(response: http.client.HTTPResponse, call: Call[T]) -> tuple[int, Mapping[str, str], bytes]:
    """One byte more than the limit is read, so that the reader sees that there was too much."""
    left = call.limits.most_bytes + 1
    chunks: list[bytes] = []
    while left > 0 and (chunk := response.read1(min(left, _CHUNK))):
        chunks.append(chunk)
        left -= len(chunk)
    return response.status, dict(response.headers.items()), b"".join(chunks)


class _Deadline:
    """Ends a connection after so many seconds: a socket's own timeout begins anew with every byte."""

    def __init__(self, connected: socket.socket, seconds: float) -> None:
        self.passed = False
        self._socket = connected
        self._timer = Timer(max(seconds, 0.0), self._end)
        self._timer.daemon = True

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._timer.cancel()

    def check(self) -> None:
        """What was read until now was not cut off by us. Raises TimeoutError."""
        if self.passed:
            raise TimeoutError("it took too long")

    def _end(self) -> None:
        self.passed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
