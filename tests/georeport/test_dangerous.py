"""What could harm us is refused, before or while it is read; and no bytes whatever bring a reader down."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streetmend.georeport import reading
from streetmend.georeport.decoding import ANSWER_TO_POST, Limits, decode, usable
from streetmend.georeport.errors import Dangerous, DoctypeRefused, TooDeep, TooLarge, Unreadable
from streetmend.georeport.outcomes import Kind, classify
from streetmend.georeport.reading import read_errors, read_requests
from streetmend.georeport.trees import read_tree

READERS: dict[str, Callable[..., Any]] = {
    name: getattr(reading, name) for name in reading.__all__ if name.startswith("read_")
}
ROW = b"<request><service_request_id>7</service_request_id></request>"


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE r>" + ROW,
        b"<!doctype r SYSTEM 'http://127.0.0.1/x.dtd'>" + ROW,
        b'<?xml version="1.0"?>\n<!-- x --><?pi y?>\n<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><r>&b;</r>',
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r>&x;</r>',
        b'<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1/p">%p;]><r/>',
        "<!DOCTYPE r [<!ENTITY a 'x'>]><r>&a;</r>".encode("utf-16"),
        b"\xef\xbb\xbf<!DOCTYPE r>" + ROW,
    ],
)
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_B_59_F_37_a_document_type_is_refused_whatever_is_in_it(reader, body):
    with pytest.raises(DoctypeRefused):
        reader(body)


def test_B_59_inclusions_and_instructions_are_only_text_and_unknown_entities_are_not_looked_up():
    body = b"""<?xml-stylesheet href="file:///etc/hostname"?><r xmlns:xi="http://www.w3.org/2001/XInclude"><request>
      <service_request_id>7</service_request_id>
      <description>a&secret;b</description>
      <x><xi:include href="file:///etc/hostname" parse="text"/></x></request></r>"""
    (row,) = read_requests(body)
    assert row.description == "a&secret;b"
    assert row.others == {"x": {"include": None}}


@pytest.mark.parametrize("depth", [33, 1000, 200_000])
def test_B_60_what_is_nested_too_deep_is_refused(depth):
    with pytest.raises(TooDeep):
        read_tree(b"<a>" * depth + b"</a>" * depth)
    with pytest.raises(TooDeep):
        read_tree(b"[" * depth + b"]" * depth)
    with pytest.raises(TooDeep):
        read_tree(b'{"a":' * depth + b"1" + b"}" * depth)


def test_B_60_thirty_two_levels_are_read():
    assert read_tree(b"<a>" * 32 + b"</a>" * 32).root == "a"
    assert read_tree(b"[" * 32 + b"]" * 32).format == "json"


def test_B_60_too_many_bytes_elements_attributes_or_values_are_refused():
    few = Limits(most_bytes=10_000, most_values=100, most_attributes=100)
    for body in (
        b"<a>" + b"x" * 10_000 + b"</a>",
        b"<a>" + b"<b/>" * 300 + b"</a>",
        b"<a " + b" ".join(b"x%d='1'" % n for n in range(101)) + b"/>",
        b"[" + b"1," * 200 + b"1]",
        b"[" + b"{}," * 200 + b"1]",
    ):
        with pytest.raises(TooLarge):
            read_tree(body, limits=few)


def test_B_60_a_text_may_be_as_long_as_the_limit_and_no_longer():
    limits = Limits(longest_text=10)
    for body in (b"<a>%s</a>", b'["%s"]'):
        read_tree(body % (b"x" * 10), limits=limits)
        with pytest.raises(TooLarge, match="10 characters"):
            read_tree(body % (b"x" * 11), limits=limits)


def test_B_60_F_28_the_answer_to_a_post_may_have_64_kilobytes():
    row = b"<r>" + ROW + b"<!--" + b"x" * ANSWER_TO_POST.most_bytes + b"--></r>"
    outcome = classify(200, {}, row)
    assert outcome.kind is Kind.UNKNOWN
    assert "bytes" in outcome.why


def test_B_60_a_text_of_eleven_megabytes_is_refused():
    body = b"<r><request><service_request_id>7</service_request_id><description>" + b"x" * 11_000_000
    with pytest.raises(TooLarge):
        read_requests(body + b"</description></request></r>")
    with pytest.raises(TooLarge):
        read_requests(b'[{"service_request_id": 7, "description": "' + b"x" * 11_000_000 + b'"}]')


@pytest.mark.parametrize("digits", [301, 5000, 100_000])
def test_B_38_a_number_of_thousands_of_digits_is_a_text_and_costs_nothing(digits):
    (row,) = read_requests(b'[{"service_request_id": %s, "lat": %s}]' % (b"9" * digits, b"1" * digits))
    assert row.service_request_id == "9" * digits
    assert row.lat is None


def test_B_38_names_that_occur_twice_are_a_list_as_in_xml_and_equal_ones_are_one():
    assert read_tree(b'{"a": 1, "a": 2, "b": 3, "b": 3}').value == {"a": [1, 2], "b": 3}


def test_B_03_halves_of_characters_and_control_characters_in_json_do_no_harm():
    body = rb'[{"service_request_id": "7", "description": "a\ud800b\u0000c\ufffed\ud83d\ude00"}]'
    assert [row.description for row in read_requests(body)] == ["a\ufffdbc\ufffdd😀"]


def test_B_03_two_halves_that_belong_together_are_one_character():
    assert usable("a\ud83d\ude00b\ude00\ud83d") == "a😀b\ufffd\ufffd"


@pytest.mark.parametrize(
    "charset", ["utf-7", "utf-99", "unicode_escape", "idna", "rot13", "base64", "utf-8\x00"]
)
def test_B_09_only_text_encodings_are_believed(charset):
    text, warnings = decode(b"+ADw-script+AD4- \xe6", f"text/xml; charset={charset}")
    assert text == "+ADw-script+AD4- æ"
    assert warnings == ("is in no encoding that it claims; read as Windows-1252",)


MARKUP = st.lists(
    st.sampled_from(
        [
            *(
                "<",
                ">",
                "</",
                "/>",
                "<a>",
                "</a>",
                "<request>",
                "</request>",
                "<service_request_id>",
                "7",
                "&",
                "&#0;",
            ),
            *(
                "<![CDATA[",
                "]]>",
                "<!--",
                "-->",
                "<?",
                "?>",
                "<!DOCTYPE",
                "[",
                "]",
                "{",
                "}",
                ":",
                ",",
                '"',
                "\\",
                "'",
            ),
            *(
                '{"service_request_id":',
                '"token":',
                "null",
                "NaN",
                "1e999",
                "\\ud800",
                "errors",
                "\x00",
                "\n",
                "=",
                " ",
            ),
            *(
                "code",
                "description",
                "attributes",
                "values",
                "key",
                "-",
                "\ufeff",
                "update_id",
                "endpoints",
                "#text",
            ),
        ]
    ),
    max_size=30,
).map(lambda parts: "".join(parts).encode())


@given(body=st.binary(max_size=200) | MARKUP)
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_any_bytes_are_read_or_unreadable_and_nothing_else(reader, body):
    with suppress(Unreadable):
        reader(body)


@given(
    status=st.integers(100, 599),
    headers=st.dictionaries(
        st.sampled_from(["Content-Type", "Content-Length", "Retry-After", "Location", "Content-Encoding"]),
        st.text(max_size=20),
    ),
    body=st.binary(max_size=200) | MARKUP,
    posted=st.sampled_from(["request", "update"]),
)
def test_any_answer_to_a_post_has_an_outcome_and_only_an_id_or_a_token_is_acceptance(
    status, headers, body, posted
):
    outcome = classify(status, headers, body, posted=posted)
    assert isinstance(outcome.kind, Kind)
    assert outcome.why
    if outcome.kind is Kind.ACCEPTED:
        assert outcome.remote_id
        assert 200 <= status < 300
    if outcome.kind is Kind.TOKEN:
        assert outcome.token


@pytest.mark.parametrize(
    "value",
    [
        {"service_request_id": {"a": {"b": [1, {"c": None}]}}, "status": [[]], "lat": {"": ""}},
        {"service_request_id": [1, 2], "agency_responsible": {"recipient": {"x": 1}}, "media_url": [[["x"]]]},
        {"service_request_id": True, "requested_datetime": ["2024-01-01"], "comment_count": -1.5},
    ],
)
def test_any_shape_of_a_field_is_kept_among_the_others_where_it_is_not_understood(value):
    (row,) = read_requests(json.dumps([value]).encode())
    assert row.lat is None
    assert row.others


def test_what_is_cut_or_changed_anywhere_in_a_real_answer_is_read_or_unreadable():
    whole = b"<service_requests>" + ROW * 3 + b"</service_requests>"
    source = random.Random(311)
    for place in range(len(whole)):
        for body in (whole[:place], whole[:place] + bytes([source.randrange(256)]) + whole[place + 1 :]):
            try:
                read_requests(body)
            except Unreadable:
                continue
    with pytest.raises(Unreadable):
        read_requests(whole[:-5])


def test_the_dangerous_kinds_are_kinds_of_unreadable():
    assert all(issubclass(kind, Dangerous) for kind in (DoctypeRefused, TooDeep, TooLarge))
    assert issubclass(Dangerous, Unreadable)
    assert read_errors(b"[]") == ()
