"""Hands one mail to the mail server, and says what became of it.

A mail that may have been taken may be repeated: its Message-ID stays the same, and mail systems drop the second one.
"""

from __future__ import annotations

import smtplib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend


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
    """One plain-text mail to one address."""

    to: str
    subject: str
    text: str
    sender: str
    message_id: str
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MailResult:
    """How it ended, and `why` in words where it was not taken."""

    end: MailEnd
    why: str = ""
    error_class: str = ""


def send_mails(mails: Sequence[Mail]) -> list[MailResult]:
    """The results in the order of the mails, which go over one connection as long as it lasts. Blocks; raises nothing of SMTP."""
    connection = get_connection()
    results = []
    for mail in mails:
        result = _open(connection) or _hand_over(connection, mail)
        if result.end is not MailEnd.TAKEN:
            _close(connection)
        results.append(result)
    _close(connection)
    return results


def _open(connection: BaseEmailBackend) -> MailResult | None:
    """None when connected; before that nothing was taken."""
    try:
        connection.open()
    except (smtplib.SMTPException, OSError) as error:
        return MailResult(
            MailEnd.NOT_TAKEN, f"The mail server cannot be used: {_words(error)}", type(error).__name__
        )
    return None


def _hand_over(connection: BaseEmailBackend, mail: Mail) -> MailResult:
    message = EmailMessage(
        subject=" ".join(mail.subject.split()),
        body=mail.text,
        from_email=mail.sender,
        to=[mail.to],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated", **mail.headers},
        connection=connection,
    )
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        return _said_no(code, words, type(error).__name__)
    except smtplib.SMTPResponseException as error:
        return _said_no(error.smtp_code, error.smtp_error, type(error).__name__)
    except (smtplib.SMTPException, OSError) as error:
        why = f"The connection ended while it was handed over: {_words(error)}"
        return MailResult(MailEnd.UNKNOWN, why, type(error).__name__)
    except ValueError as error:
        # an address or a subject that no mail can carry
        return MailResult(
            MailEnd.REFUSED, f"No mail can be made of it: {_words(error)}", type(error).__name__
        )
    return MailResult(MailEnd.TAKEN)


def _said_no(code: int, words: bytes | str, error_class: str) -> MailResult:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    end = MailEnd.REFUSED if code >= 500 else MailEnd.NOT_TAKEN
    return MailResult(end, f"The mail server said: {code} {text}"[:500], error_class)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (smtplib.SMTPException, OSError):
        return


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:400]
