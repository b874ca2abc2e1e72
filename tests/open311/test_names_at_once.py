"""A changed name shows in the very next answer, and a page takes one statement, two where it first has to count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from msgspec import structs

from streetmend.bodies.models import Send
from streetmend.bodies.services import save_body, save_category
from streetmend.bodies.specs import BodySpec, CategorySpec
from streetmend.clock import SystemClock
from streetmend.reports.services import Told, submit
from tests.support.town import EAST, WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town(transactional_db):
    return make_town()


def submit_one(place=WEST, category: str = "Gatelys") -> str:
    now = SystemClock().now() - timedelta(hours=1)
    told = Told("kari@example.org", "Kari")
    return str(
        submit(
            now=now, lat=place[0], long=place[1], title="Mørkt", category_name=category, told=told, confirmed=True
        ).report.pk
    )  # fmt: skip


@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_a_renamed_body_shows_in_the_next_answer_wherever_it_stands(town, get, fmt):
    number = submit_one()
    paths = [f"requests.{fmt}", f"requests/{number}.{fmt}", f"requests.{fmt}?agency_responsible=101"]
    before = [get(path) for path in paths]
    assert all("Vestby kommune" in one.body.decode() for one in before)
    spec = BodySpec(
        name="Vestlandet", mapit_id=101, send=Send.OPEN311, email="post101@test.example", areas=[101]
    )
    save_body(body=town.west, spec=spec, now=SystemClock().now())
    for path, earlier in zip(paths, before, strict=True):
        after = get(path, If_None_Match=earlier.headers["etag"])
        assert after.status == 200
        assert "Vestlandet" in after.body.decode()
        assert "Vestby kommune" not in after.body.decode()


def test_a_new_kind_of_problem_is_found_by_its_name_at_once(town, get):
    submit_one()
    assert get("requests.json?service_code=Huske").json == []
    save_category(
        body=town.west, category=None, spec=CategorySpec(name="Huske", code="H"), now=SystemClock().now()
    )
    number = submit_one(category="Huske")
    assert get("requests.json?service_code=Huske").ids == [number]


def test_a_body_that_gets_its_number_is_found_by_it_at_once(town, get):
    submit_one(EAST)
    assert get("requests.json?agency_responsible=777").json == []
    spec = BodySpec(name="Østby kommune", mapit_id=777, send=Send.EMAIL, email="a@test.example", areas=[102])
    save_body(body=town.east, spec=structs.replace(spec), now=SystemClock().now())
    assert len(get("requests.json?agency_responsible=777").json) == 1


@pytest.mark.parametrize(
    ("query", "statements"),
    [
        ("", 1),
        ("status=open", 1),
        ("service_code=Gatelys", 1),
        ("agency_responsible=101", 1),
        ("bbox=3,59,5,61", 2),
        ("lat=60&long=4&radius=5000", 2),
        ("service_code=Gatelys&status=closed", 2),
        ("bbox=10,10,11,11", 2),
    ],
)
def test_a_page_takes_at_most_two_statements(town, query, statements):
    number = submit_one()
    client = Client()
    client.get("/open311/v2/requests.json")
    with CaptureQueriesContext(connection) as captured:
        assert client.get(f"/open311/v2/requests.json?{query}").status_code == 200
    assert len(captured) == statements
    with CaptureQueriesContext(connection) as captured:
        assert client.get(f"/open311/v2/requests/{number}.xml").status_code == 200
    assert len(captured) == 1
