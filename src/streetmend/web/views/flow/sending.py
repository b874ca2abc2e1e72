"""A draft becomes a report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from streetmend.reports.services import Submitted, Told, submit
from streetmend.reports.services.drafts import draft_became
from streetmend.reports.services.links import hash_of
from streetmend.web.drafts import Draft
from streetmend.web.requests import is_proven


def send_draft(request: HttpRequest, draft: Draft, told: dict[str, Any], *, now: datetime) -> Submitted:
    """The draft is a report, told by who says so in `told` (fields of `Told`); a second time it is the report of the first.

    Raises what `submit` raises; nothing has changed then.
    """
    content = draft.content
    submitted = submit(
        now=now,
        lat=content.place[0],
        long=content.place[1],
        title=content.title,
        detail=content.detail,
        category_name=content.category,
        told=Told(language=get_language() or "en", **told),
        answers=content.answers,
        address=content.address,
        place_hint=content.hint,
        photos=content.photos,
        form_token=hash_of(draft.token),
        confirmed=is_proven(request, told["email"]),
    )
    draft_became(token=draft.token, report=submitted.report, now=now)
    return submitted
