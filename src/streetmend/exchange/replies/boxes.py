"""The mailbox of answers, wherever it is: what waits there, and where it goes once it has been read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import unquote, urlsplit


class Folder(StrEnum):
    """Where a mail goes that did not become part of a report; nothing of these is ever deleted by us."""

    AUTOMATIC = "streetmend-automatic"
    ASIDE = "streetmend-aside"


class BoxUnusable(Exception):
    """The mailbox cannot be read now; the text says why, without its password."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A mail as it lies in the mailbox: all of it, or its beginning where it is larger than was wanted."""

    content: bytes
    whole: bool


class Box(Protocol):
    """A mailbox. Each method may block, and raises BoxUnusable."""

    def waiting(self, most: int) -> list[str]:
        """The names of at most so many mails that wait, the oldest first."""
        ...

    def fetch(self, name: str, most_bytes: int) -> Raw | None:
        """The mail; None where it is gone."""
        ...

    def remove(self, name: str) -> None:
        """The mail is gone from the mailbox; a second time changes nothing."""
        ...

    def put(self, name: str, folder: Folder) -> None:
        """The mail lies in that folder and waits no more; a second time changes nothing."""
        ...

    def close(self) -> None:
        """Nothing of the mailbox is held any more."""
        ...


def open_box(url: str, *, seconds: float) -> Box:
    """The mailbox at the address of STREETMEND_REPLY_MAILBOX; all of its use together lasts `seconds` at most.

    Raises BoxUnusable.
    """
    from streetmend.exchange.replies.imap import ImapBox
    from streetmend.exchange.replies.maildir import MaildirBox

    parts = urlsplit(url)
    if parts.scheme == "maildir":
        return MaildirBox(unquote(parts.path))
    return ImapBox(
        host=parts.hostname or "",
        port=parts.port or (993 if parts.scheme == "imaps" else 143),
        tls=parts.scheme == "imaps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.lstrip("/")) or "INBOX",
        seconds=seconds,
    )
