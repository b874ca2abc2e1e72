"""Kept counts per cell of the map are those of a full count, whatever happens to the reports."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import floor

import pytest
from django.db import connection
from shapely import box

from streetmend.areas.services import NewArea, import_areas
from streetmend.bodies.models import Body, CategoryName
from streetmend.reports.errors import ReportError
from streetmend.reports.models import CellChange, Delivery, Report, ReportArea
from streetmend.reports.models.places import ACROSS, FINEST
from streetmend.reports.queries import cells
from streetmend.reports.queries.listing import Filters, near
from streetmend.reports.queries.soundness import wrong_kept
from streetmend.reports.services import Said, Told, add_update, hide_report, show_report, submit
from streetmend.reports.services.by_staff import stop_delivery
from streetmend.reports.services.cells import fold_changes, look_up_areas
from streetmend.reports.services.own import withdraw
from streetmend.reports.states import Actor, State
from tests.support.town import EAST, WEST, make_town

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
WORLD = (-85.0, -180.0, 85.0, 179.9)


def told(rng: random.Random) -> Report:
    """One more report, somewhere."""
    lat, long = rng.choice([WEST, EAST])
    return submit(
        now=NOW, lat=lat + rng.uniform(-0.05, 0.05), long=long + rng.uniform(-0.05, 0.05), title="Hull",
        category_name=rng.choice(["Hull i vei", "Gatelys", "Forsøpling"]), told=Told("kari@example.org"),
        confirmed=rng.random() < 0.8,
    ).report  # fmt: skip


def act(rng: random.Random) -> None:
    """Something happens."""
    reports = list(Report.objects.order_by("id"))
    if len(reports) < 3 or rng.random() < 0.4:
        told(rng)
        return
    report, at = rng.choice(reports), NOW + timedelta(minutes=rng.randint(1, 5000))
    what = rng.randrange(6)
    if what == 0:
        hide_report(report=report, now=at)
    elif what == 1:
        show_report(report=report, now=at)
    elif what == 2 and report.state != State.UNCONFIRMED:
        state = rng.choice([State.FIXED, State.DUPLICATE, State.OPEN])
        with suppress(ReportError):
            add_update(report=report, actor=Actor.STAFF, said=Said(state=state), now=at)
    elif what == 3:
        with suppress(ReportError):
            withdraw(report=report, now=at)
    elif what == 4:
        # no button moves a report or gives it another category yet; whatever will is counted too
        Report.objects.filter(pk=report.pk).update(
            lat=report.lat + rng.uniform(-0.1, 0.1), category_name=rng.choice(CategoryName.objects.all())
        )
    else:
        owed = Delivery.objects.filter(report=report, state="waiting").first()
        if owed is not None:
            with suppress(ReportError):
                stop_delivery(delivery=owed, now=at)


def recount(filters: Filters) -> Counter[tuple[int, int]]:
    """Every public report of the filters, by its finest cell."""
    found: Counter[tuple[int, int]] = Counter()
    for report in Report.objects.filter(visible=True):
        if (
            (filters.category in (None, report.category_name_id))
            and (filters.body is None or filters.body in report.recipient_ids)
            and (filters.area is None or filters.area in report.area_ids)
            and (not filters.state or report.closed == (filters.state == "closed"))
        ):
            found[floor((report.long + 180) * ACROSS / 360), floor((report.lat + 90) * ACROSS / 180)] += 1
    return found


def all_filters() -> list[Filters]:
    categories = [None, *CategoryName.objects.values_list("pk", flat=True)]
    whose = [
        {}, *({"body": pk} for pk in Body.objects.values_list("pk", flat=True)), {"area": 101}, {"area": 102},
    ]  # fmt: skip
    return [
        Filters(category=category, state=state, **one)
        for category in categories
        for state in ("", "open", "closed")
        for one in whose
    ]


def check(filters: Filters) -> None:
    """At every level, the counts are those of a full count."""
    exact, search = recount(filters), filters.search
    assert cells.total(search) == exact.total()
    for zoom in (3, 9, 12, 14, 18):
        level = min(zoom, FINEST if filters.category is None else 12)
        shift, across = FINEST - level, ACROSS >> (FINEST - level)
        coarser: Counter[tuple[int, int]] = Counter()
        for (x, y), n in exact.items():
            coarser[x >> shift, y >> shift] += n
        kept = {
            (floor((cell.long + 180) * across / 360), floor((cell.lat + 90) * across / 180)): cell.count
            for cell in cells.cells(search, zoom=zoom, box=WORLD)
        }
        assert kept == dict(coarser), (filters, zoom)


@pytest.mark.parametrize("seed", range(3))
def test_after_random_acts_the_counts_are_those_of_a_full_count(seed):
    make_town()
    rng = random.Random(seed)
    for _ in range(4):
        for _ in range(12):
            act(rng)
        if rng.random() < 0.5:
            fold_changes(most=rng.choice([3, 5000]))
        for filters in rng.sample(all_filters(), 12):
            check(filters)
    while fold_changes(most=7):
        pass
    assert CellChange.objects.count() == 0
    for filters in all_filters():
        check(filters)
    assert wrong_kept() == {}


def test_only_what_lies_in_the_window_is_counted():
    make_town()
    rng = random.Random(5)
    for _ in range(20):
        told(rng)
    west = cells.cells(Filters().search, zoom=14, box=(59.8, 3.8, 60.2, 4.1))
    assert sum(cell.count for cell in west) == Report.objects.filter(visible=True, long__lt=4.1).count() > 0
    fold_changes()
    assert cells.cells(Filters().search, zoom=14, box=(59.8, 3.8, 60.2, 4.1)) == west


def test_reports_lie_in_the_areas_of_now_after_an_import():
    make_town()
    report = told(random.Random(1))
    Report.objects.filter(pk=report.pk).update(visible=True, lat=WEST[0], long=WEST[1])
    look_up_areas()
    assert look_up_areas() == 0
    assert list(ReportArea.objects.values_list("area_id", flat=True)) == [101]
    bydel = NewArea(area_type="BYD", mapit_id=7, name="Sør", shape=box(3.9, 59.9, 4.05, 60.1), where="Sør")
    import_areas(areas=[bydel], now=NOW)
    assert look_up_areas() == 1
    assert Report.objects.get().area_ids == [7, 101]
    assert sorted(ReportArea.objects.values_list("area_id", flat=True)) == [7, 101]
    assert cells.total(Filters(area=7).search) == 1


def test_the_nearest_come_first_and_none_that_is_farther_than_asked():
    make_town()
    rng = random.Random(3)
    for _ in range(40):
        told(rng)
    rows = near(*WEST, metres=3000, limit=50)
    assert [row.metres for row in rows] == sorted(row.metres for row in rows)
    assert rows
    assert rows[-1].metres <= 3000
    assert [row.id for row in near(*WEST, metres=3000, limit=2)] == [row.id for row in rows[:2]]


def test_cells_and_what_is_near_are_found_by_an_index():
    make_town()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "EXPLAIN QUERY PLAN SELECT x, y, count FROM reports_cellcount WHERE of = 'all' AND thing = 0"
                " AND category = 0 AND level = 9 AND x BETWEEN 1 AND 9 AND y BETWEEN 1 AND 9"
            )
            assert "USING INDEX" in str(cursor.fetchall())
            cursor.execute(
                "EXPLAIN QUERY PLAN SELECT id FROM reports_report WHERE visible AND cell_y IN (1, 2) AND long BETWEEN 1 AND 2"
            )
            assert "INDEX report_place (cell_y=? AND long>? AND long<?)" in str(cursor.fetchall())
