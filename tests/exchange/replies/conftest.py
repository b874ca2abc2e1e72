"""A town whose bodies get mail, a mailbox of answers, and letters to it."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.support.town import EASTS, Town, make_mail_town

ANSWERS = "svar@test.example"


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_mail_town()


class Letters:
    """A maildir to which a mail system delivers."""

    def __init__(self, root: Path) -> None:
        self.root, self.count = root, 0
        for folder in ("new", "cur", "tmp"):
            (root / folder).mkdir(parents=True)

    def put(self, content: bytes | EmailMessage) -> None:
        self.count += 1
        raw = bytes(content) if isinstance(content, EmailMessage) else content
        (self.root / "new" / f"{self.count:06}.test").write_bytes(raw)

    def waiting(self) -> int:
        return sum(len(list((self.root / folder).iterdir())) for folder in ("new", "cur"))

    def moved(self, folder: str) -> list[bytes]:
        place = self.root / f".streetmend-{folder}" / "cur"
        return [file.read_bytes() for file in sorted(place.iterdir())] if place.exists() else []


@pytest.fixture
def letters(tmp_path: Path, settings) -> Letters:
    box = Letters(tmp_path / "answers")
    settings.REPLY_ADDRESS, settings.REPLY_MAILBOX = ANSWERS, f"maildir://{box.root}"
    return box


Read = Callable[[], None]


@pytest.fixture
def read(clock, work) -> Read:
    """The worker looks into the mailbox once more."""

    def look() -> None:
        clock.advance(minutes=1)
        work()

    return look


def answer(to: str, text: str = "Lampa er byttet.", *, sender: str = EASTS, **headers: str) -> EmailMessage:
    """A letter as a person writes it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Drift <{sender}>", to, "Re: Street report"
    message["Message-ID"] = headers.pop(
        "message_id", f"<{hash((to, text, sender)) & 0xFFFFFFFF}@elsewhere.example>"
    )
    message["Date"] = "Wed, 01 May 2024 10:00:30 +0000"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message
