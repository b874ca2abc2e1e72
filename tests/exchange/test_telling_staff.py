"""What staff hear of an endpoint: enough to act, once for each occasion, and no storm."""

from __future__ import annotations

from datetime import timedelta

import pytest

from streetmend.bodies.health import resume_endpoint
from streetmend.bodies.models import Endpoint
from streetmend.georeport import testing
from streetmend.reports.models import Attempt, Delivery, Notice
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services.outcomes import BACK_OFF, PATIENCE, back_off
from streetmend.reports.states import DeliveryState
from tests.exchange.conftest import Work
from tests.exchange.reports import make_report, only_delivery, posts
from tests.support.clock import SettableClock


@pytest.fixture(autouse=True)
def quiet(town) -> None:
    Endpoint.objects.update(pull_updates=False)


def subjects() -> list[str]:
    told = Notice.objects.filter(kind=NoticeKind.STAFF).order_by("id")
    return [one.content["subject"] for one in told]


def away(town) -> None:
    Endpoint.objects.filter(pk=town.endpoint.pk).update(url="http://nobody.invalid/")


def pass_hours(clock: SettableClock, work: Work, hours: int, step: float = 1.0) -> None:
    for _ in range(int(hours / step)):
        clock.advance(hours=step)
        work()


def test_F_44_an_outage_is_told_after_an_hour_after_a_day_and_then_daily(town, clock, work):
    away(town)
    began = clock.now()
    make_report(clock)
    work()
    told = []
    for hours in (0.9, 1, 2, 23.9, 24, 25, 47.9, 48, 71.9, 72):
        clock.set(began + timedelta(hours=hours))
        work()
        told += [hours] * (len(subjects()) - len(told))
    assert told == [1, 24, 48, 72]
    assert "has not worked since" in subjects()[0]
    text = Notice.objects.filter(kind=NoticeKind.STAFF).first().content["text"]
    assert "http://nobody.invalid/: 1." in text


def test_F_44_an_outage_that_leaves_things_in_doubt_is_told_in_the_same_mails(town, endpoint, clock, work):
    for operation in ("create", "services", "discovery", "requests"):
        endpoint.always(testing.fail(503), operation=operation)
    for number in range(12):
        make_report(clock, title=f"Lykt {number}")
    work()
    pass_hours(clock, work, 72, step=2)
    assert len(subjects()) <= 5
    assert [one for one in subjects() if "not known" in one] == []


def test_an_outage_that_nothing_waits_for_is_not_told(town, endpoint, clock, work):
    endpoint.script(testing.busy(429))
    make_report(clock)
    work()
    clock.advance(seconds=10)
    work()
    pass_hours(clock, work, 30, step=10)
    assert only_delivery().state == DeliveryState.ACCEPTED
    assert subjects() == []


def test_doubts_older_than_four_hours_are_told_once_a_day_for_each_body(town, endpoint, clock, work):
    Endpoint.objects.update(on_unknown="hold")
    endpoint.always(testing.refuse(404), operation="requests")
    endpoint.script(testing.drop(stored=True), testing.drop(stored=True))
    for number in range(3):
        make_report(clock, title=f"Lykt {number}")
    work()
    pass_hours(clock, work, 3)
    assert subjects() == []
    pass_hours(clock, work, 2)
    assert subjects() == ["It is not known whether Vestby kommune has 2 reports"]
    pass_hours(clock, work, 48, step=6)
    assert 2 <= len(subjects()) <= 3


def test_F_40_refused_credentials_stop_the_endpoint_with_one_alarm_and_its_reports_wait_untouched(
    town, endpoint, clock, work
):
    Endpoint.objects.update(max_in_flight=1)
    endpoint.always(testing.unauthorised())
    for number in range(20):
        make_report(clock, title=f"Lykt {number}")
    work()
    pass_hours(clock, work, 30, step=10)
    assert (posts(endpoint), len(subjects())) == (1, 1)
    assert "is paused" in subjects()[0]
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING)
    assert (waiting.count(), waiting.filter(attempts=0).count()) == (20, 19)
    endpoint.always(None)
    resume_endpoint(endpoint_id=town.endpoint.pk, now=clock.now())
    for _ in range(6):
        clock.advance(seconds=1)
        work()
    assert Delivery.objects.filter(state=DeliveryState.ACCEPTED).count() == 20
    assert len(endpoint.ledger.entries()) == 20


def test_five_different_reports_refused_in_a_row_with_one_code_are_the_endpoints_fault(
    town, endpoint, clock, work
):
    Endpoint.objects.update(max_in_flight=1)
    endpoint.always(testing.refuse(422, "We moved our categories."))
    for number in range(9):
        make_report(clock, title=f"Lykt {number}")
    work()
    states = list(Delivery.objects.order_by("id").values_list("state", flat=True))
    assert states == ["refused"] * 5 + ["waiting"] * 4
    assert len(subjects()) == 1
    assert "We moved our categories." in Endpoint.objects.get(pk=town.endpoint.pk).paused_why


