"""Sign-in links as the services make and use them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from streetmend.accounts.models import Person, Role, SignInLink
from streetmend.accounts.services import (
    MAILED_LIFETIME,
    LinkExpired,
    LinkUnknown,
    LinkUsed,
    PersonInactive,
    SignInRefused,
    end_staff,
    make_staff,
    new_sign_in_link,
    person_with_email,
    use_sign_in_link,
)
from streetmend.reports.models import Notice
from streetmend.reports.services.signing import mail_sign_in_link

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def kari(db):
    return person_with_email(email="kari@example.org", now=NOW)


def test_B_75_a_link_works_once(kari):
    secret = new_sign_in_link(person=kari, now=NOW)
    assert use_sign_in_link(secret=secret, now=NOW + SECOND) == kari
    with pytest.raises(LinkUsed):
        use_sign_in_link(secret=secret, now=NOW + SECOND)


def test_B_75_a_link_is_good_for_half_an_hour(kari):
    early, late = (new_sign_in_link(person=kari, now=NOW) for _ in range(2))
    assert use_sign_in_link(secret=early, now=NOW + MAILED_LIFETIME - SECOND) == kari
    with pytest.raises(LinkExpired):
        use_sign_in_link(secret=late, now=NOW + MAILED_LIFETIME)
    assert timedelta(minutes=30) == MAILED_LIFETIME


def test_B_75_the_secret_is_long_and_not_kept(kari):
    secrets = {new_sign_in_link(person=kari, now=NOW) for _ in range(50)}
    assert len(secrets) == 50
    assert min(map(len, secrets)) >= 32
    assert not secrets & set(SignInLink.objects.values_list("secret_hash", flat=True))


@pytest.mark.django_db(transaction=True)
def test_B_75_of_two_clicks_at_the_same_moment_one_signs_in():
    kari = person_with_email(email="kari@example.org", now=NOW)

    def click(secret: str) -> bool:
        try:
            use_sign_in_link(secret=secret, now=NOW + SECOND)
        except LinkUsed:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            secret = new_sign_in_link(person=kari, now=NOW)
            assert sorted(threads.map(click, [secret] * 4)) == [False, False, False, True]


def test_a_person_who_may_not_sign_in_has_no_use_of_a_link(kari):
    secret = new_sign_in_link(person=kari, now=NOW)
    Person.objects.update(is_active=False)
    with pytest.raises(PersonInactive):
        use_sign_in_link(secret=secret, now=NOW)


def test_a_link_that_was_followed_proves_the_address(kari):
    assert kari.verified_at is None
    use_sign_in_link(secret=new_sign_in_link(person=kari, now=NOW), now=NOW + SECOND)
    use_sign_in_link(secret=new_sign_in_link(person=kari, now=NOW), now=NOW + 2 * SECOND)
    kari.refresh_from_db()
    assert kari.verified_at == NOW + SECOND


class TestAnySecret(TestCase):
    @settings(max_examples=60)
    @given(st.text(max_size=300))
    def test_whatever_is_tried_as_a_secret_is_unknown(self, secret):
        with pytest.raises(LinkUnknown):
            use_sign_in_link(secret=secret, now=NOW)


def test_staff_who_are_none_any_more_keep_no_power_and_no_link(kari):
    ola, was_staff = make_staff(email="OLA@example.org", role=Role.ADMIN, now=NOW)
    assert (was_staff, ola.is_superuser, ola.email) == (False, True, "ola@example.org")
    secret = new_sign_in_link(person=ola, now=NOW)
    end_staff(person=ola, now=NOW)
    ola.refresh_from_db()
    assert (ola.role, ola.is_staff, ola.is_superuser, ola.is_active) == ("", False, False, True)
    with pytest.raises(SignInRefused):
        use_sign_in_link(secret=secret, now=NOW)


def test_B_84_an_address_gets_few_links_in_a_short_time(db):
    for second in range(10):
        mail_sign_in_link(email="kari@example.org", language="nb", now=NOW + second * SECOND)
    assert Notice.objects.filter(kind="sign_in").count() == 3
    mail_sign_in_link(email="ola@example.org", language="nb", now=NOW)
    assert Notice.objects.filter(kind="sign_in").count() == 4, "another address has its own"
    mail_sign_in_link(email="kari@example.org", language="nb", now=NOW + timedelta(minutes=11))
    assert Notice.objects.filter(kind="sign_in").count() == 5


def test_B_74_nothing_is_mailed_to_whoever_may_not_sign_in(kari):
    Person.objects.update(is_active=False)
    mail_sign_in_link(email="Kari@Example.org", language="nb", now=NOW)
    assert not Notice.objects.exists()
