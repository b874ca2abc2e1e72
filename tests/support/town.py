"""A small made-up place for tests: two municipalities side by side, a road authority over both."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from shapely import box

from streetmend.areas.services import NewArea, import_areas
from streetmend.bodies.models import (
    Body,
    BodyArea,
    Category,
    CategoryName,
    Endpoint,
    Question,
    Send,
    Site,
)

#: when all of it was set up
BEGAN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

#: a place in the west, one in the east, one in the sea off the west coast (within reach), and one far from everything
WEST = (60.0, 4.0)
EAST = (60.0, 4.2)
FJORD = (60.0, 3.895)
FAR = (50.0, 0.0)


@dataclass(frozen=True, slots=True)
class Town:
    """The bodies of the place: `west` takes Open311, `east` e-mail, `roads` both sides' roads by Open311."""

    west: Body
    east: Body
    roads: Body
    endpoint: Endpoint
    roads_endpoint: Endpoint


def make_town(*, url: str = "http://127.0.0.1:9/", **site: object) -> Town:
    """The place exists; its Open311 endpoints are below `url`."""
    Site.objects.update_or_create(
        pk=1,
        defaults={
            "name": "Test streets",
            "jurisdiction_id": "test.example",
            "time_zone": "Europe/Oslo",
            "languages": ["nb", "nn", "en"],
            "contact_email": "post@test.example",
            "changeset": BEGAN,
            "epoch": time.time_ns(),  # what another test kept in memory is another site's
            **site,
        },
    )
    import_areas(
        areas=[
            NewArea(
                area_type="KOM",
                mapit_id=number,
                name=name,
                shape=box(left, 59.9, left + 0.2, 60.1),
                where=name,
            )
            for number, name, left in ((101, "Vestby", 3.9), (102, "Østby", 4.1))
        ],
        now=BEGAN,
    )
    west = _body("Vestby kommune", 101, Send.OPEN311, [101])
    east = _body("Østby kommune", 102, Send.EMAIL, [102])
    roads = _body("Veietaten", 103, Send.OPEN311, [101, 102])
    endpoint = Endpoint.objects.create(body=west, url=url, jurisdiction_id="vestby.example")
    roads_endpoint = Endpoint.objects.create(body=roads, url=url, jurisdiction_id="vei.example")
    for body in (west, east):
        _category(body, "Hull i vei", "POT")
        _category(body, "Gatelys", "LIGHT")
        _category(body, "Forsøpling", "LITTER", private=body is west)
    _category(roads, "Hull i vei", "R-POT")
    sign = _category(roads, "Skilt", "R-SIGN")
    Question.objects.create(
        category=sign,
        code="kind",
        datatype="singlevaluelist",
        required=True,
        text="Hva slags skilt?",
        values=[{"key": "stop", "name": "Stopp"}, {"key": "yield", "name": "Vikeplikt"}],
    )
    return Town(west, east, roads, endpoint, roads_endpoint)


def _body(name: str, number: int, send: Send, areas: list[int]) -> Body:
    body = Body.objects.create(name=name, mapit_id=number, send=send, email=f"post{number}@test.example")
    for area in areas:
        BodyArea.objects.create(body=body, area_mapit_id=area)
    return body


def _category(body: Body, name: str, code: str, *, private: bool = False) -> Category:
    category_name, _ = CategoryName.objects.get_or_create(name=name)
    return Category.objects.create(body=body, name=category_name, code=code, private=private)
