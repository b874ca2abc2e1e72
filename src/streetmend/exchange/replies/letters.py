"""A mail as it came becomes what it says: for which of our mails it is meant, whose it is, its words and its pictures.

Nothing of a mail is trusted but the signature in the address that it came to. Reading one is bounded: by its size, by its parts,
by the length of each field. What Python's own parser raises on mails that are made to break it is the caller's to catch.
"""

from __future__ import annotations

import codecs
import email
import email.policy
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parsedate_to_datetime

from streetmend.exchange.replies import markup
from streetmend.exchange.replies.addresses import Mark, marks_in
from streetmend.exchange.replies.bounces import Bounce, bounce_in
from streetmend.exchange.replies.cutting import answer_in
from streetmend.text import make_legal

#: a larger mail is not read
MOST_BYTES = 25 * 1024 * 1024
_MOST_PARTS, _MOST_DEPTH, _MOST_PICTURES = 200, 12, 20
_LONGEST_FIELD = 4000
#: so many characters of text are read
_LONGEST_TEXT = 500_000
#: where a mail system writes down to which address a mail came
_TO = (
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-delivered-to",
    "to",
    "cc",
    "resent-to",
    "received",
    "x-forwarded-to",
)
_ADDRESS = re.compile(r"[^\s<>;,\"()\[\]]{1,64}@[^\s<>;,\"()\[\]]{1,253}")
#: these take a text for something else than characters, or take long over it
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7", "mbcs", "oem"}
)
_AUTOMATIC_SUBJECT = re.compile(
    r"\s*((auto(matic|mated|matisk|matische)?[\s:-]*(repl|svar|respon|antwort|reaksjon))|autosvar|out of (the )?office"
    r"|fraværsmelding|fråværsmelding|fravær\b|ikke til ?stede|abwesenheit|frånvaro|réponse automatique|i am (away|out))",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that came with a mail and says that it is a picture; `inline`: the text itself shows it, as signatures do."""

    content: bytes
    inline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a mail says. Addresses are in small letters; `at` (UTC) is when it says that it was written, if it does."""

    key: str
    marks: tuple[Mark, ...] = ()
    sender: str = ""
    subject: str = ""
    at: datetime | None = None
    #: by what it is known that a program wrote it; "" where a person did
    automatic: str = ""
    bounce: Bounce | None = None
    text: str = ""
    pictures: Sequence[Picture] = ()


def key_of(content: bytes) -> str:
    """By what a mail is known again before it can be read."""
    return hashlib.sha256(content).hexdigest()


def read_letter(content: bytes) -> Letter:
    """The mail. Raises whatever the parser does for mails that cannot be read."""
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    marks = tuple(_marks(message))
    sender, subject = _sender(message), _field(message, "subject")
    parts = list(_parts(message))
    text = _text_of(parts)
    return Letter(
        key=_key(message, marks, content),
        marks=marks,
        sender=sender,
        subject=subject[:200],
        at=_written(message),
        automatic=_automatic(message, subject),
        bounce=bounce_in(message, sender=_field(message, "from"), subject=subject, text=text),
        text=answer_in(text),
        pictures=tuple(_pictures(parts)),
    )


def _key(message: Message, marks: Sequence[Mark], content: bytes) -> str:
    """The same for each copy of the mail; another one for another address of ours that it came to."""
    name = " ".join(_field(message, "message-id").split())
    if not name:
        return key_of(content)
    return hashlib.sha256(" ".join([name, *(mark.signature for mark in marks)]).encode()).hexdigest()


def _marks(message: Message) -> Iterator[Mark]:
    said = "\n".join(
        str(value)[:_LONGEST_FIELD] for name in _TO for value in (message.get_all(name) or [])[:40]
    )
    yield from marks_in(said)


def _sender(message: Message) -> str:
    found = _ADDRESS.findall(_field(message, "from"))
    return found[-1].lower()[:254] if found else ""


def _field(message: Message, name: str) -> str:
    """A header's text, whatever it is made of."""
    raw = str(message.get(name, ""))[:_LONGEST_FIELD]
    try:
        parts = decode_header(raw)
    except (HeaderParseError, ValueError):
        return make_legal(raw)
    words = [part if isinstance(part, str) else decoded(part, charset) for part, charset in parts]
    return " ".join(make_legal("".join(words)).split())


def decoded(content: bytes, charset: str | None) -> str:
    """The bytes as text, in the charset that they say, else in UTF-8, else in Windows' western one."""
    for name in (charset, "utf-8"):
        if not name or name.lower().replace("_", "-") in _NO_CHARSETS:
            continue
        try:
            codec = codecs.lookup(name)
            if codec.name.replace("_", "-") not in _NO_CHARSETS:
                return content.decode(codec.name)
        except (LookupError, ValueError, TypeError):
            continue
    return content.decode("cp1252", "replace")


def _written(message: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(_field(message, "date"))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _automatic(message: Message, subject: str) -> str:
    """RFC 3834, and what mail programs did before it and do besides."""
    submitted = _field(message, "auto-submitted").lower()
    if submitted and not submitted.startswith("no"):
        return f"Auto-Submitted: {submitted[:60]}"
    precedence = _field(message, "precedence").lower()
    if precedence in ("bulk", "junk", "list", "auto_reply"):
        return f"Precedence: {precedence}"
    for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "list-id", "feedback-id"):
        if message.get(name) is not None:
            return name
    if message.get_content_type() == "multipart/report":
        return "a report of a mail program"
    if str(message.get("return-path", "?")).strip() == "<>":
        return "it has no sender on the envelope"
    return f"Subject: {subject[:60]}" if _AUTOMATIC_SUBJECT.match(subject) else ""


@dataclass(frozen=True, slots=True)
class _Part:
    message: Message
    #: the numbers of the multipart/alternative around it and of its place there; 0: none
    choice: int = 0
    place: int = 0


def _parts(message: Message) -> Iterator[_Part]:
    """The parts that are not mails themselves, in their order, some hundreds at most."""
    waiting = [(_Part(message), 0)]
    choices = seen = 0
    while waiting and seen < _MOST_PARTS:
        part, depth = waiting.pop()
        seen += 1
        payload = part.message.get_payload()
        kind = part.message.get_content_type()
        if not isinstance(payload, list):
            yield part
            continue
        if depth >= _MOST_DEPTH or not kind.startswith("multipart/"):
            continue
        inside = [one for one in payload[:_MOST_PARTS] if isinstance(one, Message)]
        if kind == "multipart/alternative" and not part.choice:
            choices += 1
            new = [_Part(one, choices, place) for place, one in enumerate(inside)]
        else:
            new = [_Part(one, part.choice, part.place) for one in inside]
        waiting.extend((one, depth + 1) for one in reversed(new))


def _text_of(parts: Sequence[_Part]) -> str:
    """All that is text and no file, with one of several alternatives: the plain one, where it says anything."""
    texts: list[str] = []
    chosen: set[int] = set()
    for kind in ("text/plain", "text/html"):
        found = [
            part for part in parts if part.message.get_content_type() == kind and not _is_file(part.message)
        ]
        if (
            kind == "text/html"
            and texts
            and not any(part.choice and part.choice not in chosen for part in found)
        ):
            break
        for part in found:
            if kind == "text/html" and (part.choice in chosen or (texts and not part.choice)):
                continue
            text = _words(part.message)
            if text.strip():
                texts.append(text)
                if kind == "text/plain" and part.choice:
                    chosen.add(part.choice)
    return "\n".join(texts)[:_LONGEST_TEXT]


def _words(message: Message) -> str:
    content = message.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = message.get_content_charset()
    text = decoded(content[: 4 * _LONGEST_TEXT], charset)[:_LONGEST_TEXT]
    return make_legal(markup.text_of(text) if message.get_content_type() == "text/html" else text)


def _is_file(message: Message) -> bool:
    return message.get_content_disposition() == "attachment" or bool(message.get_filename())


def _pictures(parts: Sequence[_Part]) -> Iterator[Picture]:
    found = [part.message for part in parts if part.message.get_content_maintype() == "image"]
    for message in found[:_MOST_PICTURES]:
        content = message.get_payload(decode=True)
        if isinstance(content, bytes) and content:
            yield Picture(content, inline=message.get("content-id") is not None)
