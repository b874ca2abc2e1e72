"""Whether anything may leave this site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from streetmend.reports.models import Outbound


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nothing leaves: why, in words for people, and since when (UTC), where that is known."""

    why: str
    since: datetime | None = None


def outbound_block(*, instance_id: str) -> Blocked | None:
    """What keeps everything from leaving the instance of this id ("": it has none); None where all may leave."""
    row = Outbound.objects.filter(pk=1).first()
    if row is None:
        return None
    if row.paused_at is not None:
        return Blocked(row.why or "Sending is paused.", row.paused_at)
    if row.instance_id and row.instance_id != instance_id:
        mine = f"this one is {instance_id!r}" if instance_id else "this one has no STREETMEND_INSTANCE_ID"
        return Blocked(f"This database belongs to the instance {row.instance_id!r}, and {mine}.")
    return None
