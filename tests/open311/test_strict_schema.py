"""The strict dialect keeps the rules of the standard's JSON schemas: which fields there are, which there must be, of what kind.

The rules are said here anew, as types that refuse any other field and any other kind of value.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
import pytest
from msgspec import Meta, Struct

from streetmend.clock import SystemClock
from streetmend.reports.services import Told, submit
from tests.open311.sending import Sender, new_key, report
from tests.support.town import EAST, WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/open311/strict/v2/"
Word = Annotated[str, Meta(min_length=1)]
Url = Annotated[str, Meta(pattern="^https?://")]
Moment = Annotated[datetime, Meta(tz=True)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


class Strict(Struct, forbid_unknown_fields=True):
    """No field besides."""


class Service(Strict):
    service_code: Word
    service_name: Word
    metadata: bool
    type: Literal["realtime", "batch", "blackbox"]
    description: str | None = None
    keywords: str | None = None
    group: str | None = None


class Value(Strict):
    key: Word
    name: Word


class Attribute(Strict):
    variable: bool
    code: Word
    datatype: Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
    required: bool
    order: Annotated[int, Meta(ge=1)]
    description: str
    datatype_description: str | None = None
    values: list[Value] | msgspec.UnsetType = msgspec.UNSET


class Definition(Strict):
    service_code: Word
    attributes: list[Attribute]


class Request(Strict):
    service_request_id: Word
    status: Literal["open", "closed"]
    service_code: Word
    requested_datetime: Moment
    status_notes: str | None = None
    service_name: str | None = None
    description: str | None = None
    agency_responsible: str | None = None
    service_notice: str | None = None
    updated_datetime: Moment | None = None
    expected_datetime: Moment | None = None
    address: str | None = None
    address_id: str | None = None
    zipcode: str | None = None
    lat: Latitude | None = None
    long: Longitude | None = None
    media_url: Url | None = None


class Endpoint(Strict):
    specification: Literal["http://wiki.open311.org/GeoReport_v2"]
    url: Url
    changeset: Moment
    type: Literal["production", "test"]
    formats: Annotated[list[Literal["text/xml", "application/json", "application/xml"]], Meta(min_length=1)]


class Discovery(Strict):
    changeset: Moment
    contact: Word
    key_service: Word
    endpoints: Annotated[list[Endpoint], Meta(min_length=1)]


class Accepted(Strict):
    service_request_id: Word
    service_notice: str | None = None
    account_id: str | None = None


class Error(Strict):
    code: int
    description: Word


@pytest.fixture
def site(transactional_db, live_server) -> Sender:
    """The town with two reports of yesterday, one of them without a name for its place."""
    make_town()
    for place, category in ((WEST, "Gatelys"), (EAST, "Hull i vei")):
        submit(
            now=SystemClock().now() - timedelta(days=1), lat=place[0], long=place[1], title="Lykta er mørk", detail="Helt.",
            category_name=category, told=Told("kari@example.org", "Kari Nordmann", show_name=True), confirmed=True,
        )  # fmt: skip
    return Sender(live_server.url, new_key()[1])


@pytest.mark.parametrize(
    ("path", "kind", "rows"),
    [
        ("discovery.json", Discovery, None),
        ("services.json", list[Service], 4),
        ("services/Skilt.json", Definition, None),
        ("services/Hull%20i%20vei.json", Definition, None),
        ("requests.json", list[Request], 2),
        ("requests.json?status=closed", list[Request], 0),
        ("requests.json?start_date=never&status=odd", list[Error], 2),
        ("requests/4711.json", list[Error], 1),
        ("services/none.json", list[Error], 1),
    ],
)
def test_every_answer_keeps_the_rules(site, path, kind, rows):
    answer = site.call("GET", f"{BASE}{path}")
    found = msgspec.json.decode(answer.body, type=kind, strict=True)
    assert rows is None or len(found) == rows


def test_each_request_keeps_them_by_its_id(site):
    for one in msgspec.json.decode(site.call("GET", f"{BASE}requests.json").body, type=list[Request]):
        address = f"{BASE}requests/{quote(one.service_request_id)}.json"
        assert msgspec.json.decode(site.call("GET", address).body, type=list[Request]) == [one]


def test_the_answer_to_a_new_request_keeps_them(site):
    answer = site.post(report(), path=f"{BASE}requests.json")
    assert len(msgspec.json.decode(answer.body, type=list[Accepted])) == 1


FIELDS = {
    "services.xml": ("service", Service),
    "requests.xml": ("request", Request),
    "requests/4711.xml": ("error", Error),
}


@pytest.mark.parametrize("path", FIELDS)
def test_xml_has_the_same_fields_and_no_attributes(site, path):
    item, kind = FIELDS[path]
    root = site.call("GET", f"{BASE}{path}").xml
    found = list(root.iterfind(item))
    assert found
    assert [len(one) for one in found] == [len({child.tag for child in one}) for one in found]
    assert {child.tag for one in found for child in one} <= set(kind.__struct_fields__)
    required = {field.name for field in msgspec.structs.fields(kind) if field.required}
    assert all(required <= {child.tag for child in one if child.text} for one in found)
    assert [one for one in root.iter() if one.attrib or len(one.nsmap)] == []
