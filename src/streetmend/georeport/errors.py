"""What can go wrong, sorted by what the caller has to decide.

::

    GeoReportError
    +-- InvalidParameters     the caller's query or form is wrong; carries every fault at once (a server's 400)
    +-- Unreadable            bytes that are no answer in XML or JSON
    |   +-- Dangerous         what we refuse to read at all
    |   |   +-- DoctypeRefused
    |   |   +-- TooLarge
    |   |   +-- TooDeep
    |   +-- NotTheThing       well-formed, but something else than what was asked for
    +-- CallFailed            a call to an endpoint did not end well: will trying again help?
        +-- Refused           no, the endpoint understood and said no
        |   +-- NotFound      there is no such thing (404)
        |   +-- KeyRefused    the key or the rights are wrong (401, 403, 407)
        +-- Unreachable       yes, later: nothing was received
        +-- Unclear           nobody knows: it may have been received; a POST must be asked about before it is
                              repeated
"""

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from streetmend.georeport.types import Error


class GeoReportError(Exception):
    """Everything this package raises on purpose."""


class Fault(NamedTuple):
    """One wrong parameter: its name as it was sent, and what is wrong with it in a sentence without the
    name.
    """

    parameter: str
    message: str

    def __str__(self) -> str:
        return f"{self.parameter}: {self.message}"


class InvalidParameters(GeoReportError):
    """One or more parameters of a query or a form cannot be used; ``faults`` lists every one of them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


class Unreadable(GeoReportError):
    """These bytes are no answer that can be read (empty, an HTML page, cut off, malformed)."""


class Dangerous(Unreadable):
    """Refused before or while reading, because reading it could harm us."""


class DoctypeRefused(Dangerous):
    """The XML has a document type declaration; no answer of the standard has one, every XML attack needs
    one.
    """


class TooLarge(Dangerous):
    """More bytes (or digits of one number) than the caller allows."""


class TooDeep(Dangerous):
    """Nested deeper than the caller allows."""


class NotTheThing(Unreadable):
    """The answer is well-formed but is not what was asked for."""


class CallFailed(GeoReportError):
    """A call did not end well.

    ``status`` is the HTTP status or None where there was none, ``errors`` what the endpoint gave as
    reasons, and ``retry_after`` its Retry-After header: seconds, or a moment.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        errors: "tuple[Error, ...]" = (),
        retry_after: int | datetime | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.errors = errors
        self.retry_after = retry_after


class Refused(CallFailed):
    """The endpoint understood and said no; the same call will be refused again."""


class NotFound(Refused):
    """The endpoint does not know the thing that was asked for (404)."""


class KeyRefused(Refused):
    """The endpoint does not accept the key (401, 403, 407)."""


class Unreachable(CallFailed):
    """Nothing was received (no connection, or 429); the same call may be made again later."""


class Unclear(CallFailed):
    """The endpoint may or may not have received it; a POST must be asked about before it is repeated."""
