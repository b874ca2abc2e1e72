"""An endpoint that fails again and again is left alone, asked before it is tried, and brought back slowly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from streetmend.bodies.models import Endpoint
from streetmend.georeport import testing
from streetmend.georeport.testing import PretendEndpoint
from streetmend.reports.models import Delivery, EndpointWatch, Notice
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.states import DeliveryState
from tests.exchange.conftest import Work
from tests.exchange.reports import make_report, posts
from tests.support.clock import SettableClock

#: one by one, so that the order of the failures is told
ONE_AT_A_TIME = 1


@pytest.fixture(autouse=True)
def alone(town) -> None:
    """Nothing else calls the endpoint, and nothing is asked about while the breaker is looked at."""
    Endpoint.objects.update(pull_updates=False, max_in_flight=ONE_AT_A_TIME, settle_seconds=30 * 86_400)


def watch(town) -> EndpointWatch:
    return EndpointWatch.objects.get(pk=town.endpoint.pk)


def habits(**given: object) -> None:
    for endpoint in Endpoint.objects.all():
        Endpoint.objects.filter(pk=endpoint.pk).update(habits={**endpoint.habits, **given})


def make_reports(clock: SettableClock, count: int) -> None:
    for number in range(count):
        make_report(clock, title=f"Lykt {number}")


def down(endpoint: PretendEndpoint, *, down: bool = True) -> None:
    """Everything at the endpoint is out of order, or nothing is any more."""
    for operation in ("create", "services", "discovery", "requests"):
        endpoint.always(testing.fail(503) if down else None, operation=operation)


def asked(endpoint: PretendEndpoint) -> int:
    """How often it was probed."""
    return len(endpoint.ledger.seen("services"))


def states() -> Mapping[str, int]:
    found = list(Delivery.objects.values_list("state", flat=True))
    return {state: found.count(state) for state in set(found)}


def test_after_ten_failures_in_a_row_nothing_more_is_sent(town, endpoint, clock, work):
    down(endpoint)
    make_reports(clock, 14)
    work()
    assert posts(endpoint) == 10
    assert states() == {"uncertain": 10, "waiting": 4}
    assert watch(town).open_until == clock.now() + timedelta(seconds=5)
    assert watch(town).failing_since == clock.now()


def test_nine_failures_and_a_good_answer_do_not_open_it(town, endpoint, clock, work):
    endpoint.script(*[testing.fail(503)] * 9, testing.accept(), *[testing.fail(503)] * 9)
    make_reports(clock, 20)
    work()
    assert posts(endpoint) == 20
    assert watch(town).open_until is None


@pytest.mark.parametrize(
    ("percent", "bad", "opens"), [(80, 8, False), (80, 9, True), (60, 6, False), (60, 7, True)]
)
def test_more_than_the_share_of_the_last_calls_opens_it_though_some_went_well(
    town, endpoint, clock, work, percent, bad, opens
):
    habits(breaker_failures=1000, breaker_window=10, breaker_percent=percent)
    endpoint.script(*[testing.accept()] * (9 - bad), *[testing.fail(503)] * 4)
    endpoint.script(testing.accept(), *[testing.fail(503)] * (bad - 4))
    make_reports(clock, 12)
    work()
    assert (watch(town).open_until is not None) is opens


def test_what_was_refused_is_no_failure_of_the_endpoint(town, endpoint, clock, work):
    endpoint.script(*[testing.refuse(status) for status in (400, 404, 422, 405) * 3])
    make_reports(clock, 13)
    work()
    assert states() == {"refused": 12, "accepted": 1}


def test_it_stays_open_twice_as_long_each_time_up_to_five_minutes_and_is_asked_before_it_is_tried(
    town, endpoint, clock, work
):
    down(endpoint)
    make_reports(clock, 11)
    work()
    waits = []
    for number in range(9):
        until = watch(town).open_until
        waits.append((until - clock.now()).total_seconds())
        clock.set(until - timedelta(seconds=1))
        work()
        assert asked(endpoint) == number
        clock.set(until)
        work()
        assert asked(endpoint) == number + 1
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert posts(endpoint) == 10


def test_where_it_answers_questions_it_gets_one_delivery_and_no_second_if_that_fails(
    town, endpoint, clock, work
):
    endpoint.always(testing.fail(503))
    make_reports(clock, 14)
    work()
    clock.advance(seconds=5)
    work()
    assert (asked(endpoint), posts(endpoint)) == (1, 11)
    assert watch(town).open_until == clock.now() + timedelta(seconds=10)
    clock.advance(seconds=9)
    work()
    assert (asked(endpoint), posts(endpoint)) == (1, 11)


def test_an_endpoint_without_a_list_of_services_is_probed_by_what_it_says_of_itself(
    town, endpoint, clock, work
):
    endpoint.always(testing.fail(500), operation="services")
    endpoint.script(*[testing.fail(503)] * 10)
    make_reports(clock, 11)
    work()
    clock.advance(seconds=5)
    work()
    assert len(endpoint.ledger.seen("discovery")) == 1
    assert posts(endpoint) == 11


def test_each_endpoint_may_have_its_own_numbers(town, endpoint, clock, work):
    habits(breaker_failures=3, breaker_first_seconds=60, breaker_max_seconds=90)
    down(endpoint)
    make_reports(clock, 5)
    work()
    assert posts(endpoint) == 3
    assert watch(town).open_until == clock.now() + timedelta(seconds=60)
    clock.advance(seconds=60)
    work()
    assert watch(town).open_until == clock.now() + timedelta(seconds=90)


# --- the rate


def sent_in_each_second(clock: SettableClock, work: Work, endpoint: PretendEndpoint, count: int) -> list[int]:
    sent = []
    for _ in range(count):
        before = posts(endpoint)
        clock.advance(seconds=1)
        work()
        sent.append(posts(endpoint) - before)
    return sent


def test_there_is_no_limit_while_all_goes_well(town, endpoint, clock, work):
    make_reports(clock, 40)
    work()
    assert posts(endpoint) == 40
    assert not EndpointWatch.objects.filter(rate__isnull=False).exists()


def test_after_the_breaker_it_gets_one_a_second_and_twice_as_many_in_each_good_second(
    town, endpoint, clock, work
):
    endpoint.script(*[testing.fail(503)] * 10)
    make_reports(clock, 32)
    work()
    clock.advance(seconds=5)
    work()
    # the one that closed it, and the first of the rate
    assert posts(endpoint) <= 12
    assert sent_in_each_second(clock, work, endpoint, 4) == [1, 2, 4, 8]


def test_with_how_many_a_second_it_begins_again_is_the_endpoints_own(town, endpoint, clock, work):
    habits(recovery_rate=3)
    endpoint.script(*[testing.fail(503)] * 10)
    make_reports(clock, 32)
    for seconds in (0, 5):
        clock.advance(seconds=seconds)
        work()
    assert sent_in_each_second(clock, work, endpoint, 2) == [3, 6]


def test_after_a_good_minute_the_limit_is_gone_and_how_often_it_failed_is_forgotten(
    town, endpoint, clock, work
):
    endpoint.script(*[testing.fail(503)] * 10)
    make_reports(clock, 12)
    work()
    for seconds in (5, 1, 61):
        clock.advance(seconds=seconds)
        make_report(clock)
        work()
    seen = watch(town)
    assert (seen.rate, seen.opened, seen.open_until, seen.failing_since) == (None, 0, None, None)


def test_F_33_an_endpoint_that_says_429_is_slowed_down_and_no_other(town, endpoint, clock, work):
    endpoint.script(testing.busy(429), testing.busy(429))
    make_report(clock)
    work()
    assert watch(town).rate == 1.0
    clock.advance(seconds=10)
    work()
    assert watch(town).rate == 0.5
    assert not EndpointWatch.objects.filter(pk=town.roads_endpoint.pk, rate__isnull=False).exists()


def test_an_endpoint_that_wants_so_many_a_second_gets_no_more_from_the_first_one_on(
    town, endpoint, clock, work
):
    habits(max_rate=3)
    make_reports(clock, 14)
    work()
    assert posts(endpoint) == 3
    assert sent_in_each_second(clock, work, endpoint, 4) == [3, 3, 3, 2]


def test_the_greatest_rate_holds_while_it_recovers_too(town, endpoint, clock, work):
    habits(max_rate=5)
    endpoint.script(*[testing.fail(503)] * 10)
    make_reports(clock, 30)
    for _ in range(3):
        work()
        clock.advance(seconds=1)
    clock.advance(seconds=10)
    work()
    sent = sent_in_each_second(clock, work, endpoint, 4)
    assert max(sent) == 5


def test_what_an_earlier_failure_had_put_off_is_not_overtaken_when_the_endpoint_is_back(
    town, endpoint, server, clock, work
):
    habits(max_rate=50)
    Endpoint.objects.filter(pk=town.endpoint.pk).update(url="http://nobody.invalid/")
    for number in range(15):
        make_report(clock, title=f"Lykt {number:02}")
        clock.advance(seconds=1)
        work()
    clock.advance(minutes=20)
    work()
    Endpoint.objects.filter(pk=town.endpoint.pk).update(url=server.url)
    clock.advance(minutes=10)
    for _ in range(6):
        work()
        clock.advance(seconds=1)
    titles = [entry.new.description.splitlines()[0] for entry in endpoint.ledger.entries()]
    assert len(titles) == 15
    # the first one closed the breaker
    assert titles[1:] == sorted(titles[1:])


def test_F_45_an_endpoint_that_comes_and_goes_is_probed_less_and_less_and_gets_nothing_twice(
    town, endpoint, clock, work
):
    Endpoint.objects.update(settle_seconds=60)
    habits(breaker_failures=4)
    for number in range(8):
        down(endpoint, down=number % 2 == 0)
        for _ in range(2):
            make_reports(clock, 3)
            clock.advance(seconds=15)
            work()
    assert asked(endpoint) <= 8, "no more than one in thirty seconds"
    assert watch(town).opened >= 2
    down(endpoint, down=False)
    for _ in range(12):
        clock.advance(minutes=2)
        work()
    assert states() == {"accepted": 48}
    words = [entry.new.description.split() for entry in endpoint.ledger.entries()]
    marks = [word for said in words for word in said if "/reports/" in word]
    assert len(marks) == len(set(marks)) == 48
    assert Notice.objects.filter(kind=NoticeKind.STAFF).count() <= 5


def test_a_delivery_that_waits_for_its_endpoint_stays_waiting(town, endpoint, clock, work):
    down(endpoint)
    make_reports(clock, 11)
    work()
    assert Delivery.objects.filter(state=DeliveryState.WAITING, next_at__lte=clock.now()).count() == 1
