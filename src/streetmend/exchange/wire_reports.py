"""The translator for reports made elsewhere: a row of GET requests in our words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings

from streetmend.bodies.habits import Habits
from streetmend.exchange.grid import degrees
from streetmend.exchange.wire import id_field, moment_of
from streetmend.exchange.words import state_of
from streetmend.georeport.types import Request
from streetmend.reports.services.elsewhere import Foreign
from streetmend.reports.states import State
from streetmend.text import TextError, clean_text, split_description

REMOVED = "[…]"
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
#: eight digits or more with what people write between them; no date, no part of a longer number or of a word
_PHONE = re.compile(r"(?<![\w.,/=-])(?:\+|\(\+?)?\d(?:[ \u00a0()-]{0,2}\d){7,14}(?![\w])(?![.,]\d)")
_DATE = re.compile(r"(?:19|20)\d\d-\d\d-\d\d|\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d")
_TRUE = frozenset({"true", "1", "yes"})
_LONGEST_ID = 18


def foreign_report(request: Request, habits: Habits, zone: str) -> Foreign:
    """The row (GeoReport v2 A6, with mySociety's title and non_public) as one of our reports would say it."""
    said = request.title or "", request.detail or request.description or ""
    title, detail = _words(*said, request.service_name or "", habits)
    lat, long = _place(request, habits)
    requested = moment_of(request.requested_datetime, zone)
    updated = moment_of(request.updated_datetime, zone)
    return Foreign(
        remote_id=request.service_request_id.strip(),
        lat=lat,
        long=long,
        title=title,
        detail=detail,
        code=(request.service_code or "").strip(),
        category=(request.service_name or "").strip(),
        state=_state(request, habits),
        requested_at=requested or updated,
        updated_at=updated,
        expected_at=moment_of(request.expected_datetime, zone),
        private=any(_is_true(request.others.get(name)) for name in ("non_public", "private")),
        address=_cleaned(request.address or "", 300, habits),
        status_notes=_cleaned(request.status_notes or "", 10_000, habits, multiline=True),
        photo_urls=request.media_urls,
        names_ours=frozenset(_ours(request, habits)),
    )


def without_contacts(text: str) -> str:
    """The text without phone numbers and e-mail addresses; dates and measures stay."""
    hidden = _EMAIL.sub(REMOVED, text)
    return _PHONE.sub(lambda found: found[0] if _DATE.fullmatch(found[0].strip()) else REMOVED, hidden)


def _words(title: str, description: str, service: str, habits: Habits) -> tuple[str, str]:
    """Title and detail; a row without words is one of its service."""
    if habits.hide_contacts:
        title, description = without_contacts(title), without_contacts(description)
    try:
        if not title.strip():
            return split_description(description[:10_000])
        return _cut(title, 200), clean_text(description[:9_000], max_length=10_000, multiline=True)
    except TextError:
        return _cut(service, 200), ""


def _cut(text: str, most: int) -> str:
    return clean_text(text[: 4 * most], max_length=4 * most)[:most].strip()


def _cleaned(text: str, most: int, habits: Habits, *, multiline: bool = False) -> str:
    said = without_contacts(text) if habits.hide_contacts else text
    return clean_text(said[:most], max_length=2 * most, multiline=multiline)[:most]


def _place(request: Request, habits: Habits) -> tuple[float | None, float | None]:
    lat, long = request.lat, request.long
    # 0, 0 is what servers write that know no place
    if lat is None or long is None or (lat == 0 and long == 0):
        return None, None
    if habits.pulled_in_grid:
        found = degrees(long, lat, habits.grid)
        return found if found is not None else (None, None)
    return lat, long


def _state(request: Request, habits: Habits) -> str:
    """Where it stands by the finer word if that is known, else by open or closed."""
    for word in (request.extended_status, request.status):
        state, known = state_of(word or "", habits.statuses_in)
        if known and state:
            return state
    return State.OPEN


def _ours(request: Request, habits: Habits) -> Iterator[int]:
    """The ids of our reports that the row names."""
    told = " ".join(
        (request.description or "", request.detail or "", json.dumps(request.others, default=str))
    )
    for number in re.findall(rf"{re.escape(settings.BASE_URL)}/reports/(\d{{1,{_LONGEST_ID}}})", told):
        yield int(number)
    yield from _numbers_under(request.others, {id_field(habits), "fixmystreet_id"})


def _numbers_under(value: Any, names: set[str]) -> Iterator[int]:
    """Whole numbers that stand under one of these names, or as the value of an attribute of one of these codes."""
    if isinstance(value, Mapping):
        named = value.get("code") in names or value.get("name") in names
        for name, inner in value.items():
            if (name in names or (named and name in ("value", "values"))) and _is_number(inner):
                yield int(str(inner))
            yield from _numbers_under(inner, names)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from _numbers_under(inner, names)


def _is_number(value: Any) -> bool:
    text = str(value).strip()
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID


def _is_true(value: Any) -> bool:
    return value is True or str(value).strip().casefold() in _TRUE
