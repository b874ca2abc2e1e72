"""A report in the making, as the steps of the form keep it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest

from streetmend.photos.store import StoredPhoto
from streetmend.reports.models import Report
from streetmend.reports.queries.drafts import find_draft
from streetmend.reports.services.drafts import save_draft, start_draft


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the report so far. WGS84 degrees."""

    lat: float | None = None
    long: float | None = None
    address: str = ""
    hint: str = ""
    title: str = ""
    detail: str = ""
    category: str = ""
    answers: dict[str, list[str]] = {}
    photos: list[StoredPhoto] = []
    #: the steps that were gone through: whoever changes one comes back to the last one
    details_done: bool = False
    #: who tells, where they told it before the last step (without network): email, name, phone, show_name
    who: dict[str, str] = {}

    @property
    def has_place(self) -> bool:
        """Whether the first step was gone through."""
        return self.lat is not None and self.long is not None

    @property
    def place(self) -> tuple[float, float]:
        """Latitude and longitude. Raises ValueError before the first step."""
        if self.lat is None or self.long is None:
            raise ValueError("the draft has no place yet")
        return self.lat, self.long

    @property
    def complete(self) -> bool:
        """Whether it can be checked and sent."""
        return self.has_place and bool(self.title and self.category) and self.details_done

    def changed(self, **fields: Any) -> Content:
        """The same with other values."""
        return msgspec.structs.replace(self, **fields)


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with its token; empty (and not kept yet) before the first step was sent. `report`: what it became."""

    token: str = ""
    content: Content = field(default_factory=Content)
    report: Report | None = None

    def url(self, step: str, **more: str) -> str:
        """The address of a step of the form with this draft."""
        query = {"draft": self.token, **more} if self.token else more
        return f"/report/{step}" + (f"?{urlencode(query)}" if query else "")


def draft_of(request: HttpRequest) -> Draft:
    """The draft that the request names; an empty one where it names none, or one that is gone."""
    token = request.POST.get("draft") or request.GET.get("draft") or ""
    return (draft_with(token) if token else None) or Draft()


def draft_with(token: str) -> Draft | None:
    """The draft of the token, or None."""
    row = find_draft(token[:200])
    if row is None:
        return None
    try:
        content = msgspec.convert(row.content, Content)
    except msgspec.ValidationError:
        # kept by another release
        content = Content()
    return Draft(token, content, row.report)


def keep(draft: Draft, content: Content, *, now: datetime) -> Draft:
    """The draft with this content, kept; a new one where there was none or it was sent meanwhile."""
    plain = msgspec.to_builtins(content)
    if draft.token and save_draft(token=draft.token, content=plain, now=now):
        return replace(draft, content=content)
    return Draft(start_draft(content=plain, now=now), content)
