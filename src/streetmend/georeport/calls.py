"""One frozen value for each operation of the standard: the HTTP request to send, and how to read its answer.

There is no IO here: whoever performs a call sends ``method``, ``url``, ``headers`` and ``body``, follows no
redirect of a POST, reads at most ``limits.most_bytes`` (and one more, to know), and gives what came back to
``read``::

    call = calls.services(Endpoint("https://town.example/open311/v2"))
    page = call.read(answer.status, answer.headers, answer.body)

``read`` of a GET gives the value or raises Refused, Unreachable or Unclear; ``read`` of a POST gives an
Outcome and raises nothing.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from streetmend.georeport import answers, forms
from streetmend.georeport.decoding import ANSWER_TO_POST, LIMITS, Limits
from streetmend.georeport.dialect import DEFAULT, Dialect
from streetmend.georeport.multipart import write_form
from streetmend.georeport.numbers import plain
from streetmend.georeport.outcomes import Headers, Outcome, Posted, classify
from streetmend.georeport.reading import (
    Page,
    read_definition,
    read_discovery,
    read_requests,
    read_services,
    read_updates,
)
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.times import print_for
from streetmend.georeport.types import (
    Accepted,
    Discovery,
    NewRequest,
    Request,
    RequestUpdate,
    Service,
    ServiceDefinition,
    Upload,
)

T = TypeVar("T")
Pairs: TypeAlias = Iterable[tuple[str, str]]

_IN_A_HEADER = re.compile(r"[\x21-\x7e]*")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Somebody's Open311 server: its base address (with or without a slash at its end), keys and habits.

    Raises ValueError where the address cannot be taken apart, or where the key is to go into a header and has
    characters that none can have.
    """

    url: str
    jurisdiction_id: str | None = None
    api_key: str | None = field(default=None, repr=False)
    dialect: Dialect = DEFAULT

    def __post_init__(self) -> None:
        urlsplit(self.url.strip())
        if self.dialect.key_in == "bearer" and not _IN_A_HEADER.fullmatch(self.api_key or ""):
            raise ValueError("The key has characters that cannot stand in a header.")


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request to send and the way to read its answer. Its repr shows no key and no body."""

    name: str
    method: str
    url: str = field(repr=False)
    shown_url: str
    """The address without the key, for logs and people."""
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    limits: Limits = field(repr=False)
    reader: Callable[[int, Headers, bytes], T] = field(repr=False, compare=False)

    def read(self, status: int, headers: Headers, body: bytes) -> T:
        """What the answer says."""
        return self.reader(status, headers, body)


def discovery(endpoint: Endpoint, *, limits: Limits = LIMITS) -> Call[Discovery]:
    """What the server says about itself (A1)."""
    return _get(endpoint, "discovery", "discovery", (), read_discovery, limits)


def services(
    endpoint: Endpoint, *, lat: float | None = None, long: float | None = None, limits: Limits = LIMITS
) -> Call[Page[Service]]:
    """What can be reported, or what can be reported at a point in WGS84 degrees (A2)."""
    return _get(endpoint, "services", "services", _point(lat, long), read_services, limits)


def definition(
    endpoint: Endpoint,
    service_code: str,
    *,
    lat: float | None = None,
    long: float | None = None,
    limits: Limits = LIMITS,
) -> Call[ServiceDefinition]:
    """The questions of a service (A3). Any code will do: blanks and slashes are encoded."""
    resource = f"services/{_encoded(service_code)}"
    return _get(endpoint, "definition", resource, _point(lat, long), read_definition, limits)


def token(endpoint: Endpoint, token: str) -> Call[Accepted]:
    """The id that belongs to a token; ``service_request_id`` is None as long as there is none (A5)."""
    read = partial(answers.token, token)
    return _get(endpoint, "token", f"tokens/{_encoded(token)}", (), read, ANSWER_TO_POST)


def requests(endpoint: Endpoint, search: RequestSearch, *, limits: Limits = LIMITS) -> Call[Page[Request]]:
    """The requests that a search finds (A6); the endpoint's jurisdiction is added."""
    query = [pair for pair in search.to_query(endpoint.dialect) if pair[0] != "jurisdiction_id"]
    if search.jurisdiction_id and not endpoint.jurisdiction_id:
        query.append(("jurisdiction_id", search.jurisdiction_id))
    return _get(endpoint, "requests", "requests", query, read_requests, limits)


def requests_by(endpoint: Endpoint, query: Pairs, *, limits: Limits = LIMITS) -> Call[Page[Request]]:
    """The requests that an endpoint finds by parameters of its own (A6 with an extension)."""
    return _get(endpoint, "requests", "requests", query, read_requests, limits)


def request(endpoint: Endpoint, service_request_id: str, *, limits: Limits = LIMITS) -> Call[Request]:
    """One request (A7). An answer without it is NotFound, whatever its status."""
    read = partial(answers.one_request, service_request_id)
    return _get(endpoint, "request", f"requests/{_encoded(service_request_id)}", (), read, limits)


