"""The three dialects of our server say the same reports, each in its own shapes."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree

import pytest

from streetmend.georeport.columns import in_columns
from streetmend.georeport.dialect import DEFAULT, FIXMYSTREET, SERVED, STRICT
from streetmend.georeport.types import (
    Accepted,
    Attribute,
    AttributeValue,
    Discovery,
    DiscoveryEndpoint,
    Error,
    Request,
    RequestUpdate,
    Service,
    ServiceDefinition,
    UpdateAccepted,
)
from streetmend.georeport.writing import WRITERS, content_type

CEST = timezone(timedelta(hours=2))
ROW = Request(
    service_request_id="1",
    status="open",
    service_name="Annet",
    service_code="Annet",
    description="Mangler brustein: Det mangler brustein.",
    recipients=("Statens vegvesen region øst", "Oslo"),
    requested_datetime=datetime(2011, 4, 23, 9, 32, 36, 500_000, tzinfo=CEST),
    updated_datetime=datetime(2011, 4, 23, 8, 28, 55, tzinfo=UTC),
    lat=59.9168480,
    long=10.728148,
    media_urls=("https://a.example/1.jpeg", "https://a.example/2.jpeg"),
    title="Mangler brustein",
    detail="Det mangler brustein.",
    interface_used="Web interface",
    comment_count=2,
    requestor_name="Petter",
    agency_sent_datetime=datetime(2011, 4, 23, 10, 28, 55, tzinfo=CEST),
    extended_status="in_progress",
)
STANDARD = [
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
]
SEEDS = {"title", "detail", "interface_used", "comment_count", "requestor_name", "agency_sent_datetime"}


def in_json(name: str, value: Any, dialect: Any) -> Any:
    return json.loads(getattr(WRITERS["json"], f"write_{name}")(value, dialect))


def in_xml(name: str, value: Any, dialect: Any) -> ElementTree.Element:
    return ElementTree.fromstring(getattr(WRITERS["xml"], f"write_{name}")(value, dialect))


@pytest.mark.parametrize("dialect", SERVED.values(), ids=lambda dialect: dialect.name)
def test_xml_begins_with_its_declaration_and_has_neither_attributes_nor_namespaces(dialect):
    body = WRITERS["xml"].write_requests([ROW], dialect)
    assert body.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    for element in ElementTree.fromstring(body).iter():
        assert element.attrib == {}
        assert "}" not in element.tag


@pytest.mark.parametrize("dialect", SERVED.values(), ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("fmt", ["xml", "json"])
def test_requests_given_field_by_field_are_written_as_those_given_one_by_one(fmt, dialect):
    bare = Request(service_request_id="2", description="a\x00\ud800b & <c>\r")
    rows = [ROW, bare, ROW]
    columns = in_columns(rows)
    assert columns.requests() == rows
    whole = WRITERS[fmt].write_requests(columns, dialect)
    assert whole == WRITERS[fmt].write_requests(rows, dialect)
    mixed = in_json("requests", rows, dialect) if fmt == "json" else in_xml("requests", rows, dialect)
    alone = [
        in_json("requests", [row], dialect) if fmt == "json" else in_xml("requests", [row], dialect)
        for row in rows
    ]
    if fmt == "xml":
        assert [ElementTree.tostring(one) for one in mixed] == [ElementTree.tostring(one[0]) for one in alone]
    elif dialect.wrapped_json:
        assert mixed["service_requests"] == [one["service_requests"][0] for one in alone]
    else:
        assert mixed == [one[0] for one in alone]


def test_the_default_dialect_has_every_field_in_the_order_of_the_standard_in_bare_arrays():
    (row,) = in_json("requests", [ROW], DEFAULT)
    assert list(row)[: len(STANDARD)] == STANDARD
    assert set(row) - set(STANDARD) == {*SEEDS, "media_urls", "extended_status"}
    assert row["agency_responsible"] == {"recipient": ["Statens vegvesen region øst", "Oslo"]}
    assert (row["lat"], row["long"], row["service_request_id"]) == (59.916848, 10.728148, "1")
    assert (row["requested_datetime"], row["updated_datetime"]) == (
        "2011-04-23T09:32:36+02:00",
        "2011-04-23T08:28:55Z",
    )
    assert (row["media_url"], row["status_notes"]) == ("https://a.example/1.jpeg", None)
    assert row["media_urls"] == list(ROW.media_urls)


def test_the_default_dialect_leaves_unknown_times_out_of_xml_and_has_an_empty_element_for_an_unknown_text():
    (row,) = in_xml("requests", [ROW], DEFAULT)
    tags = [element.tag for element in row]
    assert "expected_datetime" not in tags
    assert row.find("address") is not None
    assert [element.text for element in row.iterfind("agency_responsible/recipient")] == list(ROW.recipients)
    assert tags.index("description") < tags.index("lat") < tags.index("media_url") < tags.index("title")


def test_the_strict_dialect_has_no_field_that_the_standard_does_not_have():
    (row,) = in_json("requests", [ROW], STRICT)
    assert list(row) == STANDARD
    assert row["agency_responsible"] == "Statens vegvesen region øst, Oslo"
    (element,) = in_xml("requests", [ROW], STRICT)
    assert [child.tag for child in element] == [name for name in STANDARD if name != "expected_datetime"]
    assert element.findtext("agency_responsible") == "Statens vegvesen region øst, Oslo"
    assert STRICT.default_window_days == 90


def test_the_fixmystreet_dialect_wraps_its_json_and_has_numbers_for_ids_and_texts_for_coordinates():
    answer = in_json("requests", [ROW], FIXMYSTREET)
    (row,) = answer["service_requests"]
    assert (row["service_request_id"], row["lat"], row["long"]) == (1, "59.916848", "10.728148")
    assert set(row) >= SEEDS
    assert not {"extended_status", "media_urls", "status_notes"} & set(row)
    assert in_json("services", [], FIXMYSTREET) == {"services": []}
    assert set(in_json("discovery", Discovery(), FIXMYSTREET)) == {"discovery"}
    assert in_json("errors", [Error(description="No.", code="400")], FIXMYSTREET) == {
        "errors": {"code": 400, "description": "No."}
    }
    assert in_json("update_accepted", UpdateAccepted(update_id="12"), FIXMYSTREET) == {
        "service_request_updates": {"update_id": 12}
    }


@pytest.mark.parametrize("number", ["001", "", "14-01", "9" * 30, "١"])
def test_an_id_that_is_no_number_of_ours_stays_a_text_in_every_dialect(number):
    row = Request(service_request_id=number)
    assert in_json("requests", [row], FIXMYSTREET)["service_requests"][0]["service_request_id"] == number


def test_media_types_are_those_that_clients_of_each_dialect_look_for():
    assert content_type("xml", DEFAULT) == "text/xml; charset=utf-8"
    assert content_type("json", STRICT) == "application/json; charset=utf-8"
    assert content_type("xml", FIXMYSTREET) == "application/xml; charset=utf-8"


def test_services_and_questions_have_the_types_of_the_schemas():
    service = Service(
        service_code="1", service_name="A", metadata=True, keywords=("a", "b"), groups=("G", "H")
    )
    (shown,) = in_json("services", [service], STRICT)
    assert (shown["metadata"], shown["keywords"], shown["group"], "groups" in shown) == (
        True,
        "a,b",
        "G",
        False,
    )
    assert in_json("services", [service], DEFAULT)[0]["groups"] == ["G", "H"]
    question = Attribute(
        code="S", datatype="singlevaluelist", required=True, order=1, values=(AttributeValue("1", "One"),)
    )
    definition = ServiceDefinition(service_code="1", attributes=(question, Attribute(code="T")))
    listed, plain = in_json("definition", definition, STRICT)["attributes"]
    assert (listed["required"], listed["variable"], listed["order"]) == (True, True, 1)
    assert listed["values"] == [{"key": "1", "name": "One"}]
    assert "values" not in plain
    assert in_xml("definition", definition, STRICT).findtext("attributes/attribute/values/value/key") == "1"
    assert in_json("definition", ServiceDefinition(service_code="1"), STRICT)["attributes"] == []


def test_a_post_is_answered_with_the_id_or_the_token_alone():
    assert set(in_json("accepted", Accepted(service_request_id="7"), DEFAULT)[0]) >= {"service_request_id"}
    assert "token" not in in_json("accepted", Accepted(service_request_id="7"), DEFAULT)[0]
    assert "service_request_id" not in in_json("accepted", Accepted(token="t"), DEFAULT)[0]
    assert in_xml("accepted", Accepted(token="t"), DEFAULT).findtext("request/token") == "t"


def test_updates_have_their_first_photo_and_in_our_own_dialect_all_of_them():
    one = RequestUpdate(update_id="1", status="closed", media_urls=("https://a.example/1.jpeg",))
    two = RequestUpdate(update_id="2", media_urls=("https://a.example/1.jpeg", "https://a.example/2.jpeg"))
    first, second = in_json("updates", [one, two], DEFAULT)
    assert (first["media_url"], "media_urls" in first, first["status"]) == (
        one.media_urls[0],
        False,
        "closed",
    )
    assert (second["media_url"], second["media_urls"]) == (two.media_urls[0], list(two.media_urls))
    assert "status" not in second
    assert "media_urls" not in in_json("updates", [two], STRICT)[0]
    root = in_xml("updates", [two], DEFAULT)
    assert [found.text for found in root.iterfind("request_update/media_url")] == list(two.media_urls)


def test_errors_have_a_code_and_a_description_in_both_formats():
    errors = [Error(code="403", description="Invalid <key>."), Error(code="E17", description="Odd.")]
    assert in_json("errors", errors, DEFAULT) == [
        {"code": 403, "description": "Invalid <key>."},
        {"code": "E17", "description": "Odd."},
    ]
    root = in_xml("errors", errors, DEFAULT)
    assert [root.tag, *[child.tag for child in root]] == ["errors", "error", "error"]
    assert [child.text for child in root.iter("description")] == ["Invalid <key>.", "Odd."]


def test_discovery_lists_its_endpoints_and_formats():
    endpoint = DiscoveryEndpoint(url="https://a.example/open311/v2", formats=("text/xml", "application/json"))
    value = Discovery(contact="a@b.example", endpoints=(endpoint,), max_requests=1000)
    assert in_json("discovery", value, DEFAULT)["endpoints"][0]["formats"] == ["text/xml", "application/json"]
    assert "max_requests" not in in_json("discovery", value, STRICT)
    root = in_xml("discovery", value, DEFAULT)
    assert [found.text for found in root.iterfind("endpoints/endpoint/formats/format")] == list(
        endpoint.formats
    )
