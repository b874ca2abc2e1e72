"""The one place that opens an outbound socket.

`Fetcher.send` sends one HTTP request and returns the answer as it came, or raises one of a closed set of errors that
say whether the other side can have received it. Callers take a `Transport`, so that a test can hand in another one.
"""

from streetmend.fetch.addresses import AddressGuard
from streetmend.fetch.errors import (
    AddressRefused,
    AnswerTooLarge,
    AnswerUnreadable,
    ConnectFailed,
    ConnectionBroken,
    ConnectTimedOut,
    DeadlinePassed,
    FetchError,
    MaybeReceived,
    NameNotResolved,
    NotSent,
    RedirectRefused,
    RequestInvalid,
    TlsFailed,
)
from streetmend.fetch.fetcher import Fetcher, Transport, send_now
from streetmend.fetch.resolve import Resolver, SystemResolver
from streetmend.fetch.values import Fetched, FetchRequest

__all__ = [
    "AddressGuard",
    "AddressRefused",
    "AnswerTooLarge",
    "AnswerUnreadable",
    "ConnectFailed",
    "ConnectTimedOut",
    "ConnectionBroken",
    "DeadlinePassed",
    "FetchError",
    "FetchRequest",
    "Fetched",
    "Fetcher",
    "MaybeReceived",
    "NameNotResolved",
    "NotSent",
    "RedirectRefused",
    "RequestInvalid",
    "Resolver",
    "SystemResolver",
    "TlsFailed",
    "Transport",
    "send_now",
]
