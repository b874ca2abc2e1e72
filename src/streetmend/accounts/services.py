"""The only writers of people and of the links that sign them in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from streetmend.accounts.models import Person, Role, SignInLink
from streetmend.text import clean_email, clean_text

#: how long a link that was mailed is good
MAILED_LIFETIME = timedelta(minutes=30)
#: how long a link that an operator was shown is good
SHOWN_LIFETIME = timedelta(hours=24)
#: so many links are mailed to one address in so long; whoever asks for more is told the same, and nothing is sent
MAILED_AT_MOST, MAILED_WITHIN = 3, timedelta(minutes=10)

NAME_LENGTH = 200
PHONE_LENGTH = 40


class SignInRefused(Exception):
    """A link signs nobody in; the text says why, for people."""


class LinkUnknown(SignInRefused):
    """There never was such a link."""


class LinkUsed(SignInRefused):
    """The link has been used; each works once."""


class LinkExpired(SignInRefused):
    """The link's time is over."""


class PersonInactive(SignInRefused):
    """The person may no longer sign in."""


def person_with_email(
    *, email: str, now: datetime, name: str = "", phone: str = "", language: str = "en"
) -> Person:
    """There is a person with this address; a name or phone that was not known before is known now. Nothing is proven by it.

    Addresses that differ in case only are one person's. `now`: UTC. Raises EmailInvalid, TextTooLong.
    """
    address = address_of(email)
    name = clean_text(name, field="name", max_length=NAME_LENGTH)
    phone = clean_text(phone, field="phone", max_length=PHONE_LENGTH)
    known = Person.objects.filter(email=address).first()
    if known is None:
        row = Person(
            email=address, name=name, phone=phone, language=language, created_at=now, password=_no_password()
        )
        # somebody else may make the same person at this moment: the address is theirs once, whoever wins
        Person.objects.bulk_create([row], ignore_conflicts=True)
        known = Person.objects.get(email=address)
    _learn(known, name=name, phone=phone)
    return known


def _learn(person: Person, **told: str) -> None:
    """What is not known of the person yet; what they proved themselves is not overwritten by what a form says."""
    new = {field: value for field, value in told.items() if value and not getattr(person, field)}
    if new:
        Person.objects.filter(pk=person.pk).update(**new)
        for field, value in new.items():
            setattr(person, field, value)


def make_staff(*, email: str, role: Role, now: datetime, name: str = "") -> tuple[Person, bool]:
    """The person with this address is a member of staff with the role; and whether they were one before.

    Raises EmailInvalid, TextTooLong.
    """
    with transaction.atomic():
        person = person_with_email(email=email, name=name, now=now)
        was_staff = person.is_staff
        person.role = role
        person.is_staff = person.is_active = True
        person.is_superuser = role == Role.ADMIN
        person.save(update_fields=["role", "is_staff", "is_active", "is_superuser"])
    return person, was_staff


def end_staff(*, person: Person, now: datetime) -> None:
    """The person is no member of staff any more, from the next request on, and links that were not used are worth nothing."""
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(role="", is_staff=False, is_superuser=False)
        SignInLink.objects.filter(person=person, used_at=None).update(used_at=now)


def new_sign_in_link(
    *,
    person: Person,
    now: datetime,
    lifetime: timedelta = MAILED_LIFETIME,
    draw: Callable[[], str] = lambda: secrets.token_urlsafe(24),
) -> str:
    """There is a link that signs the person in once, before `lifetime` is over.

    Its secret (192 random bits) is returned and not kept. Who asks writes the message, in the same transaction.
    """
    secret = draw()
    SignInLink.objects.create(
        person=person, secret_hash=hash_of(secret), created_at=now, expires_at=now + lifetime
    )
    return secret


def may_be_mailed(*, person: Person, now: datetime) -> bool:
    """Whether another link may be mailed to the person now: they may sign in, and not too many have been.

    To be asked inside the transaction that makes the link: the person's row is locked until its end.
    """
    person = Person.objects.select_for_update().get(pk=person.pk)
    asked = SignInLink.objects.filter(person=person, created_at__gt=now - MAILED_WITHIN).count()
    return person.is_active and asked < MAILED_AT_MOST


def use_sign_in_link(*, secret: str, now: datetime) -> Person:
    """The link is used up, its person's address is proven, and the person may be signed in.

    Raises LinkUnknown, LinkUsed, LinkExpired, PersonInactive.
    """
    with transaction.atomic():
        link = SignInLink.objects.select_related("person").filter(secret_hash=hash_of(secret)).first()
        if link is None:
            raise LinkUnknown("We do not know this link. Copy the whole address from the e-mail.")
        if link.used_at is not None:
            raise LinkUsed("This link has been used. Ask for a new one.")
        if link.expires_at <= now:
            raise LinkExpired("This link is too old. Ask for a new one.")
        if not link.person.is_active:
            raise PersonInactive("This account may not sign in.")
        # two browsers may follow it at the same moment: the database decides
        if not SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now):
            raise LinkUsed("This link has been used. Ask for a new one.")
        Person.objects.filter(pk=link.person_id, verified_at=None).update(verified_at=now)
        link.person.refresh_from_db()
    return link.person


def address_of(email: str) -> str:
    """The address by which a person is found: clean, in lower case. Raises EmailInvalid, TextMissing."""
    return clean_email(email).lower()


def hash_of(secret: str) -> str:
    """What is kept of a link's secret: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _no_password() -> str:
    """A stored password that no password matches."""
    return f"!{secrets.token_urlsafe(30)}"
