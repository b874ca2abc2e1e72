"""Links that confirm one thing once. Their secrets leave in notices; only hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from streetmend.reports.errors import LinkExpired, LinkUnknown
from streetmend.reports.models import ConfirmLink

#: how long a link in a mail is good; the report waits as long
LIFETIME = timedelta(days=14)


def hash_of(secret: str) -> str:
    """What is kept of a secret: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def new_secret() -> str:
    """A secret of 192 random bits, fit for a URL."""
    return secrets.token_urlsafe(24)


def find(secret: str, *, now: datetime) -> ConfirmLink:
    """The link of this secret, used or not.

    Raises LinkUnknown, and LinkExpired where it was not used in time.
    """
    link = ConfirmLink.objects.select_related("report", "alert").filter(secret_hash=hash_of(secret)).first()
    if link is None:
        raise LinkUnknown("We do not know this link. Copy the whole address from the e-mail.")
    if link.used_at is None and link.expires_at < now:
        raise LinkExpired("This link is too old.")
    return link
