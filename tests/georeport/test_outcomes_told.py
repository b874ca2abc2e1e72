"""What is said of an answer to a POST, and how much of it is looked at."""

import json
import re

import pytest

from streetmend.georeport.decoding import Limits
from streetmend.georeport.errors import Unreachable
from streetmend.georeport.outcomes import Kind, classify
from tests.georeport.test_outcomes import DUPLICATE, JSON, XML, id_row, row


def test_what_a_caller_gets_holds_all_that_the_endpoint_said():
    told = classify(
        200, XML, row("<token>t</token><service_notice>5 days</service_notice><account_id>3</account_id>")
    )
    accepted = told.accepted()
    assert (accepted.service_request_id, accepted.token) == (None, "t")
    assert (accepted.service_notice, accepted.account_id) == ("5 days", "3")
    with pytest.raises(Unreachable) as slow:
        classify(429, {"Retry-After": "9", **JSON}, b'{"error": "Slow"}').accepted()
    assert (slow.value.status, slow.value.retry_after) == (429, 9)
    assert [one.description for one in slow.value.errors] == ["Slow"]


@pytest.mark.parametrize(
    ("status", "headers", "body", "why"),
    [
        (200, XML, row("<token>t</token>"), "The endpoint accepted it and gave a token."),
        (201, XML, id_row("R-7"), "The endpoint accepted it as R-7."),
        (
            200, XML, id_row("a b"),
            "The endpoint answered 200, but its answer has no service_request_id that could be one; "
            "it may have stored what we sent.",
        ),
        (403, {}, b"", "The endpoint answered 403; it does not accept our key."),
        (400, JSON, b'{"error": "No."}', 'The endpoint answered 400 ("No."); it refused what we sent.'),
        (404, {}, b"", "The endpoint answered 404; it gives no reason that we can read."),
        (429, {}, b"", "The endpoint answered 429; the endpoint asks us to slow down."),
        (500, {}, b"", "The endpoint answered 500; it may have stored what we sent."),
        (302, {}, b"", "The endpoint answered 302 and sent us elsewhere; it may have stored what we sent."),
        (
            302, {"Location": "x" * 300}, b"",
            f"The endpoint answered 302 and sent us elsewhere to '{'x' * 200}'; it may have stored what we sent.",
        ),
        (
            200, {"Content-Length": "9"}, b"",
            "The endpoint answered 200, but its answer broke off in the middle; it may have stored what we sent.",
        ),
    ],
)  # fmt: skip
def test_each_meaning_is_told_in_a_sentence(status, headers, body, why):
    outcome = classify(status, headers, body)
    assert (outcome.why, outcome.status) == (why, status)


def test_a_known_id_is_told_with_the_reasons_that_named_it():
    body = b'[{"code": 409, "description": "duplicate of 77."}]'
    outcome = classify(409, JSON, body, duplicate=DUPLICATE)
    assert (outcome.why, outcome.status) == ("The endpoint has it already, as 77.", 409)
    assert [(one.code, one.description) for one in outcome.errors] == [("409", "duplicate of 77.")]


def test_an_update_without_a_number_says_what_is_missing():
    outcome = classify(200, JSON, b'[{"update_id": "a b"}]', posted="update")
    assert outcome.why.startswith(
        "The endpoint answered 200, but its answer has no update_id that could be one;"
    )


@pytest.mark.parametrize("posted", ["request", "update"])
def test_a_token_beside_a_number_that_is_none_counts_where_the_number_is_nought_or_missing(posted):
    field = "service_request_id" if posted == "request" else "update_id"
    for number, kind in (
        ("null", Kind.TOKEN),
        ("0", Kind.TOKEN),
        ('"0"', Kind.TOKEN),
        ('"a b"', Kind.UNKNOWN),
    ):
        body = f'[{{"{field}": {number}, "token": "t"}}]'.encode()
        assert classify(200, JSON, body, posted=posted).kind is kind
    body = f'[{{"{field}": {{"a": 1}}, "token": "t"}}]'.encode()
    assert classify(200, JSON, body, posted=posted).kind is Kind.UNKNOWN


def test_what_was_odd_about_an_answer_is_kept_whatever_it_means():
    for body in (b'[{"service_request_id": "a b"}]', b'[{"service_request_id": "7"}]', b"[]"):
        assert classify(200, XML, body).warnings == ("is JSON though its Content-Type says XML",)


def test_F_42_a_refusal_is_searched_in_the_encoding_that_it_claims():
    body = "duplicate of Å7.".encode("iso8859-5", "replace").replace(b"?", "Ж".encode("iso8859-5"))
    headers = {"CONTENT-TYPE": "text/plain; charset=iso-8859-5"}
    assert classify(409, headers, body, duplicate=DUPLICATE).remote_id == "Ж7"


def test_F_42_a_pattern_is_looked_for_at_the_beginning_of_a_refusal_only():
    for before, kind in ((b" " * 1960, Kind.ACCEPTED), (b" " * 2000, Kind.UNKNOWN)):
        assert classify(409, {}, before + b"duplicate of 77.", duplicate=DUPLICATE).kind is kind


def test_F_42_a_pattern_without_its_group_or_whose_group_is_empty_names_nothing():
    for pattern in (r"duplicate", r"duplicate of (?P<id>x)?", r"nothing (?P<id>7)"):
        assert classify(409, {}, b"duplicate of 77.", duplicate=re.compile(pattern)).kind is Kind.UNKNOWN


def test_no_more_is_read_of_a_refusal_than_the_caller_wants():
    small = Limits(most_bytes=20)
    body = b'{"error": "duplicate of 77."}'
    assert classify(400, JSON, body, duplicate=DUPLICATE, limits=small).kind is Kind.UNKNOWN
    assert classify(400, JSON, body, limits=small).errors == ()
    assert classify(200, JSON, b'[{"service_request_id": "77"}]', limits=small).kind is Kind.UNKNOWN
    text = {"Content-Type": "text/plain"}
    assert classify(400, text, b"This is a reason to say no", limits=small).errors == ()
    assert classify(500, text, b"This is a reason to say no", limits=small).errors == ()


def test_a_plain_text_is_a_reason_with_its_first_two_thousand_letters_unless_it_is_markup():
    for kind in ("text/plain", " TEXT/PLAIN; charset=utf-8"):
        (only,) = classify(400, {"content-type": kind}, b" " + b"x" * 3000).errors
        assert (only.code, only.description) == ("", "x" * 2000)
    for body in (b"<h1>No", b"   "):
        assert classify(400, {"Content-Type": "text/plain"}, body).errors == ()
    assert classify(400, {"Content-Type": "text/html"}, b"no").errors == ()


def test_a_long_reason_is_quoted_in_part_and_several_are_told_together():
    body = json.dumps([{"description": "a" * 400}, {"description": "b" * 400}]).encode()
    assert f'("{"a" * 400}; {"b" * 98}")' in classify(400, JSON, body).why