def updates(
    endpoint: Endpoint, *, start: datetime | None, end: datetime | None, limits: Limits = LIMITS
) -> Call[Page[RequestUpdate]]:
    """The updates from ``start`` to ``end`` (aware; None: without that bound), as mySociety's extension has it (A9)."""
    query = []
    if start is not None:
        query.append(("start_date", print_for(start, endpoint.dialect)))
    if end is not None:
        query.append(("end_date", print_for(end, endpoint.dialect, up=True)))
    return _get(endpoint, "updates", "servicerequestupdates", query, read_updates, limits, keyed=True)


def create(endpoint: Endpoint, new: NewRequest, *, headers: Pairs = ()) -> Call[Outcome]:
    """Post a new request (A4). ``headers`` go out as well, as an Idempotency-Key."""
    return _post(
        endpoint, "create", "requests", forms.new_request(new, endpoint.dialect), new.uploads, headers
    )


def post_update(endpoint: Endpoint, update: RequestUpdate, *, headers: Pairs = ()) -> Call[Outcome]:
    """Post an update of a request (A9)."""
    fields = forms.update(update, endpoint.dialect)
    return _post(endpoint, "post_update", "servicerequestupdates", fields, update.uploads, headers)


def _point(lat: float | None, long: float | None) -> Sequence[tuple[str, str]]:
    if lat is None or long is None:
        return ()
    return (("lat", plain(lat, 6)), ("long", plain(long, 6)))


def _encoded(segment: str) -> str:
    return quote(segment, safe="", errors="replace")


def _address(endpoint: Endpoint, resource: str, query: Pairs) -> str:
    base = urlsplit(endpoint.url.strip())
    name, slash, rest = resource.partition("/")
    name = dict(endpoint.dialect.paths).get(name, name)
    path = f"{base.path.rstrip('/')}/{name}{slash}{rest}.{endpoint.dialect.format}"
    asked = urlencode(list(query), quote_via=quote, errors="replace")
    return urlunsplit((base.scheme, base.netloc, path, "&".join(filter(None, (base.query, asked))), ""))


def _bearer(endpoint: Endpoint) -> Sequence[tuple[str, str]]:
    """The key as a header, for endpoints that want it there."""
    if not endpoint.api_key or endpoint.dialect.key_in != "bearer":
        return ()
    return (("Authorization", f"Bearer {endpoint.api_key}"),)


def _accept(endpoint: Endpoint) -> tuple[str, str]:
    return "Accept", "text/xml" if endpoint.dialect.format == "xml" else "application/json"


def _get(
    endpoint: Endpoint,
    name: str,
    resource: str,
    query: Iterable[tuple[str, str]],
    read: Callable[[bytes, str | None, Limits], T],
    limits: Limits,
    *,
    keyed: bool = False,
) -> Call[T]:
    query = list(query)
    if endpoint.jurisdiction_id:
        query.append(("jurisdiction_id", endpoint.jurisdiction_id))
    keyed = keyed or endpoint.dialect.key_on_get
    bearer = _bearer(endpoint) if keyed else ()
    if endpoint.api_key and keyed and not bearer:
        query.append(("api_key", endpoint.api_key))
    return Call(
        name=name,
        method="GET",
        url=_address(endpoint, resource, query),
        shown_url=_address(endpoint, resource, _without_key(query)),
        headers=(_accept(endpoint), *bearer),
        body=b"",
        limits=limits,
        reader=partial(answers.read_get, read, limits),
    )


def _without_key(query: Pairs) -> Pairs:
    return [pair for pair in query if pair[0] != "api_key"]


def _post(
    endpoint: Endpoint,
    name: str,
    resource: str,
    fields: Iterable[tuple[str, str]],
    uploads: Sequence[Upload],
    headers: Pairs,
) -> Call[Outcome]:
    dialect = endpoint.dialect
    bearer = _bearer(endpoint)
    own = [("api_key", endpoint.api_key)] if endpoint.api_key and not bearer else []
    query = []
    if endpoint.jurisdiction_id:
        jurisdiction = ("jurisdiction_id", endpoint.jurisdiction_id)
        query += [jurisdiction] if dialect.jurisdiction_in != "body" else []
        own += [jurisdiction] if dialect.jurisdiction_in != "query" else []
    named = forms.named_uploads(uploads, dialect)
    content_type, body = write_form([*own, *fields], named)
    url = _address(endpoint, resource, query)
    posted: Posted = "update" if name == "post_update" else "request"
    pattern = re.compile(dialect.duplicate_pattern) if dialect.duplicate_pattern else None
    return Call(
        name=name,
        method="POST",
        url=url,
        shown_url=url,
        headers=(_accept(endpoint), ("Content-Type", content_type), *bearer, *headers),
        body=body,
        limits=ANSWER_TO_POST,
        reader=partial(classify, posted=posted, duplicate=pattern),
    )
