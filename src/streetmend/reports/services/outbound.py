"""Whether anything leaves this site: paused by an operator, after a restore, or in a copy that is another instance's.

A restored copy may owe what its original has sent since the backup was taken. So it sends nothing until an operator resumes it,
and what is in doubt then is asked about and not simply sent.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction
from django.db.models.functions import Coalesce

from streetmend.reports.models import Delivery, Outbound
from streetmend.reports.states import DeliveryState

_ROW = 1
RESTORED = "This database was restored from a backup."
_DOUBTFUL = (
    "It may have been sent since the backup was taken from which this site was restored; the body is asked."
)


def bind_instance(*, instance_id: str) -> None:
    """The database is known to be this instance's, where nobody said so before; "" says nothing."""
    if not instance_id or Outbound.objects.filter(pk=_ROW).exclude(instance_id="").exists():
        return
    with transaction.atomic():
        row = _locked()
        if not row.instance_id and row.paused_at is None:
            row.instance_id = instance_id[:200]
            row.save(update_fields=["instance_id"])


def pause_outbound(*, why: str, now: datetime) -> bool:
    """Nothing leaves from `now` (UTC) on, but for what is in flight; true where it was not paused before."""
    with transaction.atomic():
        row = _locked()
        if row.paused_at is not None:
            return False
        row.paused_at, row.why = now, why[:500]
        row.save(update_fields=["paused_at", "why"])
    return True


def resume_outbound(*, instance_id: str, now: datetime) -> int | None:
    """Everything leaves again, and the database is this instance's; says how many deliveries are in doubt and asked about first.

    In doubt is, in a restored copy, what was owed when the backup was taken; in a copy that was made by other means, all that is
    owed now. None where nothing was paused. `now`: UTC.
    """
    with transaction.atomic():
        row = _locked()
        foreign = bool(row.instance_id) and row.instance_id != instance_id
        if row.paused_at is None and not foreign:
            return None
        before = now if foreign else row.doubt_before
        doubtful = _doubt(before, now) if before is not None else 0
        row.instance_id, row.paused_at, row.why, row.doubt_before = instance_id[:200], None, "", None
        row.save()
    return doubtful


def pausing_statement(*, taken_at: datetime) -> str:
    """The statement after which nothing leaves the copy that was restored from a backup taken at `taken_at` (UTC).

    It is no service, because it has to run in the very transaction that brings the data back: no worker sees them without it.
    """
    before = taken_at.astimezone(UTC).isoformat(sep=" ")
    columns = "instance_id, paused_at, why, doubt_before"
    values = f"'', CURRENT_TIMESTAMP, '{RESTORED}', '{before}'"
    copied = ", ".join(f"{name} = excluded.{name}" for name in columns.split(", "))
    return (
        f"INSERT INTO reports_outbound (id, {columns}) VALUES ({_ROW}, {values}) "  # noqa: S608  ours, and a moment
        f"ON CONFLICT (id) DO UPDATE SET {copied}"
    )


def _doubt(before: datetime, now: datetime) -> int:
    """What was owed before the moment is uncertain and due to be asked about; what waits for a number or a person stays."""
    owed = Delivery.objects.filter(
        state__in=(DeliveryState.WAITING, DeliveryState.SENDING),
        created_at__lte=before,
        report__requested_at__isnull=False,
    )
    return owed.update(
        state=DeliveryState.UNCERTAIN,
        why=_DOUBTFUL,
        first_sent_at=Coalesce("first_sent_at", "requested_at", "created_at"),
        settle_until=now,
        next_at=now,
        lease_owner="",
        lease_until=None,
    )


def _locked() -> Outbound:
    Outbound.objects.get_or_create(pk=_ROW)
    return Outbound.objects.select_for_update().get(pk=_ROW)
