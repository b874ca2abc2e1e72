"""A town whose bodies get mail, a mailbox of answers, and letters to it."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from streetmend.bodies.models import Body, Endpoint, Send
from tests.exchange.processes import Post
from tests.support.town import Town, make_town

EASTS, ROADS = "post102@test.example", "vei@roads.example"
ANSWERS = "svar@test.example"


@pytest.fixture
def town(transactional_db: None) -> Town:
    """At EAST a hole in the road is two bodies' business, and both get it by e-mail; a lamp is the business of one."""
    made = make_town()
    Endpoint.objects.filter(pk=made.roads_endpoint.pk).update(active=False)
    Body.objects.filter(pk=made.roads.pk).update(send=Send.EMAIL, email=ROADS)
    return made


@pytest.fixture
def mailed(settings, post: Post) -> Post:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
    return post


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
