"""Drafts by their token."""

from __future__ import annotations

from streetmend.reports.models import Draft
from streetmend.reports.services.links import hash_of


def find_draft(token: str) -> Draft | None:
    """The draft of `token` with its report, or None."""
    return Draft.objects.select_related("report").filter(token_hash=hash_of(token)).first()
