"""The mailbox of answers as staff see it: whether it is read, and what lies aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from streetmend.reports.models import Letter, LetterBox
from streetmend.reports.models.mail import LetterState


@dataclass(frozen=True, slots=True)
class BoxInfo:
    """Whether a mailbox is set up, when it was last read well (UTC), why it could not be, and the newest mails aside."""

    used: bool
    last_ok_at: datetime | None = None
    problem: str = ""
    aside: Sequence[Letter] = ()


def letter_box(*, limit: int) -> BoxInfo:
    """How it stands with the mailbox, with at most `limit` of the mails that lie aside."""
    if not settings.REPLY_MAILBOX:
        return BoxInfo(used=False)
    box = LetterBox.objects.filter(pk=1).first() or LetterBox()
    aside = Letter.objects.filter(state=LetterState.ASIDE).order_by("-received_at", "-pk")
    return BoxInfo(True, box.last_ok_at, box.problem, list(aside[:limit]))
