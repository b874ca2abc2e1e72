"""A search is taken as it was meant, or every parameter that is wrong is named."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streetmend.georeport.dialect import Dialect
from streetmend.georeport.errors import InvalidParameters
from streetmend.georeport.search import (
    MOST_BODIES,
    MOST_FIELDS,
    MOST_IDS,
    Box,
    Circle,
    RequestSearch,
    split_query,
)
from tests.georeport.strategies import ANY_TEXT

OSLO = ZoneInfo("Europe/Oslo")


def parse(query: str, **habits: object) -> RequestSearch:
    return RequestSearch.parse(split_query(query), zone=OSLO, **habits)


def faults(query: str) -> dict[str, str]:
    with pytest.raises(InvalidParameters) as caught:
        parse(query)
    return {fault.parameter: fault.message for fault in caught.value.faults}


def test_an_empty_parameter_is_an_absent_one_and_an_unknown_one_is_ignored():
    assert (
        parse("status=&start_date=&service_request_id=%20&has_photo=&foo=bar&attribute[x]=1")
        == RequestSearch()
    )


def test_all_that_is_wrong_is_named_at_once():
    found = faults("status=ajar&start_date=yesterday&has_photo=maybe&agency_responsible=x&page=0&lat=1")
    assert set(found) == {"status", "start_date", "has_photo", "agency_responsible", "page", "long", "radius"}


def test_ids_override_all_other_parameters_even_wrong_ones():
    assert parse("service_request_id=7&status=ajar&extensions=true&jurisdiction_id=a.b") == RequestSearch(
        service_request_id=("7",), extensions=True, jurisdiction_id="a.b"
    )


@pytest.mark.parametrize(
    ("lat", "long", "hinted"), [("121.5", "25.0", True), ("121.5", "95", False), ("x", "25", False)]
)
def test_a_lat_that_would_be_a_long_is_told_so(lat, long, hinted):
    found = faults(f"lat={lat}&long={long}&radius=100")
    assert ("are lat and long swapped?" in found["lat"]) is hinted


@pytest.mark.parametrize(
    "text",
    [
        "9" * 30,
        str(2**63),
        "-1",
        "1.0",
        "١",
        "1_0",
        "0001",
        "0",
        "９",
        "5" * 5000,
        "a",
        "1;2",
        "0x1",
        "1 2",
        "%00",
    ],
)
def test_B_18_B_31_what_cannot_be_an_id_of_ours_is_named(text):
    assert "whole numbers" in faults(f"service_request_id={text}")["service_request_id"]


def test_B_18_white_space_around_an_id_is_no_part_of_it():
    assert parse("service_request_id=%201").service_request_id == ("1",)


def test_B_18_a_client_may_ask_for_foreign_ids_that_are_no_numbers():
    asked = RequestSearch.parse([("service_request_id", "14-01100669,a/b")], zone=UTC, digit_ids=False)
    assert asked.service_request_id == ("14-01100669", "a/b")
    with pytest.raises(InvalidParameters):
        RequestSearch.parse([("service_request_id", "a\x00b")], zone=UTC, digit_ids=False)


def test_B_19_ids_are_kept_once_in_order_and_there_may_be_a_thousand():
    assert parse("service_request_id=1,2,,3,1").service_request_id == ("1", "2", "3")
    assert parse("service_request_id=1&service_request_id=2").service_request_id == ("1", "2")
    many = ",".join(map(str, range(1, MOST_IDS + 2)))
    assert str(MOST_IDS) in faults(f"service_request_id={many}")["service_request_id"]
    assert faults("service_request_id=,,,")["service_request_id"] == "contains nothing but separators"


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "now",
        "2011-02-30",
        "2011-13-01",
        "0000-01-01",
        "10000-01-01",
        "2011-03-10T25:00:00",
        "2011-03-10T24:00:01",
        "2011-03-10T10:61:00Z",
        "2011-03-10T10:00:00%2B99:00",
        "2011-03-10T10:00:00%2B02:75",
        "2011-W10-4",
        "1299715200",
        "２０１１-03-10",
        "20110310T00:00:00Z",
        "2011-03-10'; DROP TABLE",
        "infinity",
        "x" * 5000,
    ],
)
def test_B_20_B_23_a_start_date_that_is_none_is_named(text):
    assert "start_date" in faults(f"start_date={text}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2011-03-10T00:00:00%2B02:00", datetime(2011, 3, 9, 22, tzinfo=UTC)),
        ("2011-03-10T00:00:00Z", datetime(2011, 3, 10, tzinfo=UTC)),
        ("2011-03-10T00:00:00-0330", datetime(2011, 3, 10, 3, 30, tzinfo=UTC)),
        ("2011-03-10", datetime(2011, 3, 9, 23, tzinfo=UTC)),
        ("20110310", datetime(2011, 3, 9, 23, tzinfo=UTC)),
        ("2011-03-10T12:30", datetime(2011, 3, 10, 11, 30, tzinfo=UTC)),
        ("2011-07-10%2012:30:00", datetime(2011, 7, 10, 10, 30, tzinfo=UTC)),
        ("2011-03-10T24:00:00Z", datetime(2011, 3, 11, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_B_20_B_23_dates_are_taken_in_every_usual_form_in_the_sites_zone_where_they_have_none(text, expected):
    assert parse(f"start_date={text}").start_date == expected


def test_B_21_a_plus_that_became_a_space_is_a_plus():
    assert parse("start_date=2011-03-10T00:00:00+02:00").start_date == datetime(2011, 3, 9, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00%2B23:59", "9999-12-31T24:00", "0001-01-01", "9999-12-31"],
)
def test_B_22_dates_at_the_ends_of_the_calendar_can_be_moved_to_any_zone(text):
    moment = parse(f"start_date={text}").start_date
    assert moment is not None
    for hours in (-23, 0, 23):
        assert moment.astimezone(timezone(timedelta(hours=hours))).year == int(text[:4])


def test_B_24_a_start_after_the_end_is_no_fault():
    asked = parse("start_date=2012-01-01&end_date=2011-01-01")
    assert asked.start_date > asked.end_date


@pytest.mark.parametrize("text", ["-1", "0", "all", "1000000000", "1e3", "1001", "٥", "5000" * 2000])
def test_B_26_a_max_requests_that_is_none_or_too_large_is_ignored(text):
    assert parse(f"max_requests={text}", limit=1000) == RequestSearch()


def test_B_26_the_largest_max_requests_is_the_sites():
    assert parse("max_requests=1000", limit=1000).max_requests == 1000
    assert parse("max_requests=1", limit=1000).max_requests == 1
    assert parse("page_size=5000", limit=1000).page_size == 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OPEN", ("open",)),
        ("%20open", ("open",)),
        ("open,closed", ("open", "closed")),
        ("open&status=Closed", ("open", "closed")),
        ("open,,open", ("open",)),
    ],
)
def test_B_27_statuses_are_taken_in_any_letter_case_and_as_a_list(text, expected):
    assert parse(f"status={text}").status == expected


@pytest.mark.parametrize("text", ["foo", "open,foo", "fixed", "open;closed", "openclosed", ","])
def test_B_27_an_unknown_status_is_named(text):
    assert "status" in faults(f"status={text}")


def test_B_28_agencies_are_whole_numbers_joined_by_bars():
    assert parse("agency_responsible=1601|220|1601|").agency_responsible == (1601, 220)
    assert parse("agency_responsible=1601%7C220").agency_responsible == (1601, 220)
    assert parse("agency_responsible=1&agency_responsible=2").agency_responsible == (1, 2)


@pytest.mark.parametrize(
    "text", ["1601|abc|", "(", ".*", "1.5", "-1", "|", "٢٢٠", "1|" * (MOST_BODIES + 1) + "2"]
)
def test_B_28_B_32_an_agency_that_is_no_number_is_named_and_nothing_is_a_pattern(text):
    if text.startswith("1|1|"):
        text = "|".join(map(str, range(MOST_BODIES + 1)))
    assert "agency_responsible" in faults(f"agency_responsible={text}")


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("TRUE", True), ("False", False), ("%20true%20", True)]
)
def test_B_29_has_photo_is_true_or_false(text, expected):
    assert parse(f"has_photo={text}").has_photo is expected


@pytest.mark.parametrize("text", ["1", "0", "maybe", "yes", "t", "true,false"])
def test_B_29_any_other_has_photo_is_named(text):
    assert faults(f"has_photo={text}") == {"has_photo": "must be true or false"}


@pytest.mark.parametrize(
    "text", ["100%25", "a_b", "a%5Cb", "';--", "$$", "%5C'", "(a%2B)%2B$", "<script>", "%2520"]
)
def test_B_10_B_30_B_31_B_32_texts_are_taken_literally_and_decoded_once(text):
    asked = parse(f"interface_used={text}&service_code={text}&q={text}")
    literal = split_query(f"x={text}")[0][1]
    assert (asked.interface_used, asked.service_code, asked.q) == (literal, literal, literal)
    assert parse("q=%2520").q == "%20"


@pytest.mark.parametrize("text", ["a%00b", "a%01b", "a%0Ab", "a%C2%85b", "a%EF%BF%BEb"])
def test_B_01_B_02_a_text_with_control_characters_matches_nothing_and_is_named(text):
    assert "characters that no text has" in faults(f"service_code={text}")["service_code"]


def test_B_11_a_text_has_at_most_four_thousand_characters():
    assert parse(f"q={'ø' * 4000}").q == "ø" * 4000
    assert faults(f"q={'ø' * 4001}") == {"q": "must have at most 4000 characters"}


def test_B_09_bytes_that_are_no_utf8_become_replacement_characters():
    assert parse("q=%ff%fe").q == "\ufffd\ufffd"


def test_a_service_code_is_kept_whole_and_split():
    asked = parse("service_code=Lys,%20vei,Annet,Lys")
    assert asked.service_code == "Lys, vei,Annet,Lys"
    assert asked.service_codes == ("Lys", "vei", "Annet")
    assert parse("").service_codes == ()


def test_B_16_a_single_parameter_that_is_given_twice_is_named():
    assert faults("start_date=2011-01-01&start_date=2012-01-01") == {"start_date": "is given more than once"}
    assert parse("has_photo=true&has_photo=true").has_photo is True


def test_B_92_a_window_of_the_map_has_four_ordered_numbers():
    assert parse("bbox=10,59,11,60").bbox == Box(10, 59, 11, 60)
    for text in ("10,59,11", "11,59,10,60", "10,60,11,59", "nan,1,2,3", "-181,0,0,0", "0,-91,0,0", "a,b,c,d"):
        assert "bbox" in faults(f"bbox={text}")


@pytest.mark.parametrize(
    "text",
    ["nan", "inf", "1e400", "91", "-90.1", "60,5", "٦٠", "６０", "1_0", "0x3c", "1" * 400, "", "--1", "1e"],
)
def test_B_13_B_14_B_15_a_latitude_that_is_none_is_named(text):
    assert "lat" in faults(f"lat={text}&long=10&radius=5")


def test_B_13_B_15_white_space_and_minus_zero_are_taken_and_a_comma_gets_a_hint():
    assert parse("lat=%2060%20&long=-0.0&radius=100").near == Circle(60, 0, 100)
    assert str(parse("lat=60&long=-0.0&radius=100").near.long) == "0.0"
    assert "point, not a comma" in faults("lat=60,5&long=1&radius=1")["lat"]


@pytest.mark.parametrize("query", ["lat=1", "long=1", "radius=1", "lat=1&long=1", "lat=1&radius=1"])
def test_B_16_half_a_circle_is_named(query):
    assert all(message.startswith("is required with") for message in faults(query).values())


@pytest.mark.parametrize("text", ["0", "-5", "1e9", "nan"])
def test_a_radius_is_a_distance_on_earth(text):
    assert "radius" in faults(f"lat=1&long=1&radius={text}")


def test_a_cursor_has_only_harmless_characters():
    assert parse("cursor=abc-._~:=").cursor == "abc-._~:="
    assert "cursor" in faults("cursor=a b")


def test_B_39_B_44_ten_thousand_parameters_are_refused():
    with pytest.raises(InvalidParameters, match=str(MOST_FIELDS)):
        split_query("&".join(f"a{n}=1" for n in range(10_000)))


@given(
    pairs=st.lists(st.tuples(st.sampled_from([*RequestSearch.__struct_fields__, "lat", "radius"]), ANY_TEXT))
)
def test_any_query_is_a_search_or_names_what_is_wrong(pairs):
    try:
        asked, wrong = RequestSearch.parse(pairs, zone=OSLO), None
    except InvalidParameters as error:
        asked, wrong = RequestSearch(), {fault.parameter for fault in error.faults}
    assert wrong is None or wrong & ({name for name, _ in pairs} | {"lat", "long", "radius"})
    assert RequestSearch.parse(asked.to_query(), zone=UTC) == asked


@pytest.mark.parametrize(
    ("dialect", "start", "end"),
    [
        (Dialect(), "2024-05-01T10:00:00+02:00", "2024-05-01T10:00:01+02:00"),
        (Dialect(time_style="utc"), "2024-05-01T08:00:00Z", "2024-05-01T08:00:01Z"),
        (
            Dialect(time_style="naive", time_zone="America/Chicago"),
            "2024-05-01T03:00:00",
            "2024-05-01T03:00:01",
        ),
        (Dialect(fractions=True), "2024-05-01T10:00:00.250000+02:00", "2024-05-01T10:00:00.250000+02:00"),
    ],
)
def test_times_are_printed_as_the_endpoint_wants_them_and_no_moment_of_the_window_is_lost(
    dialect, start, end
):
    moment = datetime(2024, 5, 1, 10, 0, 0, 250_000, tzinfo=OSLO)
    asked = RequestSearch(start_date=moment, end_date=moment, updated_after=moment, updated_before=moment)
    query = dict(asked.to_query(dialect))
    assert (query["start_date"], query["end_date"]) == (start, end)
    assert (query["updated_after"], query["updated_before"]) == (start, end)
