"""Answers to what programs send: in the format that was asked for, readable from every page of the web, kept by nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.http import HttpResponse

from streetmend.georeport.dialect import Dialect
from streetmend.georeport.errors import Fault
from streetmend.georeport.types import Error
from streetmend.georeport.writing import WRITERS, Format, content_type
from streetmend.open311.paging import EXPOSED

_ALWAYS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": EXPOSED,
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer is to be written."""

    fmt: Format
    dialect: Dialect


class CallRefused(Exception):
    """The answer is an error: its status, one fault for each thing that is wrong, further headers."""

    def __init__(
        self, status: int, faults: Iterable[Fault], headers: Mapping[str, str] | None = None
    ) -> None:
        self.status, self.faults, self.headers = status, tuple(faults), dict(headers or {})
        super().__init__(status, *map(str, self.faults))


@dataclass(slots=True)
class Notices:
    """What the sender is told besides the answer, sentence by sentence."""

    sentences: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """One more sentence, unless it has been said."""
        if sentence not in self.sentences:
            self.sentences.append(sentence)

    def __str__(self) -> str:
        return " ".join(self.sentences)


def say(
    body: bytes, form: Form, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The answer."""
    kind = content_type(form.fmt, form.dialect)
    return HttpResponse(body, status=status, content_type=kind, headers={**_ALWAYS, **(headers or {})})


def say_refused(refused: CallRefused, form: Form) -> HttpResponse:
    """GeoReport v2, errors (A8): one entry for everything that is wrong."""
    errors = [Error(code=str(refused.status), description=str(fault)) for fault in refused.faults]
    body = WRITERS[form.fmt].write_errors(errors, form.dialect)
    return say(body, form, status=refused.status, headers=refused.headers)


def nothing(headers: Mapping[str, str]) -> HttpResponse:
    """An answer without a body, such as that of a preflight."""
    return HttpResponse(status=204, headers={**_ALWAYS, **headers})
