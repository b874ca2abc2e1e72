"""The counts of public reports per cell of the map follow what the triggers tell of, and reports know the areas they lie in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction

from streetmend.areas import queries as areas
from streetmend.areas.index import AreaIndex
from streetmend.areas.places import PlaceInvalid
from streetmend.reports.models import AreaRun, CellChange, Report
from streetmend.reports.models.places import CATEGORY_FINEST, COARSEST, FINEST
from streetmend.reports.models.tally import TallyOf

#: changes that become counts in one transaction
AT_ONCE = 5_000
#: reports whose areas are looked up in one transaction
LOOKED_UP = 1_000
#: whose reports (`of`, `thing`, `category`) are counted, in which cell, and whether closed
Key = tuple[str, int, int, int, int, bool]


def fold_changes(*, most: int = AT_ONCE) -> int:
    """What was told of changes, `most` of them at once, is in the counts; says how many they were.

    Several workers may do so at the same time: each takes its own changes, and all write the counts in one order.
    """
    with transaction.atomic():
        columns = ("id", "x", "y", "category", "closed", "recipient_ids", "area_ids", "n")
        waiting = CellChange.objects.order_by("id").select_for_update(skip_locked=True)
        rows = list(waiting.values_list(*columns)[:most])
        if not rows:
            return 0
        _add(_by_level(_finest(row[1:] for row in rows)))
        _delete([row[0] for row in rows])
    return len(rows)


def _delete(ids: list[int]) -> None:
    for start in range(0, len(ids), 500):
        CellChange.objects.filter(pk__in=ids[start : start + 500]).delete()


def _finest(rows: Iterable[tuple[Any, ...]]) -> Counter[Key]:
    """The counts of the finest cells."""
    counts: Counter[Key] = Counter()
    for x, y, category, closed, recipients, area_ids, n in rows:
        counts[TallyOf.ALL.value, 0, category, x, y, closed] += n
        for body in recipients:
            counts[TallyOf.BODY.value, body, category, x, y, closed] += n
        for area in area_ids:
            counts[TallyOf.AREA.value, area, category, x, y, closed] += n
    return counts


def _by_level(counts: Counter[Key]) -> dict[int, Counter[Key]]:
    """The counts of all levels: those of one category, and (under category 0) of all together."""
    found: dict[int, Counter[Key]] = {}
    for level in range(FINEST, COARSEST - 1, -1):
        if level < FINEST:
            coarser: Counter[Key] = Counter()
            for (of, thing, category, x, y, closed), n in counts.items():
                coarser[of, thing, category, x >> 1, y >> 1, closed] += n
            counts = coarser
        kept: Counter[Key] = Counter()
        for (of, thing, category, x, y, closed), n in counts.items():
            kept[of, thing, 0, x, y, closed] += n
            if level <= CATEGORY_FINEST:
                kept[of, thing, category, x, y, closed] += n
        found[level] = kept
    return found


def _add(levels: Mapping[int, Counter[Key]]) -> None:
    """The counts are so much higher or lower; always in one order, so that nobody waits in a ring."""
    rows = sorted(
        (of, thing, category, level, x, y, closed, n)
        for level, counts in levels.items()
        for (of, thing, category, x, y, closed), n in counts.items()
        if n
    )
    if not rows:
        return
    key = "of, thing, category, level, x, y, closed"
    into = f"INSERT INTO reports_cellcount ({key}, count)"
    known = f"ON CONFLICT ({key}) DO UPDATE SET count = reports_cellcount.count + excluded.count"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # one statement: tens of thousands, one for each row, cost more than all the rest
            source = f"SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in _TYPES)})"  # noqa: S608  pieces of this module only
            cursor.execute(f"{into} {source} {known}", [list(column) for column in zip(*rows, strict=True)])
        else:
            cursor.executemany(f"{into} VALUES (%s, %s, %s, %s, %s, %s, %s, %s) {known}", rows)


_TYPES = ("text", "bigint", "bigint", "integer", "integer", "integer", "boolean", "integer")


def look_up_areas(*, most: int = LOOKED_UP) -> int:
    """`most` more reports lie in the areas that there are now, after these have changed; says how many were looked at."""
    index = areas.index()
    digest = hashlib.sha256(repr(index.version).encode()).hexdigest()
    with transaction.atomic():
        AreaRun.objects.bulk_create([AreaRun(pk=1)], ignore_conflicts=True)
        run = AreaRun.objects.select_for_update().get(pk=1)
        if run.areas != digest:
            run.areas, run.done_up_to, run.done = digest, 0, False
        if run.done:
            return 0
        rows = Report.objects.filter(pk__gt=run.done_up_to).order_by("pk").select_for_update(no_key=True)
        reports = list(rows.only("pk", "lat", "long", "area_ids")[:most])
        moved = []
        for report in reports:
            found = _areas_of(index, report.lat, report.long)
            if report.area_ids != found:
                report.area_ids = found
                moved.append(report)
        Report.objects.bulk_update(moved, ["area_ids"], batch_size=200)
        run.done = len(reports) < most
        run.done_up_to = reports[-1].pk if reports else run.done_up_to
        run.save()
    return len(reports)


def _areas_of(index: AreaIndex, lat: float, long: float) -> list[int]:
    try:
        found = index.covering(lat, long) or areas.covering(lat, long)
    except PlaceInvalid:
        return []
    return sorted(area.mapit_id for area in found)
