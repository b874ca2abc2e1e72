"""The inbox: what bodies said of reports, stored as it came and then applied once.

Storing and applying are apart, so that neither a repeated page, nor a crash, nor one bad row loses or doubles anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction

from streetmend.bodies.health import hold_pull, move_cursor
from streetmend.reports.models import Inbox
from streetmend.reports.models.outbox import InboxKind, InboxState
from streetmend.text import make_legal

_BATCH = 1000
_LONGEST_ID = 255
_LONGEST_TEXT = 10_000
_LONGEST_URL = 2000
_MOST_PHOTOS = 20


class LeaseLost(Exception):
    """Another worker pulls from this endpoint by now; what this one fetched is not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledRow:
    """One row as an endpoint gave it, in our words.

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
    media_urls: tuple[str, ...] = ()
    #: why it cannot be applied; it is kept for staff
    problem: str = ""
    others: Mapping[str, Any] = field(default_factory=dict)


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
        before = Inbox.objects.order_by("-id").values_list("id", flat=True).first() or 0
        for start in range(0, len(rows), _BATCH):
            batch = [_inbox_row(endpoint_id, row, now) for row in rows[start : start + _BATCH]]
            if latest_only:
                batch = list(_without_repeats(endpoint_id, batch))
            _insert(batch)
        if cursor is not None:
            move_cursor(endpoint_id=endpoint_id, cursor=cursor)
        return Inbox.objects.filter(endpoint=endpoint_id, id__gt=before).count()


def store_pushed(*, row: PulledRow, body_id: int, endpoint_id: int | None, now: datetime) -> int:
    """What a body sent by itself is in the inbox, once, as if it had been pulled from its endpoint; returns the row's id.

    `endpoint_id`: the endpoint that the report went to, None where the body gets its reports otherwise. Inside the caller's
    transaction.
    """
    stored = _inbox_row(endpoint_id, row, now)
    stored.body_id = body_id if endpoint_id is None else None
    Inbox.objects.bulk_create([stored], ignore_conflicts=True)
    same = Inbox.objects.filter(key=stored.key, content_hash=stored.content_hash)
    return same.values_list("pk", flat=True).get(endpoint=endpoint_id, body=stored.body_id)


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


def _inbox_row(endpoint_id: int | None, row: PulledRow, now: datetime) -> Inbox:
    content = _content(row)
    said = {
        name: content[name] for name in ("remote_report_id", "our_report_id", "word", "text", "media_urls")
    }
    known_as = row.remote_update_id if row.kind == InboxKind.UPDATE else ""
    problem = row.problem or _problem(row)
    digest = _digest({**said, "at": content["at_raw"], "id": known_as})
    usable_id = known_as and len(known_as) <= _LONGEST_ID
    return Inbox(
        endpoint_id=endpoint_id,
        kind=row.kind,
        key=f"id:{make_legal(known_as)}" if usable_id else f"hash:{digest}",
        remote_report_id=make_legal(row.remote_report_id)[:_LONGEST_ID],
        content=content,
        content_hash=_digest(said) if usable_id else digest,
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
    content = asdict(row)
    content["kind"] = str(row.kind)
    content["at"] = row.at.astimezone(UTC).isoformat() if row.at else ""
    content["text"] = make_legal(row.text[:_LONGEST_TEXT])
    content["media_urls"] = [
        make_legal(url)
        for url in row.media_urls[:_MOST_PHOTOS]
        if url.startswith(("http://", "https://")) and len(url) <= _LONGEST_URL
    ]
    for name in ("remote_report_id", "our_report_id", "remote_update_id", "word", "at_raw", "problem"):
        content[name] = make_legal(content[name][:_LONGEST_TEXT])
    others = make_legal(json.dumps(row.others, default=str, ensure_ascii=True)[:_LONGEST_TEXT])
    content["others"] = others if row.others else ""
    return content


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _saying(row: Inbox) -> tuple[Any, ...]:
    return tuple(json.dumps(row.content.get(name)) for name in ("word", "text", "media_urls"))


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
