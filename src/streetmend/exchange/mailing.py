"""Hands mails to the mail server, and says what became of each of their recipients.

A mail that may have been taken may be repeated: its Message-ID stays the same, and mail systems drop the second one.
"""

from __future__ import annotations

import io
import re
import smtplib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.generator import BytesGenerator
from enum import StrEnum
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from streetmend.exchange.deadlines import Deadline, Watched

#: the wall clock of handing over, however many mails go over the connection and however slowly the server speaks
DEADLINE_SECONDS = 60.0
_SMTP = "django.core.mail.backends.smtp.EmailBackend"
#: the reply codes that say yes (RFC 5321, 4.2.1); smtplib gives -1 for what is no reply at all
_YES = range(200, 300)
_GO_ON, _NEVER = 354, 500
_DOTS = re.compile(rb"^\.", re.MULTILINE)


class MailEnd(StrEnum):
    """How a try to hand over a mail ended."""

    TAKEN = "taken"
    #: before the server took any of it; another try may do
    NOT_TAKEN = "not_taken"
    #: the server said no for good
    REFUSED = "refused"
    #: the connection ended while it was handed over
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mail:
    """One plain-text mail to one address, or the copy of it for one of several."""

    to: str
    subject: str
    text: str
    sender: str
    message_id: str
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    #: where it comes back to when it cannot be delivered; "": to the sender
    bounces_to: str = ""
    #: everybody to whom this mail goes, where that is more than one
    together: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class MailResult:
    """How it ended, and `why` in words where it was not taken."""

    end: MailEnd
    why: str = ""
    error_class: str = ""
    #: the server said for good that it does not deliver to this address, whatever the mail says
    no_such_recipient: bool = False


def send_mails(mails: Sequence[Mail], *, seconds: float = DEADLINE_SECONDS) -> list[MailResult]:
    """The results in the order of the mails, which go over one connection as long as it lasts. Blocks for `seconds` at most;
    raises nothing of SMTP.
    """
    results = []
    with Deadline(seconds) as deadline:
        connection = _connection(deadline)
        for mail in mails:
            results.append(_one(connection, deadline, mail, [mail.to])[mail.to])
        _close(connection)
    return results


def send_together(
    mail: Mail, recipients: Sequence[str], *, seconds: float = DEADLINE_SECONDS
) -> dict[str, MailResult]:
    """One mail to these of its addresses, in one conversation; by address what became of it. As `send_mails` otherwise."""
    with Deadline(seconds) as deadline:
        connection = _connection(deadline)
        results = _one(connection, deadline, mail, list(dict.fromkeys(recipients)))
        _close(connection)
    return results


def _one(
    connection: BaseEmailBackend, deadline: Deadline, mail: Mail, recipients: Sequence[str]
) -> dict[str, MailResult]:
    if not deadline.left:
        why = "The mail server was too slow; there was no time left for this mail."
        return dict.fromkeys(recipients, MailResult(MailEnd.NOT_TAKEN, why, "DeadlineOver"))
    failed = _open(connection)
    results = dict.fromkeys(recipients, failed) if failed else _hand_over(connection, mail, recipients)
    if any(result.end in (MailEnd.NOT_TAKEN, MailEnd.UNKNOWN) for result in results.values()):
        _close(connection)
    return results


class _Plain(Watched, smtplib.SMTP):
    def __init__(self, deadline: Deadline, *args: Any, **options: Any) -> None:
        self._deadline = deadline
        smtplib.SMTP.__init__(self, *args, **options)


class _Tls(Watched, smtplib.SMTP_SSL):
    def __init__(self, deadline: Deadline, *args: Any, **options: Any) -> None:
        self._deadline = deadline
        smtplib.SMTP_SSL.__init__(self, *args, **options)


