"""A link that signs somebody in goes out as a notice, in the transaction that makes it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from streetmend.accounts.services import may_be_mailed, new_sign_in_link, person_with_email
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services.notices import write_notice


def mail_sign_in_link(*, email: str, language: str, now: datetime) -> None:
    """A mail with a link that signs its owner in once is due to the address.

    None is where its person may not sign in, or where too many were asked for of late. Nothing tells whether the address was
    known before. Raises EmailInvalid.
    """
    with transaction.atomic():
        person = person_with_email(email=email, language=language, now=now)
        if not may_be_mailed(person=person, now=now):
            return
        write_notice(
            kind=NoticeKind.SIGN_IN,
            email=person.email,
            person=person,
            language=language,
            content={"secret": new_sign_in_link(person=person, now=now)},
            now=now,
        )
