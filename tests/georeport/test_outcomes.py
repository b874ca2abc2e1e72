"""What an answer to a POST means: accepted, a token, certainly not there, refused - or nobody knows."""

import json
import re
from datetime import UTC, datetime

import pytest

from streetmend.georeport.errors import KeyRefused, Refused, Unclear, Unreachable
from streetmend.georeport.outcomes import Kind, classify, plausible_id

XML = {"Content-Type": "text/xml; charset=utf-8"}
JSON = {"Content-Type": "application/json"}


def row(inside: str) -> bytes:
    return f"<service_requests><request>{inside}</request></service_requests>".encode()


def id_row(number: str) -> bytes:
    return row(f"<service_request_id>{number}</service_request_id>")


@pytest.mark.parametrize("status", [200, 201, 202, 203])
@pytest.mark.parametrize(
    "body",
    [
        id_row("14-01100669"),
        id_row(" 14-01100669 \n"),
        b"<request><service_request_id>14-01100669</service_request_id></request>",
        row("<service_request_id>14-01100669</service_request_id><token/><account_id/>"),
        b'[{"service_request_id": "14-01100669", "token": null}]',
        b'{"service_request_id": "14-01100669"}',
        b'{"service_requests": [{"service_request_id": "14-01100669"}]}',
    ],
)
def test_a_readable_answer_of_success_with_one_plausible_id_is_acceptance(status, body):
    outcome = classify(status, {}, body)
    assert (outcome.kind, outcome.remote_id, outcome.token) == (Kind.ACCEPTED, "14-01100669", None)
    assert outcome.accepted().service_request_id == "14-01100669"


def test_a_notice_and_an_account_are_kept():
    body = row(
        "<service_request_id>7</service_request_id><service_notice>5 days</service_notice><account_id>3</account_id>"
    )
    outcome = classify(200, XML, body)
    assert (outcome.service_notice, outcome.account_id) == ("5 days", "3")


@pytest.mark.parametrize(
    "body", [row("<token>t-1</token>"), row("<service_request_id/><token>t-1</token>"), b'[{"token": "t-1"}]']
)
def test_F_39_a_token_without_an_id_is_a_token(body):
    outcome = classify(200, XML, body)
    assert (outcome.kind, outcome.remote_id, outcome.token) == (Kind.TOKEN, None, "t-1")
    assert outcome.accepted().token == "t-1"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"[]",
        b"{}",
        b"null",
        b"true",
        b'"7"',
        b"7",
        b"<service_requests/>",
        row(""),
        id_row(""),
        id_row("0"),
        id_row("null"),
        id_row("-1"),
        id_row("a b"),
        id_row("a&#10;b"),
        id_row("&lt;script&gt;"),
        id_row("7" * 300),
        id_row("<ref>7</ref>"),
        b'[{"service_request_id": ""}]',
        b'[{"service_request_id": null}]',
        b'[{"service_request_id": 0}]',
        b'[{"service_request_id": ["7"]}]',
        b'[{"service_request_id": ["7", "8"]}]',
        b'[{"service_request_id": {"id": 7}}]',
        b'[{"service_request_id": true}]',
        b'[{"service_request_id": "a\\u0000b c"}]',
        b'[{"service_request_id": 7}, {"service_request_id": 8}]',
        b'[{"service_request_id": 7}, "more"]',
        b"<html><body>Please log in</body></html>",
        b"<!DOCTYPE html><html></html>",
        b"<!DOCTYPE r [<!ENTITY a '7'>]>" + id_row("&a;"),
        id_row("7")[:-5],
        b'[{"service_request_id": "7"',
        b"<errors><error><code>500</code><description>No.</description></error></errors>",
        b"OK",
    ],
)
@pytest.mark.parametrize("status", [200, 201, 204])
def test_F_30_F_35_F_36_F_37_success_without_one_plausible_id_is_unknown(status, body):
    outcome = classify(status, {}, body)
    assert outcome.kind is Kind.UNKNOWN
    assert outcome.remote_id is None
    assert str(status) in outcome.why
    with pytest.raises(Unclear):
        outcome.accepted()


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + id_row("7"),
        id_row("7").decode().encode("utf-16"),
        id_row("<![CDATA[7]]>"),
        b'<a:x xmlns:a="urn:x"><a:request><a:service_request_id>7</a:service_request_id></a:request></a:x>',
        b"<?xml version='1.0' encoding='ascii'?><r>" + b"<request><service_request_id>7</service_request_id>"
        b"<service_notice>\xc3\xa6</service_notice></request></r>",
    ],
)
def test_F_37_an_odd_spelling_of_the_right_answer_is_acceptance(body):
    assert classify(200, XML, body).remote_id == "7"


