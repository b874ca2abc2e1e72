"""Reading a form field by field: clean texts, and a word for each field that is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.http import QueryDict

from streetmend.text import TextError, clean_email, clean_text
from streetmend.web.words import of_text

#: as people and browsers write it; Python's own reading takes other scripts' digits, underscores and "nan" as well
_NUMBER = re.compile(
    r"[+-]?(?:\d{1,12}(?:\.\d{0,20})?|\.\d{1,20})(?:e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE
)


@dataclass(slots=True)
class Reader:
    """A form that was sent. `errors`: the field's name -> what is wrong, in the reader's language."""

    sent: QueryDict
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, limit: int, *, required: bool = False, multiline: bool = False) -> str:
        """The field's clean text; what is wrong with it is noted and the raw text, cut, is given back for the form."""
        raw = self.sent.get(name, "")
        try:
            return clean_text(raw, field=name, max_length=limit, required=required, multiline=multiline)
        except TextError as error:
            self.errors[name] = of_text(error)
            return raw[: 4 * limit].replace("\x00", "")

    def email(self, name: str) -> str:
        """The field's e-mail address."""
        raw = self.sent.get(name, "")
        try:
            return clean_email(raw, field=name)
        except TextError as error:
            self.errors[name] = of_text(error)
            return raw[:254].replace("\x00", "")

    def texts(self, name: str, limit: int) -> list[str]:
        """All values of the field, raw but bounded; for what is checked elsewhere."""
        return [value[:limit] for value in self.sent.getlist(name)[:100]]


def number(text: str | None, *, least: float, most: float) -> float | None:
    """The number within its bounds, or None for anything else."""
    plain = (text or "").strip().replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        return None
    return value if least <= (value := float(plain)) <= most else None


def whole(text: str | None, *, most: int = 2**31 - 1) -> int | None:
    """The whole number from 1 up, or None for anything else."""
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        return None
    return value if 1 <= (value := int(digits)) <= most else None


def in_order(errors: dict[str, str], fields: Sequence[str]) -> list[tuple[str, str]]:
    """The errors as the page's summary lists them: in the order of its fields."""
    known = [(name, errors[name]) for name in fields if name in errors]
    return known + [(name, text) for name, text in errors.items() if name not in fields]
