"""The addresses that take something in, and the receipts for it. What is only read is answered by `views`."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from streetmend.georeport.dialect import Dialect
from streetmend.georeport.errors import Fault
from streetmend.open311 import posting, pushing, views
from streetmend.open311.addresses import Address, NoSuchAddress, read_address
from streetmend.open311.refusing import refusals
from streetmend.open311.saying import CallRefused, Form, nothing, say_refused

#: where something can be posted
TAKING: dict[str, Callable[[HttpRequest, Form], HttpResponse]] = {
    "requests": posting.create,
    "servicerequestupdates": pushing.push,
}
_READING = ("GET", "HEAD")
_METHODS = "GET, HEAD, OPTIONS, POST"
#: what other pages of the web may send along
_HEADERS = (
    "Accept, Accept-Encoding, Accept-Language, Authorization, Content-Type, Idempotency-Key, If-None-Match"
)


@csrf_exempt
def answer(request: HttpRequest, path: str, dialect: Dialect) -> HttpResponse:
    """What lies at `path` below the dialect's base address, read or posted.

    A program shows its key in each call and has no cookie that a foreign page could make use of.
    """
    if path.partition(".")[0] in TAKING:
        return _taking(request, path, dialect)
    if path.startswith("tokens/") and request.method in _READING:
        return _answered(request, path, dialect, lambda address, form: posting.token(address.argument, form))
    return views.answer(request, path, dialect)


def _taking(request: HttpRequest, path: str, dialect: Dialect) -> HttpResponse:
    """An address where something can be posted: POST takes it in, everything else is as elsewhere."""
    if request.method == "OPTIONS":
        return nothing(
            {
                "Access-Control-Allow-Methods": _METHODS,
                "Access-Control-Allow-Headers": _HEADERS,
                "Access-Control-Max-Age": "86400",
                "Allow": _METHODS,
            }
        )
    if request.method != "POST":
        response = views.answer(request, path, dialect)
        if response.status_code == 405:
            response.headers["Allow"] = _METHODS
        return response
    return _answered(request, path, dialect, lambda address, form: TAKING[address.resource](request, form))


def _answered(
    request: HttpRequest, path: str, dialect: Dialect, answer: Callable[[Address, Form], HttpResponse]
) -> HttpResponse:
    """The answer in the asked format, errors too; what is wrong is said in English, whatever the reporter speaks."""
    try:
        address = read_address(path, request, resources=(*TAKING, "tokens/"))
    except NoSuchAddress as error:
        return views.answer(request, path, dialect) if error.status == 404 else _unspeakable(error, dialect)
    form = Form(address.fmt, dialect)
    with translation.override("en"):
        try:
            with refusals():
                response = answer(address, form)
        except CallRefused as refused:
            response = say_refused(refused, form)
    if not address.named:
        patch_vary_headers(response, ("Accept",))
    return response


def _unspeakable(error: NoSuchAddress, dialect: Dialect) -> HttpResponse:
    return say_refused(CallRefused(error.status, [Fault("Accept", error.why)]), Form(error.fmt, dialect))