def test_F_37_two_rows_are_unknown():
    twice = b"<r><request><service_request_id>7</service_request_id></request>" * 1
    outcome = classify(200, XML, twice + b"<request><service_request_id>8</service_request_id></request></r>")
    assert outcome.kind is Kind.UNKNOWN
    assert "2 rows" in outcome.why


def test_F_38_another_format_than_was_asked_for_is_read_and_the_warning_kept():
    outcome = classify(200, XML, b'[{"service_request_id": "7"}]')
    assert (outcome.kind, outcome.remote_id) == (Kind.ACCEPTED, "7")
    assert outcome.warnings == ("is JSON though its Content-Type says XML",)
    assert classify(200, {"Content-Type": "text/html"}, id_row("7")).remote_id == "7"


def test_F_30_an_answer_shorter_than_it_promised_is_unknown_even_where_it_is_readable():
    body = b'[{"service_request_id": "7"}]'
    assert classify(200, {"content-length": str(len(body) + 20)}, body).kind is Kind.UNKNOWN
    assert classify(200, {"content-length": str(len(body))}, body).kind is Kind.ACCEPTED
    assert classify(200, {"Content-Length": "900", "Content-Encoding": "gzip"}, body).kind is Kind.ACCEPTED


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 520, 599])
@pytest.mark.parametrize("body", [b"", id_row("7"), b"<html>Oops</html>"])
def test_F_31_a_server_error_is_unknown_whatever_it_says(status, body):
    assert classify(status, {}, body).kind is Kind.UNKNOWN


@pytest.mark.parametrize("status", [100, 199, 300, 304, 399, 600, 999, 0, -1])
def test_a_status_that_says_nothing_is_unknown(status):
    assert classify(status, {}, id_row("7")).kind is Kind.UNKNOWN


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target", ["https://new.example/x", "http://169.254.169.254/", "/requests.xml", "javascript:x"]
)
def test_F_34_a_redirect_is_unknown_and_its_target_only_told(status, target):
    outcome = classify(status, {"location": target}, b"")
    assert (outcome.kind, outcome.moved_to) == (Kind.UNKNOWN, target)
    assert target in outcome.why


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("120", 120),
        ("Fri, 31 Dec 1999 23:59:59 GMT", datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("soon", None),
        ("-5", None),
        ("9" * 500, 10**9),
        ("١٢", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_F_32_F_33_retry_after_is_seconds_a_moment_or_nothing(status, header, expected):
    assert classify(status, {"Retry-After": header}, b"").retry_after == expected


def test_F_33_too_many_requests_is_certainly_not_received():
    outcome = classify(429, {}, b'[{"code": 429, "description": "Slow down."}]')
    assert outcome.kind is Kind.NOT_RECEIVED
    assert "Slow down." in outcome.why
    with pytest.raises(Unreachable):
        outcome.accepted()


@pytest.mark.parametrize("status", [401, 403, 407])
@pytest.mark.parametrize("body", [b"", b"<html/>", b'[{"code": 403, "description": "Invalid api_key."}]'])
def test_F_40_a_key_that_is_not_accepted_is_about_the_key(status, body):
    outcome = classify(status, {}, body)
    assert outcome.kind is Kind.CREDENTIALS
    with pytest.raises(KeyRefused):
        outcome.accepted()


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 422])
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (
            XML,
            b"<errors><error><code>404</code><description>service_code not found</description></error></errors>",
        ),
        (JSON, b'[{"code": 404, "description": "service_code not found"}]'),
        (JSON, b'{"error": "service_code not found"}'),
        ({"Content-Type": "text/plain"}, b"service_code not found"),
    ],
)
def test_F_41_a_refusal_with_a_reason_is_a_refusal(status, headers, body):
    outcome = classify(status, headers, body)
    assert outcome.kind is Kind.REFUSED
    assert outcome.errors[0].description == "service_code not found"
    with pytest.raises(Refused, match="service_code not found"):
        outcome.accepted()


