"""What became of one try to deliver, and what follows for the delivery: pure rules without a database.

The classes are those of docs/explanation/delivery.md. The one that matters is UNKNOWN: the body may have it, or not, and so it
is never simply sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from streetmend.reports.states import DeliveryActor, DeliveryState, may_deliver

#: gives a number from 0 up to, not including, 1
Random = Callable[[], float]

#: how long to wait after the 1st, 2nd ... try that was certainly not received (seconds); the last one repeats
BACK_OFF = (5, 300, 1800, 7200, 18_000, 21_600)
#: why nothing was sent where the worker itself was late: no fault of the endpoint, and no reason to wait for longer each time
HELD_UP = "HeldUp"
#: a delivery that could not be handed over for so long goes to staff
PATIENCE = timedelta(days=14)
#: an endpoint may ask us to wait, but not for ever
LONGEST_WAIT = timedelta(hours=1)
#: minutes after which a token is asked about, counted from its arrival; then nobody knows
TOKEN_MINUTES = (1, 2, 5, 10, 30, 60, 180, 360, 720, 1440)


class OutcomeClass(StrEnum):
    """What an answer, or its absence, means."""

    ACCEPTED = "accepted"
    TOKEN = "token"  # noqa: S105 - the word of the standard for a receipt, no secret
    MAILED = "mailed"
    NOT_RECEIVED = "not_received"
    CREDENTIALS = "credentials"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    #: mail may be repeated: its Message-ID makes the repeat harmless
    MAIL_UNKNOWN = "mail_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One try's end. `why` is a sentence for people, without secrets; `retry_after` is in seconds."""

    result: OutcomeClass
    why: str = ""
    remote_id: str = ""
    token: str = ""
    http_status: int | None = None
    remote_date: str = ""
    error_class: str = ""
    response_head: str = ""
    sent_bytes: int | None = None
    retry_after: float | None = None
    #: what staff must hear at once, whatever becomes of the delivery
    alarm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the rules need to know of a delivery."""

    #: tries so far that were certainly not received, this one included; not those for which the worker was late
    not_received: int
    #: when it first was due, or came into being (UTC)
    owed_since: datetime
    #: how long an unknown outcome rests
    settle: timedelta


def settle_time(*, settle_seconds: int, timeout_seconds: int, late_seconds: float = 0.0) -> timedelta:
    """How long an unknown outcome of an endpoint rests before it is asked about: at least two deadlines of a call, and half as
    long again as the latest that something came into being there (`late_seconds`)."""
    return timedelta(seconds=max(settle_seconds, 2 * timeout_seconds, 1.5 * late_seconds))


def back_off(tries: int, random: Random) -> timedelta:
    """How long to wait after the `tries`-th try that was certainly not received, with 20 % of jitter either way."""
    step = BACK_OFF[min(max(tries, 1), len(BACK_OFF)) - 1]
    return timedelta(seconds=step * (0.8 + 0.4 * random()))


def token_wait(checks: int) -> timedelta | None:
    """How long to wait before asking about a token for the `checks`+1st time; None where its time is over."""
    if checks >= len(TOKEN_MINUTES):
        return None
    before = TOKEN_MINUTES[checks - 1] if checks else 0
    return timedelta(minutes=TOKEN_MINUTES[checks] - before)


def after_sending(outcome: Outcome, standing: Standing, *, now: datetime, random: Random) -> dict[str, Any]:
    """The columns of a delivery that was being sent, as they are from `now` (UTC) on."""
    changes = _SETTLERS[outcome.result](outcome, standing, now, random)
    target = DeliveryState(changes["state"])
    if not may_deliver(DeliveryActor.WORKER, DeliveryState.SENDING, target):
        raise ValueError(f"the worker may not move a delivery from sending to {target}")
    return {"lease_owner": "", "lease_until": None, "why": outcome.why[:500], "next_at": None, **changes}


def accepted(outcome: Outcome, *, now: datetime) -> dict[str, Any]:
    """The columns of a delivery that was being sent and that the endpoint accepted at `now` (UTC)."""
    standing = Standing(not_received=0, owed_since=now, settle=timedelta())
    return after_sending(outcome, standing, now=now, random=lambda: 0.0)


def after_asking_token(outcome: Outcome, standing: Standing, *, checks: int, now: datetime) -> dict[str, Any]:
    """The columns of a delivery whose token was asked about `checks` times by now.

    Whatever goes wrong while asking, the token lives on until its time is over: asking again is harmless, posting is not.
    """
    free = {"lease_owner": "", "lease_until": None}
    if outcome.result is OutcomeClass.ACCEPTED:
        return {
            **_accepted(outcome, standing, now, lambda: 0.0),
            **free,
            "proof": "token",
            "why": "",
            "next_at": None,
        }
    wait = token_wait(checks)
    if wait is None or outcome.result is OutcomeClass.UNKNOWN:
        return {**free, **_unknown(outcome, standing, now, lambda: 0.0), "why": outcome.why[:500]}
    return {**free, "state": DeliveryState.TOKEN, "why": outcome.why[:500], "next_at": now + wait}


def _accepted(outcome: Outcome, standing: Standing, now: datetime, random: Random) -> dict[str, Any]:
    return {
        "state": DeliveryState.ACCEPTED,
        "remote_id": outcome.remote_id,
        "proof": "answer",
        "accepted_at": now,
        "settle_until": None,
    }


def _token(outcome: Outcome, standing: Standing, now: datetime, random: Random) -> dict[str, Any]:
    wait = token_wait(0) or timedelta()
    return {"state": DeliveryState.TOKEN, "token": outcome.token, "checks": 0, "next_at": now + wait}


def _mailed(outcome: Outcome, standing: Standing, now: datetime, random: Random) -> dict[str, Any]:
    return {
        "state": DeliveryState.BY_EMAIL,
        "proof": "mail server",
        "accepted_at": now,
        "settle_until": None,
    }


def _not_received(outcome: Outcome, standing: Standing, now: datetime, random: Random) -> dict[str, Any]:
    if now - standing.owed_since > PATIENCE:
        why = f"It could not be handed over for {PATIENCE.days} days. {outcome.why}"
        return {"state": DeliveryState.REFUSED, "settle_until": None, "why": why[:500]}
    wait = back_off(1 if outcome.error_class == HELD_UP else standing.not_received, random)
    if outcome.retry_after is not None:
        asked = timedelta(seconds=min(max(outcome.retry_after, 0), LONGEST_WAIT.total_seconds()))
        wait = max(wait, asked)
    return {"state": DeliveryState.WAITING, "next_at": now + wait, "settle_until": None}


def _credentials(outcome: Outcome, standing: Standing, now: datetime, random: Random) -> dict[str, Any]:
    """Due at once: it is the endpoint that waits, and all that is owed to it with it."""
    return {"state": DeliveryState.WAITING, "next_at": now, "settle_until": None}


def _refused(outcome: Outcome, standing: Standing, now: datetime, random: Random) -> dict[str, Any]:
    return {"state": DeliveryState.REFUSED, "settle_until": None}


def _unknown(outcome: Outcome, standing: Standing, now: datetime, random: Random) -> dict[str, Any]:
    until = now + standing.settle
    return {"state": DeliveryState.UNCERTAIN, "settle_until": until, "next_at": until}


_SETTLERS: dict[OutcomeClass, Callable[[Outcome, Standing, datetime, Random], dict[str, Any]]] = {
    OutcomeClass.ACCEPTED: _accepted,
    OutcomeClass.TOKEN: _token,
    OutcomeClass.MAILED: _mailed,
    OutcomeClass.NOT_RECEIVED: _not_received,
    OutcomeClass.CREDENTIALS: _credentials,
    OutcomeClass.REFUSED: _refused,
    OutcomeClass.UNKNOWN: _unknown,
    OutcomeClass.MAIL_UNKNOWN: _not_received,
}
