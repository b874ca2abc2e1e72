"""What a client posted is read with every fault named; what we post is only what strict servers take."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streetmend.georeport import forms
from streetmend.georeport.dialect import DEFAULT, Dialect
from streetmend.georeport.errors import InvalidParameters, Unreadable
from streetmend.georeport.form_reading import attribute_faults, read_new_request, read_update
from streetmend.georeport.multipart import read_form
from streetmend.georeport.types import (
    Attribute,
    AttributeValue,
    NewRequest,
    RequestUpdate,
    ServiceDefinition,
    Upload,
)
from tests.georeport.strategies import ANY_TEXT

PLACE = (("service_code", "POT"), ("lat", "60.1"), ("long", "5.2"))
UPDATE = (
    ("update_id", "9"),
    ("service_request_id", "7"),
    ("status", "CLOSED"),
    ("updated_datetime", "2024-05-01T10:00:00Z"),
)


def faults(*fields: tuple[str, str]) -> dict[str, str]:
    with pytest.raises(InvalidParameters) as caught:
        read_new_request(fields)
    return {fault.parameter: fault.message for fault in caught.value.faults}


def test_all_that_is_wrong_with_a_request_is_named_at_once():
    assert faults(("lat", "91"), ("email", "a@b.no"), ("email", "c@d.no")) == {
        "email": "is given more than once",
        "service_code": "is required",
        "lat": "must lie between -90 and 90",
        "long": "is required with lat",
    }


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ((), "lat"),
        ((("lat", "1"),), "long"),
        ((("long", "1"),), "lat"),
        ((("lat", ""), ("long", " ")), "lat"),
    ],
)
def test_B_16_half_a_place_or_none_is_named(fields, missing):
    assert "is required with" in faults(("service_code", "POT"), *fields)[missing]


@pytest.mark.parametrize(
    "text", ["nan", "inf", "1e400", "91", "60,5", "٦٠", "６０", "1_0", "0x3c", "9" * 400]
)
def test_B_13_B_14_B_15_a_latitude_that_is_none_is_named(text):
    assert "lat" in faults(("service_code", "POT"), ("lat", text), ("long", "5"))


def test_B_16_two_different_latitudes_are_named_and_the_same_one_twice_is_one():
    assert faults(*PLACE, ("lat", "60.2")) == {"lat": "is given more than once"}
    assert read_new_request([*PLACE, ("lat", "60.1")]).lat == 60.1


def test_an_address_alone_is_a_place():
    assert (
        read_new_request([("service_code", "POT"), ("address_string", "Torget 1")]).address_string
        == "Torget 1"
    )
    assert read_new_request([("service_code", "POT"), ("address_id", "17")]).address_id == "17"


def test_B_13_minus_zero_is_zero():
    assert str(read_new_request([("service_code", "P"), ("lat", "-0.0"), ("long", "0")]).lat) == "0.0"


def test_line_breaks_are_newlines_and_unusable_characters_are_gone():
    new = read_new_request([*PLACE, ("description", "a\r\nb\rc\x00\x0b\ud800")])
    assert new.description == "a\nb\nc\ufffd"


def test_B_36_attributes_are_taken_by_code_and_odd_names_are_unknown_parameters():
    new = read_new_request(
        [
            *PLACE,
            ("attribute[a]", "1"),
            ("attribute[a]", "2"),
            ("attribute[b][]", "3"),
            ("attribute[__proto__]", "x"),
            ("attribute[empty]", " "),
            ("attribute[]", "y"),
            ("attribute[a][b]", "z"),
            ("attribute", "w"),
            ("foo", "bar"),
        ]
    )
    assert new.attributes == (("a", ("1", "2")), ("b", ("3",)), ("__proto__", ("x",)))
    assert new.lists == ("b",)
    assert new.others == (("attribute[]", "y"), ("attribute[a][b]", "z"), ("attribute", "w"), ("foo", "bar"))


def test_several_photos_are_taken_once_each_and_the_key_is_not_part_of_the_request():
    new = read_new_request(
        [
            *PLACE,
            ("media_url", "http://a/1"),
            ("media_url[]", "http://a/2"),
            ("media_url", " http://a/1"),
            ("api_key", "k"),
        ]
    )
    assert new.media_urls == ("http://a/1", "http://a/2")
    assert new.others == ()
    assert read_new_request([*PLACE, ("deviceid", "phone")]).device_id == "phone"


QUESTIONS = ServiceDefinition(
    service_code="POT",
    attributes=(
        Attribute(code="HOWMANYD", required=True),
        Attribute(code="DEEP", datatype="number"),
        Attribute(code="WHEN", datatype="datetime"),
        Attribute(
            code="ONE",
            datatype="singlevaluelist",
            values=(AttributeValue("a", "A"), AttributeValue("b", "B")),
        ),
        Attribute(
            code="ANY", datatype="multivaluelist", values=(AttributeValue("a", "A"), AttributeValue("b", "B"))
        ),
        Attribute(code="TEXT", variable=False, required=True),
    ),
)


def test_B_37_everything_wrong_with_the_answers_is_named_with_its_code():
    answers = (
        ("DEEP", ("very",)),
        ("WHEN", ("soon",)),
        ("ONE", ("c",)),
        ("ANY", ("a", "c")),
        ("unknown", ("x",)),
    )
    found = {fault.parameter: fault.message for fault in attribute_faults(answers, QUESTIONS)}
    assert set(found) == {f"attribute[{code}]" for code in ("HOWMANYD", "DEEP", "WHEN", "ONE", "ANY")}
    assert "HOWMANYD required" in found["attribute[HOWMANYD]"]


def test_B_37_right_answers_have_no_fault_and_a_single_question_takes_one_value():
    answers = (
        ("HOWMANYD", ("3",)),
        ("DEEP", ("3.5",)),
        ("WHEN", ("2024-05-01",)),
        ("ONE", ("a",)),
        ("ANY", ("a", "b")),
    )
    assert list(attribute_faults(answers, QUESTIONS)) == []
    twice = [
        fault.parameter for fault in attribute_faults((*answers[1:], ("HOWMANYD", ("1", "2"))), QUESTIONS)
    ]
    assert twice == ["attribute[HOWMANYD]"]


def test_an_update_without_what_it_needs_or_with_a_wrong_time_is_refused():
    with pytest.raises(InvalidParameters) as caught:
        read_update([])
    assert [fault.parameter for fault in caught.value.faults] == [name for name, _ in UPDATE]
    with pytest.raises(InvalidParameters, match="updated_datetime"):
        read_update([*UPDATE[:3], ("updated_datetime", "soon")])
    assert read_update(UPDATE).updated_datetime == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert read_update([*UPDATE, ("fixmystreet_id", "3")]).others == {"fixmystreet_id": "3"}


@given(fields=st.lists(st.tuples(st.sampled_from([name for name, _ in PLACE + UPDATE]) | ANY_TEXT, ANY_TEXT)))
@pytest.mark.parametrize("read", [read_new_request, read_update])
def test_any_form_is_read_or_names_what_is_wrong(read, fields):
    with suppress(InvalidParameters):
        read(fields)


def test_B_39_more_than_a_thousand_fields_are_refused():
    with pytest.raises(Unreadable, match="1000"):
        read_form("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(1001)))
    part = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    with pytest.raises(Unreadable, match="1000"):
        read_form("multipart/form-data; boundary=B", part * 1002 + b"--B--")


def multipart(*heads: bytes, boundary: bytes = b"B") -> bytes:
    return (
        b"".join(b"--" + boundary + b"\r\n" + head + b"\r\n\r\n1\r\n" for head in heads)
        + b"--"
        + boundary
        + b"--\r\n"
    )


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", multipart(b'Content-Disposition: form-data; name="a"')),
        ("multipart/form-data; boundary=", multipart(b'Content-Disposition: form-data; name="a"')),
        ("multipart/form-data; boundary=X", multipart(b'Content-Disposition: form-data; name="a"')),
        ("multipart/form-data; boundary=B", multipart(b"Content-Disposition: form-data")),
        ("multipart/form-data; boundary=B", multipart(b"X-Nothing: 1")),
        ("multipart/form-data; boundary=B", multipart(b'Content-Disposition: form-data; name="a"')[:-10]),
        (
            "multipart/form-data; boundary=B",
            b"--B\r\nContent-Disposition: form-data; name=a\r\n" + b"x: y\r\n" * 10_000,
        ),
        ("multipart/form-data; boundary=B", b""),
        ("application/json", b"{}"),
        ("text/plain", b"a=1"),
        ("image/png", b"\x89PNG"),
    ],
)
def test_B_41_what_is_no_form_is_unreadable(content_type, body):
    with pytest.raises(Unreadable):
        read_form(content_type, body)


def test_B_41_file_names_are_only_told_and_never_believed():
    head = b'Content-Disposition: form-data; name="f"; filename="../../x\\".jpg"\r\nContent-Type: image/jpeg'
    (upload,) = read_form("multipart/form-data; boundary=B", multipart(head)).uploads
    assert (upload.filename, upload.content_type, upload.content) == ('../../x".jpg', "image/jpeg", b"1")


def test_B_09_bytes_that_are_no_utf8_become_replacement_characters():
    assert read_form("application/x-www-form-urlencoded; charset=utf-99", b"a=%e6%ff").fields == (
        ("a", "\ufffd\ufffd"),
    )
    assert read_form("", b"a=1").fields == (("a", "1"),)


@given(body=st.binary(max_size=300), kind=st.sampled_from(["", "multipart/form-data; boundary=B", "text/x"]))
def test_B_41_any_bytes_are_a_form_or_unreadable(body, kind):
    for sent in (body, b"--B\r\n" + body + b"\r\n--B--", body.replace(b"0", b"\r\n--B\r\n")):
        try:
            form = read_form(kind, sent)
        except Unreadable:
            continue
        assert all(isinstance(name, str) and isinstance(value, str) for name, value in form.fields)


# --- what we send


NEW = NewRequest(
    service_code="POT",
    lat=60.12345678,
    long=5.0,
    description="Hull",
    first_name="Kari",
    device_id="web",
    attributes=(("TAGS", ("a", "b")), ("SIZE", ("1",))),
    lists=("SIZE",),
    media_urls=("http://a.example/1", "http://a.example/2"),
)


def test_only_parameters_of_the_standard_are_sent_and_lists_by_repetition():
    assert list(forms.new_request(NEW, DEFAULT)) == [
        ("service_code", "POT"),
        ("lat", "60.123457"),
        ("long", "5"),
        ("device_id", "web"),
        ("first_name", "Kari"),
        ("description", "Hull"),
        ("media_url", "http://a.example/1"),
        ("media_url", "http://a.example/2"),
        ("attribute[TAGS]", "a"),
        ("attribute[TAGS]", "b"),
        ("attribute[SIZE]", "1"),
    ]


def test_a_dialect_changes_names_and_adds_parameters():
    dialect = Dialect(multivalue="brackets", device_field="deviceid", extra_parameters=(("source", "site"),))
    sent = list(forms.new_request(NEW, dialect))
    assert ("deviceid", "web") in sent
    assert [pair for pair in sent if pair[0].startswith("attribute")] == [
        ("attribute[TAGS][]", "a"),
        ("attribute[TAGS][]", "b"),
        ("attribute[SIZE][]", "1"),
    ]
    assert sent[-1] == ("source", "site")


def test_an_update_is_sent_in_the_letter_case_and_the_time_that_the_endpoint_wants():
    update = RequestUpdate(
        update_id="9",
        service_request_id="7",
        status="in_progress",
        updated_datetime=datetime(2024, 5, 1, 10, 0, 0, 5, tzinfo=UTC),
        description="",
        first_name="Kari",
    )
    sent = dict(forms.update(update, DEFAULT))
    assert (sent["status"], sent["updated_datetime"], sent["last_name"]) == (
        "IN_PROGRESS",
        "2024-05-01T10:00:00Z",
        "-",
    )
    assert dict(forms.update(update, Dialect(update_status_case="lower")))["status"] == "in_progress"


def test_files_have_the_names_that_the_dialect_gives_or_their_own():
    files = [
        Upload(filename="a.jpeg", content_type="image/jpeg", content=b""),
        Upload(field="own", filename="b.jpeg", content_type="image/jpeg", content=b""),
        Upload(filename="c.jpeg", content_type="image/jpeg", content=b""),
    ]
    assert [upload.field for upload in forms.named_uploads(files, DEFAULT)] == ["photo1", "own", "photo3"]
    assert next(iter(forms.named_uploads(files, Dialect(upload_field="media")))).field == "media"
