"""Our own server under the probe, over a real socket: strict is the standard, the others are known by name."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from streetmend.exchange.probing import Probed, probe
from streetmend.reports.services import Told, submit
from tests.support.town import EAST, WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
BASES = {"default": "open311/v2/", "strict": "open311/strict/v2", "fixmystreet": "open311/fixmystreet/v2/"}
three_dialects = pytest.mark.parametrize("dialect", BASES)


@pytest.fixture
def reports(transactional_db: None) -> None:
    """Six reports of the last days, and one that lies too far back for the standard's window."""
    make_town()
    now = datetime.now(UTC)
    told = Told("kari@example.org", "Kari Nordmann", show_name=True)
    ages = [timedelta(hours=hours) for hours in (1, 5, 30, 50, 70, 90)] + [timedelta(days=200)]
    for number, age in enumerate(ages):
        lat, long = WEST if number % 2 else EAST
        category = "Hull i vei" if number % 3 else "Gatelys"
        submit(
            now=now - age, lat=lat, long=long, title="Hull & <hull>", detail="Dypt.\nDypere.", category_name=category,
            told=told, confirmed=True,
        )  # fmt: skip


def probed(live_server, dialect: str, **more) -> Probed:
    return asyncio.run(probe(f"{live_server.url}/{BASES[dialect]}", **more))


def test_the_strict_server_is_as_the_standard_describes_it(reports, live_server):
    found = probed(live_server, "strict")
    assert found.findings == ()
    assert found.dialect == "strict"
    assert {one.name for one in found.abilities if not one.can} <= {"updates", "packed"}


@pytest.mark.parametrize("dialect", ["default", "fixmystreet"])
def test_the_other_dialects_are_named_and_nothing_else_is_found(reports, live_server, dialect):
    found = probed(live_server, dialect)
    assert [one.code for one in found.findings] == [f"dialect-{dialect}"]
    assert found.dialect == dialect
    assert dialect in found.findings[0].says


@three_dialects
def test_a_jurisdiction_that_one_site_does_not_need_changes_nothing(reports, live_server, dialect):
    with_it = probed(live_server, dialect, jurisdiction_id="test.example")
    assert [one.code for one in with_it.findings] == ([] if dialect == "strict" else [f"dialect-{dialect}"])


@three_dialects
def test_a_site_without_reports_is_known_as_well(transactional_db, live_server, dialect):
    make_town()
    found = probed(live_server, dialect)
    assert [one.code for one in found.findings] == ([] if dialect == "strict" else [f"dialect-{dialect}"])


def test_the_server_is_found_from_the_address_of_its_site(reports, live_server):
    found = asyncio.run(probe(live_server.url))
    assert "not-here" in {one.code for one in found.findings}
    assert f'url = "{live_server.url}/open311/v2"' in found.settings
