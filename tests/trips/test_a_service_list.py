"""The third trip over real sockets: an administration's list of services becomes the categories that people choose from."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.test import override_settings
from msgspec import structs

from streetmend.bodies.models import Category, Endpoint, Pull, PullKind, Question
from streetmend.bodies.queries import categories_at
from streetmend.cli import group
from streetmend.exchange.worker import run
from streetmend.georeport import testing
from streetmend.georeport.testing import PretendEndpoint
from streetmend.georeport.types import Attribute, AttributeValue, Service, ServiceDefinition
from streetmend.reports.errors import AnswersWrong, CategoryStopped
from tests.exchange.conftest import loopback
from tests.exchange.reports import make_report
from tests.support.clock import SettableClock
from tests.support.town import WEST, Town, make_town

SERVICES = (
    Service(
        service_code="LIGHT",
        service_name="Gatelys",
        groups=("Veg og gate",),
        keywords=("lampe", "mørkt"),
        metadata=True,
    ),
    Service(service_code="POT", service_name="Hull i vei", groups=("Veg og gate",)),
    Service(
        service_code="RAT", service_name="Rotter", keywords=("private",), description="<b>Rotter</b> ute"
    ),
)
LIGHT = ServiceDefinition(
    service_code="LIGHT",
    attributes=(
        Attribute(code="notice", variable=False, order=1, description="Ring 113 ved <i>fare</i>."),
        Attribute(
            code="pole",
            order=3,
            description="Mastens nummer:",
            datatype_description="Fire siffer",
            datatype="number",
        ),
        Attribute(
            code="what",
            order=2,
            required=True,
            description="Hva er galt?",
            datatype="singlevaluelist",
            values=(AttributeValue("dark", "Mørk"), AttributeValue("wire", "Ledning henger")),
        ),
    ),
)


@pytest.fixture
def endpoint(clock: SettableClock) -> PretendEndpoint:
    return PretendEndpoint(services=SERVICES, definitions=(LIGHT,), clock=clock.now)


@pytest.fixture
def town(transactional_db: None, endpoint: PretendEndpoint):
    with testing.serving(endpoint) as server:
        made = make_town(url=server.url)
        Endpoint.objects.exclude(pk=made.endpoint.pk).update(active=False)
        Endpoint.objects.filter(pk=made.endpoint.pk).update(habits={"pull_services": True})
        yield made


@pytest.fixture
def work(clock: SettableClock):
    def work_once() -> None:
        assert run(once=True, clock=clock, random=lambda: 0.5, transport=loopback, name="one") == 0

    return work_once


def labels() -> dict[str, list[str]]:
    """What people can choose in the west: the groups with their categories."""
    return {found.name: [one.label for one in found.choices] for found in categories_at(*WEST).groups}


def test_the_workers_clock_makes_the_categories_like_the_list_and_the_second_time_changes_nothing(
    town: Town, endpoint: PretendEndpoint, clock: SettableClock, work
):
    work()
    found = categories_at(*WEST)
    assert "Rotter" in [one.label for one in found.choices]
    light = found.choice("Gatelys")
    assert light is not None
    assert (light.group, set(light.keywords)) == ("Veg og gate", {"lampe", "mørkt"})
    assert [(asked.code, asked.text, asked.hint) for asked in light.questions] == [
        ("notice", "Ring 113 ved fare.", ""),
        ("what", "Hva er galt?", ""),
        ("pole", "Mastens nummer", "Fire siffer"),
    ]
    assert light.questions[1].required
    rats = found.choice("Rotter")
    assert rats is not None
    assert (rats.private, rats.description) == (True, "Rotter ute")
    pull = Pull.objects.get(kind=PullKind.SERVICES)
    assert (pull.last_ok_at, pull.problem, pull.lease_owner) == (clock.now(), "", "")

    def rows() -> list[object]:
        return [
            list(Category.objects.order_by("id").values()),
            list(Question.objects.order_by("id").values()),
        ]

    before = rows()
    clock.advance(minutes=30)
    work()
    assert len(endpoint.ledger.seen("services")) == 1, "an hour has not passed"
    clock.advance(minutes=31)
    work()
    assert len(endpoint.ledger.seen("services")) == 2
    assert rows() == before


def test_an_operator_sees_what_would_change_then_changes_it(town: Town, endpoint: PretendEndpoint):
    def called(*arguments: str):
        with override_settings(OUTBOUND_ALLOW=["127.0.0.0/8", *settings.OUTBOUND_ALLOW]):
            return CliRunner().invoke(group, ["services", "import", "Vestby kommune", *arguments])

    shown = called("--dry-run")
    assert shown.exit_code == 0, shown.output
    assert '+ body "Vestby kommune", category "Rotter"' in shown.output
    assert "nothing was changed (--dry-run)" in shown.output
    assert not Category.objects.filter(code="RAT").exists()
    done = called()
    assert (done.exit_code, "changes made." in done.output) == (0, True)
    assert Category.objects.get(code="RAT").private
    again = called()
    assert (again.exit_code, "Nothing to change." in again.output) == (0, True)


@pytest.mark.parametrize("what", ["empty", "error", "html", "cut"])
def test_B_86_a_list_that_is_none_changes_nothing_and_staff_can_see_why(
    town: Town, endpoint: PretendEndpoint, clock: SettableClock, work, what
):
    work()
    before = list(Category.objects.order_by("id").values())
    if what == "empty":
        endpoint.services = {}
    else:
        behaviour = {
            "error": testing.fail(500),
            "html": testing.html(),
            "cut": testing.cut_short(),
        }[what]
        endpoint.script(behaviour, operation="services")
    clock.advance(hours=2)
    work()
    assert list(Category.objects.order_by("id").values()) == before
    pull = Pull.objects.get(kind=PullKind.SERVICES)
    assert pull.problem
    assert pull.last_ok_at != clock.now()
    assert labels()["Veg og gate"] == ["Hull i vei", "Gatelys"]


def test_a_category_or_a_choice_that_the_list_stops_takes_no_report_and_says_what_to_do(
    town: Town, endpoint: PretendEndpoint, clock: SettableClock, work
):
    body = {
        "service_code": "LIGHT",
        "attributes": [
            {
                "variable": True,
                "code": "what",
                "datatype": "singlevaluelist",
                "required": True,
                "order": 1,
                "description": "Hva?",
                "values": [
                    {"key": "wire", "name": "Ledning", "disable": 1, "disable_message": "Ring 113 nå."},
                    {"key": "dark", "name": "Mørk"},
                ],
            },
        ],
    }
    stopped = {
        "service_code": "POT",
        "attributes": [{"variable": False, "code": "x", "disable_form": "true", "description": "Ring oss."}],
    }
    endpoint.services = {
        code: structs.replace(service, metadata=code != "RAT") for code, service in endpoint.services.items()
    }
    for document in (body, stopped):
        raw = json.dumps(document).encode()
        endpoint.script(
            testing.garbage(raw, content_type="application/json", stored=False), operation="definition"
        )
    Endpoint.objects.filter(pk=town.endpoint.pk).update(max_in_flight=1)
    work()
    with pytest.raises(AnswersWrong, match="Ring 113 nå"):
        make_report(clock, category="Gatelys", answers={"what": ["wire"]})
    assert make_report(clock, category="Gatelys", answers={"what": ["dark"]}).pk
    with pytest.raises(CategoryStopped, match="Ring oss"):
        make_report(clock, category="Hull i vei")
