"""The translator, the client's half: our reports in GeoReport's words for an endpoint, and its answers in ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from streetmend.bodies.habits import Description, Habits, Names, Photos, Place, Reporter
from streetmend.bodies.models import Category, Endpoint, Question
from streetmend.bodies.wording import filled
from streetmend.exchange.grid import easting_northing
from streetmend.exchange.words import state_of
from streetmend.georeport.dialect import DEFAULT, Dialect
from streetmend.georeport.types import NewRequest, Request, RequestUpdate
from streetmend.photos.incoming import address_of
from streetmend.reports.models import Report
from streetmend.reports.models.outbox import InboxKind
from streetmend.reports.services.inbox import PulledRow


@dataclass(frozen=True, slots=True)
class Addresses:
    """Public addresses that go out with a report."""

    report: str
    photos: tuple[str, ...]
    no_reply: str


def new_request(
    report: Report, category: Category, questions: Sequence[Question], habits: Habits, addresses: Addresses
) -> NewRequest:
    """The report as this endpoint wants it: GeoReport v2 A4 with the parameters that FixMyStreet's users know.

    Latitude and longitude (WGS84 degrees) have six decimals. Photos of private reports never go out as addresses.
    """
    if category.id_field:
        habits = msgspec.structs.replace(habits, id_field=category.id_field)
    told_name = report.name if habits.reporter is not Reporter.NONE else ""
    first_name, last_name = split_name(told_name, habits)
    tells_all = habits.reporter is Reporter.ALL
    email = report.email if tells_all else ""
    if not email and habits.always_email:
        email = addresses.no_reply
    gaps = _gaps(report, category, addresses.report)
    address = report.address if habits.place is not Place.DEGREES else ""
    degrees = habits.place is not Place.ADDRESS or not address
    return NewRequest(
        service_code=category.code,
        lat=round(report.lat, 6) if degrees else None,
        long=round(report.long, 6) if degrees else None,
        address_string=address or None,
        account_id=habits.account_id or None,
        description=_description(report, habits, addresses.report, gaps),
        first_name=first_name,
        last_name=last_name,
        email=email or None,
        phone=(report.phone or None) if tells_all else None,
        device_id=report.source if habits.device_field else None,
        media_urls=() if report.private else _photos(habits, addresses.photos),
        attributes=_attributes(report, questions, habits, gaps),
    )


def frozen(request: NewRequest) -> dict[str, Any]:
    """The request as it is kept with the delivery; it holds no key."""
    plain: dict[str, Any] = msgspec.to_builtins(request)
    return {name: value for name, value in plain.items() if value not in (None, [], ())}


def thawed(params: dict[str, Any]) -> NewRequest:
    """The request that was kept. Raises msgspec.ValidationError where it is none."""
    return msgspec.convert(params, NewRequest)


def dialect_of(endpoint: Endpoint, habits: Habits, site_zone: str) -> Dialect:
    """How this endpoint wants to be spoken to."""
    return Dialect(
        name=f"endpoint {endpoint.pk}",
        format="json" if endpoint.format == "json" else "xml",
        time_zone=habits.time_zone or site_zone,
        time_style=habits.time_style.value,
        multivalue=habits.multivalue.value,
        id_field=id_field(habits),
        device_field=habits.device_field or "device_id",
        upload_field=habits.upload_field,
        update_status_case=habits.status_case.value,
        jurisdiction_in=habits.jurisdiction_in.value,
        key_in=habits.key_in.value,
        key_on_get=habits.key_on_get,
        paths=tuple(habits.paths.items()),
        duplicate_pattern=habits.duplicate_pattern or None,
        page_field=habits.page_field,
        page_size_field=habits.page_size_field,
        extra_parameters=tuple(habits.parameters.items()),
    )


def pulled_update(update: RequestUpdate, habits: Habits, zone: str) -> PulledRow:
    """A row of servicerequestupdates in our words, whether it was pulled or pushed."""
    state, known = state_of(update.status or "", habits.statuses_in)
    others = dict(update.others)
    files = {address_of(url): url for url in update.media_urls if url[:5].lower() == "data:"}
    names = {url: name for name, url in files.items()}
    return PulledRow(
        kind=InboxKind.UPDATE,
        remote_report_id=(update.service_request_id or "").strip(),
        our_report_id=(update.fixmystreet_id or "").strip(),
        remote_update_id=update.update_id.strip(),
        word=update.status or "",
        state=state,
        known_word=known,
        at=_moment(update.updated_datetime, zone),
        at_raw=str(update.updated_datetime or ""),
        text=update.description,
        email_text=update.email_text or "",
        code=(update.external_status_code or "").strip(),
        reference=(update.customer_reference or "").strip(),
        private=any(_is_true(others.get(name)) for name in _PRIVATE),
        prefer_template=_is_true(others.get("prefer_template")),
        media_urls=tuple(names.get(url, url) for url in update.media_urls),
        files=files,
        others=others,
    )


#: by these a row says that its text is not for the public
_PRIVATE = ("private", "non_public", "nonpublic")


def _is_true(value: object) -> bool:
    return str(value).strip().lower() in ("true", "1", "yes")


def pulled_status(request: Request, habits: Habits, zone: str) -> PulledRow:
    """A row of GET requests in our words: where the endpoint says the report stands, and its notes."""
    word = request.extended_status or request.status or ""
    state, known = state_of(word, habits.statuses_in)
    return PulledRow(
        kind=InboxKind.STATUS,
        remote_report_id=request.service_request_id.strip(),
        word=word,
        state=state,
        known_word=known,
        at=_moment(request.updated_datetime, zone),
        at_raw=str(request.updated_datetime or ""),
        text=request.status_notes or "",
    )


def split_name(name: str, habits: Habits) -> tuple[str | None, str | None]:
    """First and last name: the name as told, split at its first white space, or whole where the endpoint wants it so."""
    whole = " ".join(name.split())
    if habits.names is Names.SPLIT:
        first, _, last = whole.partition(" ")
    else:
        first, last = (whole, "") if habits.names is Names.FIRST else ("", whole)
    if first and not last:
        last = habits.no_last_name
    return first or None, last or None


def _gaps(report: Report, category: Category, url: str) -> dict[str, str]:
    """What fills the gaps of the endpoint's texts."""
    return {
        "title": report.title,
        "detail": report.detail,
        "url": url,
        "id": str(report.pk),
        "category": category.name.name,
        "address": report.address,
        "place_hint": report.place_hint,
    }