@pytest.mark.parametrize("status", [400, 404, 408, 409, 418, 425, 451, 499])
@pytest.mark.parametrize("body", [b"", b"<html><h1>Not found</h1></html>", b"{}", b"\xff\xfe"])
def test_a_refusal_without_a_reason_may_come_from_a_gateway_and_is_unknown(status, body):
    assert classify(status, {}, body).kind is Kind.UNKNOWN


@pytest.mark.parametrize("status", [408, 409, 425])
def test_a_conflict_or_a_timeout_is_unknown_even_with_a_reason(status):
    assert classify(status, JSON, b'{"error": "already being worked on"}').kind is Kind.UNKNOWN


DUPLICATE = re.compile(r"duplicate of (?P<id>\S+?)[.<\"]")


@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize(
    "body",
    [
        b"<errors><error><code>400</code><description>base is a duplicate of 77.</description></error></errors>",
        json.dumps([{"code": 409, "description": "duplicate of 77."}]).encode(),
    ],
)
def test_F_42_a_refusal_that_names_the_first_one_is_acceptance_by_pattern(status, body):
    outcome = classify(status, {}, body, duplicate=DUPLICATE)
    assert (outcome.kind, outcome.remote_id, outcome.by_pattern) == (Kind.ACCEPTED, "77", True)
    assert classify(status, {}, body).kind is not Kind.ACCEPTED


@pytest.mark.parametrize("known", ["0", "null", "x" * 300, ""])
def test_F_42_a_pattern_that_finds_no_plausible_id_accepts_nothing(known):
    body = json.dumps({"error": f"duplicate of {known}."}).encode()
    assert classify(400, JSON, body, duplicate=DUPLICATE).kind is Kind.REFUSED


def test_an_update_is_accepted_with_its_number_or_a_token():
    body = b"<service_request_updates><request_update><update_id>9</update_id></request_update></service_request_updates>"
    assert classify(200, XML, body, posted="update").remote_id == "9"
    wrapped = b'{"service_request_updates": {"update_id": 12}}'
    assert classify(200, JSON, wrapped, posted="update").remote_id == "12"
    assert classify(200, JSON, b'[{"token": "t"}]', posted="update").kind is Kind.TOKEN
    assert classify(200, XML, id_row("7"), posted="update").kind is Kind.UNKNOWN


@pytest.mark.parametrize(
    "text", ["1", "14-01100669", "638344", "#77", "a/b:c", "Å-7", "50b1c9f6e4b0", "2024.77", "x" * 255]
)
def test_a_plausible_id_is_anything_visible(text):
    assert plausible_id(text)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "0",
        "-1",
        "None",
        "NULL",
        "nil",
        "undefined",
        "a b",
        "a\tb",
        "\x00",
        "<b>",
        "x" * 256,
        "\ufffd",
        ".",
        "--",
    ],
)
def test_F_36_what_programs_write_where_they_have_no_id_is_none(text):
    assert not plausible_id(text)
