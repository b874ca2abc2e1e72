"""Endpoints are away, go wrong by hours, or say late what happened: no update is lost, and nobody is told too often."""

from __future__ import annotations

from datetime import timedelta

import pytest

from streetmend.bodies.models import Endpoint
from streetmend.georeport import testing
from streetmend.georeport.testing import PretendEndpoint
from streetmend.reports.models import Delivery, Inbox, Notice, Report, Update
from streetmend.reports.models.outbox import InboxState, NoticeKind
from streetmend.reports.services import Said, add_update, hide_update
from streetmend.reports.states import Actor, State
from tests.exchange.conftest import Work
from tests.exchange.reports import make_report
from tests.support.clock import SettableClock


@pytest.fixture
def there(town, endpoint: PretendEndpoint, clock: SettableClock, work: Work) -> str:
    """A report is at its endpoint; the endpoint's number for it. Only this endpoint is asked."""
    Endpoint.objects.filter(pk=town.roads_endpoint.pk).update(pull_updates=False)
    make_report(clock)
    work()
    clock.advance(minutes=10)
    work()
    return endpoint.ledger.entries()[0].service_request_id


def ours() -> Endpoint:
    return Endpoint.objects.get(body__mapit_id=101)


@pytest.mark.parametrize(
    "away", [timedelta(minutes=1), timedelta(hours=3), timedelta(days=3), timedelta(days=29)], ids=str
)
def test_F_80_an_outage_of_any_length_loses_no_update_and_doubles_none(there, endpoint, clock, work, away):
    endpoint.always(testing.fail(503), operation="updates")
    for number in range(6):
        endpoint.say(there, "open", f"Nr. {number}", extended_status="in_progress", at=clock.now())
        clock.advance(away / 6)
        work()
    assert Update.objects.count() == 0
    endpoint.always(None, operation="updates")
    for _ in range(3):
        clock.advance(hours=2)
        work()
    assert [update.text for update in Update.objects.order_by("at")] == [f"Nr. {n}" for n in range(6)]
    assert Report.objects.get().state == State.IN_PROGRESS


@pytest.mark.parametrize(("late", "sweep"), [(timedelta(days=5), 1), (timedelta(days=20), 7)], ids=str)
def test_an_update_that_the_endpoint_puts_in_late_is_found_by_the_next_sweep(
    there, endpoint, clock, work, late, sweep
):
    clock.advance(late + timedelta(days=1))
    work()
    endpoint.say(there, "closed", "Vi glemte å si det.", at=clock.now() - late)
    clock.advance(minutes=10)
    work()
    assert Update.objects.count() == 0, "it lies before what was fetched already"
    clock.advance(days=sweep)
    work()
    assert Update.objects.get().text == "Vi glemte å si det."
    assert Report.objects.get().state == State.CLOSED


@pytest.mark.parametrize("hours", [-24, -1, 1, 24])
def test_F_50_the_clock_of_an_endpoint_is_wrong_and_nothing_is_missed(there, endpoint, clock, work, hours):
    wrong = timedelta(hours=hours)
    endpoint.clock = lambda: clock.now() + wrong
    for number in range(4):
        clock.advance(hours=3)
        endpoint.say(there, "open", f"Nr. {number}", at=clock.now() + wrong)
        clock.advance(minutes=10)
        work()
    clock.advance(days=2)
    work()
    assert {update.text for update in Update.objects.all()} == {f"Nr. {n}" for n in range(4)}
    assert all(update.at <= update.received_at + timedelta(minutes=5) for update in Update.objects.all())


def test_F_74_of_two_workers_that_come_at_once_one_asks_and_what_was_missed_is_caught_up(
    there, endpoint, clock, work
):
    from streetmend.bodies.health import claim_pulls

    clock.advance(hours=1)
    first = claim_pulls(worker="a", now=clock.now(), limit=9, margin_seconds=60)
    second = claim_pulls(worker="b", now=clock.now(), limit=9, margin_seconds=60)
    assert (len(first), second) == (1, [])
    Endpoint.objects.update(lease_owner="", lease_until=None)
    before = len(endpoint.ledger.seen("updates"))
    endpoint.say(there, "closed", "Ferdig.", at=clock.now())
    # nobody came for two days
    clock.advance(days=2)
    work()
    assert len(endpoint.ledger.seen("updates")) == before + 1
    assert Update.objects.get().text == "Ferdig."


def told(email: str = "kari@example.org") -> int:
    """How many mails about updates are due or have left."""
    return Notice.objects.filter(
        email=email, kind__in=(NoticeKind.REPORT_UPDATED, NoticeKind.REPORT_NEWS)
    ).count()


def test_F_81_a_report_that_flaps_two_hundred_times_in_an_hour_is_one_mail_and_stands_right(
    there, endpoint, clock, work
):
    for number in range(200):
        word = "open" if number % 2 else "closed"
        endpoint.say(there, word, f"Nr. {number}", at=clock.now())
        clock.advance(seconds=18)
        if number % 20 == 19:
            work()
    work()
    report = Report.objects.get()
    assert (report.state, Update.objects.count()) == (State.OPEN, 200)
    # one when it began, one that waits until an hour is over
    assert told() <= 2
    assert Notice.objects.filter(kind=NoticeKind.REPORT_NEWS).exists()


