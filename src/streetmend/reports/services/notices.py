"""Notices: one message due to one address, and what became of sending it.

A notice leaves at least once. A repeat has the Message-ID of the first time, by which mail systems drop it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Required, TypedDict, Unpack
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from streetmend.accounts.models import Person, Role
from streetmend.bodies.models import Site
from streetmend.bodies.sealing import seal, unseal
from streetmend.reports.models import Alert, Delivery, Device, Notice, Report, Update
from streetmend.reports.models.outbox import NoticeKind, NoticeState
from streetmend.reports.services.dead_addresses import DEAD, count_bounce, dead_among

#: the secret of a link lies sealed in a notice's content, and not a moment longer than its mail needs it
_SECRET, _SEALED = "secret", "sealed_secret"
#: how long to wait before the 2nd, 3rd ... try
STEPS = (5, 60, 300, 900, 3600, 3600 * 2, 3600 * 4)
#: a notice that could not be sent for so long is given up
PATIENCE = timedelta(days=4)


def message_id(name: str) -> str:
    """The Message-ID of the mail that `name` names, at this site's host."""
    return f"<{name}@{urlsplit(settings.BASE_URL).hostname or 'localhost'}>"


class Recipient(TypedDict):
    """Who is told, and in which language: the arguments of `write_notice` that say so."""

    email: str
    person: Person | None
    device: Device | None
    language: str


def recipient_of(alert: Alert) -> Recipient:
    """Whom the alert tells: its person by mail, or its device by push."""
    if alert.device is not None:
        return Recipient(email="", person=None, device=alert.device, language=alert.device.language)
    person = alert.person
    if person is None:
        raise ValueError(f"alert {alert.pk} has neither a person nor a device")
    return Recipient(email=person.email, person=person, device=None, language=person.language)


class NewNotice(TypedDict, total=False):
    """A message to `email`, or to `device` by push, about these things, due at `due_at`, else `now` (UTC).

    With `once`, a name of its occasion, at most one is ever written. A "secret" in `content`, the one of a link, is kept sealed
    until the mail has left.
    """

    kind: Required[NoticeKind]
    email: Required[str]
    now: Required[datetime]
    person: Person | None
    report: Report | None
    update: Update | None
    delivery: Delivery | None
    language: str
    content: Mapping[str, Any] | None
    once: str
    due_at: datetime | None
    device: Device | None


def write_notice(**told: Unpack[NewNotice]) -> None:
    """The notice is due. An empty address gets nothing, unless there is a device.

    To be called inside the transaction of what it tells of.
    """
    row = new_notice(**told)
    if row.email or row.device is not None:
        Notice.objects.bulk_create([row], ignore_conflicts=bool(told.get("once")))


def write_notices(rows: Iterable[Notice]) -> None:
    """Each of the rows of `new_notice`, all with an occasion of their own, is due, unless it was written before."""
    Notice.objects.bulk_create(
        [row for row in rows if row.email or row.device is not None], ignore_conflicts=True
    )


def new_notice(**told: Unpack[NewNotice]) -> Notice:
    """What `write_notice` writes."""
    kept = dict(told.get("content") or {})
    if _SECRET in kept:
        kept[_SEALED] = seal(str(kept.pop(_SECRET)))
    device = told.get("device")
    return Notice(
        kind=told["kind"],
        email="" if device else told["email"],
        device=device,
        person=told.get("person"),
        report=told.get("report"),
        update=told.get("update"),
        delivery=told.get("delivery"),
        language=told.get("language", "en"),
        content=kept,
        message_id=message_id(told.get("once") or uuid.uuid4().hex),
        next_at=told.get("due_at") or told["now"],
        created_at=told["now"],
    )


def secret_of(notice: Notice) -> str:
    """The secret of the link that the notice carries; "" where it carries none, or its mail has left. Raises SealBroken."""
    return unseal(str(notice.content.get(_SEALED, "")))


def write_staff_notice(*, subject: str, text: str, now: datetime, once: str = "") -> None:
    """Everybody who administers the site is told; where nobody does, the site's contact address is."""
    admins = list(Person.objects.filter(is_staff=True, is_active=True, role=Role.ADMIN).order_by("id"))
    content = {"subject": subject, "text": text}
    for admin in admins:
        write_notice(
            kind=NoticeKind.STAFF,
            email=admin.email,
            person=admin,
            language=admin.language,
            content=content,
            now=now,
            once=f"{once}.{admin.pk}" if once else "",
        )
    if not admins and (site := Site.objects.first()):
        write_notice(kind=NoticeKind.STAFF, email=site.contact_email, content=content, now=now, once=once)


