"""The closed set of ways in which a request fails, drawn up by one question: can it have been received?

    FetchError
    +-- NotSent               not one byte of the request left: certainly not received
    |   +-- RequestInvalid    not a URL or a header that we send
    |   +-- AddressRefused    the guard permits none of the host's addresses
    |   +-- NameNotResolved   no such name, or no answer about it in time
    |   +-- ConnectFailed     refused, unreachable, or closed before the first byte
    |   +-- ConnectTimedOut   no connection (with TLS) in time
    |   +-- TlsFailed         certificate or handshake
    +-- MaybeReceived         at least a part was sent: nobody knows
        +-- DeadlinePassed    the wall-clock deadline, wherever it struck
        +-- ConnectionBroken  reset or closed before the answer was complete
        +-- AnswerTooLarge    more than the limit, after decompression
        +-- AnswerUnreadable  not HTTP, or an encoding that is unknown, damaged or cut short
        +-- RedirectRefused   a redirect that is not followed: too many, from https to http, not a URL

Messages name the host and never a path, a query, a header or a body.
"""


class FetchError(Exception):
    """A request did not bring a whole answer. What is known of it is in the attributes."""

    code = "failed"
    """A short word for the log and for metrics."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.sent_bytes = 0
        self.elapsed_seconds = 0.0
        self.connected_address = ""
        self.status: int | None = None
        """The status of the answer, where its head had come."""
        self.head = b""
        """The first bytes of the answer's body, where some had come: at most 4 kB, decompressed."""


class NotSent(FetchError):
    """Certainly not received: `sent_bytes` is 0, and sending again cannot make a second one."""


class MaybeReceived(FetchError):
    """Nobody knows whether it was received: ask before sending again."""


class RequestInvalid(NotSent):
    """The URL or a header is not one that we send."""

    code = "invalid"


class AddressRefused(NotSent):
    """The guard permits none of the host's addresses."""

    code = "address"


class NameNotResolved(NotSent):
    """There is no such name, or nobody said in time."""

    code = "name"


class ConnectFailed(NotSent):
    """Refused, unreachable, or closed before the first byte of the request."""

    code = "connect"


class ConnectTimedOut(NotSent):
    """No connection, TLS included, within the time for connecting or before the deadline."""

    code = "connect-time"


class TlsFailed(NotSent):
    """The certificate is not trusted or does not fit, or the handshake failed."""

    code = "tls"


class DeadlinePassed(MaybeReceived):
    """The deadline came before the answer was complete."""

    code = "deadline"


class ConnectionBroken(MaybeReceived):
    """The connection ended before the answer was complete."""

    code = "broken"


class AnswerTooLarge(MaybeReceived):
    """The answer is larger than the limit; the rest was not read."""

    code = "too-large"


class AnswerUnreadable(MaybeReceived):
    """The answer is not HTTP, or its encoding is unknown, damaged or cut short."""

    code = "unreadable"


class RedirectRefused(MaybeReceived):
    """The answer points to somewhere that is not followed."""

    code = "redirect"