class _Relay(EmailBackend):
    """The mail server that EMAIL_URL names, for as long as the deadline leaves; each recipient has a result of its own."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__(timeout=max(1, min(int(settings.EMAIL_TIMEOUT), int(deadline.left))))
        self._deadline = deadline

    @property
    def connection_class(self) -> Any:
        return partial(_Tls if self.use_ssl else _Plain, self._deadline)

    def hand_over(self, message: EmailMessage, recipients: Sequence[str]) -> dict[str, MailResult]:
        """By address what became of it (RFC 5321, 3.3). Raises ValueError where no mail can be made of it."""
        smtp = self.connection
        if smtp is None:
            return dict.fromkeys(recipients, MailResult(MailEnd.NOT_TAKEN, "There is no connection."))
        encoding = settings.DEFAULT_CHARSET
        content = _bytes_of(message)
        envelope = sanitize_address(message.from_email, encoding)
        addresses = {one: sanitize_address(one, encoding) for one in recipients}
        refused: dict[str, MailResult] = {}
        try:
            self._announce(smtp, envelope, len(content), addresses, refused)
            end = MailResult(MailEnd.NOT_TAKEN)
        except (smtplib.SMTPException, OSError) as error:
            why = f"The connection ended before it was handed over: {self._why(error)}"
            end = MailResult(MailEnd.NOT_TAKEN, why, type(error).__name__)
        else:
            if len(refused) < len(addresses):
                end = self._say(smtp, content)
        return {one: refused.get(one, end) for one in recipients}

    def _announce(
        self,
        smtp: smtplib.SMTP,
        envelope: str,
        size: int,
        addresses: Mapping[str, str],
        refused: dict[str, MailResult],
    ) -> None:
        """The server knows from whom and to whom; `refused` has those to whom it said no, which may be all of them."""
        smtp.ehlo_or_helo_if_needed()
        options = [f"size={size}"] if smtp.has_extn("size") else []
        options += ["body=8bitmime"] if smtp.has_extn("8bitmime") else []
        code, words = smtp.mail(envelope, options)
        if code not in _YES:
            refused |= dict.fromkeys(addresses, _said_no(code, words, "SenderRefused"))
        else:
            for one, address in addresses.items():
                code, words = smtp.rcpt(address)
                if code not in _YES:
                    refused[one] = _said_no(code, words, "RecipientRefused", of_recipient=True)
        if len(refused) == len(addresses):
            smtp.rset()

    def _say(self, smtp: smtplib.SMTP, content: bytes) -> MailResult:
        """What became of the mail for all who were not refused."""
        try:
            code, words = smtp.docmd("data")
        except (smtplib.SMTPException, OSError) as error:
            why = f"The connection ended before it was handed over: {self._why(error)}"
            return MailResult(MailEnd.NOT_TAKEN, why, type(error).__name__)
        if code != _GO_ON:
            return _said_no(code, words, "SMTPDataError")
        try:
            # lines that begin with a dot have one more (RFC 5321, 4.5.2)
            smtp.send(_DOTS.sub(b"..", content) + b".\r\n")
            code, words = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            why = f"The connection ended while it was handed over: {self._why(error)}"
            return MailResult(MailEnd.UNKNOWN, why, type(error).__name__)
        if code in _YES:
            return MailResult(MailEnd.TAKEN)
        if code < 400:
            why = f"It was handed over, and what the mail server said to that is no answer: {self._why_not(words)}"
            return MailResult(MailEnd.UNKNOWN, why[:500], "SMTPDataError")
        return _said_no(code, words, "SMTPDataError")

    def _why_not(self, words: bytes) -> str:
        return "the mail server was too slow" if self._deadline.over else words.decode("utf-8", "replace")

    def _why(self, error: Exception) -> str:
        return "the mail server was too slow" if self._deadline.over else _words(error)


def _connection(deadline: Deadline) -> BaseEmailBackend:
    return _Relay(deadline) if settings.EMAIL_BACKEND == _SMTP else get_connection()


def _open(connection: BaseEmailBackend) -> MailResult | None:
    """None when connected; before that nothing was taken."""
    try:
        connection.open()
    except (smtplib.SMTPException, OSError) as error:
        return MailResult(
            MailEnd.NOT_TAKEN, f"The mail server cannot be used: {_words(error)}", type(error).__name__
        )
    return None


def _message(mail: Mail, recipients: Sequence[str], connection: BaseEmailBackend) -> EmailMessage:
    return EmailMessage(
        subject=" ".join(mail.subject.split()),
        body=mail.text,
        from_email=mail.bounces_to or mail.sender,
        to=list(recipients),
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers={
            "From": mail.sender,
            "To": ", ".join(mail.together or [mail.to]),
            "Message-ID": mail.message_id,
            "Auto-Submitted": "auto-generated",
            **mail.headers,
        },
        connection=connection,
    )


def _hand_over(connection: BaseEmailBackend, mail: Mail, recipients: Sequence[str]) -> dict[str, MailResult]:
    message = _message(mail, recipients, connection)
    try:
        if isinstance(connection, _Relay):
            return connection.hand_over(message, recipients)
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        why = f"The connection ended while it was handed over: {_words(error)}"
        return dict.fromkeys(recipients, MailResult(MailEnd.UNKNOWN, why, type(error).__name__))
    except ValueError as error:
        # an address or a subject that no mail can carry
        why = f"No mail can be made of it: {_words(error)}"
        return dict.fromkeys(recipients, MailResult(MailEnd.REFUSED, why, type(error).__name__))
    return dict.fromkeys(recipients, MailResult(MailEnd.TAKEN))


def _said_no(code: int, words: bytes | str, error_class: str, *, of_recipient: bool = False) -> MailResult:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    end = MailEnd.REFUSED if code >= _NEVER else MailEnd.NOT_TAKEN
    why = f"The mail server said: {code} {' '.join(text.split())}"[:500]
    return MailResult(end, why, error_class, of_recipient and end is MailEnd.REFUSED)


def _bytes_of(message: EmailMessage) -> bytes:
    out = io.BytesIO()
    BytesGenerator(out, mangle_from_=False).flatten(message.message(), linesep="\r\n")
    content = out.getvalue()
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (smtplib.SMTPException, OSError):
        return


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:400]
