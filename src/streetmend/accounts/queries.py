"""People, read."""

from __future__ import annotations

from django.db.models import QuerySet

from streetmend.accounts.models import Person
from streetmend.accounts.services import address_of


def person_by_email(email: str) -> Person | None:
    """The person with this address, whatever its case. Raises EmailInvalid."""
    return Person.objects.filter(email=address_of(email)).first()


def staff() -> QuerySet[Person]:
    """The members of staff who may sign in, by address."""
    return Person.objects.filter(is_staff=True, is_active=True).order_by("email")
