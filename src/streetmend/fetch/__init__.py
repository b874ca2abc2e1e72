"""The one place that opens an outbound socket.

`Fetcher.send` sends one HTTP request and returns the answer as it came, or raises one of a closed set of errors that
say whether the other side can have received it. Callers take a `Transport`, so that a test can hand in another one.

What calls is loaded when it is first named: the client's library takes 13 MB that a process which only answers can do without.
"""

from importlib import import_module
from typing import TYPE_CHECKING

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
from streetmend.fetch.resolve import Resolver, SystemResolver
from streetmend.fetch.values import Fetched, FetchRequest

if TYPE_CHECKING:
    from streetmend.fetch.fetcher import Fetcher, Transport, send_now

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


def __getattr__(name: str) -> object:
    if name in ("Fetcher", "Transport", "send_now"):
        return getattr(import_module("streetmend.fetch.fetcher"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
