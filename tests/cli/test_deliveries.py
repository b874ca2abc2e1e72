"""`streetmend deliveries` tells what is owed to whom, where it stands, and what comes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from streetmend.bodies.health import pause_endpoint
from streetmend.bodies.models import Endpoint
from streetmend.reports.models import Attempt, Delivery, EndpointWatch, Report
from streetmend.reports.services import Told, submit
from streetmend.reports.services.outbound import pause_outbound
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


# --- why it waits


def endpoint_of(body: str) -> Endpoint:
    return Endpoint.objects.get(body__name=body)


def veietaten(call: Call) -> dict:
    return next(row for row in call("deliveries", "--json").json if row["body"] == "Veietaten")


@pytest.mark.usefixtures("report")
def test_what_waits_for_a_paused_endpoint_says_so_and_that_nothing_comes_by_itself(call: Call) -> None:
    pause_endpoint(endpoint_id=endpoint_of("Veietaten").pk, why="The key is refused.", now=NOW)
    row = veietaten(call)
    assert row["why"] == (
        "The endpoint was not reached. Its endpoint is paused until somebody resumes it. The key is refused."
    )
    assert row["next_at"] is None
    assert call("deliveries").out.splitlines()[1].endswith("Nothing happens by itself.")


@pytest.mark.usefixtures("report")
def test_what_waits_for_an_endpoint_that_is_left_alone_says_until_when(call: Call) -> None:
    until = NOW + timedelta(minutes=5)
    EndpointWatch.objects.create(pk=endpoint_of("Veietaten").pk, open_until=until, opened=7)
    row = veietaten(call)
    assert row["why"].endswith("Its endpoint fails and is left alone for a while.")
    assert row["next_at"] == "2026-05-04T10:35:00+00:00"


@pytest.mark.usefixtures("report")
def test_what_could_not_be_asked_about_says_how_often_and_when_it_is_tried_again(call: Call) -> None:
    Delivery.objects.filter(body__name="Veietaten").update(state=DeliveryState.UNCERTAIN, why="No answer.")
    EndpointWatch.objects.create(
        pk=endpoint_of("Veietaten").pk, ask_failures=3, ask_at=NOW + timedelta(minutes=4)
    )
    row = veietaten(call)
    assert row["why"] == "No answer. The endpoint could not be asked the last 3 times."
    assert row["next_at"] == "2026-05-04T10:34:00+00:00"


@pytest.mark.usefixtures("report")
def test_a_pause_of_everything_is_said_beside_the_list(call: Call) -> None:
    pause_outbound(why="We are moving.", now=NOW)
    assert "Nothing leaves. We are moving." in call("deliveries").err


# --- retry


def standing(**changes: object) -> Delivery:
    Delivery.objects.filter(body__name="Veietaten").update(**changes)
    return Delivery.objects.get(body__name="Veietaten")


@pytest.mark.usefixtures("report")
def test_a_retry_of_what_waits_makes_it_due_at_once(call: Call) -> None:
    delivery = standing(next_at=datetime(2999, 1, 1, tzinfo=UTC))
    assert call("deliveries", "retry", str(delivery.pk)).out == f"{delivery.pk}: It is sent at once.\n"
    delivery.refresh_from_db()
    assert delivery.next_at is not None
    assert delivery.next_at < datetime.now(UTC) + timedelta(seconds=1)


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize("state", [DeliveryState.UNCERTAIN, DeliveryState.TOKEN])
def test_a_retry_of_what_may_be_there_asks_and_sends_nothing(call: Call, state: DeliveryState) -> None:
    delivery = standing(state=state, token="t", settle_until=datetime(2999, 1, 1, tzinfo=UTC))
    assert "is asked at once" in call("deliveries", "retry", str(delivery.pk)).out
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (state, 1)
    assert delivery.check_wanted_at is not None


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize(
    ("state", "outcome", "said"),
    [
        (DeliveryState.REFUSED, "refused", "It is sent again at once.\n"),
        (
            DeliveryState.HELD,
            "unknown",
            "It is sent again at once, and says that it may repeat what is there.\n",
        ),
    ],
)
def test_a_retry_of_what_stands_sends_it_again_marked_where_it_may_be_there(
    call: Call, state: DeliveryState, outcome: str, said: str
) -> None:
    delivery = standing(state=state, next_at=None, first_sent_at=NOW, params_snapshot={"request": {}})
    Attempt.objects.create(delivery=delivery, n=1, worker="one", started_at=NOW, outcome=outcome)
    assert call("deliveries", "retry", str(delivery.pk)).out == f"{delivery.pk}: {said}"
    delivery.refresh_from_db()
    assert (delivery.state, delivery.params_snapshot) == (DeliveryState.WAITING, {})
    assert (delivery.first_sent_at, delivery.resends) == ((NOW, 1) if outcome == "unknown" else (None, 0))


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize(
    "changes",
    [
        {"state": DeliveryState.ACCEPTED, "remote_id": "7"},
        {"state": DeliveryState.SENDING, "next_at": None},
        {"state": DeliveryState.CANCELLED, "next_at": None},
        {"state": DeliveryState.BY_EMAIL, "next_at": None},
        {"state": DeliveryState.WAITING, "next_at": None},
    ],
    ids=lambda changes: str(changes["state"]),
)
def test_a_retry_of_what_is_over_or_has_not_come_to_its_turn_is_refused_and_changes_nothing(
    call: Call, changes: dict[str, object]
) -> None:
    delivery = standing(**changes)
    ended = call("deliveries", "retry", str(delivery.pk))
    assert ended.status == 1
    assert f"Delivery {delivery.pk} stays where it is." in ended.err
    after = Delivery.objects.get(pk=delivery.pk)
    assert (after.state, after.next_at) == (delivery.state, delivery.next_at)


@pytest.mark.usefixtures("report")
def test_a_retry_at_a_paused_endpoint_says_that_it_still_waits(call: Call) -> None:
    pause_endpoint(endpoint_id=endpoint_of("Veietaten").pk, why="The key is refused.", now=NOW)
    ended = call("deliveries", "retry", str(standing().pk))
    assert ended.status == 0
    assert "The key is refused." in ended.err


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["retry", "999999"], 1),
        (["retry", "0"], 2),
        (["retry", "x"], 2),
        (["retry", "1" * 30], 2),
        (["retry"], 2),
        (["--json", "retry", "1"], 2),
        (["nonsense"], 2),
    ],
)
def test_a_retry_of_nothing_says_what_is_wrong(call: Call, arguments: list[str], status: int) -> None:
    ended = call("deliveries", *arguments)
    assert ended.status == status
    assert "Traceback" not in ended.err
    assert ended.err
