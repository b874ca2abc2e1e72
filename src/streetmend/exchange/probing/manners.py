"""The server's clock, and what HTTP offers besides: unchanged answers, packing, other pages' scripts, updates (A9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from streetmend.exchange.probing.asking import Answer, Caller
from streetmend.exchange.probing.notes import Notes

_MOST_SKEW = timedelta(seconds=120)
_SLOW_SECONDS = 20.0


async def look_at_manners(caller: Caller, notes: Notes) -> None:
    """Clock and HTTP have been looked at in the answers to two calls."""
    answer = await caller.get("services", "json")
    if not answer.status:
        return
    _look_at_clock(answer, notes)
    if answer.seconds > _SLOW_SECONDS:
        seconds = str(int(answer.seconds * 4))
        says = f"The list of services took {answer.seconds:.0f} seconds."
        notes.found("slow", says, answer, timeout_seconds=seconds)
    headers = answer.headers
    notes.can("cors", "Pages of other sites may read it.", headers.get("access-control-allow-origin") == "*")
    notes.can("packed", "Answers come packed.", bool(headers.get("content-encoding")))
    etag = headers.get("etag")
    unchanged = False
    if etag:
        again = await caller.get("services", "json", headers={"If-None-Match": etag})
        unchanged = again.status == 304
    notes.can("unchanged", "Unchanged answers are told as such (ETag, 304).", unchanged)


def _look_at_clock(answer: Answer, notes: Notes) -> None:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    ours: datetime = (answer.asked_at or theirs) + timedelta(seconds=answer.seconds / 2)
    skew = theirs - ours
    if abs(skew) > _MOST_SKEW:
        way = "ahead of" if skew > timedelta() else "behind"
        says = f"The server's clock is {abs(skew).total_seconds():,.0f} s {way} ours."
        notes.found("clock", says, answer, f"Date: {answer.headers['date']}")


async def look_at_updates(caller: Caller, notes: Notes) -> None:
    """Whether there is a list of updates, which is an extension; without it states are asked for one by one."""
    now = caller.clock.now().replace(microsecond=0)
    window = [
        (name, f"{moment:%Y-%m-%dT%H:%M:%SZ}")
        for name, moment in (
            ("start_date", now - timedelta(days=1)),
            ("end_date", now),
        )
    ]
    answer = await caller.get("servicerequestupdates", "xml", window)
    if answer.status >= 500:
        notes.usable(answer)
    notes.can("updates", "Updates come with their words (servicerequestupdates).", answer.ok)
