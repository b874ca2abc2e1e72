"""Limits hold whatever comes at once, and the address of a caller is the one that our own proxies saw."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from streetmend.accounts.limits import (
    Limit,
    LimitReached,
    client_address,
    count,
    forget_old_counts,
    whole_seconds,
)
from streetmend.accounts.models import Allowance
from tests.support.clock import SettableClock

FIVE = Limit(5)


def taken(clock: SettableClock, name: str = "key:1", limit: Limit = FIVE) -> bool:
    try:
        count(name=name, limit=limit, now=clock.now())
    except LimitReached:
        return False
    return True


@pytest.mark.django_db
def test_as_many_as_allowed_pass_at_once_and_the_next_one_when_it_was_told_to_come(clock: SettableClock):
    assert [taken(clock) for _ in range(6)] == [True] * 5 + [False]
    with pytest.raises(LimitReached) as reached:
        count(name="key:1", limit=FIVE, now=clock.now())
    assert whole_seconds(reached.value.wait_seconds) == 12
    clock.advance(seconds=12)
    assert [taken(clock) for _ in range(2)] == [True, False]


@pytest.mark.django_db
def test_a_minute_never_has_twice_as_many_around_its_turn(clock: SettableClock):
    assert sum(taken(clock) for _ in range(10)) == 5
    clock.advance(seconds=60)
    assert sum(taken(clock) for _ in range(10)) == 5
    clock.advance(seconds=24)
    assert sum(taken(clock) for _ in range(10)) == 2


@pytest.mark.django_db
def test_everybody_is_counted_alone(clock: SettableClock):
    assert [taken(clock) for _ in range(6)].count(True) == 5
    assert taken(clock, "key:2")


@pytest.mark.django_db
def test_what_limits_nothing_any_more_is_forgotten(clock: SettableClock):
    taken(clock)
    assert forget_old_counts(now=clock.now() + timedelta(minutes=59)) == 0
    assert forget_old_counts(now=clock.now() + timedelta(hours=2)) == 1
    assert not Allowance.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_B_81_many_at_once_count_as_many(clock: SettableClock):
    passed: list[bool] = []

    def four() -> None:
        try:
            passed.extend(taken(clock, limit=Limit(10)) for _ in range(4))
        finally:
            connection.close()

    threads = [threading.Thread(target=four) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(passed), sum(passed)) == (20, 10)


@pytest.mark.parametrize(
    ("remote", "forwarded", "proxies", "address"),
    [
        ("203.0.113.7", [], 0, "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], 0, "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1"], 1, "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], 1, "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1"], 1, "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1, 10.0.0.2"], 2, "198.51.100.1"),
        ("10.0.0.1", [], 1, "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], 1, "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8:1:2:3:4:5:6]:4711"], 1, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", [], 0, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", [], 0, "203.0.113.7"),
        ("fe80::1%eth0", [], 0, "fe80::/64"),
        ("10.0.0.1", ["unknown"], 1, ""),
        ("10.0.0.1", ["x" * 10_000], 1, ""),
        ("10.0.0.1", ["1.2.3.4\r\nSet-Cookie: a"], 1, ""),
        ("", [], 0, ""),
    ],
)
def test_B_71_only_what_our_own_proxies_say_of_the_address_is_believed(remote, forwarded, proxies, address):
    assert client_address(remote, forwarded, proxies) == address
