"""The public addresses that leave in mails and reports; always from the configured base URL, never from a request."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import default_storage

from streetmend.photos.store import path_of


def report_url(report_id: int) -> str:
    """Where everybody reads the report."""
    return f"{settings.BASE_URL}/reports/{report_id}"


def photo_url(name: str) -> str:
    """Where everybody sees the photo of this stored name."""
    url = default_storage.url(path_of(name))
    return url if url.startswith(("http://", "https://")) else f"{settings.BASE_URL}{url}"


def map_url(lat: float, long: float) -> str:
    """A map with a pin at this place (WGS84 degrees), for people who have no map of their own."""
    return f"https://www.openstreetmap.org/?mlat={lat:.6f}&mlon={long:.6f}#map=18/{lat:.6f}/{long:.6f}"


def confirm_url(secret: str) -> str:
    """The page with the button that confirms what this secret is for."""
    return f"{settings.BASE_URL}/confirm/{quote(secret, safe='')}"


def draft_url(token: str) -> str:
    """The step of the form at which the draft of this token goes on."""
    return f"{settings.BASE_URL}/report/check?draft={quote(token, safe='')}"


def end_alert_url(token: str) -> str:
    """Where the alert of this token is ended: by a button, and by mail programs themselves (RFC 8058)."""
    return f"{settings.BASE_URL}/alerts/{quote(token, safe='')}/end"


def still_url(token: str) -> str:
    """The page where the reporter says whether the problem is still there."""
    return f"{settings.BASE_URL}/still/{quote(token, safe='')}"


def sign_in_url(secret: str) -> str:
    """The page with the button that signs the person of this secret in."""
    return f"{settings.BASE_URL}/sign-in/{quote(secret, safe='')}"
