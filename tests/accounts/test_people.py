"""People are known by their address, staff by a role, and a link signs one person in once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from streetmend.accounts.models import Person, Role, SignInLink
from streetmend.accounts.queries import person_by_email, staff
from streetmend.accounts.services import (
    LinkExpired,
    LinkUnknown,
    LinkUsed,
    PersonInactive,
    SignInRefused,
    make_staff,
    new_sign_in_link,
    person_with_email,
    use_sign_in_link,
)
from streetmend.text import EmailInvalid, TextError, TextTooLong

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.mark.django_db
class TestAPerson:
    def test_addresses_that_differ_in_case_only_are_one_person_s(self) -> None:
        first = person_with_email(email="Kari@Example.org", now=NOW, name="Kari")
        assert person_with_email(email="kari@example.ORG", now=NOW) == first
        assert person_by_email("KARI@example.org") == first
        assert first.email == "kari@example.org"

    def test_what_was_not_known_is_learned_and_what_is_known_is_not_overwritten(self) -> None:
        person_with_email(email="kari@example.org", now=NOW, name="Kari")
        person_with_email(email="kari@example.org", now=NOW, name="Somebody", phone="12345678")
        person = Person.objects.get()
        assert (person.name, person.phone, person.verified_at) == ("Kari", "12345678", None)

    @pytest.mark.parametrize(
        "address", ["", "a", "a@b", "a@[127.0.0.1]", '"a b"@x.example', "a@x.example,b@x.example", f"{'a' * 300}@x.example"]
    )  # fmt: skip
    def test_B_67_an_address_is_one_address(self, address: str) -> None:
        with pytest.raises(TextError):
            person_with_email(email=address, now=NOW)
        assert Person.objects.count() == 0

    def test_B_66_a_line_break_in_an_address_makes_no_second_one(self) -> None:
        with pytest.raises(EmailInvalid):
            person_with_email(email="a@x.example\r\nBcc: b@x.example", now=NOW)

    def test_B_11_a_name_has_its_limit(self) -> None:
        with pytest.raises(TextTooLong):
            person_with_email(email="a@x.example", name="x" * 201, now=NOW)

    def test_nobody_has_a_password(self) -> None:
        person = person_with_email(email="kari@example.org", now=NOW)
        assert not person.has_usable_password()
        assert not person.check_password("")


@pytest.mark.django_db
class TestStaff:
    def test_an_administrator_may_do_everything_and_a_moderator_not(self) -> None:
        admin, was = make_staff(email="a@x.example", role=Role.ADMIN, now=NOW)
        moderator, _ = make_staff(email="m@x.example", role=Role.MODERATOR, now=NOW)
        assert (admin.is_superuser, moderator.is_superuser, was) == (True, False, False)
        assert [person.email for person in staff()] == ["a@x.example", "m@x.example"]

    def test_a_role_that_is_taken_back_takes_the_rights_with_it(self) -> None:
        make_staff(email="a@x.example", role=Role.ADMIN, now=NOW)
        person, was = make_staff(email="A@x.example", role=Role.MODERATOR, now=NOW)
        assert (was, person.is_superuser) == (True, False)
        assert Person.objects.get().is_superuser is False

    def test_B_98_who_only_reported_is_not_staff(self) -> None:
        person_with_email(email="kari@example.org", now=NOW)
        assert list(staff()) == []


@pytest.mark.django_db
class TestASignInLink:
    @pytest.fixture
    def kari(self) -> Person:
        return person_with_email(email="kari@example.org", now=NOW)

    def test_B_75_it_signs_in_once_and_proves_the_address(self, kari: Person) -> None:
        secret = new_sign_in_link(person=kari, now=NOW)
        later = NOW + timedelta(minutes=29)
        assert use_sign_in_link(secret=secret, now=later) == kari
        assert Person.objects.get().verified_at == later
        with pytest.raises(LinkUsed):
            use_sign_in_link(secret=secret, now=later)

    def test_B_75_it_ends_after_half_an_hour(self, kari: Person) -> None:
        secret = new_sign_in_link(person=kari, now=NOW)
        with pytest.raises(LinkExpired):
            use_sign_in_link(secret=secret, now=NOW + timedelta(minutes=30))
        assert SignInLink.objects.get().used_at is None

    def test_B_75_its_secret_is_long_and_only_its_hash_is_kept(self, kari: Person) -> None:
        secrets = {new_sign_in_link(person=kari, now=NOW) for _ in range(50)}
        assert len(secrets) == 50
        assert min(map(len, secrets)) >= 128 / 6
        kept = str(list(SignInLink.objects.values()))
        assert not any(secret in kept for secret in secrets)

    @pytest.mark.parametrize("secret", ["", "x", "\x00", "\ud800", "9" * 100_000, "../../etc"])
    def test_B_75_what_is_no_link_of_ours_is_unknown(self, kari: Person, secret: str) -> None:
        new_sign_in_link(person=kari, now=NOW)
        with pytest.raises(LinkUnknown):
            use_sign_in_link(secret=secret, now=NOW)

    def test_B_76_who_may_no_longer_sign_in_does_not(self, kari: Person) -> None:
        secret = new_sign_in_link(person=kari, now=NOW)
        Person.objects.update(is_active=False)
        with pytest.raises(PersonInactive):
            use_sign_in_link(secret=secret, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_B_75_of_two_clicks_at_the_same_moment_one_signs_in() -> None:
    secret = new_sign_in_link(person=person_with_email(email="kari@example.org", now=NOW), now=NOW)
    start, outcomes = threading.Barrier(4), []

    def click() -> None:
        start.wait()
        try:
            outcomes.append(use_sign_in_link(secret=secret, now=NOW).email)
        except SignInRefused as refused:
            outcomes.append(type(refused).__name__)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert sorted(outcomes) == ["LinkUsed", "LinkUsed", "LinkUsed", "kari@example.org"]