@dataclass(frozen=True, slots=True)
class NoticeResult:
    """What became of one try: sent, or `why` not; `final` where another try would end the same way, `no_such_address` where
    the mail server said that it does so because of the address."""

    notice_id: int
    attempt: int
    sent: bool
    why: str = ""
    final: bool = False
    #: not before so many seconds, where the other side said so
    wait_seconds: float = 0.0
    #: the device takes no messages any more
    gone: bool = False
    no_such_address: bool = False


def claim_notices(
    *, worker: str, now: datetime, limit: int, lease_seconds: int, by_push: bool = False
) -> list[Notice]:
    """At most `limit` due notices, the oldest first, are this worker's until the lease (by the database's clock) ends.

    Those that leave by mail, or else `by_push`; mails to dead addresses fail on the way.
    """
    ready = Notice.objects.filter(state=NoticeState.WAITING, next_at__lte=now, device__isnull=not by_push)
    if limit < 1 or not ready.exists():
        return []
    with transaction.atomic():
        due = ready.select_for_update(skip_locked=True, no_key=True).order_by("next_at", "id")
        ids = list(due.values_list("pk", flat=True)[:limit])
        if not ids:
            return []
        notices = list(
            Notice.objects.filter(pk__in=ids)
            .select_related("person", "report", "update", "delivery", "device")
            .order_by("id")
        )
        for notice in notices:
            notice.attempts += 1
            notice.state, notice.lease_owner = NoticeState.SENDING, worker
        Notice.objects.bulk_update(notices, ["attempts", "state", "lease_owner"])
        Notice.objects.filter(pk__in=ids).update(lease_until=Now() + timedelta(seconds=lease_seconds))
        dead = dead_among(notices, now=now)
        for notice in notices:
            if notice.pk in dead:
                _settle(
                    notice, NoticeResult(notice.pk, notice.attempts, sent=False, why=DEAD, final=True), now
                )
    living = [notice for notice in notices if notice.pk not in dead]
    if not living:
        return claim_notices(worker=worker, now=now, limit=limit, lease_seconds=lease_seconds)
    return living


def rescue_notices(*, now: datetime) -> int:
    """Notices of workers that are gone wait again (their repeat is harmless); says how many."""
    lost = Notice.objects.filter(state=NoticeState.SENDING, lease_until__lt=Now())
    if not lost.exists():
        return 0
    with transaction.atomic():
        return lost.update(state=NoticeState.WAITING, lease_owner="", lease_until=None, next_at=now)


def record_notices(*, worker: str, results: Sequence[NoticeResult], now: datetime) -> int:
    """Each try that still belongs to this worker is recorded: sent, due again later, or failed; says how many were."""
    recorded = 0
    with transaction.atomic():
        for result in results:
            mine = Notice.objects.select_for_update(no_key=True).filter(
                Q(pk=result.notice_id),
                state=NoticeState.SENDING,
                lease_owner=worker,
                attempts=result.attempt,
            )
            notice = mine.first()
            if notice is not None:
                _settle(notice, result, now)
                recorded += 1
    return recorded


def _settle(notice: Notice, result: NoticeResult, now: datetime) -> None:
    if result.gone and notice.device_id is not None:
        # with its alerts and all that was still due to it
        Device.objects.filter(pk=notice.device_id).delete()
        return
    if result.no_such_address:
        count_bounce(email=notice.email, why=result.why, now=now)
    notice.lease_owner, notice.lease_until, notice.why = "", None, result.why[:500]
    given_up = result.final or notice.created_at + PATIENCE < now
    if result.sent:
        notice.state, notice.sent_at = NoticeState.SENT, now
    elif given_up:
        notice.state = NoticeState.FAILED
    else:
        notice.state = NoticeState.WAITING
    if notice.state == NoticeState.WAITING:
        step = STEPS[min(notice.attempts, len(STEPS)) - 1]
        notice.next_at = now + timedelta(seconds=max(step, result.wait_seconds))
    else:
        notice.next_at = None
        notice.content = {key: value for key, value in notice.content.items() if key != _SEALED}
    notice.save()
