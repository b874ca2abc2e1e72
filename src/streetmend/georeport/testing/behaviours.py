"""What an endpoint may do with a request, good and bad, as values to script it with.

Each function gives one Behaviour; they say whether the request is stored, when, and what is answered.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from typing import Literal, TypeAlias

from streetmend.georeport.types import Error
from streetmend.georeport.writing import WRITERS, Format

HTML = "text/html; charset=utf-8"

_PAGE = b"<!DOCTYPE html>\n<html><body><h1>Maintenance</h1><p>We are back soon.</p></body></html>\n"
_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
    b"<service_requests><request><service_request_id>&c;</service_request_id></request></service_requests>"
)


class Cut(Enum):
    """How the connection ends."""

    NOT = "after the whole answer"
    UNREAD = "reset before the request's body has been read"
    SILENT = "reset after the request has been read and before anything is answered"
    HALF = "closed in the middle of the answer"
    NEVER = "not at all: the body is repeated for as long as the client reads"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    ``wait`` is how long the endpoint takes before its first byte and ``pace`` how long it takes between two
    bytes, in seconds. ``raw``: the body goes out without a status line and headers.
    """

    status: int
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()
    wait: float = 0.0
    cut: Cut = Cut.NOT
    pace: float = 0.0
    raw: bool = False

    def all_headers(self) -> dict[str, str]:
        """The headers as they go out."""
        length = {} if self.cut is Cut.NEVER else {"Content-Length": str(len(self.body))}
        return {"Content-Type": self.content_type, **length, **dict(self.headers)}


