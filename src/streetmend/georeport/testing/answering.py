"""What the pretend endpoint's ledger looks like from outside: rows, searches, windows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from streetmend.georeport import times
from streetmend.georeport.errors import Fault, InvalidParameters
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.testing.ledger import Entry
from streetmend.georeport.types import Request, RequestUpdate, Service


def as_request(entry: Entry, services: Mapping[str, Service]) -> Request:
    """The stored request as GET requests shows it."""
    new = entry.new
    service = services.get(new.service_code)
    return Request(
        service_request_id=entry.service_request_id,
        status=entry.status,
        status_notes=entry.status_notes,
        service_name=service.service_name if service else new.service_code,
        service_code=new.service_code,
        description=new.description,
        requested_datetime=entry.received_at,
        updated_datetime=entry.updated_at,
        address=new.address_string,
        address_id=new.address_id,
        lat=new.lat,
        long=new.long,
        media_urls=new.media_urls,
        others=entry.others or {},
    )


def found_by(search: RequestSearch, rows: Iterable[Request]) -> list[Request]:
    """The rows that the search asks for, the newest first, as many as it wants."""
    if search.service_request_id:
        wanted = set(search.service_request_id)
        return [row for row in rows if row.service_request_id in wanted]
    found = [row for row in rows if _matches(search, row)]
    found.sort(key=lambda row: times.aware(row.requested_datetime, UTC) or _LONG_AGO, reverse=True)
    if search.page or search.page_size:
        size = search.page_size or search.max_requests or len(found)
        start = ((search.page or 1) - 1) * size
        return found[start : start + size]
    return found[: search.max_requests]


_LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


def _matches(search: RequestSearch, row: Request) -> bool:
    codes = search.service_codes
    moment = times.aware(row.requested_datetime, UTC) or _LONG_AGO
    changed = times.aware(row.updated_datetime, UTC) or moment
    return (
        (not codes or row.service_code in (*codes, search.service_code))
        and (not search.status or row.status in search.status)
        and (search.start_date is None or moment >= search.start_date)
        and (search.end_date is None or moment < search.end_date)
        and (search.updated_after is None or changed >= search.updated_after)
        and (search.updated_before is None or changed < search.updated_before)
    )


def within(updates: Sequence[RequestUpdate], asked: Iterable[tuple[str, str]]) -> list[RequestUpdate]:
    """The updates of the window that was asked for, the latest first. Raises InvalidParameters for no date."""
    window = {
        name: _moment(name, value) for name, value in asked if name in ("start_date", "end_date") and value
    }
    start, end = window.get("start_date"), window.get("end_date")
    found = [
        (moment, update)
        for update in updates
        if (moment := times.aware(update.updated_datetime, UTC)) is not None
        and (start is None or moment >= start)
        and (end is None or moment <= end)
    ]
    return [update for _, update in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _moment(name: str, value: str) -> datetime:
    try:
        return times.parse_in(value, UTC)
    except times.NotATime as error:
        raise InvalidParameters((Fault(name, str(error)),)) from error
