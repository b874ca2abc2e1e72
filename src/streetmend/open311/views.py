"""The GeoReport v2 server's reading half. Answers and errors come in the format that was asked for, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from streetmend.areas.places import PlaceInvalid
from streetmend.bodies.queries import categories_at, categories_in_use
from streetmend.bodies.values import Choice
from streetmend.clock import SystemClock
from streetmend.database.errors import is_temporary
from streetmend.georeport.dialect import Dialect
from streetmend.georeport.errors import Fault, InvalidParameters
from streetmend.georeport.search import RequestSearch, split_query
from streetmend.georeport.search_parsing import read_place
from streetmend.georeport.writing import WRITERS, content_type
from streetmend.open311 import feeds, history, paging, wire
from streetmend.open311.addresses import Address, NoSuchAddress, read_address
from streetmend.open311.callers import keyed_reader
from streetmend.open311.finishing import Refused, errors, etag, finished, readable_everywhere
from streetmend.open311.names import Names, names, remembered
from streetmend.open311.packing import Kept
from streetmend.open311.pages import NamesChanged, shown
from streetmend.open311.saying import CallRefused
from streetmend.reports.queries.search import Search

_AGAIN_SECONDS = "5"
_METHODS = ("GET", "HEAD", "OPTIONS")


@csrf_exempt
def answer(request: HttpRequest, path: str, dialect: Dialect) -> HttpResponse:
    """What lies at `path` below the dialect's base address, with the headers that let every page of the web read it."""
    return readable_everywhere(_answer(request, path, dialect))


def _answer(request: HttpRequest, path: str, dialect: Dialect) -> HttpResponse:
    try:
        address = read_address(path, request, feeds=True)
    except NoSuchAddress as error:
        return errors(error.status, [error.why], error.fmt, dialect)
    if request.method == "OPTIONS":
        return _preflight()
    if request.method not in _METHODS:
        refused = errors(405, [f"{request.method} is not possible here."], address.fmt, dialect)
        refused.headers["Allow"] = ", ".join(_METHODS)
        return refused
    response = _read(request, address, dialect)
    if not address.named:
        patch_vary_headers(response, ("Accept",))
    return response


def _read(request: HttpRequest, address: Address, dialect: Dialect) -> HttpResponse:
    """What is asked for, or what is wrong with that."""
    try:
        if "HTTP_AUTHORIZATION" in request.META:
            keyed_reader(request, SystemClock().now())
        return _VIEWS[address.resource](request, address, dialect)
    except InvalidParameters as error:
        return errors(400, map(str, error.faults), address.fmt, dialect, feed=address.feed)
    except Refused as error:
        return errors(error.status, error.descriptions, address.fmt, dialect, feed=address.feed)
    except CallRefused as error:
        response = errors(error.status, map(str, error.faults), address.fmt, dialect, feed=address.feed)
        for name, value in error.headers.items():
            response.headers[name] = value
    except DatabaseFailure as error:
        if not is_temporary(error):
            raise
        why = "The database is away or busy. Ask again a little later."
        response = errors(503, [why], address.fmt, dialect, feed=address.feed)
        response.headers["Retry-After"] = _AGAIN_SECONDS
    return response


def _discovery(request: HttpRequest, address: Address, dialect: Dialect) -> HttpResponse:
    """GeoReport v2, Service Discovery (A1): its Content-Type has no charset."""
    body = WRITERS[address.fmt].write_discovery(wire.discovery(names(), dialect), dialect)
    kind = content_type(address.fmt, dialect).partition(";")[0]
    return finished(request, Kept(body), kind, etag(body.hex()))


def _services(request: HttpRequest, address: Address, dialect: Dialect) -> HttpResponse:
    """GeoReport v2, GET Service List (A2), with lat and long of what may be reported there."""
    services = [wire.service(choice) for choice in _choices(request)]
    body = WRITERS[address.fmt].write_services(services, dialect)
    return finished(request, Kept(body), content_type(address.fmt, dialect), etag(body.hex()))


