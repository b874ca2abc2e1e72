"""The demo's mailbox: what the site has mailed, read from the files that its mails lie in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from html import escape
from pathlib import Path

from streetmend.demo.pages import linked, page
from streetmend.georeport.testing import Answer

#: several mails of one file have a line like this between them, and each begins with its headers
_BETWEEN = re.compile(rb"\n-{79}\n(?=Content-Type:|\Z)")
_SHOWN = 50
_REFRESH_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that was sent."""

    to: str
    subject: str
    sent: str
    text: str


class Mailbox:
    """The mails in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mails(self, limit: int = _SHOWN) -> list[Mail]:
        """The mails that were sent last, the newest first."""
        found: list[Mail] = []
        files = sorted(self._folder.glob("*.log"), key=_age, reverse=True) if self._folder.is_dir() else []
        for file in files:
            found += sorted(_of_file(file), key=_moment, reverse=True)
            if len(found) >= limit:
                break
        return found[:limit]

    def answer(self, site: str) -> Answer:
        """The page of the mailbox."""
        mails = self.mails()
        shown = "".join(map(_article, mails)) or "<p>No mail has been sent yet.</p>"
        intro = '<p class="soft">No mail leaves the demo. What the site would have sent is here, the newest first.</p>'
        return page("Mailbox", intro + shown, site=site, refresh_seconds=_REFRESH_SECONDS)


def _age(file: Path) -> tuple[int, str]:
    try:
        return file.stat().st_mtime_ns, file.name
    except OSError:
        return 0, file.name


def _of_file(file: Path) -> Iterator[Mail]:
    try:
        content = file.read_bytes()
    except OSError:
        return
    for part in _BETWEEN.split(content):
        if part.strip():
            message = message_from_bytes(part.lstrip(b"\n"), policy=policy.default)
            if isinstance(message, EmailMessage):
                yield _mail(message)


def _mail(message: EmailMessage) -> Mail:
    body = message.get_body(("plain",))
    text = body.get_content() if body else ""
    return Mail(
        str(message["to"] or ""), str(message["subject"] or ""), str(message["date"] or ""), str(text)
    )


def _moment(mail: Mail) -> float:
    try:
        moment: datetime = parsedate_to_datetime(mail.sent)
    except ValueError:
        return 0.0
    return moment.timestamp()


def _article(mail: Mail) -> str:
    return (
        f"<article><h2>{escape(mail.subject)}</h2>"
        f"<small>to {escape(mail.to)}, {escape(mail.sent)}</small><pre>{linked(mail.text.strip())}</pre></article>"
    )
