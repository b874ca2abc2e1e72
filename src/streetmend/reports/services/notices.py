"""Messages that are due: written in the transaction of what they tell about, sent by the worker."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from streetmend.accounts.models import Person
from streetmend.bodies.sealing import seal
from streetmend.reports.models import Delivery, Notice, Report, Update
from streetmend.reports.models.outbox import NoticeKind


def write_notice(
    *,
    kind: NoticeKind,
    email: str,
    language: str,
    now: datetime,
    person: Person | None = None,
    report: Report | None = None,
    update: Update | None = None,
    delivery: Delivery | None = None,
    content: dict[str, Any] | None = None,
    secret: str = "",
) -> Notice | None:
    """A message to `email` is due; None where there is no address.

    `secret` (of a link) is kept sealed until the message has left, then it is forgotten. To be called inside the transaction of
    what the message is about.
    """
    if not email:
        return None
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return Notice.objects.create(
        kind=kind,
        email=email,
        person=person,
        report=report,
        update=update,
        delivery=delivery,
        language=language,
        content={**(content or {}), **({"sealed_secret": seal(secret)} if secret else {})},
        message_id=f"<{uuid.uuid4().hex}@{host}>",
        next_at=now,
        created_at=now,
    )
