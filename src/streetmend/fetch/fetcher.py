"""Sends one request and brings back the whole answer, or says how far it came."""

import asyncio
import functools
import io
import re
import ssl
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from types import SimpleNamespace, TracebackType
from typing import Protocol, Self

import aiohttp
from yarl import URL

from streetmend.clock import Clock, SystemClock
from streetmend.crash import crash
from streetmend.fetch import errors
from streetmend.fetch.addresses import AddressGuard, Network
from streetmend.fetch.body import ACCEPTED_ENCODINGS, BodyReader
from streetmend.fetch.certificates import certificate_end
from streetmend.fetch.connect import GuardedResolver, GuardedSockets, Hop, current_hop
from streetmend.fetch.failures import as_fetch_error
from streetmend.fetch.resolve import Resolver, SystemResolver
from streetmend.fetch.urls import checked_url
from streetmend.fetch.values import Fetched, FetchRequest

CONNECT_SECONDS = 10.0
RESOLVE_SECONDS = 5.0
HEAD_BYTES = 4096
MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_FOLLOWING = ("GET", "HEAD")
# All that goes with a redirect to another origin: nothing that could be a key.
_HARMLESS = ("accept", "accept-language", "user-agent")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_UNSOUND_VALUE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_LARGE = 1 << 20


class Transport(Protocol):
    """Sends requests. `Fetcher` is the one for use; tests may hand in another."""

    async def send(
        self,
        request: FetchRequest,
        *,
        deadline_seconds: float,
        max_bytes: int,
        redirects: int = 0,
        ports: Collection[int] | None = None,
        plain_http: bool = True,
    ) -> Fetched:
        """The whole answer, or a FetchError."""
        ...


class Fetcher:
    """Opens outbound connections, a fresh one for each request, only to permitted addresses.

    No cookies, no proxies or passwords from the environment, no repeated attempts. Use it as an asynchronous context
    manager; any number of requests may be under way at once.
    """

    def __init__(
        self,
        *,
        allow: Iterable[str | Network] = (),
        resolver: Resolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
        clock: Clock | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        resolve_seconds: float = RESOLVE_SECONDS,
        refuse_hosts: Iterable[str] = (),
    ) -> None:
        """`allow` are networks besides the public ones, `refuse_hosts` names that are never called (our own)."""
        self._guard = AddressGuard(allow)
        self._resolver = GuardedResolver(resolver or SystemResolver(), self._guard, resolve_seconds)
        self._ssl_context = ssl_context
        self._clock = clock or SystemClock()
        self._connect_seconds = connect_seconds
        self._refused_hosts = {host.lower().rstrip(".") for host in refuse_hosts}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(_note_connection)
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            socket_factory=GuardedSockets(self._guard),
            ssl=self._ssl_context or _system_trust(),
            use_dns_cache=False,
            force_close=True,
            limit=0,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=None, connect=self._connect_seconds, sock_connect=None, ceil_threshold=float("inf")
            ),
            trace_configs=[trace],
            middlewares=[_say_how_it_failed],
            auto_decompress=False,
            skip_auto_headers=["Content-Type"],
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def certificate_end(self, url: str, *, deadline_seconds: float) -> datetime:
        """Until when (UTC) the certificate at an https address is valid. Raises FetchError."""
        return await certificate_end(
            url, resolver=self._resolver, guard=self._guard, deadline_seconds=deadline_seconds
        )

    async def send(
        self,
        request: FetchRequest,
        *,
        deadline_seconds: float,
        max_bytes: int,
        redirects: int = 0,
        ports: Collection[int] | None = None,
        plain_http: bool = True,
    ) -> Fetched:
        """The whole answer, whatever its status, within `deadline_seconds` of wall clock and `max_bytes` of body.

        Redirects (at most 3) are followed for GET and HEAD only, each target checked like the first; otherwise the
        answer is the 3xx itself. `ports` limits the ports of all of them, `plain_http=False` asks for https.
        Raises NotSent where the request certainly was not received, MaybeReceived where nobody knows.
        """
        started = self._clock.monotonic()
        hops: list[Hop] = []
        try:
            async with asyncio.timeout(deadline_seconds):
                check = functools.partial(self._checked, ports=ports, plain_http=plain_http)
                fetched = await self._follow(request, check, min(redirects, MOST_REDIRECTS), max_bytes, hops)
        except TimeoutError:
            error = _deadline_error(hops, deadline_seconds)
            raise self._completed(error, hops, started) from None
        except errors.FetchError as error:
            raise self._completed(error, hops, started) from error.__cause__
        return replace(fetched, elapsed_seconds=self._clock.monotonic() - started)

    async def _follow(
        self,
        request: FetchRequest,
        check: Callable[[str], URL],
        redirects: int,
        max_bytes: int,
        hops: list[Hop],
    ) -> Fetched:
        url, headers = check(request.url), _checked_headers(request.headers)
        followed = redirects if request.method in _FOLLOWING else 0
        for left in range(followed, -1, -1):
            fetched = await self._one(request.method, url, headers, request.body, max_bytes, hops)
            if followed == 0 or fetched.status not in _REDIRECTS or not fetched.header("location"):
                return fetched
            if left == 0:
                break
            target = _redirect_target(url, fetched, check)
            if target.origin() != url.origin():
                headers = {name: value for name, value in headers.items() if name.lower() in _HARMLESS}
            url = target
        raise errors.RedirectRefused(f"More than {followed} redirects")

    async def _one(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        max_bytes: int,
        hops: list[Hop],
    ) -> Fetched:
        if self._session is None:
            raise RuntimeError("Fetcher is used outside of `async with`")
        hop = Hop()
        hops.append(hop)
        token = current_hop.set(hop)
        crash("before_request")
        try:
            async with self._session.request(
                method,
                url,
                headers={"Accept-Encoding": ACCEPTED_ENCODINGS, "User-Agent": _user_agent(), **headers},
                # in one piece a large body would be written without a pause
                data=io.BytesIO(body) if body is not None and len(body) > _LARGE else body,
                allow_redirects=False,
                trace_request_ctx=hop,
            ) as response:
                crash("answer_begun")
                fetched = await _read(response, hop, max_bytes)
            crash("answer_read")
            return fetched
        finally:
            current_hop.reset(token)
            await hop.end()

    def _checked(self, text: str, *, ports: Collection[int] | None, plain_http: bool) -> URL:
        url = checked_url(text, ports=ports, plain_http=plain_http)
        host = (url.raw_host or "").lower().rstrip(".")
        if host in self._refused_hosts:
            raise errors.AddressRefused(f"{host} is this site's own name")
        return url

    def _completed(self, error: errors.FetchError, hops: list[Hop], started: float) -> errors.FetchError:
        """The error with all that is known of the request."""
        if hops:
            last = hops[-1]
            error.sent_bytes, error.connected_address = last.sent_bytes, last.connected_address
            error.status = last.status
            error.head = last.body.head(HEAD_BYTES) if last.body else b""
        error.elapsed_seconds = self._clock.monotonic() - started
        return error