Reply: TypeAlias = Callable[[Answer], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What happens to one request.

    ``late`` is how long after its arrival a stored request comes into being: before, nobody finds it.
    ``reply`` makes the answer out of the usual one.
    """

    name: str
    stores: bool = True
    late: timedelta = timedelta()
    wait: float = 0.0
    cut: Cut = Cut.NOT
    pace: float = 0.0
    reply: Reply | None = None
    token: bool = False
    polls: int | None = 0
    """With a token: how many polls find no id yet; None for every one."""
    forgets_token: bool = False
    remote_id: Literal["own", "empty", "previous", "twice"] = "own"


ACCEPT = Behaviour(name="accept")


def accept() -> Behaviour:
    """Store it and answer with its id."""
    return ACCEPT


def token(*, ready_after: int | None = 0, forgotten: bool = False) -> Behaviour:
    """Store it and answer with a token.

    The id is there after ``ready_after`` polls (None: never); a ``forgotten`` token is answered with 404.
    """
    return Behaviour(name="token", token=True, polls=ready_after, forgets_token=forgotten)


def refuse(status: int = 400, description: str = "The request is refused.") -> Behaviour:
    """Do not store it, and say why."""
    return Behaviour(name=f"refuse {status}", stores=False, reply=_errors(status, description))


def unauthorised() -> Behaviour:
    """403 as for a wrong key, whatever the key."""
    return refuse(403, "Invalid api_key received.")


def busy(
    status: Literal[429, 503] = 503, *, retry_after: str | None = None, stored: bool = False
) -> Behaviour:
    """Too many requests, or not available; ``stored`` all the same if wished."""
    headers = (("Retry-After", retry_after),) if retry_after is not None else ()
    reply = _errors(status, "Please come back later.", headers)
    return Behaviour(name=f"busy {status}", stores=stored, reply=reply)


def fail(status: int = 500, *, stored: bool = False) -> Behaviour:
    """A server error with an HTML page, as proxies give it."""
    return Behaviour(name=f"fail {status}", stores=stored, reply=_page(status, _PAGE, HTML))


def slow(seconds: float, *, late: timedelta = timedelta()) -> Behaviour:
    """Answer after ``seconds``; stored at once, or ``late``."""
    return Behaviour(name="slow", wait=seconds, late=late)


def trickle(pace: float) -> Behaviour:
    """Store it and answer one byte every ``pace`` seconds, from the status line on."""
    return Behaviour(name="trickle", pace=pace)


def deaf(seconds: float) -> Behaviour:
    """Read nothing of the body for ``seconds``, and then reset the connection."""
    return Behaviour(name="deaf", stores=False, wait=seconds, cut=Cut.UNREAD)


def drop(*, stored: bool = False) -> Behaviour:
    """Reset the connection: before the body is read, or after it is stored."""
    return Behaviour(name="drop", stores=stored, cut=Cut.SILENT if stored else Cut.UNREAD)


def break_off() -> Behaviour:
    """Store it, and close the connection in the middle of the answer."""
    return Behaviour(name="break off", cut=Cut.HALF)


def redirect(to: str, *, status: int = 302, stored: bool = True) -> Behaviour:
    """Send the client elsewhere; many servers store first and redirect then."""
    headers = (("Location", to),)
    reply = _page(status, b"", HTML, headers)
    return Behaviour(name=f"redirect {status}", stores=stored, reply=reply)


def empty_id() -> Behaviour:
    """Store it and answer with an id that is empty."""
    return Behaviour(name="empty id", remote_id="empty")


def same_id() -> Behaviour:
    """Store it and answer with the id of the request before."""
    return Behaviour(name="same id", remote_id="previous")


def two_requests() -> Behaviour:
    """Store it and answer with two requests instead of one."""
    return Behaviour(name="two requests", remote_id="twice")


def garbage(body: bytes, *, content_type: str = HTML, status: int = 200, stored: bool = True) -> Behaviour:
    """Answer with any bytes."""
    return Behaviour(name="garbage", stores=stored, reply=_page(status, body, content_type))


def html(*, stored: bool = True) -> Behaviour:
    """A maintenance page with status 200."""
    return garbage(_PAGE, stored=stored)


def nothing(*, status: int = 200, stored: bool = True) -> Behaviour:
    """A successful answer without a body."""
    return garbage(b"", content_type="text/xml", status=status, stored=stored)


def doctype(*, stored: bool = True) -> Behaviour:
    """An answer with a document type and entities."""
    return garbage(_BOMB, content_type="text/xml", stored=stored)


def wrong_type() -> Behaviour:
    """The right answer with a Content-Type that lies."""
    return Behaviour(name="wrong type", reply=lambda usual: replace(usual, content_type=HTML))


def endless(*, stored: bool = True) -> Behaviour:
    """An answer that goes on for as long as anybody reads it."""
    reply = _page(200, b"<!-- and so on -->\n" * 512, "text/xml")
    return Behaviour(name="endless", stores=stored, cut=Cut.NEVER, reply=reply)


def bomb(megabytes: int = 100, *, stored: bool = True) -> Behaviour:
    """A small answer in gzip that becomes ``megabytes`` of blanks."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    blanks = b" " * 1_000_000
    body = b"".join([*(packer.compress(blanks) for _ in range(megabytes)), packer.flush()])
    reply = _page(200, body, "text/xml", (("Content-Encoding", "gzip"),))
    return Behaviour(name="bomb", stores=stored, reply=reply)


def no_http(body: bytes = b"\x15\x03\x01\x00\x02\x02\x50", *, stored: bool = True) -> Behaviour:
    """Bytes that are no HTTP answer at all; by default what a TLS server says to plain text."""
    return Behaviour(name="no http", stores=stored, reply=lambda _: Answer(0, body, "", raw=True))


def cut_short() -> Behaviour:
    """A complete HTTP answer of which the second half is missing, Content-Length and all."""
    return Behaviour(
        name="cut short", reply=lambda usual: replace(usual, body=usual.body[: len(usual.body) // 2])
    )


def _page(status: int, body: bytes, content_type: str, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    return lambda usual: Answer(status, body, content_type, headers)


def _errors(status: int, description: str, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    return _ErrorReply(status, description, headers)


@dataclass(frozen=True, slots=True)
class _ErrorReply:
    """An errors body in the format of the usual answer."""

    status: int
    description: str
    headers: tuple[tuple[str, str], ...] = field(default=())

    def __call__(self, usual: Answer) -> Answer:
        fmt: Format = "json" if "json" in usual.content_type else "xml"
        body = WRITERS[fmt].write_errors([Error(code=str(self.status), description=self.description)])
        return Answer(self.status, body, usual.content_type, self.headers)
