"""A report that a program sends comes in once, however often it is sent."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from streetmend.bodies.queries import Responsible
from streetmend.bodies.values import SiteInfo
from streetmend.photos.store import StoredPhoto
from streetmend.reports.errors import ReportError
from streetmend.reports.models import Posting
from streetmend.reports.services.notices import write_staff_notice
from streetmend.reports.services.submitting import Told, new_report, take_in
from streetmend.reports.services.wanted_photos import want_photos

#: how long a client's own mark is remembered
REMEMBERED = timedelta(days=30)
#: how reports from programs came in, as interface_used shows it
SOURCE = "Open311"
#: how long the same words at the same place are taken for a repeat
ALIKE = timedelta(minutes=15)
_ONE_OF_MANY = "Staff look at it first: many reports came with nearly the same words."
_BY_MARK = "SELECT * FROM reports_posting WHERE client = %s AND mark = %s"


class MarkUsedOtherwise(ReportError):
    """The client gave the mark of an earlier report to another one."""

    field = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Mark:
    """By what a repeat is known: `name` within `client`; `content_hash` is "" where the name is itself what was said."""

    client: str
    name: str
    content_hash: str = ""

    @property
    def lasts(self) -> timedelta:
        """How long it is remembered."""
        return REMEMBERED if self.content_hash else ALIKE


def own_mark(client: str, said: str, content: bytes) -> Mark:
    """The mark that a client gave a report itself; `content` is all that it sent."""
    return Mark(client, f"id:{_digest(said.encode())}", _digest(content))


def mark_by_content(client: str, content: bytes) -> Mark:
    """The mark of a report whose client gave none: what it says."""
    return Mark(client, f"like:{_digest(content)}")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of it: a report, or a token while the report waits for its confirmation."""

    report_id: int
    token: str = ""
    notice: str = ""
    #: true where it had come before
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A report as a program told it; texts are clean. `found`: who is responsible at its place for its category."""

    found: Responsible
    title: str
    told: Told
    detail: str = ""
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    address: str = ""


def posted_before(mark: Mark, *, now: datetime) -> Posted | None:
    """The report that this mark brought in before and is still remembered for. Raises MarkUsedOtherwise."""
    # asked at every call: making the query by the model costs several times what the database does
    row = next(iter(Posting.objects.raw(_BY_MARK, [mark.client, mark.name])), None)
    return None if row is None or row.created_at <= now - mark.lasts else _answer(row, mark)


def _answer(row: Posting, mark: Mark) -> Posted:
    if row.content_hash != mark.content_hash:
        raise MarkUsedOtherwise("was given to another report before")
    return Posted(row.report_id, row.token or "", row.notice, repeated=True)


def post_report(
    *,
    mark: Mark,
    words: Words,
    here: SiteInfo,
    now: datetime,
    confirmed: bool,
    photos: Sequence[StoredPhoto] = (),
    media_urls: Sequence[str] = (),
    notice: str = "",
    one_of_many: bool = False,
) -> Posted:
    """The report exists and is remembered by its mark, with the answer to its sender, in the same transaction.

    `one_of_many`: there were many with nearly the same words (`alike`), so it is hidden and waits for staff, who are told daily.

    A mark that is remembered already, or is written at this moment by another process, gives the answer of the first time and
    changes nothing. Unless `confirmed` the sender gets a token and the reporter a mail. Photos at `media_urls` are fetched
    later. `here`: the site. Raises MarkUsedOtherwise, and as `submit`.
    """
    while True:
        report = new_report(
            here=here,
            found=words.found,
            title=words.title,
            detail=words.detail,
            told=words.told,
            answers=words.answers,
            address=words.address,
            source=SOURCE,
            has_photo=bool(photos or media_urls),
            now=now,
        )
        row = Posting(
            client=mark.client,
            mark=mark.name,
            content_hash=mark.content_hash,
            token=None if confirmed else secrets.token_urlsafe(24),
            notice=notice,
            created_at=now,
        )
        try:
            with transaction.atomic():
                held = _ONE_OF_MANY if one_of_many else ""
                take_in(
                    report, words.told, words.found, photos, here, confirmed=confirmed, now=now, held=held
                )
                if media_urls:
                    want_photos(media_urls, report=report, now=now, after=len(photos))
                if one_of_many:
                    _tell_staff(words, now)
                row.report = report
                row.save(force_insert=True)
        except IntegrityError:
            # the same came twice at the same moment, and the other one won; or long ago, and its mark is free now
            if (earlier := _came_before(mark, now)) is not None:
                return earlier
        else:
            return Posted(row.report_id, row.token or "", notice)


def _tell_staff(words: Words, now: datetime) -> None:
    """Once a day, whatever comes: who sends a thousand reports shall not send a thousand mails to staff."""
    write_staff_notice(
        subject="Many reports with nearly the same words wait for you",
        text=f"The latest says: {words.title}\n\nThey came by Open311 without a key, are hidden and not sent. Show those on the"
        " desk that are about a street: when their reporters have confirmed them, they are sent.",
        now=now,
        once=f"alike.{now:%Y-%m-%d}",
    )


def _came_before(mark: Mark, now: datetime) -> Posted | None:
    """The answer of the first time; None where that is no longer remembered: its mark is free now, and its token stays good.

    Raises Posting.DoesNotExist where the mark never came before: then something else broke the rules of the database.
    """
    earlier = Posting.objects.get(client=mark.client, mark=mark.name)
    if earlier.created_at > now - mark.lasts:
        return _answer(earlier, mark)
    Posting.objects.filter(pk=earlier.pk).update(mark=f"old:{earlier.pk}")
    return None


def forget_old_postings(*, now: datetime) -> int:
    """What programs sent more than thirty days ago is no longer known as a repeat; says how many rows went."""
    old = Posting.objects.filter(created_at__lt=now - REMEMBERED)
    return old.delete()[0] if old.exists() else 0
