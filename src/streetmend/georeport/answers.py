"""How the answer to a GET is read: a value, or one of the three ways in which a call can fail."""

from collections.abc import Callable
from typing import NoReturn, TypeVar

from streetmend.georeport.decoding import Limits
from streetmend.georeport.errors import (
    CallFailed,
    KeyRefused,
    NotFound,
    NotTheThing,
    Refused,
    Unclear,
    Unreachable,
    Unreadable,
)
from streetmend.georeport.outcomes import Headers, errors_of, header, is_cut_off, plausible_id, retry_after
from streetmend.georeport.reading import read_accepted, read_requests
from streetmend.georeport.types import Accepted, Request

T = TypeVar("T")

_KINDS: dict[int, type[CallFailed]] = {
    401: KeyRefused,
    403: KeyRefused,
    404: NotFound,
    407: KeyRefused,
    408: Unclear,
    410: NotFound,
    425: Unclear,
    429: Unreachable,
}


def read_get(
    read: Callable[[bytes, str | None, Limits], T], limits: Limits, status: int, headers: Headers, body: bytes
) -> T:
    """What ``read`` makes of a successful answer.

    Raises Refused (NotFound, KeyRefused), Unreachable (429) or Unclear: 5xx, a redirect that was not followed,
    an answer that broke off or that is not the thing.
    """
    if not 200 <= status < 300:
        _fail(status, headers, body)
    if is_cut_off(headers, body):
        raise Unclear("The endpoint's answer broke off in the middle.", status=status)
    try:
        return read(body, header(headers, "content-type"), limits)
    except Unreadable as error:
        raise Unclear(f"The endpoint answered {status}, but its answer {error}.", status=status) from error


def _fail(status: int, headers: Headers, body: bytes) -> NoReturn:
    kind = _KINDS.get(status, Refused if 400 <= status < 500 else Unclear)
    errors = errors_of(headers, body)
    said = "; ".join(error.description for error in errors)[:500]
    target = header(headers, "location") if 300 <= status < 400 else None
    message = f"The endpoint answered {status}"
    message += f": {said}" if said else f" and sent us to {target[:200]!r}" if target else ""
    raise kind(message, status=status, errors=errors, retry_after=retry_after(headers))


def token(asked: str, body: bytes, content_type: str | None, limits: Limits) -> Accepted:
    """The answer to GET tokens/TOKEN: with the id, or without as long as there is none."""
    page = read_accepted(body, content_type, limits)
    if len(page) > 1:
        raise NotTheThing("has several rows for one token")
    for row in page:
        if plausible_id(row.service_request_id):
            return row
        if row.service_request_id is not None or "service_request_id" in row.others:
            raise NotTheThing("has no service_request_id that could be one")
    return Accepted(token=asked)


def one_request(asked: str, body: bytes, content_type: str | None, limits: Limits) -> Request:
    """The answer to GET requests/ID; servers that hide a request answer with an empty list."""
    page = read_requests(body, content_type, limits)
    rows = [row for row in page if row.service_request_id == asked] or list(page)
    if not rows:
        raise NotFound(f"The endpoint knows no request {asked[:100]}.", status=200)
    if len(rows) > 1:
        raise NotTheThing("has several rows for one request")
    return rows[0]
