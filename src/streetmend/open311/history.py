"""GET servicerequestupdates: what was said about public reports, in the words of the extension that mySociety made (A9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urljoin

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from streetmend.georeport.dialect import Dialect
from streetmend.georeport.search import UpdatesSearch, split_query
from streetmend.georeport.types import RequestUpdate
from streetmend.georeport.writing import WRITERS, content_type
from streetmend.open311 import paging
from streetmend.open311.addresses import Address
from streetmend.open311.cursors import Cursor, Way, read_cursor
from streetmend.open311.finishing import etag, finished
from streetmend.open311.names import Names, names
from streetmend.open311.packing import Kept
from streetmend.photos.store import path_of
from streetmend.reports.queries.history import HistorySearch, UpdateRow
from streetmend.reports.queries.history import updates as find
from streetmend.reports.queries.mass import moment_of
from streetmend.reports.states import State

#: our states in the words of the extension
STATUS_WORDS: Final = {
    State.OPEN: "open",
    State.INVESTIGATING: "investigating",
    State.PLANNED: "planned",
    State.IN_PROGRESS: "in_progress",
    State.FIXED: "fixed",
    State.NO_ACTION: "no_further_action",
    State.NOT_RESPONSIBLE: "not_councils_responsibility",
    State.DUPLICATE: "duplicate",
    State.REFERRED: "internal_referral",
    State.CLOSED: "closed",
    State.WITHDRAWN: "cancelled",
}
#: the word for an update that moves nothing
UNCHANGED: Final = "unchanged"


def updates(request: HttpRequest, address: Address, dialect: Dialect) -> HttpResponse:
    """The updates of public reports, the earliest first."""
    known = names()
    asked = UpdatesSearch.parse(
        split_query(request.META.get("QUERY_STRING", "")),
        zone=known.directory.site.zone,
        limit=settings.MAX_REQUESTS,
    )
    search = HistorySearch(
        reports=tuple(map(int, asked.service_request_id)) if asked.service_request_id else None,
        since=asked.start_date,
        before=asked.end_date,
        limit=asked.max_requests or settings.MAX_REQUESTS,
        after=_after(asked.cursor),
    )
    rows, more = find(search)
    body = WRITERS[address.fmt].write_updates(_told(rows, known), dialect)
    response = finished(request, Kept(body), content_type(address.fmt, dialect), etag(body.hex()))
    if asked.cursor is not None:
        after = (moment_of(rows[-1].at), rows[-1].id) if rows else search.after
        paging.tell_cursor(response, request, str(Cursor(Way.UPDATES, after)), more=more)
    return response


def _after(cursor: str | None) -> tuple[datetime, int] | None:
    return read_cursor(cursor, begins=Way.UPDATES, allowed=(Way.UPDATES,)).after if cursor else None


def _told(rows: Sequence[UpdateRow], known: Names) -> list[RequestUpdate]:
    photos = urljoin(f"{settings.BASE_URL}/", settings.MEDIA_URL)
    return [
        RequestUpdate(
            update_id=str(row.id),
            service_request_id=str(row.report_id),
            status=STATUS_WORDS[State(row.state)] if row.state else UNCHANGED,
            updated_datetime=known.times.local(row.at),
            description=row.text,
            media_urls=(
                *(f"{photos}{path_of(name)}" for name in _list(row.photo_names)),
                *_list(row.media_urls),
            ),
        )
        for row in rows
    ]


def _list(text: str | None) -> list[str]:
    return msgspec.json.decode(text, type=list[str]) if text else []
