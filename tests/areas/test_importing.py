"""A set of boundaries takes over as a whole, or not at all."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from streetmend.areas import queries
from streetmend.areas.errors import AreasRefused
from streetmend.areas.geojson import read_areas
from streetmend.areas.models import Generation
from streetmend.areas.services import Imported, import_areas
from tests.support.geojson import collection, feature, polygon, ring, square

NOW = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)

WEST = feature(101, "Vestby", polygon(square(59.9, 3.9)))
EAST = feature(102, "Østby", polygon(square(59.9, 4.1)))
BOW_TIE = feature(103, "Sløyfa", polygon(ring((59, 3), (60, 4), (60, 3), (59, 4))))
COUNTY = feature(90, "Fylket", polygon(square(59, 3, 2)), type="FYL")


def load(*features: dict[str, Any], **options: Any) -> Imported:
    return import_areas(areas=read_areas(collection(*features)), **{"now": NOW, **options})


def current() -> list[tuple[str, int, str, str]]:
    return [(area.area_type, area.mapit_id, area.name, area.generation) for area in queries.areas()]


@pytest.mark.django_db
class TestAnImport:
    def test_it_names_the_set_by_the_day_and_says_what_is_new(self) -> None:
        [done] = load(WEST, EAST).types
        assert (done.area_type, done.generation, done.added, done.unchanged) == (
            "KOM",
            "2026-01-31",
            (101, 102),
            False,
        )
        assert current() == [("KOM", 101, "Vestby", "2026-01-31"), ("KOM", 102, "Østby", "2026-01-31")]

    def test_the_same_areas_again_change_nothing(self) -> None:
        load(WEST, EAST)
        rows = list(Generation.objects.values())
        [again] = load(EAST, WEST, now=datetime(2027, 1, 1, tzinfo=UTC)).types
        assert again.unchanged
        assert list(Generation.objects.values()) == rows

    def test_the_same_areas_under_a_new_name_are_a_new_generation(self) -> None:
        load(WEST, generation="2024")
        [done] = load(WEST, generation="2025").types
        assert (done.added, done.changed, done.removed, done.unchanged) == ((), (), (), False)
        assert current() == [("KOM", 101, "Vestby", "2025")]

    def test_it_says_which_areas_differ_and_which_are_gone(self) -> None:
        load(WEST, EAST, feature(104, "Nordby", polygon(square(60.1, 3.9))))
        moved = feature(101, "Vestby", polygon(square(59.9, 3.9, 0.19)))
        renamed = feature(102, "Østbygda", polygon(square(59.9, 4.1)))
        [done] = load(moved, renamed, feature(105, "Sørby", polygon(square(59.7, 3.9)))).types
        assert (done.added, done.changed, done.removed) == ((105,), (101, 102), (104,))

    def test_areas_of_other_types_stay(self) -> None:
        load(COUNTY)
        load(WEST)
        load(EAST)
        assert [(kind, number) for kind, number, _, _ in current()] == [("FYL", 90), ("KOM", 102)]

    def test_one_file_may_hold_several_types(self) -> None:
        assert [one.area_type for one in load(WEST, COUNTY).types] == ["FYL", "KOM"]

    def test_the_set_before_is_kept_and_older_ones_go(self) -> None:
        for name in ("2023", "2024", "2025"):
            load(WEST, generation=name)
        kept = Generation.objects.order_by("id").values_list("name", "current")
        assert list(kept) == [("2024", False), ("2025", True)]

    def test_a_dry_run_says_the_same_and_writes_nothing(self) -> None:
        load(WEST)
        [done] = load(EAST, dry_run=True).types
        assert (done.added, done.removed) == ((102,), (101,))
        assert [number for _, number, _, _ in current()] == [101]

    def test_it_tells_how_far_it_is(self) -> None:
        told: list[tuple[int, int]] = []
        load(WEST, EAST, progress=lambda done, total: told.append((done, total)))
        assert told == [(1, 2), (2, 2)]


@pytest.mark.django_db
class TestWhatIsWrong:
    def test_B_91_a_boundary_that_crosses_itself_is_mended_with_a_word_about_it(self) -> None:
        done = load(BOW_TIE)
        assert len(done.mended) == 1
        assert done.mended[0].startswith("feature 1 (Sløyfa): mended: Self-intersection")
        # both wings of the bow tie are land, what lies above and below its knot is none
        assert queries.index().covering(59.5, 3.1) == ()
        assert [area.name for area in queries.index().covering(59.1, 3.5)] == ["Sløyfa"]

    def test_B_91_a_boundary_over_longitude_180_is_cut_there(self) -> None:
        around = ring((-17, 179), (-17, -179), (-18, -179), (-18, 179))
        done = load(feature(7, "Datolinja", polygon(around)))
        assert done.mended == ("feature 1 (Datolinja): cut at longitude 180",)
        inside = [(-17.5, 179.5), (-17.5, -179.5), (-17.5, 180.0), (-17.5, -180.0)]
        assert all(queries.covering(*place) for place in inside)
        assert not queries.covering(-17.5, 0)

    def test_B_91_a_boundary_that_encloses_nothing_is_refused_and_the_old_set_stays(self) -> None:
        load(WEST)
        line = feature(103, "Strek", polygon(ring((60, 4), (60, 5), (60, 6))))
        with pytest.raises(AreasRefused) as caught:
            load(EAST, line)
        assert caught.value.problems == ("feature 2 (Strek): it encloses no land",)
        assert [number for _, number, _, _ in current()] == [101]

    def test_two_areas_with_one_id_are_refused(self) -> None:
        twin = feature(101, "Tvillingen", polygon(square(50, 3)))
        with pytest.raises(AreasRefused, match=r"its id 101 is the id of feature 1 \(Vestby\) too"):
            load(WEST, twin)

    def test_an_id_that_an_area_of_another_type_has_is_refused(self) -> None:
        load(COUNTY)
        with pytest.raises(AreasRefused, match=r"its id 90 is the id of Fylket \(FYL\) already"):
            load(WEST, feature(90, "Nittiby", polygon(square(50, 3))))
        assert [number for _, number, _, _ in current()] == [90]

    def test_B_91_a_boundary_of_a_hundred_thousand_corners_is_taken(self) -> None:
        steps = 25_000
        south = [(59.0, 3 + at / steps) for at in range(steps)]
        east = [(59 + at / steps, 4.0) for at in range(steps)]
        north = [(60.0, 4 - at / steps) for at in range(steps)]
        west = [(60 - at / steps, 3.0) for at in range(steps)]
        load(feature(1, "Storby", polygon(ring(*south, *east, *north, *west))))
        assert queries.covering(59.5, 3.5)


@pytest.mark.django_db(transaction=True)
def test_readers_see_the_old_set_or_the_new_one_and_nothing_between() -> None:
    old = [feature(n, f"Gammel {n}", polygon(square(0, n))) for n in range(1, 20)]
    new = [feature(n, f"Ny {n}", polygon(square(0, n))) for n in range(1, 20)]
    load(*old)
    seen: list[set[str]] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append({area.name.split()[0] for area in queries.index().areas})
        connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(3):
            load(*new)
            load(*old)
        load(*new)
    finally:
        stop.set()
        reader.join()
    assert all(len(names) == 1 for names in seen)
    assert {name for names in seen for name in names} <= {"Gammel", "Ny"}
    assert {area.name.split()[0] for area in queries.areas()} == {"Ny"}
