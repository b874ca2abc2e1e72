"""Whatever a text holds, what we write is well-formed: two independent parsers each say so."""

import io
import json
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from streetmend.georeport import forms, types, xml
from streetmend.georeport import json as spark
from streetmend.georeport.decoding import usable
from streetmend.georeport.dialect import DEFAULT, FIXMYSTREET, SERVED
from streetmend.georeport.multipart import read_form, write_form
from streetmend.georeport.reading import read_requests
from streetmend.georeport.writing import WRITERS
from tests.georeport.strategies import ANY_TEXT, LAT, LONG

ILLEGAL = {
    *map(chr, range(9)),
    *map(chr, (11, 12)),
    *map(chr, range(14, 32)),
    *map(chr, range(0xD800, 0xE000)),
    "\ufffe",
    "\uffff",
}
ODD = ANY_TEXT | st.text("<>&\"'\r\n\t\x00\x0b\x85\u2028\ud800\udc00\ufffe]![CDATA-?", max_size=30)
"""Any text, and often one of markup, line ends and what no document may hold."""

dialects = pytest.mark.parametrize("dialect", SERVED.values(), ids=lambda dialect: dialect.name)
OTHERS = st.dictionaries(
    ODD, ODD | st.none() | st.lists(ODD, max_size=2) | st.dictionaries(ODD, ODD, max_size=2), max_size=2
)


def legal(text: str) -> str:
    return "".join("\ufffd" if character in ILLEGAL else character for character in text)


def without_surrogates(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)


def texts_by_two_parsers(body: bytes, path: str) -> list[str | None]:
    """The texts of the elements at ``path``, of which both parsers must say the same."""
    first = ElementTree.parse(io.BytesIO(body)).getroot()
    second = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
    found = [element.text for element in first.findall(path)]
    assert [element.text for element in second.findall(path)] == found
    return found


def values_by_two_parsers(body: bytes) -> Any:
    first = json.loads(body, parse_constant=_no_constant)
    assert msgspec.json.decode(body) == first
    return first


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


@given(texts=st.lists(ODD, min_size=1, max_size=12))
def test_B_02_B_03_B_04_every_text_of_a_request_goes_through_two_xml_parsers(texts):
    rows = [types.Request(service_request_id="1", description=text, recipients=(text,)) for text in texts]
    body = xml.write_requests(rows)
    expected = [legal(text) or None for text in texts]
    assert texts_by_two_parsers(body, "request/description") == expected
    assert texts_by_two_parsers(body, "request/agency_responsible/recipient") == expected


@given(texts=st.lists(ODD, min_size=1, max_size=12))
def test_B_02_B_03_B_04_every_text_of_a_request_goes_through_two_json_parsers(texts):
    rows = [types.Request(service_request_id="1", description=text, title=text) for text in texts]
    found = values_by_two_parsers(spark.write_requests(rows))
    assert [row["description"] for row in found] == [without_surrogates(text) for text in texts]


@dialects
@given(data=st.data())
def test_B_01_B_02_every_answer_is_well_formed_in_every_dialect_whatever_its_texts(dialect, data):

    def text() -> str:
        return data.draw(ODD)

    others = data.draw(OTHERS)
    choice = types.AttributeValue(text(), text())
    question = types.Attribute(code=text(), datatype="singlevaluelist", values=(choice,), others=others)
    update = types.RequestUpdate(
        update_id=text(), description=text(), media_urls=(text(), text()), others=others
    )
    answers = {
        "discovery": types.Discovery(
            contact=text(), endpoints=(types.DiscoveryEndpoint(url=text(), formats=(text(),)),)
        ),
        "services": [
            types.Service(service_code=text(), service_name=text(), groups=(text(), text()), others=others)
        ],
        "definition": types.ServiceDefinition(service_code=text(), attributes=(question,)),
        "accepted": types.Accepted(service_request_id=text(), service_notice=text(), others=others),
        "requests": [
            types.Request(service_request_id=text(), status=text(), media_urls=(text(),), others=others)
        ],
        "errors": [types.Error(code=text(), description=text())],
        "updates": [update],
        "update_accepted": types.UpdateAccepted(update_id=text(), token=text(), others=others),
    }
    for name, value in answers.items():
        texts_by_two_parsers(getattr(WRITERS["xml"], f"write_{name}")(value, dialect), ".//description")
        values_by_two_parsers(getattr(WRITERS["json"], f"write_{name}")(value, dialect))


def test_every_code_point_there_is_goes_out_well_formed_and_the_legal_ones_come_back():
    everything = [chr(start + offset) for start in range(0, 0x110000, 0x1000) for offset in range(0x1000)]
    rows = [
        types.Request(service_request_id=str(n), description="<" + "".join(everything[n : n + 0x1000]) + ">")
        for n in range(0, len(everything), 0x1000)
    ]
    expected = [legal(row.description or "") for row in rows]
    body = xml.write_requests(rows)
    assert texts_by_two_parsers(body, "request/description") == expected
    assert [row.description for row in read_requests(body)] == expected
    in_json = spark.write_requests(rows)
    assert len(values_by_two_parsers(in_json)) == len(rows)
    assert [row.description for row in read_requests(in_json)] == [
        usable(without_surrogates(row.description or "")) for row in rows
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@dialects
def test_B_13_a_coordinate_that_is_no_number_is_left_out(dialect, value):
    row = types.Request(service_request_id="1", lat=value, long=10.0)
    assert texts_by_two_parsers(xml.write_requests([row], dialect), "request/lat") in ([], [None])
    found = values_by_two_parsers(spark.write_requests([row], dialect))
    row_read = (found["service_requests"] if dialect.wrapped_json else found)[0]
    assert row_read.get("lat") is None


@given(lat=LAT, long=LONG)
def test_coordinates_have_no_exponent_and_fixmystreet_has_at_most_six_decimals(lat, long):
    row = types.Request(service_request_id="1", lat=lat, long=long)
    for dialect, most in ((DEFAULT, 400), (FIXMYSTREET, 6)):
        (text,) = texts_by_two_parsers(xml.write_requests([row], dialect), "request/lat")
        assert text is not None
        assert "e" not in text.lower()
        assert len(text.partition(".")[2]) <= most
        assert float(text) == pytest.approx(lat, abs=1e-6)


@given(value=ODD, name=ODD)
@pytest.mark.parametrize("with_file", [True, False])
def test_B_03_whatever_is_in_a_form_it_can_be_sent_and_has_the_same_fields_again(with_file, value, name):
    photo = types.Upload(field=name, filename=value, content_type=value, content=b"\x00\r\n--\xff")
    new = types.NewRequest(service_code="POT", description=value, others=((f"x{name}", value),))
    content_type, body = write_form(list(forms.new_request(new, DEFAULT)), [photo] if with_file else [])
    content_type.encode("ascii")
    form = read_form(content_type, body)
    assert [field for field, _ in form.fields][:2] == ["service_code", "description"]
    assert len(form.fields) == 3
    assert [upload.content for upload in form.uploads] == ([photo.content] if with_file else [])
