"""Which areas a place lies in: inside, on borders, in holes, on islands, in the fjord, far from everything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streetmend.areas import queries
from streetmend.areas.faults import holes, overlaps
from streetmend.areas.geojson import read_areas
from streetmend.areas.index import REACH_METRES, AreaIndex, AreaInfo
from streetmend.areas.places import PlaceInvalid, ground_distance
from streetmend.areas.services import import_areas
from tests.support.geojson import collection, feature, islands, polygon, square

NOW = datetime(2026, 1, 31, tzinfo=UTC)

WEST = feature(101, "Vestby", polygon(square(59.9, 3.9)))
EAST = feature(102, "Østby", polygon(square(59.9, 4.1)))


def load(*features: dict[str, Any]) -> None:
    import_areas(areas=read_areas(collection(*features)), now=NOW)


def names(lat: float, long: float) -> list[str]:
    return [area.name for area in queries.covering(lat, long)]


@pytest.mark.django_db
class TestAPlace:
    def test_it_lies_in_the_area_around_it(self) -> None:
        load(WEST, EAST)
        assert (names(60, 4), names(60, 4.2)) == (["Vestby"], ["Østby"])

    def test_B_17_on_a_border_it_lies_in_both_always_in_the_same_order(self) -> None:
        load(EAST, WEST)
        assert names(60, 4.1) == ["Vestby", "Østby"]

    def test_it_lies_in_areas_of_several_types(self) -> None:
        load(WEST, feature(90, "Fylket", polygon(square(59, 3, 2)), type="FYL"))
        assert names(60, 4) == ["Fylket", "Vestby"]

    def test_a_hole_is_not_in_the_area_and_an_enclave_in_it_is_its_own(self) -> None:
        around = feature(1, "Ring", polygon(square(50, 10, 1), square(50.4, 10.4, 0.2)))
        load(around, feature(2, "Enklave", polygon(square(50.4, 10.4, 0.2))))
        assert (names(50.1, 10.1), names(50.5, 10.5)) == (["Ring"], ["Enklave"])
        assert names(50.4, 10.5) == ["Ring", "Enklave"]

    def test_each_island_of_an_area_is_found(self) -> None:
        load(feature(3, "Øyane", islands(square(40, 10, 0.1), square(41, 11, 0.1))))
        assert (names(40.05, 10.05), names(41.05, 11.05), names(40.5, 10.5)) == (["Øyane"], ["Øyane"], [])

    def test_in_the_fjord_the_nearest_area_within_two_kilometres_has_it(self) -> None:
        load(WEST, EAST)
        found = queries.locate(60.0, 3.895)
        assert [area.name for area in found.areas] == ["Vestby"]
        assert found.nearby is not None
        assert found.nearby.metres == pytest.approx(ground_distance(60.0, 3.895, 60.0, 3.9), abs=0.5)

    def test_the_reach_ends_at_two_kilometres(self) -> None:
        load(WEST)
        metre = 1 / ground_distance(60.0, 3.9, 60.0, 4.9)
        assert names(60.0, 3.9 - (REACH_METRES - 5) * metre) == ["Vestby"]
        assert names(60.0, 3.9 - (REACH_METRES + 5) * metre) == []

    def test_two_areas_that_are_equally_near_both_have_it(self) -> None:
        load(WEST, EAST)
        assert names(60.105, 4.1) == ["Vestby", "Østby"]

    @pytest.mark.parametrize(
        "place", [(0.0, 0.0), (50.0, 0.0), (90.0, 0.0), (-90.0, 180.0), (60.0, 184 - 360)]
    )
    def test_B_17_far_from_everything_it_lies_in_none(self, place: tuple[float, float]) -> None:
        load(WEST)
        assert names(*place) == []
        nearest = queries.nearest(*place)
        assert nearest is not None
        assert nearest.areas[0].name == "Vestby"
        assert nearest.metres > REACH_METRES

    def test_without_areas_nothing_is_found(self) -> None:
        assert (names(60, 4), queries.nearest(60, 4), queries.bounds()) == ([], None, None)

    @pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 90.001, -91.0, 1e300])
    def test_B_13_B_14_a_latitude_that_is_none_is_refused_by_name(self, bad: float) -> None:
        with pytest.raises(PlaceInvalid) as caught:
            queries.covering(bad, 4.0)
        assert caught.value.field == "lat"

    def test_B_14_a_longitude_that_is_none_is_refused_by_name(self) -> None:
        with pytest.raises(PlaceInvalid) as caught:
            queries.covering(60.0, 181.0)
        assert caught.value.field == "long"

    def test_a_later_import_is_seen_at_the_next_question(self) -> None:
        load(WEST)
        assert names(60, 4) == ["Vestby"]
        load(feature(101, "Vestbygda", polygon(square(59.9, 3.9))))
        assert names(60, 4) == ["Vestbygda"]

    def test_the_outlines_for_a_map_have_the_latitude_first(self) -> None:
        load(WEST)
        [outline] = queries.outlines()
        assert outline.pieces[0][0][0] in {(59.9, 3.9), (60.1, 3.9), (59.9, 4.1), (60.1, 4.1)}


@given(st.floats(59.91, 60.09), st.floats(3.0, 5.0))
def test_two_halves_have_every_place_that_the_whole_has(lat: float, long: float) -> None:
    whole, halves = boxes((3.5, 4.5)), boxes((3.5, 4.0), (4.0, 4.5))
    assert bool(whole.covering(lat, long)) == bool(halves.covering(lat, long))


def boxes(*spans: tuple[float, float]) -> AreaIndex:
    import shapely

    return AreaIndex(
        None,
        [
            (AreaInfo("T", at, str(at), ""), shapely.to_wkb(shapely.box(west, 59.9, east, 60.1)))
            for at, (west, east) in enumerate(spans)
        ],
    )


@pytest.mark.django_db
class TestTheMapAsAWhole:
    def test_land_in_the_middle_that_nobody_has_is_a_hole_with_its_size_and_neighbours(self) -> None:
        load(feature(1, "Ring", polygon(square(50, 10, 1), square(50.4, 10.4, 0.2))))
        [hole] = holes()
        assert (50.4 < hole.lat < 50.6, 10.4 < hole.long < 10.6) == (True, True)
        side = ground_distance(50.5, 10.4, 50.5, 10.6)
        height = ground_distance(50.4, 10.5, 50.6, 10.5)
        assert hole.square_metres == pytest.approx(side * height, rel=0.001)
        assert [area.name for area in hole.around] == ["Ring"]

    def test_an_area_that_no_body_covers_is_a_hole_among_those_that_they_do(self) -> None:
        around = feature(1, "Ring", polygon(square(50, 10, 1), square(50.4, 10.4, 0.2)))
        load(around, feature(2, "Enklave", polygon(square(50.4, 10.4, 0.2))))
        assert holes() == ()
        assert len(holes({1})) == 1

    def test_land_of_two_areas_of_one_type_is_an_overlap_a_common_border_is_none(self) -> None:
        load(WEST, EAST)
        assert overlaps() == ()
        load(WEST, feature(102, "Østby", polygon(square(59.9, 4.09))))
        [found] = overlaps()
        assert (found.first.name, found.second.name) == ("Vestby", "Østby")
        assert 4.09 < found.long < 4.1

    def test_areas_of_different_types_may_share_land(self) -> None:
        load(WEST, feature(90, "Fylket", polygon(square(59, 3, 2)), type="FYL"))
        assert overlaps() == ()

    def test_an_empty_map_has_no_faults(self) -> None:
        assert (holes(), overlaps()) == ((), ())
