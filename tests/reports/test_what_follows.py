"""What follows from each outcome for a delivery, to the second: rules without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from streetmend.reports.services.outcomes import (
    BACK_OFF,
    HELD_UP,
    PATIENCE,
    TOKEN_MINUTES,
    Outcome,
    OutcomeClass,
    Standing,
    accepted,
    after_asking_token,
    after_sending,
    back_off,
    settle_time,
    token_wait,
)
from streetmend.reports.states import DeliveryActor, DeliveryState, may_deliver

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
SETTLE = timedelta(minutes=10)
FREE = {"lease_owner": "", "lease_until": None}


def middle() -> float:
    return 0.5


def sent(outcome: Outcome, *, tries: int = 1, owed: timedelta = timedelta(minutes=1)) -> dict[str, object]:
    standing = Standing(not_received=tries, owed_since=NOW - owed, settle=SETTLE)
    return after_sending(outcome, standing, now=NOW, random=middle)


def asked(outcome: Outcome, *, checks: int) -> dict[str, object]:
    standing = Standing(not_received=0, owed_since=NOW, settle=SETTLE)
    return after_asking_token(outcome, standing, checks=checks, now=NOW)


def test_what_the_worker_was_late_for_is_tried_again_soon_however_often_it_was():
    outcome = Outcome(result=OutcomeClass.NOT_RECEIVED, error_class=HELD_UP)
    assert sent(outcome, tries=4)["next_at"] == NOW + timedelta(seconds=BACK_OFF[0])


def test_what_is_accepted_has_its_number_and_is_due_no_more():
    outcome = Outcome(result=OutcomeClass.ACCEPTED, why="Taken.", remote_id="R-1")
    expected = {
        **FREE,
        "state": DeliveryState.ACCEPTED,
        "remote_id": "R-1",
        "proof": "answer",
        "accepted_at": NOW,
        "settle_until": None,
        "next_at": None,
        "why": "Taken.",
    }
    assert sent(outcome) == accepted(outcome, now=NOW) == expected


def test_a_token_is_asked_about_a_minute_later():
    assert sent(Outcome(result=OutcomeClass.TOKEN, token="t-1")) == {
        **FREE,
        "state": DeliveryState.TOKEN,
        "token": "t-1",
        "checks": 0,
        "next_at": NOW + timedelta(minutes=1),
        "why": "",
    }


def test_a_mail_that_was_taken_is_on_its_way_by_the_mail_servers_word():
    assert sent(Outcome(result=OutcomeClass.MAILED)) == {
        **FREE,
        "state": DeliveryState.BY_EMAIL,
        "proof": "mail server",
        "accepted_at": NOW,
        "settle_until": None,
        "next_at": None,
        "why": "",
    }


@pytest.mark.parametrize("kind", [OutcomeClass.NOT_RECEIVED, OutcomeClass.MAIL_UNKNOWN])
@pytest.mark.parametrize(("tries", "seconds"), [(1, 5), (2, 300), (6, 21_600), (7, 21_600), (99, 21_600)])
def test_F_17_what_was_not_received_waits_longer_each_time_and_then_no_longer(kind, tries, seconds):
    assert sent(Outcome(result=kind, why="Refused."), tries=tries) == {
        **FREE,
        "state": DeliveryState.WAITING,
        "next_at": NOW + timedelta(seconds=seconds),
        "settle_until": None,
        "why": "Refused.",
    }


@pytest.mark.parametrize(
    ("asked_for", "seconds"), [(None, 5), (-9.0, 5), (0.0, 5), (4.0, 5), (90.5, 90.5), (3600.0, 3600), (9e9, 3600)]
)  # fmt: skip
def test_F_32_what_an_endpoint_asks_us_to_wait_counts_from_our_own_wait_to_an_hour(asked_for, seconds):
    changes = sent(Outcome(result=OutcomeClass.NOT_RECEIVED, retry_after=asked_for))
    assert changes["next_at"] == NOW + timedelta(seconds=seconds)


def test_after_fourteen_days_of_trying_it_is_a_matter_for_staff():
    outcome = Outcome(result=OutcomeClass.NOT_RECEIVED, why="No route.")
    assert sent(outcome, owed=PATIENCE)["state"] == DeliveryState.WAITING
    assert sent(outcome, owed=PATIENCE + timedelta(seconds=1)) == {
        **FREE,
        "state": DeliveryState.REFUSED,
        "settle_until": None,
        "next_at": None,
        "why": "It could not be handed over for 14 days. No route.",
    }


def test_a_refused_key_leaves_the_delivery_due_at_once_and_the_endpoint_waits():
    assert sent(Outcome(result=OutcomeClass.CREDENTIALS)) == {
        **FREE,
        "state": DeliveryState.WAITING,
        "next_at": NOW,
        "settle_until": None,
        "why": "",
    }


def test_what_was_refused_waits_for_staff_with_the_endpoints_words():
    assert sent(Outcome(result=OutcomeClass.REFUSED, why="No such code.")) == {
        **FREE,
        "state": DeliveryState.REFUSED,
        "settle_until": None,
        "next_at": None,
        "why": "No such code.",
    }


def test_an_unknown_outcome_rests_and_then_is_asked_about():
    assert sent(Outcome(result=OutcomeClass.UNKNOWN, why="Reset.")) == {
        **FREE,
        "state": DeliveryState.UNCERTAIN,
        "settle_until": NOW + SETTLE,
        "next_at": NOW + SETTLE,
        "why": "Reset.",
    }


@pytest.mark.parametrize("kind", list(OutcomeClass))
def test_whatever_comes_of_it_no_lease_is_left_and_its_words_have_room(kind):
    outcome = Outcome(result=kind, why="x" * 600, remote_id="R-1", token="t-1")
    for owed in (timedelta(), timedelta(days=20)):
        changes = sent(outcome, owed=owed)
        assert (changes["lease_owner"], changes["lease_until"]) == ("", None)
        assert len(str(changes["why"])) == 500


@pytest.mark.parametrize(("drawn", "part"), [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)])
def test_the_wait_is_spread_by_a_fifth_either_way(drawn, part):
    for tries, seconds in [(-3, BACK_OFF[0]), (0, BACK_OFF[0]), *enumerate(BACK_OFF, 1), (50, BACK_OFF[-1])]:
        assert back_off(tries, lambda: drawn).total_seconds() == pytest.approx(seconds * part)


def test_a_token_is_asked_about_at_the_minutes_of_the_table_counted_from_its_arrival():
    moments, total = [], timedelta()
    for checks in range(len(TOKEN_MINUTES)):
        wait = token_wait(checks)
        assert wait is not None
        total += wait
        moments.append(total)
    assert moments == [timedelta(minutes=minutes) for minutes in TOKEN_MINUTES]
    assert token_wait(len(TOKEN_MINUTES)) is None
    assert token_wait(len(TOKEN_MINUTES) + 1) is None


@pytest.mark.parametrize("checks", [1, len(TOKEN_MINUTES), len(TOKEN_MINUTES) + 3])
def test_F_39_the_number_of_a_token_ends_the_asking_whenever_it_comes(checks):
    outcome = Outcome(result=OutcomeClass.ACCEPTED, remote_id="R-1", why="not kept")
    assert asked(outcome, checks=checks) == {
        **FREE,
        "state": DeliveryState.ACCEPTED,
        "remote_id": "R-1",
        "proof": "token",
        "accepted_at": NOW,
        "settle_until": None,
        "next_at": None,
        "why": "",
    }


@pytest.mark.parametrize(
    "kind", [OutcomeClass.TOKEN, OutcomeClass.NOT_RECEIVED, OutcomeClass.CREDENTIALS, OutcomeClass.REFUSED]
)
def test_F_39_a_token_lives_on_whatever_goes_wrong_while_asking(kind):
    assert asked(Outcome(result=kind, why="y" * 600), checks=1) == {
        **FREE,
        "state": DeliveryState.TOKEN,
        "why": "y" * 500,
        "next_at": NOW + timedelta(minutes=1),
    }


@pytest.mark.parametrize(
    ("kind", "checks"),
    [(OutcomeClass.UNKNOWN, 1), (OutcomeClass.TOKEN, len(TOKEN_MINUTES)), (OutcomeClass.REFUSED, 30)],
)
def test_F_39_a_token_that_is_not_known_or_whose_day_is_over_leaves_an_unknown_outcome(kind, checks):
    assert asked(Outcome(result=kind, why="z" * 600), checks=checks) == {
        **FREE,
        "state": DeliveryState.UNCERTAIN,
        "settle_until": NOW + SETTLE,
        "next_at": NOW + SETTLE,
        "why": "z" * 500,
    }


@pytest.mark.parametrize(
    ("settle", "timeout", "late", "seconds"),
    [
        (600, 60, 0.0, 600),
        (600, 400, 0.0, 800),
        (600, 60, 400.0, 600),
        (600, 60, 402.0, 603),
        (0, 0, 0.0, 0),
        (0, 0, 2.0, 3),
    ],
)
def test_an_endpoint_has_the_longest_of_its_setting_two_deadlines_and_its_lateness_by_half(
    settle, timeout, late, seconds
):
    found = settle_time(settle_seconds=settle, timeout_seconds=timeout, late_seconds=late)
    assert found == timedelta(seconds=seconds)
    assert settle_time(settle_seconds=0, timeout_seconds=0) == timedelta()


def test_an_endpoint_that_was_never_late_has_its_setting():
    assert settle_time(settle_seconds=600, timeout_seconds=60) == timedelta(seconds=600)


def test_every_outcome_leads_where_the_table_of_moves_lets_the_worker_go():
    for kind in OutcomeClass:
        changes = sent(Outcome(result=kind))
        assert may_deliver(DeliveryActor.WORKER, DeliveryState.SENDING, changes["state"])
