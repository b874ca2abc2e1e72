"""The GeoReport v2 server's reading half. Answers and errors come in the format that was asked for, whatever happens."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from streetmend.areas.places import PlaceInvalid
from streetmend.bodies.queries import categories_at, categories_in_use
from streetmend.bodies.values import Choice
from streetmend.clock import SystemClock
from streetmend.georeport import numbers
from streetmend.georeport.dialect import Dialect
from streetmend.georeport.errors import Fault, InvalidParameters
from streetmend.georeport.search import RequestSearch, split_query
from streetmend.georeport.types import Error
from streetmend.georeport.writing import WRITERS, Format, content_type
from streetmend.open311 import paging, wire
from streetmend.open311.addresses import Address, NoSuchAddress, read_address
from streetmend.open311.names import Names, names
from streetmend.open311.packing import WORTH_PACKING, AnswerCache, Kept, coding_for
from streetmend.reports.queries import mass
from streetmend.reports.queries.search import Search
from streetmend.reports.services.settling import settle_changes

#: finished pages of requests, found by what they show
ANSWERS = AnswerCache()
_METHODS = ("GET", "HEAD", "OPTIONS")


class _Refused(Exception):
    """The answer is an error of this status, with one line for each description."""

    def __init__(self, status: int, descriptions: Iterable[str]) -> None:
        super().__init__(status)
        self.status, self.descriptions = status, tuple(descriptions)


@csrf_exempt
def answer(request: HttpRequest, path: str, dialect: Dialect) -> HttpResponse:
    """What lies at `path` below the dialect's base address, with the headers that let every page of the web read it."""
    response = _answer(request, path, dialect)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = paging.EXPOSED
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _answer(request: HttpRequest, path: str, dialect: Dialect) -> HttpResponse:
    try:
        address = read_address(path, request)
    except NoSuchAddress as error:
        return _errors(error.status, [error.why], error.fmt, dialect)
    if request.method == "OPTIONS":
        return _preflight()
    if request.method not in _METHODS:
        refused = _errors(405, [f"{request.method} is not possible here."], address.fmt, dialect)
        refused.headers["Allow"] = ", ".join(_METHODS)
        return refused
    try:
        response = _VIEWS[address.resource](request, address, dialect)
    except InvalidParameters as error:
        response = _errors(400, map(str, error.faults), address.fmt, dialect)
    except _Refused as error:
        response = _errors(error.status, error.descriptions, address.fmt, dialect)
    if not address.named:
        patch_vary_headers(response, ("Accept",))
    return response


def _discovery(request: HttpRequest, address: Address, dialect: Dialect) -> HttpResponse:
    """GeoReport v2, Service Discovery (A1): its Content-Type has no charset."""
    body = WRITERS[address.fmt].write_discovery(wire.discovery(names(), dialect), dialect)
    kind = content_type(address.fmt, dialect).partition(";")[0]
    return _finished(request, Kept(body), kind, _etag(body.hex()))


def _services(request: HttpRequest, address: Address, dialect: Dialect) -> HttpResponse:
    """GeoReport v2, GET Service List (A2), with lat and long of what may be reported there."""
    services = [wire.service(choice) for choice in _choices(request)]
    body = WRITERS[address.fmt].write_services(services, dialect)
    return _finished(request, Kept(body), content_type(address.fmt, dialect), _etag(body.hex()))


def _definition(request: HttpRequest, address: Address, dialect: Dialect) -> HttpResponse:
    """GeoReport v2, GET Service Definition (A3): without attributes where the service asks nothing."""
    found = next((choice for choice in _choices(request) if choice.name == address.argument), None)
    if found is None:
        raise _Refused(404, ["service_code: There is no such service here."])
    body = WRITERS[address.fmt].write_definition(wire.definition(found), dialect)
    return _finished(request, Kept(body), content_type(address.fmt, dialect), _etag(body.hex()))


def _choices(request: HttpRequest) -> Iterable[Choice]:
    """The choices of the place that was asked about, or all in use; in the site's first language. Raises InvalidParameters."""
    given = dict(split_query(request.META.get("QUERY_STRING", "")))
    place = [(name, given.get(name, "").strip()) for name in ("lat", "long")]
    if not any(text for _, text in place):
        return categories_in_use()
    faults, values = [], []
    readers: tuple[Callable[[str], float], ...] = (numbers.latitude, numbers.longitude)
    for (name, text), reader in zip(place, readers, strict=True):
        try:
            values.append(reader(text))
        except numbers.NotANumber as error:
            faults.append(Fault(name, str(error) if text else "is required with the other one"))
    if faults:
        raise InvalidParameters(tuple(faults))
    try:
        return categories_at(values[0], values[1]).choices
    except PlaceInvalid as error:
        raise InvalidParameters((Fault("lat", str(error)),)) from error


