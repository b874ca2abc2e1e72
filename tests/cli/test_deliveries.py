"""`streetmend deliveries` tells what is owed to whom, where it stands, and what comes next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from streetmend.reports.models import Delivery, Report
from streetmend.reports.services import Told, submit
from streetmend.reports.states import DeliveryState
from tests.cli.conftest import Call, Script
from tests.support.town import WEST, make_town

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


@pytest.fixture
def report(transactional_db: None) -> Report:
    """One report, owed to two bodies: one has it, the other is being waited for."""
    make_town()
    told = Told(email="kari@example.org", name="Kari", phone="", language="nb")
    report = submit(
        now=NOW, lat=WEST[0], long=WEST[1], title="Hull", detail="", category_name="Hull i vei", told=told
    ).report
    west = Delivery.objects.filter(body__name="Vestby kommune")
    west.update(state="accepted", remote_id="V-17", attempts=2, accepted_at=NOW, why="")
    Delivery.objects.filter(body__name="Veietaten").update(
        next_at=NOW, attempts=1, why="The endpoint was not reached."
    )
    return report


def test_json_is_one_array_of_all_oldest_first(script: Script, report: Report) -> None:
    found = script("deliveries", "--json").json
    assert [row["body"] for row in found] == ["Vestby kommune", "Veietaten"]
    expected = {
        "report": report.pk,
        "body": "Veietaten",
        "kind": "report",
        "state": "waiting",
        "remote_id": "",
        "attempts": 1,
        "next_at": "2026-05-04T10:30:00+00:00",
        "why": "The endpoint was not reached.",
    }
    assert {key: found[1][key] for key in expected} == expected
    assert isinstance(found[1]["id"], int)
    assert (found[0]["remote_id"], found[0]["state"], found[0]["next_at"]) == ("V-17", "accepted", None)


def test_the_list_for_people_has_a_line_for_each(call: Call, report: Report) -> None:
    ended = call("deliveries")
    first, second = ended.out.splitlines()
    assert f"report {report.pk} to Vestby kommune, accepted as V-17, 2 attempts." in first
    assert second.endswith(
        "Veietaten, waiting, 1 attempt. The endpoint was not reached. Next step at 2026-05-04 10:30:00 UTC."
    )
    assert ended.err == "2 deliveries\n"


@pytest.mark.usefixtures("report")
def test_one_state_may_be_asked_for(call: Call) -> None:
    assert [row["body"] for row in call("deliveries", "--state", "accepted", "--json").json] == [
        "Vestby kommune"
    ]
    assert call("deliveries", "--state", "refused").out == "No delivery is in the state refused.\n"


@pytest.mark.parametrize("state", list(DeliveryState))
def test_every_state_of_the_table_may_be_asked_for(call: Call, state: DeliveryState) -> None:
    assert call("deliveries", "--state", state.value, "--json").json == []


def test_nothing_owed_is_said(call: Call) -> None:
    assert call("deliveries").out == "Nothing is owed.\n"
    assert call("deliveries", "--json").json == []