def send_now(
    make: Callable[[], Fetcher],
    request: FetchRequest,
    *,
    deadline_seconds: float,
    max_bytes: int,
    redirects: int = 0,
    ports: Collection[int] | None = None,
    plain_http: bool = True,
) -> Fetched:
    """`Fetcher.send` for callers without an event loop, such as the site's pages; `make` makes the fetcher."""

    async def send() -> Fetched:
        async with make() as fetcher:
            return await fetcher.send(
                request,
                deadline_seconds=deadline_seconds,
                max_bytes=max_bytes,
                redirects=redirects,
                ports=ports,
                plain_http=plain_http,
            )

    return asyncio.run(send())


async def _read(response: aiohttp.ClientResponse, hop: Hop, max_bytes: int) -> Fetched:
    hop.status = response.status
    hop.body = BodyReader(response.headers.get("Content-Encoding", ""), max_bytes)
    try:
        body = await hop.body.read(response.content.iter_any())
    except (aiohttp.ClientError, OSError) as error:
        raise as_fetch_error(error, hop) from error
    return Fetched(
        status=response.status,
        headers=_joined(response.headers),
        body=body,
        url=str(response.url),
        connected_address=hop.connected_address,
        sent_bytes=hop.sent_bytes,
        elapsed_seconds=0.0,
    )


def _joined(headers: Mapping[str, str]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers.items():
        text = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        name = name.lower()
        joined[name] = f"{joined[name]}, {text}" if name in joined else text
    return joined


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or _UNSOUND_VALUE.search(value):
            raise errors.RequestInvalid("A header holds a character that no header may hold")
    return dict(headers)


def _redirect_target(url: URL, fetched: Fetched, check: Callable[[str], URL]) -> URL:
    try:
        target = url.join(URL(fetched.header("location")))
        if url.scheme == "https" and target.scheme == "http":
            raise errors.RedirectRefused("A redirect from https to http")
        return check(str(target))
    except (ValueError, errors.RequestInvalid) as error:
        raise errors.RedirectRefused("A redirect to an address that may not be called") from error


def _deadline_error(hops: list[Hop], deadline_seconds: float) -> errors.FetchError:
    if not hops or hops[-1].sent_bytes == 0:
        return errors.ConnectTimedOut(f"No connection within {deadline_seconds:g} s")
    return errors.DeadlinePassed(f"No whole answer within {deadline_seconds:g} s")


async def _note_connection(
    session: aiohttp.ClientSession,
    context: SimpleNamespace,
    parameters: aiohttp.TraceConnectionCreateEndParams,
) -> None:
    hop: Hop = context.trace_request_ctx
    hop.is_connected()
    crash("connected")


async def _say_how_it_failed(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Our own error for aiohttp's, raised where aiohttp would otherwise repeat a GET by itself."""
    try:
        return await handler(request)
    except (aiohttp.ClientError, OSError) as error:
        raise as_fetch_error(error, current_hop.get()) from error


@functools.cache
def _system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()


@functools.cache
def _user_agent() -> str:
    return f"Streetmend/{version('streetmend')}"
