"""GeoJSON files become areas, or everything that is wrong with them is told at once."""

from __future__ import annotations

import pytest

from streetmend.areas.errors import AreasRefused, FileUnreadable
from streetmend.areas.geojson import Fields, read_areas
from tests.support.geojson import collection, feature, islands, polygon, ring, square

WEST = feature(101, "Vestby", polygon(square(59.9, 3.9)))


PLAIN = Fields()


def refused(data: bytes, fields: Fields = PLAIN) -> tuple[str, ...]:
    with pytest.raises(AreasRefused) as caught:
        read_areas(data, fields)
    return caught.value.problems


def unreadable(data: bytes) -> str:
    with pytest.raises(FileUnreadable) as caught:
        read_areas(data)
    return caught.value.message


def test_a_feature_is_an_area_with_its_id_name_type_and_boundary():
    [area] = read_areas(collection(WEST))
    assert (area.mapit_id, area.name, area.area_type) == (101, "Vestby", "KOM")
    assert area.shape.bounds == pytest.approx((3.9, 59.9, 4.1, 60.1))


def test_the_properties_to_read_can_be_named():
    data = collection(
        {
            "type": "Feature",
            "properties": {"KOMMUNENR": "0301", "NAVN": "Bydal"},
            "geometry": polygon(square(0, 0)),
        }
    )
    [area] = read_areas(data, Fields(id="KOMMUNENR", name="NAVN", area_type="KOM"))
    assert (area.mapit_id, area.name, area.area_type) == (301, "Bydal", "KOM")


def test_a_byte_order_mark_and_numbers_written_as_decimals_are_read():
    data = b"\xef\xbb\xbf" + collection({**WEST, "id": 101.0})
    assert [area.mapit_id for area in read_areas(data)] == [101]


def test_B_91_heights_are_dropped():
    with_heights = [[*place, 17.5] for place in square(59.9, 3.9)]
    [area] = read_areas(collection(feature(101, "Vestby", polygon(with_heights))))
    assert not area.shape.has_z


def test_a_ring_that_was_left_open_is_closed():
    [area] = read_areas(collection(feature(101, "Vestby", polygon(square(59.9, 3.9)[:-1]))))
    assert area.shape.is_valid
    assert area.shape.bounds == pytest.approx((3.9, 59.9, 4.1, 60.1))


def test_a_feature_of_many_islands_is_one_area():
    [area] = read_areas(collection(feature(101, "Øyane", islands(square(59, 3, 0.1), square(60, 4, 0.1)))))
    assert area.shape.geom_type == "MultiPolygon"


def test_everything_wrong_is_told_at_once_each_with_its_feature():
    problems = refused(
        collection(
            feature("x", "Nord", polygon(square(59.9, 3.9))),
            WEST,
            feature(3, "", polygon(square(59.9, 4.3))),
            feature(4, "Sør", {"type": "Point", "coordinates": [4, 60]}),
            feature(5, "Øst", None),
            {**feature(6, "Midt", polygon(square(1, 1))), "type": "Thing"},
            feature(7, "Tom", {"type": "MultiPolygon", "coordinates": []}),
            feature(8, "Strek", polygon(ring((0, 0), (1, 1)))),
            feature(9, "Ord", {"type": "Polygon", "coordinates": "here"}),
            feature(10, "Uten type", polygon(square(2, 2)), type=7),
        )
    )
    assert [problem.split(":")[0] for problem in problems] == [
        "feature 1 (Nord)",
        "feature 3",
        "feature 4 (Sør)",
        "feature 5 (Øst)",
        "feature 6 (Midt)",
        "feature 7 (Tom)",
        "feature 8 (Strek)",
        "feature 9 (Ord)",
        "feature 10 (Uten type)",
    ]
    assert "--id" in problems[0]
    assert "Point" in problems[2]


@pytest.mark.parametrize("number", [0, -1, 1.5, True, None, "1601x", "٣٠١", "9" * 40, 2**31])
def test_B_18_an_id_that_is_no_whole_number_above_zero_is_refused(number):
    [problem] = refused(collection(feature(number, "Vestby", polygon(square(59.9, 3.9)))))
    assert "not a whole number above 0" in problem


@pytest.mark.parametrize(
    "place",
    [[600_000, 6_640_000], [3.9, 91], [181, 0], [60.1, 100]],
    ids=["metres", "north", "east", "turned"],
)
def test_B_91_coordinates_that_are_not_degrees_are_refused_with_a_word_about_how_to_mend_them(place):
    corners = [*square(59.9, 3.9)[:2], place, square(59.9, 3.9)[0]]
    [problem] = refused(collection(feature(101, "Vestby", polygon(corners))))
    assert f"{place[0]:g}" in problem
    assert any(hint in problem for hint in ("EPSG:4326", "longitude first", "longitude 180"))


@pytest.mark.parametrize("name", ["EPSG:25832", "urn:ogc:def:crs:EPSG::3006"])
def test_B_91_a_file_in_another_coordinate_system_is_refused_with_the_command_that_turns_it(name):
    said = unreadable(collection(WEST, crs={"type": "name", "properties": {"name": name}}))
    assert name in said
    assert "ogr2ogr -t_srs EPSG:4326" in said


def test_the_name_that_geojson_once_had_for_its_own_system_is_no_other_system():
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert len(read_areas(collection(WEST, crs=crs))) == 1


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (b"", "no GeoJSON"),
        (b"<xml/>", "no GeoJSON"),
        (b"[]", "no GeoJSON"),
        (b'{"type": "FeatureCollection", "features": [', "no GeoJSON"),
        (b"[" * 100_000, "no GeoJSON"),
        (b'{"type": "Topology", "objects": {}}', "TopoJSON"),
        (b'{"type": "Feature"}', "FeatureCollection"),
        (b'{"type": "FeatureCollection", "features": []}', "no feature"),
        (b'{"type": "FeatureCollection", "features": [{"type": "Fe\\ud800"}]}', "no GeoJSON"),
        (b'{"type": "FeatureCollection", "features": [{"id": "\xff"}]}', "no GeoJSON"),
    ],
)
def test_B_38_what_is_no_feature_collection_is_refused_in_one_sentence(data, hint):
    assert hint in unreadable(data)


def test_B_13_coordinates_that_are_no_numbers_are_refused():
    text = collection(WEST).decode().replace("3.9", "NaN", 1)
    assert "no GeoJSON" in unreadable(text.encode())
    [problem] = refused(collection(WEST).replace(b"3.9", b'"3.9"', 1))
    assert "geometry cannot be read" in problem


def test_B_02_control_characters_leave_a_name_and_a_name_of_nothing_else_is_refused():
    [area] = read_areas(collection(feature(101, "Vest\x07by\x00", polygon(square(59.9, 3.9)))))
    assert area.name == "Vestby"
    [problem] = refused(collection(feature(101, "\u200b \x01", polygon(square(59.9, 3.9)))))
    assert "name" in problem


def test_the_properties_that_there_are_are_listed_where_the_named_one_is_missing():
    [problem] = refused(collection(WEST), Fields(id="NR"))
    assert "'NR'" in problem
    assert "it has name, type" in problem
