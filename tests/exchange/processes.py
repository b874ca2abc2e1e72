"""Workers as processes of their own, as an operator runs them, and a mail server that keeps what it takes."""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from tests.exchange.breeding import Breeder

#: how long anything may take on a busy machine before the test gives up
PATIENCE_SECONDS = 60.0


def until(there: Callable[[], bool], *, what: str) -> None:
    """Waits for something to become true; it fails, naming `what`, where it never does."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not there():
        if time.monotonic() > end:
            raise AssertionError(f"it never came: {what}")
        time.sleep(0.02)


class WorkerProcess:
    """`streetmend work`, with what it says kept in a file."""

    def __init__(self, breeder: Breeder, environment: Mapping[str, str], log: Path, *arguments: str) -> None:
        self.log = log
        self._breeder = breeder
        self.pid = breeder.worker(environment, log, *arguments)

    def signal(self, number: int) -> None:
        """It gets the signal."""
        os.kill(self.pid, number)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """Gone at once, as by kill -9; it writes nothing down."""
        self.signal(signal.SIGKILL)
        self.ended()

    def terminate(self) -> int:
        """Told to stop, as by a service manager; its exit status."""
        self.signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """The exit status of a worker that ends by itself, negative for a signal."""
        status = self._breeder.status(self.pid, PATIENCE_SECONDS)
        if status is None:
            raise AssertionError(f"the worker never ended: {self.said()}")
        return status

    def close(self) -> None:
        if self._breeder.status(self.pid, 0) is None:
            self.kill()


def text_of(mail: EmailMessage) -> str:
    """What the mail says, with the line ends of text."""
    content: str = mail.get_content()
    return content.replace("\r\n", "\n")


class Post:
    """A mail server; `mails` holds what it took. Each of `answers` is said to one mail in place of taking it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.answers: list[str] = []
        #: by address, what is said in place of taking it as a recipient, one after the other
        self.refusals: dict[str, list[str]] = {}
        self.senders: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.refusals.get(address):
            return self.refusals[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        self.senders.append(envelope.mail_from)
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        """The mails to this address, in order of arrival."""
        pairs = zip(self.mails, self.recipients, strict=True)
        return [mail for mail, recipients in pairs if recipients == [address]]


@contextmanager
def post_office() -> Iterator[Post]:
    """A mail server on a free port for as long as the block lasts."""
    post = Post()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(lambda: SMTP(post, hostname="mail.test", loop=loop), "127.0.0.1", 0)
    )
    post.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield post
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()
