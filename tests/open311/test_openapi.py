"""The OpenAPI document says what the server does: its parameters are read, its answers have the shapes that it tells."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from lxml import html

from streetmend.georeport.parameters import SEARCH
from streetmend.open311.addresses import FEEDS, RESOURCES
from streetmend.open311.door import TAKING
from streetmend.open311.operations import OPERATIONS
from streetmend.open311.page import parameters
from streetmend.reports.models import Report
from streetmend.reports.services import Said, Told, add_update, submit
from streetmend.reports.states import Actor
from tests.open311.sending import Sender, new_key, report
from tests.support.town import BEGAN, EAST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}


def check(value: Any, schema: dict[str, Any], document: dict[str, Any], where: str = "answer") -> None:
    """The part of JSON Schema that the document uses; a field that it does not tell of is a fault as well."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        kinds = [one for one in schema["anyOf"] if fits(value, one, document)]
        assert kinds, f"{where}: {value!r} is none of {schema['anyOf']}"
        return
    kinds = schema.get("type", [])
    for kind in [kinds] if isinstance(kinds, str) else []:
        assert isinstance(value, KINDS[kind]), f"{where}: {value!r} is no {kind}"
    if isinstance(kinds, list) and kinds:
        assert value is None or isinstance(value, str), where
    assert value in schema.get("enum", [value]), where
    if "pattern" in schema:
        assert re.search(schema["pattern"], value), where
    if isinstance(value, dict):
        assert set(schema.get("required", [])) <= set(value), where
        for name, child in value.items():
            assert name in schema["properties"], f"{where}.{name}"
            check(child, schema["properties"][name], document, f"{where}.{name}")
    for number, item in enumerate(value if isinstance(value, list) and "items" in schema else []):
        check(item, schema["items"], document, f"{where}[{number}]")