def test_F_41_refusals_of_one_kind_between_good_answers_or_for_different_reasons_pause_nothing(
    town, endpoint, clock, work
):
    Endpoint.objects.update(max_in_flight=1)
    no = testing.refuse(400, "No such code.")
    endpoint.script(no, no, no, no, testing.accept(), no, no, testing.refuse(422), no, no)
    for number in range(11):
        make_report(clock, title=f"Lykt {number}")
    work()
    assert Endpoint.objects.get(pk=town.endpoint.pk).paused_at is None
    assert Delivery.objects.filter(state=DeliveryState.WAITING).count() == 0


def test_one_report_that_staff_send_again_and_again_does_not_pause_its_endpoint(town, endpoint, clock, work):
    from streetmend.reports.services.by_staff import send_again

    endpoint.always(testing.refuse(400, "No such place."))
    make_report(clock)
    work()
    for _ in range(5):
        send_again(delivery=only_delivery(), now=clock.now())
        work()
    assert posts(endpoint) == 6
    assert Endpoint.objects.get(pk=town.endpoint.pk).paused_at is None


def test_three_unclear_answers_in_a_row_are_told_once_a_day(town, endpoint, clock, work):
    Endpoint.objects.update(max_in_flight=1)
    unclear = [testing.html()] * 3
    endpoint.script(*unclear, testing.accept(), *unclear, testing.accept())
    for number in range(8):
        make_report(clock, title=f"Lykt {number}")
    work()
    assert [one for one in subjects() if "does not answer clearly" in one] == subjects()
    assert len(subjects()) == 1


# --- waiting, for how long


def test_the_steps_between_tries_have_a_fifth_of_jitter_either_way():
    for number, step in enumerate(BACK_OFF, 1):
        assert back_off(number, lambda: 0.0) == timedelta(seconds=0.8 * step)
        assert back_off(number, lambda: 0.5) == timedelta(seconds=step)
        assert back_off(number, lambda: 0.999) < timedelta(seconds=1.2 * step)
    assert back_off(99, lambda: 0.5) == timedelta(hours=6)


def test_after_fourteen_days_staff_have_it_and_until_then_it_is_tried(town, clock, work):
    Endpoint.objects.update(habits={"breaker_failures": 1000, "breaker_window": 1000})
    away(town)
    began = clock.now()
    make_report(clock)
    work()
    for _ in range(8):
        at = only_delivery().next_at
        assert at is not None
        assert at - clock.now() <= timedelta(hours=6)
        clock.set(at)
        work()
    assert Attempt.objects.count() == 9
    for last, state in (
        (PATIENCE, DeliveryState.WAITING),
        (PATIENCE + timedelta(hours=6), DeliveryState.REFUSED),
    ):
        clock.set(began + last)
        work()
        assert only_delivery().state == state
    delivery = only_delivery()
    assert delivery.next_at is None
    assert "14 days" in delivery.why


# --- e-mail in its place


def test_where_the_site_file_says_so_a_report_goes_by_mail_after_a_day_without_the_endpoint(
    town, clock, work, mailoutbox
):
    Endpoint.objects.update(habits={"fallback_email_hours": 24})
    away(town)
    make_report(clock)
    work()
    pass_hours(clock, work, 23)
    assert only_delivery().state == DeliveryState.WAITING
    pass_hours(clock, work, 2)
    delivery = only_delivery()
    assert (delivery.state, delivery.endpoint) == (DeliveryState.BY_EMAIL, None)
    (mail,) = [one for one in mailoutbox if one.to == ["post101@test.example"]]
    assert "gjenta" not in mail.body, "nothing of it ever left, so it is no repeat"


def test_what_may_have_arrived_does_not_go_by_mail_as_well(town, endpoint, clock, work, mailoutbox):
    Endpoint.objects.update(habits={"fallback_email_hours": 24}, on_unknown="hold")
    for operation in ("services", "discovery", "requests"):
        endpoint.always(testing.fail(503), operation=operation)
    endpoint.always(testing.drop(stored=True))
    make_report(clock)
    work()
    pass_hours(clock, work, 30, step=3)
    assert only_delivery().state == DeliveryState.UNCERTAIN
    assert [one for one in mailoutbox if one.to == ["post101@test.example"]] == []


def test_where_nobody_wished_it_nothing_goes_by_mail(town, clock, work, mailoutbox):
    away(town)
    make_report(clock)
    work()
    pass_hours(clock, work, 40, step=4)
    assert only_delivery().state == DeliveryState.WAITING
    assert [one for one in mailoutbox if one.to == ["post101@test.example"]] == []