def _requests(request: HttpRequest, address: Address, dialect: Dialect) -> HttpResponse:
    """GeoReport v2, GET Service Requests (A6), with the search parameters of the extensions."""
    known = names()
    asked = RequestSearch.parse(
        split_query(request.META.get("QUERY_STRING", "")),
        zone=known.directory.site.zone,
        limit=settings.MAX_REQUESTS,
    )
    search = wire.search(asked, dialect, known, now=SystemClock().now())
    if search.about_changes:
        settle_changes()
    response, kept = _page(request, address, dialect, search, known)
    paging.tell(response, request, search, kept)
    return response


def _request(request: HttpRequest, address: Address, dialect: Dialect) -> HttpResponse:
    """GeoReport v2, GET Service Request (A7): unknown, hidden and private ids are the same."""
    number = address.argument
    known = number.isascii() and number.isdigit() and 0 < len(number) < 19 and not number.startswith("0")
    ids = (int(number),) if known else ()
    response, kept = _page(request, address, dialect, Search(ids=ids, limit=1), names())
    if not kept.facts["rows"] and dialect.unknown_request == "not_found":
        raise _Refused(404, ["service_request_id: There is no such request here."])
    return response


_VIEWS: dict[str, Callable[[HttpRequest, Address, Dialect], HttpResponse]] = {
    "discovery": _discovery,
    "services": _services,
    "services/": _definition,
    "requests": _requests,
    "requests/": _request,
}


def _page(
    request: HttpRequest, address: Address, dialect: Dialect, search: Search, known: Names
) -> tuple[HttpResponse, Kept]:
    """The page of a search: kept from the last time where nothing that it shows has changed since."""
    shape = f"{dialect.name}|{address.fmt}|{search.limit}|{search.offset}|{search.ids}|{search.walk}|{search.changes}"
    question, kept, key = f"{shape}|{search}", None, ""
    if "If-None-Match" in request.headers or ANSWERS.may_have(question):
        now = mass.digest(search)
        key = _key(shape, now.rows, now.epoch)
        kept = ANSWERS.get(key)
    if kept is None:
        page = mass.page(search)
        body = WRITERS[address.fmt].write_requests(wire.requests(page.rows, known), dialect)
        kept = Kept(body, paging.facts(page, search))
        # under what was really read: a report may have changed between the two statements
        key = _key(shape, page.digest, known.epoch)
        ANSWERS.put(key, kept, question=question)
    return _finished(request, kept, content_type(address.fmt, dialect), _etag(key), key), kept


def _key(shape: str, rows: str, epoch: int) -> str:
    return hashlib.sha256(f"{shape}|{epoch}|{rows}".encode()).hexdigest()


def _etag(text: str) -> str:
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _finished(request: HttpRequest, kept: Kept, kind: str, etag: str, key: str = "") -> HttpResponse:
    """The answer, packed where the client can unpack it; 304 where it has it already (RFC 9110, section 13)."""
    if _has(request, etag):
        response = HttpResponse(status=304)
    else:
        coding = (
            coding_for(request.headers.get("Accept-Encoding", "")) if len(kept.plain) >= WORTH_PACKING else ""
        )
        body = ANSWERS.packed(key, kept, coding) if coding else kept.plain
        response = HttpResponse(body, content_type=kind)
        if coding:
            response.headers["Content-Encoding"] = coding
        response.headers["Content-Length"] = str(len(body))
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


def _has(request: HttpRequest, etag: str) -> bool:
    given = request.headers.get("If-None-Match", "")
    known = {part.strip().removeprefix("W/") for part in given.split(",")}
    return given.strip() == "*" or etag.removeprefix("W/") in known


def _errors(status: int, descriptions: Iterable[str], fmt: Format, dialect: Dialect) -> HttpResponse:
    """GeoReport v2, errors (A8): one line for everything that is wrong."""
    errors = [Error(code=str(status), description=text) for text in descriptions]
    body = WRITERS[fmt].write_errors(errors, dialect)
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(body, status=status, content_type=content_type(fmt, dialect), headers=headers)


def _preflight() -> HttpResponse:
    headers = {
        "Access-Control-Allow-Methods": ", ".join(_METHODS),
        "Access-Control-Allow-Headers": "Accept, Accept-Encoding, If-None-Match",
        "Access-Control-Max-Age": "86400",
        "Allow": ", ".join(_METHODS),
    }
    return HttpResponse(status=204, headers=headers)
