"""The rows of GET requests: their fields, states, times and places, the same in both formats (A6, A7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import quote, urlsplit

from streetmend.exchange.probing.asking import FORMATS, Answer, Caller
from streetmend.exchange.probing.envelopes import rows_of
from streetmend.exchange.probing.fields import REQUESTS, compare
from streetmend.exchange.probing.notes import Notes
from streetmend.georeport import times
from streetmend.georeport.errors import Unreadable
from streetmend.georeport.reading import read_requests
from streetmend.georeport.types import Json, Request

MOST_ROWS = 1000
_KNOWN = frozenset({"service_request_id", "token", "requested_datetime", "service_code", "status"})
_SLACK = timedelta(minutes=10)
_WINDOW = timedelta(days=91)
_ZERO = r'<lat>-?0(?:\.0*)?</lat>|"lat"\s*:\s*"?-?0(?:\.0*)?\b(?!\.)'
_COMPARED = ("status", "service_code", "description", "requested_datetime", "updated_datetime", "lat", "long")


@dataclass
class Seen:
    """The newest requests as they were read, and how the server writes times."""

    rows: Sequence[Request] = ()
    fmt: str = ""
    answers: list[Answer] = field(default_factory=list)

    def moment(self, row: Request) -> datetime | None:
        """When it was requested; a time without a zone is taken as UTC."""
        return times.aware(row.requested_datetime, UTC)


def requests_in(answer: Answer) -> list[Request] | None:
    """The requests of an answer, or None where it is no list of them."""
    if not answer.ok:
        return None
    try:
        return list(read_requests(answer.text.encode(), answer.headers.get("content-type")))
    except Unreadable:
        return None


async def look_at_requests(caller: Caller, notes: Notes) -> Seen:
    """The newest requests have been looked at in both formats."""
    seen, lists = Seen(), {}
    for fmt in FORMATS:
        answer = await caller.get("requests", fmt)
        seen.answers.append(answer)
        if not notes.usable(answer):
            _note_refusal(answer, notes)
            continue
        found = requests_in(answer)
        if found is None:
            says = f"The answer in {fmt.upper()} is no list of requests."
            notes.found(f"no-requests-{fmt}", says, answer, answer.line("^"))
            continue
        lists[fmt] = found
        _look_at_list(answer, found, notes)
    if len(lists) == 2:
        _look_at_both(lists["xml"], lists["json"], notes)
    if lists:
        seen.fmt = next(iter(lists))
        seen.rows = lists[seen.fmt]
        notes.can(
            "requests", f"GET requests without parameters gives {len(seen.rows)} of them.", bool(seen.rows)
        )
    elif any(answer.ok for answer in seen.answers):
        notes.can("requests", "Requests cannot be read.", False)
    if "xml" not in lists and "json" in lists:
        notes.found("xml-broken", "Requests can only be read as JSON.", seen.answers[0], format='"json"')
    return seen


def _look_at_list(answer: Answer, found: Sequence[Request], notes: Notes) -> None:
    rows = rows_of(answer, "service_requests", "request", _KNOWN, notes)
    for row in rows:
        compare(row, REQUESTS, answer, notes)
        _look_at_row(row, answer, notes)
    for request in found:
        _look_at_values(request, answer, notes)
    if len(found) > MOST_ROWS:
        notes.found(
            "too-many-rows",
            f"{len(found)} rows in one answer, where the standard has at most 1000.",
            answer,
        )


def _note_refusal(answer: Answer, notes: Notes) -> None:
    if 400 <= answer.status < 500:
        says = f"GET requests without parameters is refused with {answer.status}, where the last 90 days should come."
        notes.found("requests-refused", says, answer, answer.line("^"))


def _look_at_row(row: Mapping[str, Json], answer: Answer, notes: Notes) -> None:
    """What can only be seen as it stands on the wire."""
    status = row.get("status")
    if isinstance(status, str) and status not in ("open", "closed"):
        says = f"status is {status[:40]!r}, where the standard has open and closed."
        notes.found("status", says, answer, answer.line_of("status"))
    for name in ("requested_datetime", "updated_datetime", "expected_datetime"):
        text = row.get(name)
        if isinstance(text, str) and text.strip():
            _look_at_time(name, text.strip(), answer, notes)


def _look_at_time(name: str, text: str, answer: Answer, notes: Notes) -> None:
    moment, line = times.read(text), partial(answer.line_of, name)
    if not isinstance(moment, datetime):
        notes.found("no-time", f"{name} is {text[:40]!r}, which is no date.", answer, line)
    elif moment.tzinfo is None:
        says = f"{name} has no time zone: say which one the server means."
        zone = '"Area/City"   # the zone of the server, as in tzdata'
        notes.found("times-without-zone", says, answer, line, time_style='"naive"', time_zone=zone)
    elif "." in text or "," in text:
        notes.found("fractions", f"{name} has fractions of a second.", answer, line)
    elif "T" not in text:
        notes.found("time-form", f"{name} has no T between date and time.", answer, line)


def _look_at_values(request: Request, answer: Answer, notes: Notes) -> None:
    """What the values mean."""
    lat, long = request.lat, request.long
    if lat is not None and long is not None:
        if (lat, long) == (0.0, 0.0):
            notes.found(
                "null-island",
                "A request without a place has lat 0 and long 0.",
                answer,
                answer.line(_ZERO),
            )
        elif abs(lat) > 90 or abs(long) > 180:
            notes.found(
                "no-place",
                "lat and long are no degrees, or stand in the wrong order.",
                answer,
                answer.line_of("lat"),
            )
    if request.service_code == "":
        notes.found(
            "missing-service_code", "A request has no service_code.", answer, answer.line_of("service_code")
        )
    for url in request.media_urls[:1]:
        if urlsplit(url).scheme not in ("http", "https"):
            notes.found("media-url", "media_url is no whole address.", answer, answer.line_of("media_url"))
    requested, updated = (
        times.aware(one, UTC) for one in (request.requested_datetime, request.updated_datetime)
    )
    if requested and updated and updated < requested - timedelta(seconds=1):
        says = "updated_datetime lies before requested_datetime."
        notes.found("updated-before-requested", says, answer, answer.line_of("updated_datetime"))
    if requested and answer.asked_at and requested > answer.asked_at + _SLACK:
        says = "requested_datetime lies in the future: the server's clock is wrong, or it means another zone."
        notes.found("future", says, answer, answer.line_of("requested_datetime"))
    if requested and answer.asked_at and requested < answer.asked_at - _WINDOW:
        says = "Requests of more than 90 days ago come without being asked for."
        notes.found("no-window", says, answer, trait="default_window_days")


def _look_at_both(xml: Sequence[Request], json: Sequence[Request], notes: Notes) -> None:
    """Both formats say the same of the same requests."""
    by_id = {one.service_request_id: one for one in json}
    for one in xml:
        other = by_id.get(one.service_request_id)
        if other is None or other.updated_datetime != one.updated_datetime:
            continue  # it may have changed between the two answers
        for name in _COMPARED:
            values = [_plain(getattr(row, name)) for row in (one, other)]
            if values[0] != values[1]:
                says = f"XML and JSON differ in {name} of request {one.service_request_id}: {values[0]!r} and {values[1]!r}."
                notes.found(f"formats-differ-{name}", says[:300])
    if xml and json and not set(by_id) & {one.service_request_id for one in xml}:
        notes.found("formats-differ", "XML and JSON list different requests.")


def _plain(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


async def look_at_one(caller: Caller, notes: Notes, seen: Seen) -> list[Answer]:
    """One request by its id, and an id that does not exist (A7): the answers to the latter."""
    if seen.rows:
        number = seen.rows[0].service_request_id
        answer = await caller.get(
            f"requests/{quote(number, safe='')}", "json" if seen.fmt == "json" else "xml"
        )
        found = requests_in(answer)
        if not found or [one.service_request_id for one in found] != [number]:
            says = f"GET requests/{number} does not give that request and no other ({answer.status})."
            notes.found("one-request", says, answer, answer.line("^"))
        notes.can("one_request", "One request can be asked for by its id.", bool(found))
    answers = []
    for fmt in FORMATS:
        answer = await caller.get("requests/999999999999", fmt)
        answers.append(answer)
        if 200 <= answer.status < 300:
            says = f"An unknown request is answered with {answer.status} and an empty list, where the standard has 404."
            if requests_in(answer):
                says = "An unknown request is answered with another one."
            trait = "" if requests_in(answer) else "unknown_request"
            notes.found("unknown-request", says, answer, answer.line("^"), trait=trait)
    return answers
