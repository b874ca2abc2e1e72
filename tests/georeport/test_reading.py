"""Readers find their way in what real servers answer; each quirk here has been seen somewhere."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from streetmend.georeport import times
from streetmend.georeport.errors import NotTheThing, Unreadable
from streetmend.georeport.reading import (
    read_requests,
    read_services,
)

ROW_XML = "<request><service_request_id>7</service_request_id><status>open</status></request>"
ROW = {"service_request_id": "7", "status": "open"}


def ids(body: str | bytes, content_type: str | None = None) -> list[str]:
    page = read_requests(body.encode() if isinstance(body, str) else body, content_type)
    assert page.problems == ()
    return [row.service_request_id for row in page]


@pytest.mark.parametrize(
    "body",
    [
        f"<service_requests>{ROW_XML}</service_requests>",
        f"<requests>{ROW_XML}</requests>",
        f"<Anything><service_requests>{ROW_XML}</service_requests></Anything>",
        ROW_XML,
        f'<service_requests type="array" is_array="true">{ROW_XML}</service_requests>',
        f'<service_requests xmlns="urn:x" xmlns:xsi="urn:y">{ROW_XML}</service_requests>',
        "<g:service_requests xmlns:g='urn:x'><g:request><g:service_request_id>7</g:service_request_id></g:request>"
        "</g:service_requests>",
        '<r><request><service_request_id type="integer"> 7\n</service_request_id></request></r>',
        "<r><request><service_request_id><![CDATA[7]]></service_request_id></request></r>",
        f"\ufeff  \n<?xml version='1.0' encoding='utf-8'?><!-- made by hand --><r>{ROW_XML}</r>\n\n",
        f"<?xml version='1.0' encoding='utf-16'?><r>{ROW_XML}</r>",
        "<r><request><service_request_id>7</service_request_id><a>Q & A &nbsp; &#1;</a></request></r>",
    ],
)
def test_xml_is_read_whatever_the_root_its_attributes_and_its_namespaces(body):
    assert ids(body) == ["7"]


@pytest.mark.parametrize(
    "value",
    [
        [ROW],
        ROW,
        {"service_requests": [ROW]},
        {"service_requests": ROW},
        {"service_requests": {"request": ROW}},
        {"service_requests": {"request": [ROW]}},
        {"requests": [ROW]},
        {"count": 1, "service_requests": [ROW], "next": None},
        {"data": {"requests": [ROW]}},
        [{"request": ROW}],
        [{"pk": 1, "model": "requests", "fields": ROW}],
        [{"service_request_id": 7}],
        [{"service_request_id": 7.0}],
    ],
)
def test_json_is_read_whether_it_is_wrapped_or_bare_a_list_or_one_row(value):
    assert ids(json.dumps(value)) == ["7"]
    assert ids("\ufeff \n" + json.dumps(value)) == ["7"]


def test_what_the_envelope_of_a_row_says_is_said_by_the_row():
    (row,) = read_requests(b'[{"pk": 12, "fields": {"service_request_id": "7", "city": 1}}]')
    assert row.others == {"pk": 12, "city": 1}


@pytest.mark.parametrize(
    "body",
    [
        "<service_requests/>",
        "[]",
        "{}",
        "null",
        "[null]",
        '{"service_requests": []}',
        "<service_requests>\n</service_requests>",
    ],
)
def test_an_answer_without_rows_is_an_empty_page(body):
    assert ids(body) == []


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "iso8859-1"]
)
@pytest.mark.parametrize(
    "body",
    [
        "<r><request><service_request_id>Å-7</service_request_id></request></r>",
        '[{"service_request_id": "Å-7"}]',
    ],
)
def test_F_37_the_encoding_is_found_in_the_bytes(encoding, body):
    assert ids(body.encode(encoding)) == ["Å-7"]


def test_F_38_the_content_decides_the_format_and_a_content_type_that_lies_is_a_warning():
    page = read_requests(b'[{"service_request_id": "7"}]', "text/xml")
    assert len(page) == 1
    assert page.warnings == ("is JSON though its Content-Type says xml".replace("xml", "XML"),)
    page = read_requests(f"<r>{ROW_XML}</r>".encode(), "application/json; charset=utf-8")
    assert page.warnings == ("is XML though its Content-Type says JSON",)


def test_a_recorded_head_before_the_body_is_skipped():
    page = read_requests(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<r>" + ROW_XML.encode() + b"</r>")
    assert [row.service_request_id for row in page] == ["7"]
    assert page.warnings == ("begins with the head of another answer",)


def test_in_xml_white_space_with_a_line_break_at_an_end_is_layout_and_any_other_is_text():
    body = "<r><request><description>\n    a\n  b\n  </description><address> c  </address></request></r>"
    (row,) = read_requests(body.replace("<request>", "<request><status>open</status>").encode())
    assert (row.description, row.address) == ("a\n  b", " c  ")


def test_nil_empty_blank_and_null_are_all_nothing():
    in_xml = """<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><request>
        <service_request_id>7</service_request_id>
        <description xsi:nil="true">not meant</description><address/><zipcode> </zipcode>
        <lat xsi:nil="1"/><expected_datetime></expected_datetime><media_url>\n</media_url>
    </request></r>"""
    in_json = json.dumps(
        [{"service_request_id": 7, "description": None, "address": "", "lat": None, "media_url": []}]
    )
    for body in (in_xml, in_json):
        (row,) = read_requests(body.encode())
        assert (row.description, row.address, row.zipcode, row.lat, row.expected_datetime) == (None,) * 5
        assert (row.media_urls, row.others) == ((), {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("TRUE", True),
        (" 1 ", True),
        ("yes", True),
        ("false", False),
        ("0", False),
        ("No", False),
    ],
)
def test_truth_is_read_in_every_spelling(text, value):
    body = f"<s><service><service_code>A</service_code><metadata>{text}</metadata></service></s>"
    assert [service.metadata for service in read_services(body.encode())] == [value]
    as_text = json.dumps([{"service_code": "A", "metadata": text}])
    assert [service.metadata for service in read_services(as_text.encode())] == [value]
    as_truth = json.dumps([{"service_code": "A", "metadata": value}])
    assert [service.metadata for service in read_services(as_truth.encode())] == [value]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2012-05-22T23:57:23Z", datetime(2012, 5, 22, 23, 57, 23, tzinfo=UTC)),
        ("2012-05-22T23:57:23+02:00", datetime(2012, 5, 22, 21, 57, 23, tzinfo=UTC)),
        (
            "2012-05-22 23:57:23.97",
            datetime(2012, 5, 22, 23, 57, 23, 970000, tzinfo=UTC).replace(tzinfo=None),
        ),
        ("2012-05-22", datetime(2012, 5, 22, tzinfo=UTC).replace(tzinfo=None)),
        ("2012-05-22T23:57:23-0500", datetime(2012, 5, 23, 4, 57, 23, tzinfo=UTC)),
        ("in a week", "in a week"),
        ("infinity", "infinity"),
        ("0044-03-15 BC", "0044-03-15 BC"),
    ],
)
def test_B_25_times_are_read_with_zone_without_zone_or_kept_as_they_stand(text, expected):
    (row,) = read_requests(json.dumps([{"service_request_id": 1, "updated_datetime": text}]).encode())
    assert row.updated_datetime == expected


def test_a_time_without_a_zone_is_meant_in_the_endpoints_zone():
    (row,) = read_requests(b'[{"service_request_id": 1, "updated_datetime": "2012-05-22 23:57:23"}]')
    zone = timezone(timedelta(hours=-7))
    assert times.aware(row.updated_datetime, zone) == datetime(2012, 5, 23, 6, 57, 23, tzinfo=UTC)
    assert times.aware("in a week", zone) is None


def test_numbers_are_read_as_texts_and_texts_as_numbers_and_leading_zeros_stay():
    (row,) = read_requests(
        b'[{"service_request_id": 638344, "service_code": 006, "zipcode": 94122, "lat": "37.76", "long": "-122,46"}]'
    )
    assert (row.service_request_id, row.service_code, row.zipcode) == ("638344", "006", "94122")
    assert (row.lat, row.long) == (37.76, -122.46)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", '"inf"', '"north"', "1e999", '"1_0"', '"６０"', "[1]", "true"]
)
def test_B_88_a_coordinate_that_is_none_is_no_coordinate(text):
    (row,) = read_requests(f'[{{"service_request_id": 1, "lat": {text}, "long": 10}}]'.encode())
    assert (row.lat, row.long) == (None, 10)


def test_agencies_are_one_text_a_list_or_recipients():
    for value in ("Oslo", ["Oslo"], {"recipient": "Oslo"}, {"recipient": ["Oslo"]}):
        body = json.dumps([{"service_request_id": 1, "agency_responsible": value}]).encode()
        assert [row.recipients for row in read_requests(body)] == [("Oslo",)]
    body = b"<r><request><status>open</status><agency_responsible><recipient>A</recipient><recipient>B</recipient>"
    (row,) = read_requests(body + b"</agency_responsible></request></r>")
    assert row.recipients == ("A", "B")


def test_what_a_row_says_besides_is_kept_as_it_stood():
    body = {
        "service_request_id": "1",
        "extended_attributes": {"title": "X", "tasks": [{"state": 1}]},
        "lat": {"a": 1},
    }
    (row,) = read_requests(json.dumps([body]).encode())
    assert row.others == {"extended_attributes": body["extended_attributes"], "lat": {"a": 1}}


def test_F_79_a_row_that_is_none_among_good_ones_is_reported_and_the_others_are_read():
    page = read_requests(
        json.dumps([ROW, "nonsense", 7, {"foo": 1}, {**ROW, "service_request_id": "8"}]).encode()
    )
    assert [row.service_request_id for row in page] == ["7", "8"]
    assert [(problem.place, problem.raw) for problem in page.problems] == [
        (1, "nonsense"),
        (2, 7),
        (3, {"foo": 1}),
    ]


def test_statuses_are_the_known_words_in_one_spelling_or_the_endpoints_own():
    words = ["Open", " CLOSED ", "In Progress", "no-further-action", "Awaiting parts"]
    body = json.dumps([{"service_request_id": 1, "status": word} for word in words]).encode()
    assert [row.status for row in read_requests(body)] == [
        "open",
        "closed",
        "in_progress",
        "no_further_action",
        "Awaiting parts",
    ]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "   ",
        "\ufeff",
        "<html><body>Maintenance</body></html>",
        "<!DOCTYPE html><html></html>",
        "Service unavailable",
        "<service_requests><request>",
        '[{"service_request_id": "7"',
        "[1, 2",
        '"text"',
        "7",
        '{"foo": 1}',
        "<foo>bar</foo>",
        "<a><b/></a>",
        '{"a": [{"x": 1}], "b": [{"y": 1}]}',
    ],
)
def test_F_35_F_36_what_is_no_such_answer_is_unreadable(body):
    with pytest.raises(Unreadable):
        read_requests(body.encode())


def test_an_errors_body_where_rows_are_expected_says_so():
    for body in (
        b"<errors><error><code>403</code><description>No key.</description></error></errors>",
        b'{"error": "No key."}',
    ):
        with pytest.raises(NotTheThing, match=r"is an error: No key\."):
            read_requests(body)
