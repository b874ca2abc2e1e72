"""POST servicerequestupdates (mySociety's extension, A9): a body tells of the reports that it received."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from django.http import HttpRequest, HttpResponse

from streetmend.accounts.models import Scope
from streetmend.bodies.habits import habits_of
from streetmend.bodies.queries import site
from streetmend.clock import SystemClock
from streetmend.georeport.errors import Fault, InvalidParameters
from streetmend.georeport.form_reading import read_update
from streetmend.georeport.types import RequestUpdate, UpdateAccepted
from streetmend.georeport.writing import WRITERS
from streetmend.open311 import pictures
from streetmend.open311.callers import caller_of, no_key
from streetmend.open311.incoming import Incoming, read_incoming
from streetmend.open311.saying import CallRefused, Form, Notices, say
from streetmend.reports.services.inbox import PulledRow
from streetmend.reports.services.pushing import NotReceived, push_update, received_by
from streetmend.reports.statuses import state_of
from streetmend.text import DETAIL_LENGTH, TextError, clean_text

ID_LENGTH = 255
WORD_LENGTH = 100
#: photos of one update
MOST_PHOTOS = 5


def push(request: HttpRequest, form: Form) -> HttpResponse:
    """POST servicerequestupdates: 200 with our number of the update, the same for a repeat.

    Raises CallRefused, NotReceived.
    """
    now = SystemClock().now()
    incoming = read_incoming(request)
    key = caller_of(request, incoming, Scope.UPDATE, now).key
    if key is None or key.body is None:
        raise no_key()
    told = _read(incoming)
    zone = site().zone
    notices = Notices()
    chosen = pictures.chosen(
        incoming.uploads, told.media_urls, notices, most=MOST_PHOTOS, cut_off=incoming.cut_off
    )
    row = _row(told, zone, chosen.urls)
    owed = received_by(key.body, row)
    if owed is None:
        raise NotReceived("There is no such request that you received.")
    words = habits_of(owed.endpoint).statuses_in if owed.endpoint else {}
    photos = pictures.stored(chosen, notices)
    update = push_update(body=key.body, row=_with_state(row, words), now=now, photos=photos)
    number = str(update.pk) if update is not None else told.update_id
    others = {"service_notice": str(notices)} if str(notices) else {}
    accepted = UpdateAccepted(update_id=number, others=others)
    return say(WRITERS[form.fmt].write_update_accepted(accepted, form.dialect), form)


def _read(incoming: Incoming) -> RequestUpdate:
    """The update that was posted. Raises CallRefused with all that is wrong."""
    faults: list[Fault] = []
    told = None
    try:
        told = read_update(incoming.fields, incoming.uploads)
    except InvalidParameters as error:
        faults += error.faults
    for name, longest in (
        ("update_id", ID_LENGTH),
        ("service_request_id", ID_LENGTH),
        ("fixmystreet_id", ID_LENGTH),
        ("status", WORD_LENGTH),
    ):
        if len(incoming.field(name)) > longest:
            faults.append(Fault(name, f"may have at most {longest} characters"))
    try:
        clean_text(
            incoming.field("description"), field="description", max_length=DETAIL_LENGTH, multiline=True
        )
    except TextError as error:
        faults.append(Fault("description", error.message.removeprefix("description ")))
    if faults or told is None:
        raise CallRefused(400, faults)
    return told


def _row(told: RequestUpdate, zone: tzinfo, media_urls: tuple[str, ...]) -> PulledRow:
    """The update in our words, but for its state, which is said in the words of its sender."""
    ours = told.fixmystreet_id or told.others.get("fixmystreet_id") or ""
    return PulledRow(
        remote_report_id=(told.service_request_id or "").strip(),
        our_report_id=str(ours).strip(),
        remote_update_id=told.update_id.strip(),
        word=told.status or "",
        at=_moment(told.updated_datetime, zone),
        at_raw=str(told.updated_datetime or ""),
        text=told.description,
        email_text=told.email_text or "",
        code=(told.external_status_code or "").strip(),
        reference=(told.customer_reference or "").strip(),
        media_urls=media_urls,
    )


def _with_state(row: PulledRow, words: dict[str, str]) -> PulledRow:
    state, known = state_of(row.word, words)
    return replace(row, state=state, known_word=known)


def _moment(when: datetime | str | None, zone: tzinfo) -> datetime | None:
    """The moment in UTC; None where it lies beyond every calendar. Without a zone, the site's is meant."""
    if not isinstance(when, datetime):
        return None
    try:
        return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
