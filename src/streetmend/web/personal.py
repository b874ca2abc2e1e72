"""What in a text looks as if it were about a person: telephone numbers, e-mail addresses, number plates.

It is only pointed out. People may have a reason, and a machine may be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum


class Personal(StrEnum):
    """What it looks like."""

    PHONE = "phone"
    EMAIL = "email"
    PLATE = "plate"


_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
#: with a country's number, or eight digits and more in groups; a date, a house number and coordinates are none
_PHONE = re.compile(r"(?<![\w.,/-])(?:(?:\+|00)\d{1,3}[ -]?)?\d{2,4}(?:[ -]?\d{2,4}){1,4}(?![\w/-]|[.,]\d)")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_LEAST_DIGITS, _MOST_DIGITS = 8, 15
#: two letters and four or five digits (Norway, Denmark), three and three (Sweden, Finland)
_PLATE = re.compile(r"\b(?:[A-ZÆØÅ]{2} ?\d{4,5}|[A-ZÅÄÖ]{3}[ -]?\d{2}[A-Z0-9])\b")


def personal_in(text: str) -> Iterator[tuple[Personal, str]]:
    """What looks personal, with its words, in the order of the text's kinds: addresses, numbers, plates."""
    for found in _EMAIL.finditer(text):
        yield Personal.EMAIL, found[0]
    rest = _EMAIL.sub(" ", text)
    for found in _PLATE.finditer(rest):
        yield Personal.PLATE, found[0]
    for found in _PHONE.finditer(_DATE.sub(" ", _PLATE.sub(" ", rest))):
        digits = sum(character.isdigit() for character in found[0])
        if _LEAST_DIGITS <= digits <= _MOST_DIGITS:
            yield Personal.PHONE, found[0].strip()
