"""Changes get their place in the order in which they are told.

Whoever follows changes asks for what came after the last thing that was told. With several writers a transaction that read the
clock earlier may commit later, and its change would slip in under what was told already. So a change is told only after a
second, short step that takes turns: it puts what was committed since behind everything that was told before, by lifting
`updated_at` where that is needed. Committed later therefore means told later, on any database, and after any restore.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Max

from streetmend.reports.models import LastChange, Report

#: so many changes get their place in one transaction, while somebody waits for an answer; what is left gets it at the next one
MOST = 2_000
_NEXT = timedelta(microseconds=1)


def settle_changes(*, most: int = MOST) -> int:
    """The public changes committed so far (`most` of them at once) are told after all that were told before; how many they were.

    Costs one small statement where there are none.
    """
    unsettled = Report.objects.filter(visible=True, settled=False)
    if not unsettled.exists():
        return 0
    with transaction.atomic():
        LastChange.objects.bulk_create([LastChange(pk=1)], ignore_conflicts=True)
        last = LastChange.objects.select_for_update().get(pk=1)
        # what a writer holds at this moment is about to change once more: its turn comes then
        waiting = list(
            unsettled.order_by("updated_at", "id")
            .select_for_update(skip_locked=True)
            .values_list("id", "updated_at")[:most]
        )
        if not waiting:
            return 0
        late = [pk for pk, at in waiting if last.at is not None and at <= last.at]
        in_time = [pk for pk, at in waiting if last.at is None or at > last.at]
        newest = [at for _, at in waiting]
        if last.at is not None and late:
            lifted = last.at + _NEXT
            newest.append(lifted)
            Report.objects.filter(pk__in=late).update(
                settled=True, updated_at=lifted, version=F("version") + 1
            )
        Report.objects.filter(pk__in=in_time).update(settled=True)
        last.at = max(newest)
        last.save()
    return len(waiting)


def nothing_settled() -> bool:
    """Whether no change was ever told, so that reports made in bulk may be written as settled."""
    return not LastChange.objects.filter(pk=1, at__isnull=False).exists()


def settled_as_they_stand() -> None:
    """What was written as settled before anybody was told of changes is in order; what changes from now on comes after it."""
    with transaction.atomic():
        LastChange.objects.bulk_create([LastChange(pk=1)], ignore_conflicts=True)
        last = LastChange.objects.select_for_update().get(pk=1)
        newest = Report.objects.filter(visible=True, settled=True).aggregate(at=Max("updated_at"))["at"]
        if newest is not None and (last.at is None or newest > last.at):
            last.at = newest
            last.save()
