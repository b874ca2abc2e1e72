"""What somebody wrote in an answer, without the mail that it answers and without the signature.

Line by line, in one pass: no mail, however it is made, costs more than its length. Where a quotation ends is not always certain;
what is cut is what a mail program put there, never a sentence in between.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: longer lines are nobody's attribution, and are not searched
_LONGEST_LINE = 400
#: an attribution may be broken into so many lines
_ATTRIBUTION_LINES = 3
#: what comes after a closing greeting is a signature where it is no longer than this
_SIGNATURE_LINES = 15

_WROTE = re.compile(
    r"\b(wrote|writes|skrev|skreiv|skriver|schrieb|schreef|écrit|ecrit|escribió|ha scritto|napisał|kirjoitti)\b"
    r"[^:]*:\s*$",
    re.IGNORECASE,
)
_BEGINS_ATTRIBUTION = re.compile(
    r"\s*(on|den|am|le|el|il|op|på|w dniu|mon|tue|wed|thu|fri|sat|sun|man|tir|ons|tor|fre|lør|søn|laur|sund|\d{1,4}[.\-/])",
    re.IGNORECASE,
)
_FROM = re.compile(r"\s*\*?(from|fra|frå|från|von|van|de|da|od)\*?\s?:", re.IGNORECASE)
_OTHER_HEADER = re.compile(
    r"\s*\*?(sent|sendt|sendte|skickat|gesendet|verzonden|envoyé|enviado|date|dato|datum|to|til|till|an|aan|à|para"
    r"|subject|emne|ämne|betreff|onderwerp|objet|asunto|cc|kopi|kopia)\*?\s?:",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"\s*-{2,}\s*(original message|opprinnelig melding|opphavleg melding|oprindelig meddelelse|ursprungligt meddelande"
    r"|ursprüngliche nachricht|forwarded message|videresendt melding|message d'origine)\s*-{2,}\s*$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"\s*(begin forwarded message|start på videresendt melding|videresendt melding)\s*:\s*$", re.IGNORECASE
)
_RULE = re.compile(r"\s*[_=\-]{5,}\s*$")
_DEVICE = re.compile(
    r"\s*(sent from my|sendt fra min|sendt fra mi\b|sendt frå|sendt fra outlook|sent from outlook|get outlook for"
    r"|hent outlook for|last ned outlook for|skickat från min|von meinem .{1,20} gesendet|gesendet von)",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"\s*((med )?(venn?l?eg|vennlig|beste|god|hjerteleg|hjertelig) (hilsen|helsing)|hilsen|helsing|mvh|v\.h\.|vh"
    r"|(best|kind|warm) regards|regards|sincerely( yours)?|yours (sincerely|faithfully)|mit freundlichen grüßen|mfg"
    r"|med vänliga hälsningar|med venlig hilsen)\s*[,.!]?\s*$",
    re.IGNORECASE,
)


def answer_in(text: str) -> str:
    """The lines that are new in the text of an answer; "" where there are none."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = lines[: _end_of_answer(lines)]
    lines = [line for line in lines if not line.lstrip().startswith(">")]
    lines = lines[: _start_of_signature(lines)]
    while lines and (not lines[-1].strip() or _RULE.match(lines[-1][:_LONGEST_LINE])):
        del lines[-1]
    return "\n".join(lines).strip("\n")


def _end_of_answer(lines: Sequence[str]) -> int:
    """Where the mail that is answered begins, as mail programs put it behind an answer."""
    for place, line in enumerate(lines):
        short = line[:_LONGEST_LINE]
        if _ORIGINAL.match(short) or _FORWARDED.match(short):
            return place
        if _FROM.match(short) and _has_headers(lines[place + 1 : place + 7]):
            return place
        if _BEGINS_ATTRIBUTION.match(short) and _is_attribution(lines[place : place + _ATTRIBUTION_LINES]):
            return place
    return len(lines)


def _has_headers(lines: Sequence[str]) -> bool:
    """Whether these lines are the head of a mail as Outlook writes it."""
    return sum(bool(_OTHER_HEADER.match(line[:_LONGEST_LINE])) for line in lines) >= 2


def _is_attribution(lines: Sequence[str]) -> bool:
    """Whether the lines, or the first of them, say who wrote what follows, and when."""
    said = ""
    for line in lines:
        said = f"{said} {line.strip()}".strip()
        if len(said) > _LONGEST_LINE:
            return False
        if _WROTE.search(said):
            return any(character.isdigit() or character == "@" for character in said)
    return False


def _start_of_signature(lines: Sequence[str]) -> int:
    left = sum(bool(line.strip()) for line in lines)
    said = False
    for place, line in enumerate(lines):
        left -= bool(line.strip())
        if line in ("--", "-- ") or _DEVICE.match(line[:_LONGEST_LINE]):
            return place
        if said and left <= _SIGNATURE_LINES and _GREETING.match(line[:_LONGEST_LINE]):
            return place
        said = said or bool(line.strip())
    return len(lines)
