"""API keys: shown once, kept as a hash, good for what they were made for, and for nothing once revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from streetmend.accounts.keys import (
    KeyRefused,
    KeyRuleBroken,
    create_api_key,
    key_for,
    keys_named,
    note_use,
    revoke_api_key,
)
from streetmend.accounts.models import ApiKey, Scope
from tests.support.clock import SettableClock
from tests.support.town import make_town

pytestmark = pytest.mark.django_db


def test_a_key_opens_what_it_was_made_for_and_nothing_else(clock: SettableClock):
    key, secret = create_api_key(name="City app", now=clock.now())
    assert key_for(secret, Scope.REPORT) == key
    with pytest.raises(KeyRefused, match="may not"):
        key_for(secret, Scope.UPDATE)


def test_B_80_what_is_kept_of_a_key_does_not_say_what_it_is(clock: SettableClock):
    _, secret = create_api_key(name="City app", now=clock.now())
    row = ApiKey.objects.values().get()
    assert secret not in str(row)
    assert len(secret) > 40
    assert secret.startswith(row["beginning"])


@pytest.mark.parametrize("wrong", ["", "sm_", "x" * 10_000, "nul\0", "\ud800", "' OR 1=1 --"])
def test_B_80_anything_else_is_no_key(clock: SettableClock, wrong: str):
    _, secret = create_api_key(name="City app", now=clock.now())
    for guess in (wrong, secret[:-1], f"{secret} ", secret.swapcase()):
        with pytest.raises(KeyRefused, match="is not a key"):
            key_for(guess, Scope.REPORT)


def test_B_80_a_revoked_key_opens_nothing_from_the_next_call_on(clock: SettableClock):
    key, secret = create_api_key(name="City app", now=clock.now())
    revoke_api_key(key=key, now=clock.now())
    with pytest.raises(KeyRefused, match="is not a key"):
        key_for(secret, Scope.REPORT)


def test_B_73_however_many_keys_are_guessed_the_real_one_still_opens(clock: SettableClock):
    key, secret = create_api_key(name="City app", now=clock.now())
    for number in range(200):
        with pytest.raises(KeyRefused):
            key_for(f"sm_{number:043}", Scope.REPORT)
    assert key_for(secret, Scope.REPORT) == key


def test_its_use_is_noted_once_a_minute(clock: SettableClock):
    key, _ = create_api_key(name="City app", now=clock.now())
    note_use(key=key, now=clock.now())
    key.refresh_from_db()
    first = key.last_used_at
    note_use(key=key, now=clock.now() + timedelta(seconds=59))
    key.refresh_from_db()
    assert key.last_used_at == first == clock.now()
    note_use(key=key, now=clock.now() + timedelta(seconds=61))
    key.refresh_from_db()
    assert key.last_used_at == clock.now() + timedelta(seconds=61)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"scopes": []}, "good for something"),
        ({"scopes": [Scope.UPDATE]}, "belongs to a body"),
        ({"rate_per_minute": 0}, "A rate is"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(clock: SettableClock, what, why):
    with pytest.raises(KeyRuleBroken, match=why):
        create_api_key(name="City app", now=clock.now(), **what)
    assert not ApiKey.objects.exists()


def test_a_key_is_meant_by_its_number_its_owner_or_itself(clock: SettableClock):
    town = make_town()
    first, secret = create_api_key(
        name="City app", now=clock.now(), scopes=[Scope.UPDATE], body_id=town.west.pk
    )
    second, _ = create_api_key(name="City app", now=clock.now())
    assert keys_named("City app") == [first, second]
    assert keys_named(str(second.pk)) == [second]
    assert keys_named(secret) == [first]
    revoke_api_key(key=first, now=clock.now())
    assert keys_named("City app") == [second]