def test_a_few_updates_are_told_one_by_one_and_a_reporter_who_had_enough_hears_no_more(
    there, endpoint, clock, work
):
    from streetmend.reports.services import end_news

    for number in range(3):
        endpoint.say(there, "open", f"Nr. {number}", at=clock.now())
        clock.advance(minutes=5)
        work()
    assert told() == 3
    end_news(report=Report.objects.get(), now=clock.now())
    endpoint.say(there, "closed", "Ferdig.", at=clock.now())
    clock.advance(minutes=5)
    work()
    assert told() == 3


def test_an_endpoint_whose_updates_are_not_told_to_reporters_still_shows_them(there, endpoint, clock, work):
    Endpoint.objects.update(habits={"tell_reporter": False})
    endpoint.say(there, "closed", "Ferdig.", at=clock.now())
    clock.advance(minutes=5)
    work()
    assert (told(), Update.objects.get().hidden, Report.objects.get().state) == (0, False, State.CLOSED)


def test_an_endpoint_that_may_not_reopen_leaves_a_closed_report_closed(there, endpoint, clock, work):
    Endpoint.objects.update(habits={"may_reopen": False})
    for word in ("closed", "open"):
        endpoint.say(there, word, f"Nå {word}.", at=clock.now())
        clock.advance(minutes=5)
        work()
    assert Report.objects.get().state == State.CLOSED
    assert Update.objects.filter(hidden=False).count() == 2


@pytest.mark.parametrize(("blank", "shown"), [(False, 1), (True, 2)])
def test_updates_without_words_show_again_only_where_the_endpoint_means_them(
    there, endpoint, clock, work, blank, shown
):
    Endpoint.objects.update(habits={"blank_updates": blank})
    for _ in range(2):
        endpoint.say(there, "open", "", extended_status="in_progress", at=clock.now())
        clock.advance(minutes=5)
        work()
    assert Update.objects.count() == 2
    assert Report.objects.get().comment_count == shown


def test_a_template_fills_what_the_endpoint_leaves_unsaid_and_the_mail_says_its_own(
    there, endpoint, clock, work
):
    template = {"state": "fixed", "text": "Feilen er rettet.", "email": "Hei! {{title}} er rettet."}
    Endpoint.objects.update(habits={"templates": [template]})
    endpoint.say(there, "closed", "", extended_status="fixed", at=clock.now())
    clock.advance(minutes=5)
    work()
    update = Update.objects.get()
    assert (update.text, update.email_text) == ("Feilen er rettet.", "Hei! Lykta er mørk er rettet.")
    assert Report.objects.get().status_notes == "Feilen er rettet."


def test_what_staff_did_since_holds_and_what_they_hid_stays_hidden(there, endpoint, clock, work):
    said_at = clock.now()
    clock.advance(hours=1)
    report = Report.objects.get()
    add_update(report=report, actor=Actor.STAFF, said=Said("Ferdig", State.FIXED), now=clock.now())
    endpoint.say(there, "open", "Vi graver.", extended_status="in_progress", at=said_at)
    clock.advance(minutes=5)
    work()
    assert Report.objects.get().state == State.FIXED
    theirs = Update.objects.get(actor=Actor.BODY)
    assert not theirs.hidden
    hide_update(update=theirs, now=clock.now())
    endpoint.say(there, "open", "Snart ferdig.", extended_status="in_progress", at=said_at)
    clock.advance(minutes=5)
    work()
    theirs.refresh_from_db()
    assert theirs.hidden


def test_F_78_an_update_of_a_report_that_we_learn_of_only_after_a_month_is_still_there(
    there, endpoint, clock, work
):
    Delivery.objects.update(remote_id="another", state="accepted")
    endpoint.say(there, "closed", "Ferdig.", at=clock.now())
    clock.advance(minutes=5)
    work()
    for _ in range(33):
        clock.advance(days=1)
        work()
    assert Inbox.objects.get().state == InboxState.ORPHAN
    assert Update.objects.count() == 0
    from streetmend.reports.services.arrivals import arrived

    Delivery.objects.update(remote_id=there)
    delivery = Delivery.objects.select_related("body", "report").get()
    arrived(report=delivery.report, delivery=delivery, now=clock.now())
    work()
    assert Report.objects.get().state == State.CLOSED


def test_an_update_that_we_sent_there_and_that_is_listed_there_does_not_come_back(
    there, endpoint, clock, work
):
    report = Report.objects.get()
    Endpoint.objects.update(send_updates=True)
    add_update(report=report, actor=Actor.RESIDENT, said=Said("Den blinker."), now=clock.now())
    work()
    number = Delivery.objects.get(kind="update").remote_id
    assert number
    endpoint.say(there, "open", "Den blinker.", update_id=number, at=clock.now())
    clock.advance(minutes=10)
    work()
    assert [update.text for update in Update.objects.all()] == ["Den blinker."]
