"""Answers to a category's questions, checked by every datatype of GeoReport v2 (service definition) at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple, Protocol

from django.utils.translation import gettext as _

from streetmend.text import TextError, clean_text

STRING_LENGTH = 500
TEXT_LENGTH = 10_000
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}([.,][0-9]{1,30})?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)


class Asked(Protocol):
    """A question, as a row or as a value."""

    @property
    def code(self) -> str: ...
    @property
    def datatype(self) -> str: ...
    @property
    def required(self) -> bool: ...
    @property
    def variable(self) -> bool: ...
    @property
    def automated(self) -> str: ...
    @property
    def values(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def only_if(self) -> Mapping[str, Sequence[str]]: ...


class Checked(NamedTuple):
    """The answers as they are kept, by the question's code, and what is wrong with those that cannot be."""

    answers: dict[str, list[str]]
    errors: dict[str, str]


class _Wrong(ValueError):
    """What is wrong with one answer, in words for the person who gave it."""


def check(questions: Iterable[Asked], given: Mapping[str, Sequence[str]], *, zone: tzinfo = UTC) -> Checked:
    """The answers that are kept, and everything that is wrong, by code; messages are in the language of the moment.

    Codes that no question has are ignored, so are answers to what is only to be read, is filled in by the worker, or is not asked
    because of another answer (`only_if`). A choice that stops the report is an error whose message is what it says.
    Times without a zone are in `zone`; all are kept as ISO 8601 with their offset. A question with a list that has
    no choices cannot be answered and is not insisted on.
    """
    answers: dict[str, list[str]] = {}
    errors: dict[str, str] = {}
    by_code = {question.code: question for question in questions}
    for question in by_code.values():
        if not question.variable or question.automated == "server_set":
            continue
        if not is_asked(question, by_code, given):
            continue
        said = [value for value in given.get(question.code, ()) if value.strip()]
        if not said:
            if question.required and not question.automated and _can_be_answered(question):
                errors[question.code] = _("This must be answered.")
            continue
        try:
            answers[question.code] = _checked(question, said, zone)
        except _Wrong as wrong:
            errors[question.code] = str(wrong)
    return Checked(answers, errors)


def is_asked(question: Asked, by_code: Mapping[str, Asked], given: Mapping[str, Sequence[str]]) -> bool:
    """Whether the answers given so far lead to this question; one that hangs on itself is never asked."""
    waiting, seen = [question], {question.code}
    while waiting:
        for code, keys in waiting.pop().only_if.items():
            if not set(given.get(code, ())) & set(keys) or code in seen:
                return False
            if code in by_code:
                waiting.append(by_code[code])
        seen |= {one.code for one in waiting}
    return True


def _can_be_answered(question: Asked) -> bool:
    return bool(question.values) or question.datatype not in ("singlevaluelist", "multivaluelist")


def _checked(question: Asked, said: list[str], zone: tzinfo) -> list[str]:
    if question.datatype == "multivaluelist":
        return [_member(question, value) for value in dict.fromkeys(said)]
    if len(said) > 1:
        raise _Wrong(_("Give one answer only."))
    return [_READERS.get(question.datatype, _text)(question, said[0], zone)]


def _member(question: Asked, value: str) -> str:
    chosen = next((choice for choice in question.values if choice["key"] == value), None)
    if chosen is None:
        raise _Wrong(_("Choose one of the answers of the list."))
    if chosen.get("stop"):
        raise _Wrong(chosen["stop"])
    return value


def _one_of_list(question: Asked, value: str, zone: tzinfo) -> str:
    return _member(question, value)


def _number(question: Asked, value: str, zone: tzinfo) -> str:
    value = value.strip()
    if not _NUMBER.fullmatch(value):
        raise _Wrong(_("Write a number, in digits."))
    if _THOUSANDS.fullmatch(value):
        raise _Wrong(_("Write the number without a sign for thousands, or with a point before the decimals."))
    return value.replace(",", ".")


def _moment(question: Asked, value: str, zone: tzinfo) -> str:
    # a plus sign that went through a form unescaped arrives as a space
    value = re.sub(r"(?<=:\d\d) (?=\d\d:?\d\d$)", "+", value.strip())
    wrong = _("Write a date and a time, such as 2026-05-17T10:30.")
    if not _TIME.fullmatch(value):
        raise _Wrong(wrong)
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()
    except (ValueError, OverflowError) as error:
        raise _Wrong(wrong) from error


def _line(question: Asked, value: str, zone: tzinfo) -> str:
    return _cleaned(value, STRING_LENGTH, multiline=False)


def _text(question: Asked, value: str, zone: tzinfo) -> str:
    return _cleaned(value, TEXT_LENGTH, multiline=True)


def _cleaned(value: str, limit: int, *, multiline: bool) -> str:
    try:
        return clean_text(value, max_length=limit, multiline=multiline, required=True)
    except TextError as error:
        raise _Wrong(
            _("The answer may have at most %(limit)d characters, and must have one.") % {"limit": limit}
        ) from error


_READERS: dict[str, Callable[[Asked, str, tzinfo], str]] = {
    "string": _line,
    "text": _text,
    "number": _number,
    "datetime": _moment,
    "singlevaluelist": _one_of_list,
}