def _definition(request: HttpRequest, address: Address, dialect: Dialect) -> HttpResponse:
    """GeoReport v2, GET Service Definition (A3): without attributes where the service asks nothing."""
    found = next((choice for choice in _choices(request) if choice.name == address.argument), None)
    if found is None:
        raise Refused(404, ["service_code: There is no such service here."])
    body = WRITERS[address.fmt].write_definition(wire.definition(found), dialect)
    return finished(request, Kept(body), content_type(address.fmt, dialect), etag(body.hex()))


def _choices(request: HttpRequest) -> Iterable[Choice]:
    """The choices of the place that was asked about, or all in use; in the site's first language. Raises InvalidParameters."""
    query = split_query(request.META.get("QUERY_STRING", ""))
    place = read_place(query, zone=names().directory.site.zone)
    if place is None:
        return categories_in_use()
    try:
        return categories_at(*place).choices
    except PlaceInvalid as error:
        raise InvalidParameters((Fault("lat", str(error)),)) from error


def _requests(request: HttpRequest, address: Address, dialect: Dialect) -> HttpResponse:
    """GeoReport v2, GET Service Requests (A6), with the search parameters of the extensions."""
    query = split_query(request.META.get("QUERY_STRING", ""))

    def answered(known: Names, sure: bool) -> HttpResponse:
        zone = known.directory.site.zone
        asked = RequestSearch.parse(query, zone=zone, limit=settings.MAX_REQUESTS)
        search = wire.search(asked, dialect, known, now=SystemClock().now())
        if address.feed == "html":
            return _to_the_site(feeds.list_url(asked, names()))
        page = shown(request, address, dialect, search, known, sure=sure)
        paging.tell(page.response, request, search, page.kept, page.counted)
        return page.response

    return _with_names(answered)


def _request(request: HttpRequest, address: Address, dialect: Dialect) -> HttpResponse:
    """GeoReport v2, GET Service Request (A7): unknown, hidden and private ids are the same."""
    number = address.argument
    possible = number.isascii() and number.isdigit() and 0 < len(number) < 19 and not number.startswith("0")
    search = Search(ids=(int(number),) if possible else (), limit=1)

    def answered(known: Names, sure: bool) -> HttpResponse:
        page = shown(request, address, dialect, search, known, sure=sure)
        if not page.kept.facts.rows and dialect.unknown_request == "not_found":
            raise Refused(404, ["service_request_id: There is no such request here."])
        if address.feed == "html":
            return _to_the_site(feeds.page_url(number) if page.kept.facts.rows else feeds.list_url())
        return page.response

    return _with_names(answered)


def _with_names(answered: Callable[[Names, bool], HttpResponse]) -> HttpResponse:
    """The answer with the names that are remembered, or, where what it reads shows that they may have changed, once more with
    those of now. So a name costs no statement of its own, and none is ever shown when it has changed.
    """
    try:
        return answered(remembered(), False)
    except NamesChanged:
        return answered(names(), True)


_VIEWS: dict[str, Callable[[HttpRequest, Address, Dialect], HttpResponse]] = {
    "discovery": _discovery,
    "services": _services,
    "services/": _definition,
    "requests": _requests,
    "requests/": _request,
    "servicerequestupdates": history.updates,
}


def _preflight() -> HttpResponse:
    headers = {
        "Access-Control-Allow-Methods": ", ".join(_METHODS),
        "Access-Control-Allow-Headers": "Accept, Accept-Encoding, Authorization, If-None-Match",
        "Access-Control-Max-Age": "86400",
        "Allow": ", ".join(_METHODS),
    }
    return HttpResponse(status=204, headers=headers)


def _to_the_site(url: str) -> HttpResponse:
    """The page for people; what a redirect says may change with what it leads to."""
    return HttpResponseRedirect(url, headers={"Cache-Control": "no-cache"})
