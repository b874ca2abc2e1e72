"""Addresses are found by words and by place."""

from __future__ import annotations

import gzip

import pytest

from streetmend.geocode import Nothing, coordinates, geocoder
from streetmend.geocode.addresses import Addresses, AddressFileWrong

ROWS = """address,lat,long
Storgata 12,60.001,4.001
Storgata 2,60.002,4.002
Storgata 120,60.003,4.003
Øvre Storgata 2,60.004,4.004
Ås torg 1,60.005,4.005
"""


@pytest.fixture
def addresses(tmp_path):
    file = tmp_path / "addresses.csv.gz"
    file.write_bytes(gzip.compress(ROWS.encode()))
    return Addresses(file)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("storgata 2", "Storgata 2"),
        ("STORG 12", "Storgata 12"),
        ("12, Storgata", "Storgata 12"),
        ("ovre", "Øvre Storgata 2"),
        ("as torg", "Ås torg 1"),
    ],
)
def test_the_likeliest_address_comes_first_however_it_is_written(addresses, words, first):
    assert addresses.search(words)[0].label == first


def test_a_street_has_its_numbers_in_order_and_as_many_as_were_asked_for(addresses):
    assert [found.label for found in addresses.search("storgata", limit=3)] == [
        "Storgata 2",
        "Storgata 12",
        "Storgata 120",
    ]


@pytest.mark.parametrize("words", ["", "   ", "Nowhere", "%", "'; DROP TABLE", "\x00", "(" * 5000])
def test_what_is_no_address_finds_nothing(addresses, words):
    assert addresses.search(words) == []


def test_the_nearest_address_of_a_place_is_within_150_metres_or_there_is_none(addresses):
    assert addresses.reverse(60.0012, 4.0011).label == "Storgata 12"
    assert addresses.reverse(60.1, 4.0) is None


@pytest.mark.parametrize(
    "row", ["Storgata 1,x,4", "Storgata 1,60", ",60,4", "Storgata 1,95,4", "Storgata 1,nan,4"]
)
def test_a_wrong_line_is_named(tmp_path, row):
    file = tmp_path / "addresses.csv"
    file.write_text(f"address,lat,long\nGood 1,60,4\n{row}\n")
    with pytest.raises(AddressFileWrong, match="line 3"):
        Addresses(file)


def test_a_file_that_cannot_be_used_leaves_the_site_without_addresses_and_a_word_in_the_log(
    settings, tmp_path, caplog
):
    settings.GEOCODER = str(tmp_path / "gone.csv")
    assert isinstance(geocoder(), Nothing)
    assert "gone.csv" in caplog.text
    assert (geocoder().search("Storgata"), geocoder().reverse(60, 4)) == ([], None)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("60.1, 4.2", (60.1, 4.2)),
        ("geo:60.1,4.2", (60.1, 4.2)),
        ("-33.9 151.2", (-33.9, 151.2)),
        ("91, 4", None),
        ("60.1", None),
        ("Storgata 12", None),
        ("1e5, 2", None),
    ],
)
def test_two_numbers_are_a_place(words, place):
    assert coordinates(words) == place
