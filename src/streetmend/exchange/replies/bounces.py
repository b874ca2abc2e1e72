"""Mails that came back: whom they did not reach, and why, in the words of the mail system that gave up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from flufl.bounce import all_failures

_LONGEST_WHY = 400
#: so much of a mail system's letter is searched for its reason
_MOST_WORDS = 20_000
_ADDRESS = re.compile(r"[^\s<>;,\"()]{1,200}@[^\s<>;,\"()]{1,253}")
_DAEMON = re.compile(
    r"\b(mailer-daemon|mail-daemon|postmaster|mailerdaemon|microsoftexchange\w*)@?", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"undeliver|not delivered|delivery (status|failure|failed|has failed)|mail delivery|returned (mail|to sender)|failure notice"
    r"|kan ikke leveres|kunne ikke levere|ikke levert|unzustellbar|retourn|olevererbar",
    re.IGNORECASE,
)
#: a reply code of SMTP, or an enhanced one, that says no (RFC 5321, 4.2; RFC 3463)
_NO = re.compile(r"\b[45]\d\d[ \-#]|\b[45]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True, slots=True)
class Failure:
    """An address that a mail did not reach ("" where the mail system does not say which), and why."""

    address: str
    why: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a mail system says of a mail of ours. Without failures it only says that it takes longer, or that it arrived."""

    failures: tuple[Failure, ...]


def bounce_in(message: Message, *, sender: str, subject: str, text: str) -> Bounce | None:
    """What the mail says of one of ours (RFC 3464, and what older mail systems write); None where it is no such mail."""
    groups = list(_groups(message))
    if groups:
        found = tuple(failure for group in groups if (failure := _failure_of(group, text)))
        return Bounce(found)
    if not _is_of_a_mail_system(message, sender):
        return None
    _, failed = all_failures(message)
    addresses = sorted(address.decode("ascii", "replace").lower() for address in failed)
    if addresses:
        return Bounce(tuple(Failure(address, _reason_in(text, address)) for address in addresses))
    return Bounce((Failure("", _reason_in(text, "")),)) if _SUBJECT.search(subject) else None


def _groups(message: Message) -> Iterator[Message]:
    """The parts of the report that are about one recipient each (RFC 3464, 2.3)."""
    parts = message.get_payload() if message.is_multipart() else []
    for part in parts if isinstance(parts, list) else []:
        if not isinstance(part, Message) or part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            if isinstance(block, Message) and (
                block.get("final-recipient") or block.get("original-recipient")
            ):
                yield block


def _failure_of(group: Message, text: str) -> Failure | None:
    """None where this recipient was reached, or still may be."""
    action = str(group.get("action", "")).strip().lower()
    status = str(group.get("status", "")).strip()
    if action != "failed" and not (not action and status.startswith("5")):
        return None
    said = " ".join(str(group.get("diagnostic-code", "")).split())
    why = said.partition(";")[2].strip() if ";" in said else said
    address = _address_in(str(group.get("original-recipient", ""))) or _address_in(
        str(group.get("final-recipient", ""))
    )
    return Failure(
        address, (why or _reason_in(text, address) or status or "It did not say why.")[:_LONGEST_WHY]
    )


def _address_in(field: str) -> str:
    found = _ADDRESS.search(field.partition(";")[2] or field)
    return found[0].lower() if found else ""


def _is_of_a_mail_system(message: Message, sender: str) -> bool:
    path = message.get("return-path")
    return bool(_DAEMON.search(sender)) or (path is not None and str(path).strip() == "<>")


def _reason_in(text: str, address: str) -> str:
    """The sentence with a code that says no, from the address on; without one, how the letter begins."""
    words = text[:_MOST_WORDS]
    start = words.lower().find(address.lower()) if address else 0
    after = words[max(start, 0) :]
    code = _NO.search(after) or _NO.search(words)
    told = code.string[code.start() :] if code else words
    return " ".join(told.split()[:60])[:_LONGEST_WHY] or "It did not say why."