def fits(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> bool:
    if schema.get("type") == "null":
        return value is None
    try:
        check(value, schema, document)
    except AssertionError:
        return False
    return True


@pytest.fixture
def document(transactional_db, get) -> dict[str, Any]:
    make_town()
    number = submit(
        now=BEGAN, lat=EAST[0], long=EAST[1], title="Hull", detail="Dypt", category_name="Hull i vei",
        told=Told("kari@example.org", "Kari", show_name=True), confirmed=True,
    ).report.pk  # fmt: skip
    update = {
        "report": Report.objects.get(pk=number),
        "actor": Actor.STAFF,
        "now": BEGAN + timedelta(hours=1),
    }
    add_update(said=Said("Vi ser på det."), **update)
    answer = get("/open311/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    return answer.json


def test_it_is_openapi_of_this_site(document):
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": f"{settings.BASE_URL}/open311/v2"}]
    names = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(names) == len(set(names)) == len(OPERATIONS)
    refs = re.findall(r"'#/components/schemas/(\w+)'", str(document))
    assert set(refs) <= set(document["components"]["schemas"])


def test_every_route_of_the_server_is_in_it_and_nothing_else(document):
    reading = {
        path.removesuffix(".{format}").lstrip("/").partition("{")[0]
        for path, methods in document["paths"].items()
        if "get" in methods
    }
    assert reading == {*RESOURCES, "tokens/"}
    taking = {
        path.removesuffix(".{format}").lstrip("/")
        for path, methods in document["paths"].items()
        if "post" in methods
    }
    assert taking == set(TAKING)


def test_the_parameters_are_those_that_are_read_and_those_that_the_page_for_people_tells(document):
    told = [one["name"] for one in document["paths"]["/requests.{format}"]["get"]["parameters"]]
    assert told == ["format", *(one.name for one in SEARCH)]
    on_the_page = {name for names, _ in parameters() for name in names.split(", ")}
    assert {one.name for one in SEARCH} - on_the_page == {"jurisdiction_id", "extensions"}


def test_every_example_of_a_parameter_is_understood(document, get):
    for path, methods in document["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", []):
            if "example" in parameter:
                asked = path.replace("{format}", "json").lstrip("/")
                assert get(f"{asked}?{parameter['name']}={parameter['example']}").status == 200, parameter


def test_a_value_that_no_schema_allows_is_refused_where_the_schema_says_so(document, get):
    for name, wrong in (
        ("status", "fixed"),
        ("has_photo", "1"),
        ("page", "0"),
        ("lat", "91"),
        ("radius", "0"),
    ):
        answer = get(f"requests.json?{name}={wrong}")
        assert answer.status == 400
        assert any(row["description"].startswith(f"{name}: ") for row in answer.json)


@pytest.mark.parametrize(
    "path",
    [
        "discovery",
        "services",
        "services/Skilt",
        "services/Gatelys",
        "requests",
        "requests/ID",
        "servicerequestupdates",
    ],
)
def test_answers_have_the_shape_that_it_tells(document, get, path):
    answer = get(f"{path.replace('ID', str(Report.objects.get().pk))}.json")
    assert answer.status == 200
    pattern = {
        "services/Skilt": "services/{service_code}",
        "services/Gatelys": "services/{service_code}",
    }.get(path, path)
    described = document["paths"][f"/{pattern.replace('ID', '{service_request_id}')}.{{format}}"]["get"]
    check(answer.json, described["responses"]["200"]["content"]["application/json"]["schema"], document)
    assert answer.json != []


def test_errors_and_receipts_have_the_shape_that_it_tells(document, get, live_server):
    posted = Sender(live_server.url, new_key()[1]).post(report())
    schema = document["paths"]["/requests.{format}"]["post"]["responses"]["200"]["content"][
        "application/json"
    ]["schema"]
    assert posted.status == 200
    check(posted.json, schema, document)
    check(get("requests.json?status=x").json, document["components"]["schemas"]["Errors"], document)


def test_the_forms_are_those_that_answer(document, get):
    forms = document["paths"]["/requests.{format}"]["get"]["parameters"][0]["schema"]["enum"]
    assert forms == ["xml", "json", *FEEDS]
    for form in forms:
        assert get(f"requests.{form}").status in (200, 302)


def test_the_pages_for_people_lead_to_each_other_and_to_the_document(document, get):
    def links(path: str) -> set[str]:
        answer = get(path)
        assert answer.status == 200
        return {
            link.partition("#")[0].removeprefix(settings.BASE_URL)
            for link in html.fromstring(answer.body).xpath("//a/@href")
        }

    assert "/open311/administrations" in links("/")
    assert {"/open311/reference", "/open311/administrations"} <= links("/open311/")
    assert "/open311/openapi.json" in links("/open311/reference")
    found = links("/open311/administrations")
    assert {"/open311/", "mailto:post@test.example", "/open311/v2/discovery.xml"} <= found
    page = get("/open311/administrations").body.decode()
    assert "Vestby kommune" in page
    assert "Østby kommune" in page


def test_the_form_on_the_page_makes_addresses_that_answer(document, get):
    page = html.fromstring(get("/open311/").body)
    (form,) = [one for one in page.forms if one.action and one.action.endswith("#try")]
    assert form.method == "GET"
    names = [one.name for one in SEARCH if one.name in form.fields]
    assert len(names) >= 10
    tried = html.fromstring(get("/open311/?try=1&status=open&q=hull&cursor=*").body)
    addresses = list(tried.xpath("//*[@role='status']//a/@href"))
    assert len(addresses) == 5
    for address in addresses:
        answer = get(address.removeprefix(settings.BASE_URL))
        assert answer.status == 200
        assert b"Hull" in answer.body


def test_the_snippets_on_the_page_are_true(document, get):
    page = html.fromstring(get("/open311/").body)
    snippets = page.xpath("//details//code/text()")
    curls = [text for text in snippets if text.startswith("curl ")]
    pythons = [text for text in snippets if text.startswith("import json")]
    assert len(curls) == len(pythons) >= 6
    for curl, python in zip(curls, pythons, strict=True):
        address = curl.removeprefix("curl '").removesuffix("'")
        assert f'urlopen("{address}")' in python
        compile(python, "snippet", "exec")
        assert get(address.removeprefix(settings.BASE_URL)).status == 200
