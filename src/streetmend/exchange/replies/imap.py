"""A mailbox on another server, over IMAP4rev1 (RFC 3501)."""

from __future__ import annotations

import imaplib
import re
import ssl
from contextlib import suppress
from typing import Any

from streetmend.exchange.deadlines import Deadline, Watched
from streetmend.exchange.replies.boxes import BoxUnusable, Folder, Raw

#: one read may take so long; all of them together what the deadline leaves
_READ_SECONDS = 30.0
_HERE = ("127.0.0.1", "::1", "localhost")
_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,15})")


class _Plain(Watched, imaplib.IMAP4):
    def __init__(self, deadline: Deadline, host: str, port: int, timeout: float) -> None:
        self._deadline = deadline
        imaplib.IMAP4.__init__(self, host, port, timeout=timeout)


class _Tls(Watched, imaplib.IMAP4_SSL):
    def __init__(self, deadline: Deadline, host: str, port: int, timeout: float) -> None:
        self._deadline = deadline
        context = ssl.create_default_context()
        imaplib.IMAP4_SSL.__init__(self, host, port, ssl_context=context, timeout=timeout)


class ImapBox:
    """One folder of the mailbox, for `seconds` at most. A mail's name is its UID."""

    def __init__(
        self, *, host: str, port: int, tls: bool, user: str, password: str, folder: str, seconds: float
    ) -> None:
        self._deadline = Deadline(seconds)
        self._deadline.__enter__()
        self._password, self._made = password, dict[Folder, str]()
        self._imap: imaplib.IMAP4 | None = None
        try:
            self._imap = self._open(host, port, tls)
            if not tls and host not in _HERE:
                self._imap.starttls(ssl.create_default_context())
            self._imap.login(user, password)
            self._said(self._imap.select(_quoted(folder)))
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            self.close()
            raise self._unusable(error) from error

    def _open(self, host: str, port: int, tls: bool) -> imaplib.IMAP4:
        timeout = max(min(_READ_SECONDS, self._deadline.left), 0.1)
        return (_Tls if tls else _Plain)(self._deadline, host, port, timeout)

    def waiting(self, most: int) -> list[str]:
        """Those that nobody marked as deleted."""
        found = self._uid("SEARCH", "UNDELETED")
        names = b" ".join(line for line in found if isinstance(line, bytes)).split()
        return [name.decode("ascii") for name in names if name.isdigit()][:most]

    def fetch(self, name: str, most_bytes: int) -> Raw | None:
        """The mail, or its first `most_bytes`; it stays unread."""
        told = b" ".join(
            line for line in self._uid("FETCH", name, "(RFC822.SIZE)") if isinstance(line, bytes)
        )
        size = _SIZE.search(told)
        if size is None:
            return None
        whole = int(size[1]) <= most_bytes
        wanted = "(BODY.PEEK[])" if whole else f"(BODY.PEEK[]<0.{most_bytes}>)"
        for answer in self._uid("FETCH", name, wanted):
            if isinstance(answer, tuple) and len(answer) > 1:
                return Raw(answer[1][:most_bytes], whole=whole and len(answer[1]) <= most_bytes)
        return None

    def remove(self, name: str) -> None:
        """Marked as deleted and expunged; where the server can, without what others marked."""
        self._uid("STORE", name, "+FLAGS.SILENT", r"(\Deleted)")
        if self._can("UIDPLUS"):
            self._uid("EXPUNGE", name)
        else:
            self._call("expunge")

    def put(self, name: str, folder: Folder) -> None:
        """Copied there, then removed here: whatever happens in between, it is in one of both."""
        self._uid("COPY", name, _quoted(self._folder(folder)))
        self.remove(name)

    def close(self) -> None:
        """The conversation is over."""
        imap, self._imap = self._imap, None
        if imap is not None:
            if not self._deadline.over:
                with suppress(imaplib.IMAP4.error, OSError):
                    imap.logout()
            with suppress(OSError):
                imap.shutdown()
        self._deadline.__exit__(None, None, None)

    def _folder(self, folder: Folder) -> str:
        """The folder's name there; servers differ in where a mailbox may have folders."""
        if folder not in self._made:
            mark = self._separator()
            for name in (str(folder), f"INBOX{mark}{folder}"):
                if self._has(name) or self._call("create", _quoted(name), bad=True)[0] == "OK":
                    self._made[folder] = name
                    break
            else:
                raise BoxUnusable(f"The folder {folder} cannot be made there.")
        return self._made[folder]

    def _separator(self) -> str:
        found = re.search(rb'\) "(.)"', b" ".join(_lines(self._call("list", '""', '""')[1])))
        return found[1].decode("latin-1") if found else "."

    def _has(self, name: str) -> bool:
        return any(name.encode() in line for line in _lines(self._call("list", '""', _quoted(name))[1]))

    def _can(self, what: str) -> bool:
        return self._imap is not None and what in self._imap.capabilities

    def _uid(self, command: str, *arguments: str) -> list[Any]:
        return self._call("uid", command, *arguments)[1]

    def _call(self, method: str, *arguments: str, bad: bool = False) -> tuple[str, list[Any]]:
        """The server's answer; where it is no, an error, or with `bad` just that."""
        if self._imap is None:
            raise BoxUnusable("The connection to the mailbox is closed.")
        try:
            answer = getattr(self._imap, method)(*arguments)
            return answer if bad else self._said(answer)
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            raise self._unusable(error) from error

    def _said(self, answer: tuple[str, list[Any]]) -> tuple[str, list[Any]]:
        kind, lines = answer
        if kind != "OK":
            raise imaplib.IMAP4.error(f"{kind} {lines!r:.300}")
        return kind, [line for line in lines if line is not None]

    def _unusable(self, error: Exception) -> BoxUnusable:
        if self._deadline.over:
            return BoxUnusable("The mail server was too slow.")
        words = " ".join((str(error) or type(error).__name__).split())
        hushed = words.replace(self._password, "***") if self._password else words
        return BoxUnusable(f"The mail server said: {hushed}"[:400])


def _lines(answer: list[Any]) -> list[bytes]:
    return [line for line in answer if isinstance(line, bytes)]


def _quoted(name: str) -> str:
    """A string of the protocol. Raises ValueError for what cannot stand in one."""
    if not name.isascii() or not name.isprintable():
        raise ValueError(f"{name!r} cannot be the name of a folder")
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
