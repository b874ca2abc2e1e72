"""Is this request of an endpoint our report? By its mark, or by what it says and where."""

from __future__ import annotations

from math import cos, radians

import pytest

from streetmend.exchange.matching import Wanted, marks_in, plain, same_content, text_of
from streetmend.georeport.types import Request

BASE = "https://streets.example/reports/"
WORDS = "Det er et dypt hull i veien utenfor skolen, og bilene svinger ut i motsatt felt."
LAT, LONG = 60.0, 4.0
#: metres in a degree of latitude, and of longitude at LAT
NORTH, EAST = 111_195.0, 111_195.0 * cos(radians(LAT))


def wanted(**other: object) -> Wanted:
    request = {"service_code": "POT", "description": WORDS, "lat": LAT, "long": LONG, **other}
    return Wanted.of(7, f"{BASE}7", request)


def row(**other: object) -> Request:
    return Request("R-1", **{"service_code": "POT", "description": WORDS, "lat": LAT, "long": LONG, **other})


def test_what_we_sent_is_kept_as_it_is_compared():
    made = wanted(description=f"  Hull\n i  VEIEN {BASE}7 ", lat=60, long=4)
    assert made == Wanted(7, f"{BASE}7", "POT", "hull i veien", 60.0, 4.0)
    assert isinstance(made.lat, float)
    assert isinstance(made.long, float)


def test_what_was_left_unsaid_is_empty():
    assert Wanted.of(7, "u", {}) == Wanted(7, "u", "", "", None, None)
    assert Wanted.of(7, "u", {"service_code": None, "description": None, "lat": "60", "long": "4"}) == Wanted(
        7, "u", "", "", None, None
    )


def test_our_mark_may_stand_in_any_text_of_the_row():
    others = {"extended_attributes": {"link": [f"{BASE}5"], "ø": "Ø"}, "a": "b\\/c", "n": float("1.5")}
    read = text_of(
        Request("R-1", description=f"{BASE}1", title=f"{BASE}2", detail=f"{BASE}3", status_notes=f"{BASE}4", others=others)
    )  # fmt: skip
    assert marks_in(read, BASE) == {f"{BASE}{number}" for number in (1, 2, 3, 4, 5)}
    assert "Ø" in read
    assert text_of(Request("R-1")) == "\n\n\n"
    assert text_of(Request("R-1", description="a", title="b", detail="c", status_notes="d")) == "a\nb\nc\nd"


def test_a_mark_in_a_text_of_json_whose_slashes_are_escaped_is_ours_too():
    others = {"raw": '{"link": "' + BASE.replace("/", "\\/") + '5\\n"}'}
    assert marks_in(text_of(Request("R-1", others=others)), BASE) == {f"{BASE}5"}


def test_what_json_has_no_form_for_is_a_text():
    assert "when" in text_of(Request("R-1", others={"when": object()}))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", []),
        ("nothing of ours", []),
        (BASE, []),
        (f"{BASE}7", [7]),
        (f"see {BASE}7. And {BASE}8/photos, {BASE}7", [7, 8]),
        (f"{BASE}77", [77]),
        (f"{BASE}x7", []),
        (f"{BASE}{'9' * 18}", [int("9" * 18)]),
        (f"{BASE}{'9' * 19}", []),
        (f"https://other.example/reports/7 {BASE}8", [8]),
        ("https://streets-example/reports/7", []),
    ],
)
def test_marks_are_our_addresses_with_a_whole_number(text, numbers):
    assert marks_in(text, BASE) == {f"{BASE}{number}" for number in numbers}


def test_a_dot_of_our_address_is_a_dot():
    assert marks_in(f"https://streetsXexample/reports/7 {BASE}8", BASE) == {f"{BASE}8"}


def test_words_are_compared_without_addresses_case_and_blanks():
    assert plain(f"  STRASSE\n\tund {BASE}7, so ") == "strasse und so"
    assert plain("Straße") == "strasse"
    assert plain("hhttp://x y") == "h y"


