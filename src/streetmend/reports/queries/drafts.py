"""Drafts by their token."""

from __future__ import annotations

from streetmend.reports.models import Draft, Report
from streetmend.reports.services.links import hash_of


def find_draft(token: str) -> Draft | None:
    """The draft of `token` with its report, or None."""
    return Draft.objects.select_related("report").filter(token_hash=hash_of(token)).first()


def report_of_form(token: str) -> Report | None:
    """The report that the form with this token has become, also where its draft is forgotten by now; or None."""
    return Report.objects.filter(form_token=hash_of(token)).first()
