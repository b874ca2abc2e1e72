"""A small made-up place for tests: two municipalities side by side, a road authority over both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model
from msgspec import structs
from shapely import box

from streetmend.areas.models import Area, Generation
from streetmend.areas.services import NewArea, import_areas
from streetmend.bodies.models import (
    Body,
    BodyArea,
    Category,
    CategoryName,
    Datatype,
    Endpoint,
    Question,
    Send,
    Site,
)
from streetmend.bodies.services import save_body, save_category, save_endpoint, save_site
from streetmend.bodies.services.rows import new_epoch
from streetmend.bodies.specs import (
    BodySpec,
    CategorySpec,
    EndpointSpec,
    QuestionSpec,
    SiteSpec,
    ValueSpec,
)

#: when all of it was set up
BEGAN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

#: a place in the west, one in the east, one in the sea off the west coast (within reach), and one far from everything
WEST = (60.0, 4.0)
EAST = (60.0, 4.2)
FJORD = (60.0, 3.895)
FAR = (50.0, 0.0)

#: the addresses of those who get e-mail in a place of mails
EASTS, ROADS = "post102@test.example", "vei@roads.example"
#: where nobody listens
NOWHERE = "http://127.0.0.1:9/"


@dataclass(frozen=True, slots=True)
class Town:
    """The bodies of the place: `west` takes Open311, `east` e-mail, `roads` both sides' roads by Open311."""

    west: Body
    east: Body
    roads: Body
    endpoint: Endpoint
    roads_endpoint: Endpoint


def make_town(*, url: str = NOWHERE, **site: int) -> Town:
    """The place exists; its Open311 endpoints are below `url`. `site`: other keys of the site.

    The services make it once; after that its rows are put back as they were, where the database is empty again.
    """
    if Site.objects.exists() or Area.objects.exists():
        _build()
    elif _rows:
        _put_back()
    else:
        _build()
        _rows.extend(rows for model in _MODELS if (rows := list(model._default_manager.all())))
    if site:
        save_site(spec=structs.replace(_SITE, **site), now=BEGAN)
    if url != NOWHERE:
        Endpoint.objects.update(url=url)
    west, east, roads = Body.objects.filter(mapit_id__in=(101, 102, 103)).order_by("mapit_id")
    endpoint, roads_endpoint = Endpoint.objects.select_related("body").order_by("body__mapit_id")
    return Town(west, east, roads, endpoint, roads_endpoint)


def make_mail_town() -> Town:
    """The place where at EAST a hole in the road is two bodies' business, and both get it by e-mail; a lamp is one's."""
    made = make_town()
    Endpoint.objects.filter(pk=made.roads_endpoint.pk).update(active=False)
    Body.objects.filter(pk=made.roads.pk).update(send=Send.EMAIL, email=ROADS)
    return made


#: the rows of a place as the services made it, by table
_rows: list[list[Model]] = []
_MODELS: list[type[Model]] = [
    Site, Generation, Area, Body, BodyArea, Endpoint, CategoryName, Category, Question
]  # fmt: skip
_SITE = SiteSpec(
    name="Test streets",
    jurisdiction_id="test.example",
    time_zone="Europe/Oslo",
    languages=["nb", "nn", "en"],
    contact_email="post@test.example",
)


def _put_back() -> None:
    with transaction.atomic():
        for rows in _rows:
            type(rows[0])._default_manager.bulk_create(rows)
        _number_on()
        # what was read of another test's place is not believed
        new_epoch(BEGAN)


def _number_on() -> None:
    """New rows get numbers that none of these has, whatever other tests did with the sequences."""
    statements = connection.ops.sequence_reset_sql(no_style(), [type(rows[0]) for rows in _rows])
    if statements:
        with connection.cursor() as cursor:
            cursor.execute(";".join(statement.rstrip(";") for statement in statements))


def _build() -> None:
    save_site(spec=_SITE, now=BEGAN)
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
    _endpoint(west, "vestby.example")
    _endpoint(roads, "vei.example")
    for body in (west, east):
        _category(body, "Hull i vei", "POT")
        _category(body, "Gatelys", "LIGHT")
        _category(body, "Forsøpling", "LITTER", private=body is west)
    _category(roads, "Hull i vei", "R-POT")
    kind = QuestionSpec(
        code="kind",
        datatype=Datatype.SINGLEVALUELIST,
        required=True,
        text="Hva slags skilt?",
        values=[ValueSpec(key="stop", name="Stopp"), ValueSpec(key="yield", name="Vikeplikt")],
    )
    _category(roads, "Skilt", "R-SIGN", kind)


def _body(name: str, number: int, send: Send, areas: list[int]) -> Body:
    spec = BodySpec(name=name, mapit_id=number, send=send, email=f"post{number}@test.example", areas=areas)
    return save_body(body=None, spec=spec, now=BEGAN)


def _endpoint(body: Body, jurisdiction_id: str) -> None:
    spec = EndpointSpec(url=NOWHERE, jurisdiction_id=jurisdiction_id)
    save_endpoint(body=body, endpoint=None, spec=spec, now=BEGAN)


def _category(body: Body, name: str, code: str, *questions: QuestionSpec, private: bool = False) -> None:
    spec = CategorySpec(name=name, code=code, private=private, questions=list(questions))
    save_category(body=body, category=None, spec=spec, now=BEGAN)
