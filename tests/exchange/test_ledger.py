"""What was accepted is asked about night after night: what is gone is flagged and told, and never sent again by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from streetmend.bodies.models import Endpoint
from streetmend.georeport import testing
from streetmend.georeport.testing import Answer, Behaviour, PretendEndpoint
from streetmend.reports.models import Delivery, Notice, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services.by_staff import DeliveryMoved, confirm_there, send_again, send_by_email
from streetmend.reports.services.lost import LOST, is_lost, ledger_of
from streetmend.reports.states import DeliveryState
from tests.exchange.conftest import Work
from tests.exchange.reports import make_report, posts
from tests.support.clock import SettableClock


@pytest.fixture(autouse=True)
def quiet(town) -> None:
    """The endpoint is asked about nothing else."""
    Endpoint.objects.update(pull_updates=False)


@pytest.fixture
def three(town, clock, work) -> list[Report]:
    """Three reports that the endpoint has; from the next night on it is asked about them."""
    made = [make_report(clock, title=f"Lykt {number}") for number in range(3)]
    work()
    clock.advance(seconds=10)
    work()
    return made


def night(clock: SettableClock, work: Work) -> None:
    clock.advance(hours=24)
    work()


def of(report: Report) -> Delivery:
    return Delivery.objects.get(report=report)


def lost_mails() -> list[Notice]:
    told = Notice.objects.filter(kind=NoticeKind.STAFF)
    return [one for one in told if "any more" in one.content["subject"]]


def checks(endpoint: PretendEndpoint) -> int:
    return len([seen for seen in endpoint.ledger.seen("requests") if "service_request_id" in seen.query])


def test_F_46_what_the_endpoint_has_lost_is_flagged_after_two_checks_a_day_apart_and_not_sent_again(
    three, endpoint, clock, work
):
    lost = of(three[1])
    endpoint.ledger.forget(lost.remote_id)
    night(clock, work)
    assert checks(endpoint) == 1
    assert of(three[1]).missing_since == clock.now()
    assert (of(three[1]).why, lost_mails()) == (lost.why, [])
    night(clock, work)
    delivery = of(three[1])
    assert (delivery.state, delivery.remote_id) == (DeliveryState.ACCEPTED, lost.remote_id)
    assert "does not know this report any more" in delivery.why
    (told,) = lost_mails()
    assert str(three[1].pk) in told.content["subject"]
    assert lost.remote_id in told.content["text"]
    for _ in range(5):
        night(clock, work)
    assert (posts(endpoint), len(lost_mails())) == (3, 1)
    assert [of(one).missing_since for one in (three[0], three[2])] == [None, None]


def test_F_46_what_is_there_again_is_not_missed_any_more(three, endpoint, clock, work):
    number = f"<service_request_id>{of(three[0]).remote_id}<".encode()

    def without(usual: Answer) -> Answer:
        return replace(usual, body=usual.body.replace(number, b"<service_request_id>x<"))

    endpoint.script(Behaviour(name="hides one", reply=without), operation="requests")
    night(clock, work)
    assert of(three[0]).missing_since is not None
    night(clock, work)
    assert (of(three[0]).missing_since, lost_mails()) == (None, [])


@pytest.mark.parametrize("status", [404, 500])
def test_an_endpoint_that_cannot_be_asked_has_lost_nothing(three, endpoint, clock, work, status):
    endpoint.always(testing.fail(status), operation="requests")
    for _ in range(3):
        night(clock, work)
    assert not Delivery.objects.filter(missing_since__isnull=False).exists()
    assert lost_mails() == []


def test_an_endpoint_that_shows_nothing_at_all_has_not_lost_everything(three, endpoint, clock, work):
    for one in three:
        endpoint.ledger.forget(of(one).remote_id)
    for _ in range(3):
        night(clock, work)
    assert lost_mails() == []


def test_fifty_numbers_are_asked_about_at_once_and_closed_reports_not_at_all(town, endpoint, clock, work):
    Endpoint.objects.update(max_in_flight=50)
    for number in range(60):
        make_report(clock, title=f"Lykt {number}")
    work()
    clock.advance(seconds=10)
    work()
    Delivery.objects.filter(remote_id__in=["1", "2"]).update(closed=True)
    night(clock, work)
    asked = [seen.query for seen in endpoint.ledger.seen("requests")]
    assert len(asked) == 2
    assert sum(query.count("%2C") + query.count(",") + 1 for query in asked) == 58


def test_what_was_accepted_long_ago_is_asked_about_once_in_a_hundred_nights(three, clock):
    Delivery.objects.update(accepted_at=clock.now() - timedelta(days=40), closed=False)
    endpoint_id = of(three[0]).endpoint_id
    nights = [ledger_of(endpoint_id=endpoint_id, now=clock.now() + timedelta(days=day)) for day in range(100)]
    asked = [delivery_id for night in nights for delivery_id, _ in night]
    assert sorted(asked) == sorted(of(report).pk for report in three)


def test_a_worker_that_died_while_checking_leaves_the_check_to_the_next_night(three, endpoint, clock, work):
    from streetmend.reports.services.lost import claim_ledgers

    clock.advance(hours=24)
    (first,) = claim_ledgers(worker="dead", now=clock.now(), limit=9, seconds=60)
    assert claim_ledgers(worker="other", now=clock.now(), limit=9, seconds=60) == []
    assert first.pk == of(three[0]).endpoint_id


@pytest.fixture
def lost(three, endpoint, clock, work) -> Delivery:
    """A report of which the endpoint, asked in two nights, does not know any more."""
    endpoint.ledger.forget(of(three[1]).remote_id)
    night(clock, work)
    night(clock, work)
    assert is_lost(of(three[1]))
    return of(three[1])


def test_F_46_what_is_lost_there_is_sent_again_by_staff_alone_and_says_that_it_may_be_a_repeat(
    lost, endpoint, clock, work
):
    assert send_again(delivery=lost, now=clock.now()) is True
    work()
    again = of(lost.report)
    assert (again.state, again.missing_since, posts(endpoint)) == (DeliveryState.ACCEPTED, None, 4)
    assert again.remote_id not in ("", lost.remote_id)
    assert endpoint.ledger.entries()[-1].new.description.startswith("Dette kan gjenta melding")
    night(clock, work)
    night(clock, work)
    assert (posts(endpoint), is_lost(of(lost.report))) == (4, False)


def test_F_46_a_lost_one_that_moved_to_another_number_there_is_known_by_that_one(lost, endpoint, clock, work):
    confirm_there(delivery=lost, remote_id="flyttet-1", now=clock.now())
    moved = of(lost.report)
    assert (moved.state, moved.remote_id, moved.proof, moved.why) == ("accepted", "flyttet-1", "staff", "")
    assert moved.missing_since is None
    work()
    assert posts(endpoint) == 3


def test_a_lost_one_may_go_by_e_mail_and_what_is_there_may_not_be_sent_again(three, lost, clock, work):
    with pytest.raises(DeliveryMoved):
        send_again(delivery=of(three[0]), now=clock.now())
    with pytest.raises(DeliveryMoved):
        send_by_email(delivery=of(three[0]), now=clock.now())
    assert send_by_email(delivery=lost, now=clock.now()) is True
    work()
    assert of(lost.report).state == DeliveryState.BY_EMAIL


def test_a_lost_one_that_turns_up_again_beside_its_repeat_is_told_as_a_duplicate(
    three, endpoint, clock, work
):
    first = of(three[1])
    Delivery.objects.filter(pk=first.pk).update(missing_since=clock.now(), why=LOST)
    send_again(delivery=first, now=clock.now())
    work()
    clock.advance(hours=1)
    work()
    both = of(three[1])
    assert {both.remote_id, both.other_remote_id} >= {first.remote_id}
    assert both.proof == "duplicate found"