def _description(report: Report, habits: Habits, url: str, gaps: dict[str, str]) -> str:
    """Our address is in it whatever the form: by it the report is found again at the endpoint."""
    title, detail = report.title, report.detail
    if habits.description_template:
        return filled(habits.description_template, gaps) + "\n"
    if habits.description is Description.LABELLED:
        return f"title: {title}\n\ndetail: {detail}\n\nurl: {url}\n"
    if habits.description is Description.DETAIL:
        return f"{detail or title}\n\n{url}\n"
    return f"{title}\n\n{detail}\n\n{url}\n" if detail else f"{title}\n\n{url}\n"


def _photos(habits: Habits, urls: tuple[str, ...]) -> tuple[str, ...]:
    if habits.photos is Photos.FIRST_URL:
        return urls[:1]
    return urls if habits.photos is Photos.ALL_URLS else ()


def _attributes(
    report: Report, questions: Sequence[Question], habits: Habits, gaps: dict[str, str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The answers to what this category asks, what we fill in where it asks for it, and what this endpoint always wants."""
    given = {str(answer["code"]): tuple(map(str, answer["values"])) for answer in report.answers}
    own = _own_answers(report, questions, habits)
    answers: dict[str, tuple[str, ...]] = {}
    for question in questions:
        if not question.variable or question.code in habits.attributes_kept:
            continue
        values = own.get(question.code) or given.get(question.code, ())
        if values:
            answers[question.code] = values
    if habits.always_send_id:
        answers[id_field(habits)] = (str(report.pk),)
    for code, text in habits.attributes.items():
        if said := filled(text, gaps):
            answers.setdefault(code, (said,))
    return tuple((habits.attribute_names.get(code, code), values) for code, values in answers.items())


def id_field(habits: Habits) -> str:
    return habits.id_field or DEFAULT.id_field


def _own_answers(report: Report, questions: Sequence[Question], habits: Habits) -> dict[str, tuple[str, ...]]:
    asked = {question.code for question in questions}
    own: dict[str, tuple[str, ...]] = {}
    if id_field(habits) in asked:
        own[id_field(habits)] = (str(report.pk),)
    if "closest_address" in asked and report.address:
        own["closest_address"] = (report.address,)
    if {"easting", "northing"} & asked:
        east, north = easting_northing(report.lat, report.long, habits.grid)
        own |= {"easting": (str(east),), "northing": (str(north),)}
    return own


def _moment(when: datetime | str | None, zone: str) -> datetime | None:
    """The moment as an aware one; None where it is no date, or lies beyond every calendar. Naive ones are in `zone`."""
    if not isinstance(when, datetime):
        return None
    try:
        aware = when if when.tzinfo else when.replace(tzinfo=ZoneInfo(zone))
        return aware.astimezone(UTC)
    except (OverflowError, ValueError, ZoneInfoNotFoundError):
        return None


def moment_of(when: datetime | str | None, zone: str) -> datetime | None:
    """The moment of a row in UTC; None where there is none."""
    return _moment(when, zone)
