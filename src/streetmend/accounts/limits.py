"""How often somebody may do something, counted in the database, so that all processes of a site count together.

One row and one statement a call. A limit of 60 a minute allows 60 calls at once, and one more with every second (the generic
cell rate algorithm of ATM Forum's traffic management 4.0): nobody gets twice as much around the turn of a minute.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from streetmend.accounts.models import Allowance

#: rows that limit nothing any more are forgotten after so long
_FORGET = timedelta(hours=1)
_LONGEST_ADDRESS = 60
#: an IPv6 address belongs to a network of this size, which one household has
_NETWORK_BITS = 64
_COUNT = """
INSERT INTO accounts_allowance (name, free_at) VALUES {rows}
ON CONFLICT (name) DO UPDATE SET free_at =
    CASE WHEN accounts_allowance.free_at > %s THEN accounts_allowance.free_at ELSE %s END + %s
WHERE accounts_allowance.free_at <= %s
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` within `seconds`."""

    count: int
    seconds: float = 60.0


class LimitReached(Exception):
    """It was done as often as it may be; `wait_seconds` says when it may be done again."""

    def __init__(self, limit: Limit, wait_seconds: float) -> None:
        super().__init__(f"at most {limit.count} within {limit.seconds:g} seconds")
        self.limit = limit
        self.wait_seconds = wait_seconds


def count(*, name: str, limit: Limit, now: datetime) -> None:
    """One more is counted under `name`. Raises LimitReached where it is one too many; it is not counted then.

    `now`: UTC. To be called outside of a transaction, so that what is refused or fails afterwards counts.
    """
    if count_each(names=[name], limit=limit, now=now):
        return
    moment, each = now.timestamp(), limit.seconds / limit.count
    free_at = Allowance.objects.filter(name=name).values_list("free_at", flat=True).first() or moment
    raise LimitReached(limit, max(free_at - (moment + limit.seconds - each), each / 10))


def count_each(*, names: Sequence[str], limit: Limit, now: datetime) -> int:
    """One more is counted under each of the different names, in one statement; says under how many there was room for it.

    `now`: UTC. To be called outside of a transaction.
    """
    moment, each = now.timestamp(), limit.seconds / limit.count
    # room for one more: what is used up by now is at most one less than all of it
    latest = moment + limit.seconds - each + each * 1e-6
    # in one order, so that nobody waits for somebody who waits for them
    new = [value for name in sorted(names) for value in (name, moment + each)]
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT.format(rows=", ".join(["(%s, %s)"] * len(names))), [*new, moment, moment, each, latest]
        )
        return int(cursor.rowcount)


def forget_old_counts(*, now: datetime) -> int:
    """Counts that limit nothing any more are gone; says how many."""
    old = Allowance.objects.filter(free_at__lt=(now - _FORGET).timestamp())
    return old.delete()[0] if old.exists() else 0


def client_address(remote: str, forwarded: Sequence[str], proxies: int) -> str:
    """The address of whoever called, "" where nobody knows: one IPv4 address, or an IPv6 network of 64 bits.

    `remote` is who connected to us. `forwarded` are the values of X-Forwarded-For, of which only those that our own `proxies`
    added are believed: what stands further left is what a caller claims. Ports are not looked at.
    """
    told = [part.strip() for value in forwarded for part in value.split(",") if part.strip()]
    chain = [*told, remote]
    named = chain[-1 - min(proxies, len(told))]
    return _network(named)


def caller_address(request: HttpRequest) -> str:
    """The address of whoever sent the request, as `client_address` says it."""
    forwarded = [request.headers.get("X-Forwarded-For", "")]
    return client_address(request.META.get("REMOTE_ADDR", ""), forwarded, settings.TRUSTED_PROXIES)


def _network(text: str) -> str:
    host = text[:_LONGEST_ADDRESS].strip().strip('"')
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        kept = int(address) >> (128 - _NETWORK_BITS) << (128 - _NETWORK_BITS)
        return f"{IPv6Address(kept)}/{_NETWORK_BITS}"
    return str(address)


def whole_seconds(seconds: float) -> int:
    """The seconds of a Retry-After: whole, and never 0."""
    return max(1, math.ceil(seconds))