def test_the_same_service_place_and_words_are_the_same_report():
    assert same_content(row(), wanted(), 15.0)
    assert same_content(row(description=f"{WORDS.upper()}\n{BASE}7"), wanted(), 15.0)


@pytest.mark.parametrize("empty", ["", "   ", f"{BASE}7"])
def test_without_words_nothing_is_known_by_its_content(empty):
    assert not same_content(row(description=empty), wanted(description=empty), 15.0)
    assert not same_content(row(description=None), wanted(), 15.0)
    assert not same_content(row(description=empty), wanted(), 15.0)


@pytest.mark.parametrize(
    "other", [{"service_code": "LIGHT"}, {"service_code": None}, {"lat": None}, {"long": None}]
)
def test_another_service_or_no_place_is_another_report(other):
    assert not same_content(row(**other), wanted(), 15.0)


@pytest.mark.parametrize("other", [{"lat": None}, {"long": None}])
def test_what_we_sent_without_a_place_is_not_known_by_its_content(other):
    assert not same_content(row(), wanted(**other), 15.0)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("metres", "same"), [(0.0, True), (14.9, True), (15.1, False), (40.0, False)])
def test_the_place_may_be_fifteen_metres_off_in_any_direction(sign, metres, same):
    away = sign * metres
    assert same_content(row(lat=LAT + away / NORTH), wanted(), 15.0) is same
    assert same_content(row(long=LONG + away / EAST), wanted(), 15.0) is same
    part = away / 2**0.5
    assert same_content(row(lat=LAT + part / NORTH, long=LONG - part / EAST), wanted(), 15.0) is same


def test_exactly_as_far_as_allowed_is_near_enough():
    assert same_content(row(), wanted(), 0.0)


def test_nearly_the_same_words_are_the_same_and_others_are_not():
    assert same_content(row(description=WORDS.replace("dypt", "djupt")), wanted(), 15.0)
    assert not same_content(row(description=WORDS.replace("skolen", "butikken i sentrum")), wanted(), 15.0)
    assert not same_content(row(description=WORDS[::-1]), wanted(), 15.0)
    shuffled = " ".join(sorted(WORDS.split()))
    assert not same_content(row(description=shuffled), wanted(), 15.0)


def test_words_that_are_a_tenth_and_five_letters_longer_are_not_even_compared():
    ours = "a" * 100
    for longer, same in ((5, True), (10, True), (11, False), (16, False)):
        # up to ten letters more of a hundred are 95 % alike; beyond, the words differ too much
        theirs = ours + "b" * longer
        assert same_content(row(description=theirs), wanted(description=ours), 15.0) is same


def test_long_words_are_compared_by_their_first_two_thousand_letters():
    ours = "lang " * 500
    assert same_content(row(description=ours[:2100] + "kort " * 80), wanted(description=ours), 15.0)
    assert not same_content(row(description="kort " * 80 + ours[:2100]), wanted(description=ours), 15.0)


def test_a_long_text_with_a_letter_that_recurs_is_compared_letter_by_letter():
    """Where a letter makes up more than one in a hundred of two hundred or more, a comparison by rare letters alone fails."""
    ours = "ab" * 150
    assert same_content(row(description=ours + "c"), wanted(description=ours), 15.0)


def test_words_of_a_row_that_has_none_are_not_those_of_a_short_text():
    assert not same_content(row(description=None), wanted(description="xxxx"), 15.0)
    assert not same_content(row(description=""), wanted(description="a" * 30), 15.0)


def test_exactly_ninety_five_in_a_hundred_is_enough():
    ours = "a" * 95 + "b" * 5
    theirs = "a" * 95 + "c" * 5
    assert same_content(row(description=theirs), wanted(description=ours), 15.0)
    assert not same_content(row(description="a" * 94 + "c" * 6), wanted(description=ours), 15.0)
