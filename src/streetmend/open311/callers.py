"""Who calls: a key of this site or nobody, from where, and whether they call too often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from streetmend.accounts.keys import KeyRefused, key_for, note_use
from streetmend.accounts.limits import Limit, LimitReached, client_address, count, whole_seconds
from streetmend.accounts.models import ApiKey, Scope
from streetmend.georeport.errors import Fault
from streetmend.open311.incoming import Incoming
from streetmend.open311.saying import CallRefused

#: reports from one address (of IPv6: one network) without a key
WITHOUT_KEY = Limit(10, 600.0)
_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sends something: with a key that may, or without one."""

    key: ApiKey | None
    address: str


def caller_of(request: HttpRequest, incoming: Incoming, scope: Scope, now: datetime) -> Caller:
    """Who sends this; with a key, its use is noted and its rate holds. Raises CallRefused: 403 or 429."""
    address = client_address(
        request.META.get("REMOTE_ADDR", ""),
        [request.headers.get("X-Forwarded-For", "")],
        settings.TRUSTED_PROXIES,
    )
    secret = _secret(request, incoming)
    if not secret:
        return Caller(None, address)
    try:
        key = key_for(secret, scope)
    except KeyRefused as error:
        raise CallRefused(403, [Fault("api_key", str(error))]) from error
    _used(key, now)
    return Caller(key, address)


def keyed_reader(request: HttpRequest, now: datetime) -> None:
    """A reader who shows a key of scope read is held to its rate, and its use is noted. Raises CallRefused: 429.

    Reading needs no key: whoever shows none, one that is unknown or one of another scope reads as everybody does.
    """
    secret = _bearer(request)
    if not secret:
        return
    try:
        key = key_for(secret, Scope.READ)
    except KeyRefused:
        return
    _used(key, now)


def _used(key: ApiKey, now: datetime) -> None:
    if key.rate_per_minute:
        take_one(f"key:{key.pk}", Limit(key.rate_per_minute), now)
    note_use(key=key, now=now)


def without_key(caller: Caller, now: datetime) -> None:
    """One more report from this address without a key. Raises CallRefused: 429."""
    take_one(f"report:{caller.address}", WITHOUT_KEY, now)


def no_key() -> CallRefused:
    """The answer to whoever sends no key where one is needed."""
    return CallRefused(
        403,
        [
            Fault(
                "api_key", "is required, in the form or as Authorization: Bearer; discovery says whom to ask"
            )
        ],
    )


def take_one(name: str, limit: Limit, now: datetime) -> None:
    """One more is counted. Raises CallRefused: 429 with Retry-After."""
    try:
        count(name=name, limit=limit, now=now)
    except LimitReached as reached:
        seconds = whole_seconds(reached.wait_seconds)
        fault = Fault(
            "api_key" if name.startswith("key:") else "email",
            f"was used too often: at most {limit.count} times in {limit.seconds:g} seconds. Wait {seconds} seconds",
        )
        raise CallRefused(429, [fault], {"Retry-After": str(seconds)}) from reached


def _secret(request: HttpRequest, incoming: Incoming) -> str:
    """The key that was sent in the header or in the form; in the address it would be logged by everybody on the way."""
    return _bearer(request) or incoming.field("api_key")


def _bearer(request: HttpRequest) -> str:
    header = request.META.get("HTTP_AUTHORIZATION", "").strip()
    return header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""
