"""The inbox: what bodies said of reports, stored as it came and then applied once.

Storing and applying are apart, so that neither a repeated page, nor a crash, nor one bad row loses or doubles anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction

from streetmend.bodies.health import hold_pull, move_cursor
from streetmend.photos.incoming import is_incoming
from streetmend.reports.models import Inbox
from streetmend.reports.models.outbox import InboxKind, InboxState
from streetmend.text import make_legal

#: rows in one statement
AT_ONCE = 1000
_LONGEST_ID = 255
_LONGEST_TEXT = 10_000
_LONGEST_URL = 2000
_MOST_PHOTOS = 20


class LeaseLost(Exception):
    """Another worker pulls from this endpoint by now; what this one fetched is not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledRow:
    """One row as an endpoint gave it, pulled or pushed, in our words.

    `word` is the body's own word for the state, `state` what it means to us (empty where we do not know it, or where it means
    no move). `at` is when it was said (aware), None where that cannot be read; `at_raw` is what stood there.
    """

    kind: InboxKind = InboxKind.UPDATE
    remote_report_id: str = ""
    our_report_id: str = ""
    remote_update_id: str = ""
    word: str = ""
    state: str = ""
    known_word: bool = True
    at: datetime | None = None
    at_raw: str = ""
    text: str = ""
    #: what the mail to the reporter is to say instead of the text
    email_text: str = ""
    #: the body's own finer code for the state (external_status_code)
    code: str = ""
    #: by what people know the report at the body (customer_reference)
    reference: str = ""
    #: the text is not for the public
    private: bool = False
    #: the words of a template come before the text
    prefer_template: bool = False
    #: addresses to fetch from, or those of `photos.incoming` for what lay in the row itself
    media_urls: tuple[str, ...] = ()
    #: the pictures that lay in the row itself, as data: addresses, by their `photos.incoming` address
    files: Mapping[str, str] = field(default_factory=dict)
    #: why it cannot be applied; it is kept for staff
    problem: str = ""
    others: Mapping[str, Any] = field(default_factory=dict)


_TEXTS = (
    "remote_report_id",
    "our_report_id",
    "remote_update_id",
    "word",
    "at_raw",
    "text",
    "email_text",
    "code",
    "reference",
    "problem",
)


def store_page(
    *,
    endpoint_id: int,
    worker: str,
    rows: Sequence[PulledRow],
    now: datetime,
    margin_seconds: int,
    cursor: datetime | None = None,
    latest_only: bool = False,
) -> int:
    """Every row is in the inbox, a repeated one still once, and only then the endpoint's cursor is at `cursor` (UTC).

    A row that cannot be stored costs that row only; its error is kept. With `latest_only` (for endpoints that say the same again
    under a new time or number) a row that says what the newest row of its report says, is left out. Returns how many rows are
    new. Raises LeaseLost.
    """
    with transaction.atomic():
        if not hold_pull(endpoint_id=endpoint_id, worker=worker, margin_seconds=margin_seconds):
            raise LeaseLost
        new = _store(endpoint_id, rows, now, latest_only=latest_only)
        if cursor is not None:
            move_cursor(endpoint_id=endpoint_id, cursor=cursor)
        return new


def store_pushed(*, row: PulledRow, body_id: int, endpoint_id: int | None, now: datetime) -> int:
    """What a body sent by itself is in the inbox, once, as if it had been pulled from its endpoint; returns the row's id.

    `endpoint_id`: the endpoint that the report went to, None where the body gets its reports otherwise. Inside the caller's
    transaction.
    """
    stored = _inbox_row(endpoint_id, row, _known_as(row), now)
    stored.body_id = body_id if endpoint_id is None else None
    Inbox.objects.bulk_create([stored], ignore_conflicts=True)
    same = Inbox.objects.filter(key=stored.key, content_hash=stored.content_hash)
    return same.values_list("pk", flat=True).get(endpoint=endpoint_id, body=stored.body_id)


def new_rows(*, endpoint_id: int, rows: Sequence[PulledRow]) -> list[PulledRow]:
    """Those of the rows that are not in the inbox yet, in their order. Reads only."""
    return [row for row, _ in _unknown(endpoint_id, rows)]


_Identity = tuple[str, str]


def _unknown(endpoint_id: int, rows: Sequence[PulledRow]) -> list[tuple[PulledRow, _Identity]]:
    found: list[tuple[PulledRow, _Identity]] = []
    for start in range(0, len(rows), AT_ONCE):
        some = [(row, _known_as(row)) for row in rows[start : start + AT_ONCE]]
        keys = [key for _, (key, _) in some]
        stored = Inbox.objects.filter(endpoint=endpoint_id, key__in=keys)
        known = set(stored.values_list("key", "content_hash"))
        for row, identity in some:
            if identity not in known:
                known.add(identity)
                found.append((row, identity))
    return found


def _store(endpoint_id: int, rows: Sequence[PulledRow], now: datetime, *, latest_only: bool) -> int:
    new = 0
    for start in range(0, len(rows), AT_ONCE):
        unknown = _unknown(endpoint_id, rows[start : start + AT_ONCE])
        batch = [_inbox_row(endpoint_id, row, identity, now) for row, identity in unknown]
        if latest_only:
            batch = list(_without_repeats(endpoint_id, batch))
        if batch:
            _insert(batch)
        new += len(batch)
    return new


def _insert(batch: Sequence[Inbox]) -> None:
    try:
        with transaction.atomic():
            Inbox.objects.bulk_create(batch, ignore_conflicts=True)
    except (DatabaseError, ValueError):
        for row in batch:
            _insert_alone(row)


def _insert_alone(row: Inbox) -> None:
    try:
        with transaction.atomic():
            Inbox.objects.bulk_create([row], ignore_conflicts=True)
    except (DatabaseError, ValueError) as error:
        bare = Inbox(
            endpoint_id=row.endpoint_id,
            kind=row.kind,
            key=f"hash:{row.content_hash}",
            content_hash=row.content_hash,
            received_at=row.received_at,
            state=InboxState.ERROR,
            why=f"It could not be stored: {type(error).__name__}"[:500],
        )
        Inbox.objects.bulk_create([bare], ignore_conflicts=True)


def _known_as(row: PulledRow) -> _Identity:
    """By what a repeat of the row is known: the body's number of it, or else all that it says; and a digest of what it says.

    The same number with other words or another time is a revision.
    """
    said = [
        row.remote_report_id,
        row.our_report_id,
        row.word,
        row.text,
        row.email_text,
        row.code,
        row.reference,
        row.private,
        row.media_urls,
        row.at_raw,
        row.problem,
        row.others if row.problem else None,
    ]
    number = row.remote_update_id if row.kind == InboxKind.UPDATE else ""
    digest = hashlib.sha256(json.dumps([*said, number], default=str).encode()).hexdigest()
    if number and len(number) <= _LONGEST_ID:
        return f"id:{make_legal(number)}", digest
    return f"hash:{digest}", digest


def _inbox_row(endpoint_id: int | None, row: PulledRow, identity: _Identity, now: datetime) -> Inbox:
    problem = row.problem or _problem(row)
    return Inbox(
        endpoint_id=endpoint_id,
        kind=row.kind,
        key=identity[0],
        remote_report_id=make_legal(row.remote_report_id)[:_LONGEST_ID],
        content=_content(row),
        content_hash=identity[1],
        received_at=now,
        state=InboxState.ERROR if problem else InboxState.NEW,
        why=problem[:500],
        next_at=None if problem else now,
    )


def _problem(row: PulledRow) -> str:
    if not row.remote_report_id and not row.our_report_id:
        return "It does not say which report it is about."
    if len(row.remote_report_id) > _LONGEST_ID:
        return f"The report's id has more than {_LONGEST_ID} characters."
    if len(row.remote_update_id) > _LONGEST_ID:
        return f"The update's id has more than {_LONGEST_ID} characters."
    return ""


def _content(row: PulledRow) -> dict[str, Any]:
    """The row as JSON that every database takes: legal characters, bounded lengths, times as text."""
    content: dict[str, Any] = {name: make_legal(getattr(row, name)[:_LONGEST_TEXT]) for name in _TEXTS}
    content["state"], content["known_word"] = row.state, row.known_word
    content["private"], content["prefer_template"] = row.private, row.prefer_template
    content["at"] = row.at.astimezone(UTC).isoformat() if row.at else ""
    content["media_urls"] = [make_legal(url) for url in row.media_urls[:_MOST_PHOTOS] if _may_be_kept(url)]
    others = make_legal(json.dumps(row.others, default=str, ensure_ascii=True)[:_LONGEST_TEXT])
    content["others"] = others if row.others else ""
    return content


def _may_be_kept(url: str) -> bool:
    return is_incoming(url) or (url.startswith(("http://", "https://")) and len(url) <= _LONGEST_URL)


def _saying(row: Inbox) -> tuple[Any, ...]:
    return tuple(json.dumps(row.content.get(name)) for name in ("word", "text", "code", "media_urls"))


def _without_repeats(endpoint_id: int, batch: Sequence[Inbox]) -> Iterator[Inbox]:
    """The rows that say something else than the newest row of the same report."""
    reports = {row.remote_report_id for row in batch}
    newest: dict[str, tuple[Any, ...]] = {}
    stored = Inbox.objects.filter(endpoint=endpoint_id, remote_report_id__in=reports).exclude(
        state=InboxState.ERROR
    )
    for row in stored.order_by("id").only("remote_report_id", "content"):
        newest[row.remote_report_id] = _saying(row)
    for row in batch:
        if newest.get(row.remote_report_id) != _saying(row):
            newest[row.remote_report_id] = _saying(row)
            yield row


def due_rows(*, now: datetime, limit: int) -> list[int]:
    """The ids of the inbox rows to apply now, at most `limit`, in the order in which they came."""
    return list(Inbox.objects.filter(next_at__lte=now).order_by("id").values_list("id", flat=True)[:limit])


def note_error(*, inbox_id: int, why: str) -> None:
    """The row could not be applied and is left to staff."""
    with transaction.atomic():
        Inbox.objects.filter(pk=inbox_id, next_at__isnull=False).update(
            state=InboxState.ERROR, why=why[:500], next_at=None
        )


#: an update about a report that we do not know (yet) is looked at so often, for so long
ORPHAN_AGAIN = timedelta(hours=1)
ORPHAN_PATIENCE = timedelta(days=30)
