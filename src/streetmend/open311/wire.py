"""The translator, the server's half: our rows and choices -> the things GeoReport v2 speaks of, and its searches -> ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from urllib.parse import urljoin

import msgspec
from django.conf import settings

from streetmend.bodies.values import Choice, QuestionInfo
from streetmend.georeport import times
from streetmend.georeport.columns import Columns, in_columns
from streetmend.georeport.dialect import SERVED, Dialect
from streetmend.georeport.errors import Fault, InvalidParameters
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.types import (
    Attribute,
    AttributeValue,
    Discovery,
    DiscoveryEndpoint,
    Service,
    ServiceDefinition,
)
from streetmend.open311.cursors import Cursor, Way, read_cursor
from streetmend.open311.names import Names
from streetmend.photos.store import path_of
from streetmend.reports.queries.mass import ReportRow
from streetmend.reports.queries.search import Circle, Search, Window

#: dialect -> where it is served, below the site's address
BASES: Final = {
    "default": "/open311/v2/",
    "strict": "/open311/strict/v2/",
    "fixmystreet": "/open311/fixmystreet/v2/",
}
#: the day on which this server last changed what it offers, for a site that was never changed since
SERVER_CHANGED = datetime(2026, 11, 24, tzinfo=UTC)
MOST_WORDS = 20


def base_url(dialect: Dialect) -> str:
    """Where the dialect is served, with a slash at the end."""
    return f"{settings.BASE_URL}{BASES[dialect.name]}"


def discovery(names: Names, asked_in: Dialect) -> Discovery:
    """What this server says about itself; the dialect that is asked comes first (GeoReport v2, Service Discovery)."""
    site = names.directory.site
    changed = max(site.changeset or SERVER_CHANGED, SERVER_CHANGED).astimezone(site.zone)
    changeset = times.write(changed.replace(microsecond=0))
    contact = site.contact_email or settings.BASE_URL
    return Discovery(
        changeset=changeset,
        contact=f"{site.name}: {contact}",
        key_service=f"Reading needs no key. Ask {contact} for a key to send reports with.",
        max_requests=settings.MAX_REQUESTS,
        endpoints=tuple(
            DiscoveryEndpoint(
                url=base_url(dialect),
                changeset=changeset,
                formats=tuple(kind.partition(";")[0] for kind in (dialect.xml_type, dialect.json_type)),
            )
            for dialect in sorted(SERVED.values(), key=lambda dialect: dialect.name != asked_in.name)
        ),
    )


def service(choice: Choice) -> Service:
    """A category name as a service: its code is its name in the site's first language."""
    return Service(
        service_code=choice.name,
        service_name=choice.name,
        description=choice.description or None,
        metadata=bool(choice.questions),
        type="realtime",
        keywords=choice.keywords
        + (("private",) if choice.private and "private" not in choice.keywords else ()),
        groups=(choice.group,) if choice.group else (),
    )


def definition(choice: Choice) -> ServiceDefinition:
    """The questions of a category name, of all its bodies united by code."""
    return ServiceDefinition(
        service_code=choice.name,
        attributes=tuple(_attribute(asked, order) for order, asked in enumerate(choice.questions, start=1)),
    )


def _attribute(asked: QuestionInfo, order: int) -> Attribute:
    return Attribute(
        code=asked.code,
        description=asked.text,
        datatype=asked.datatype,
        required=asked.required,
        variable=asked.variable,
        order=order,
        datatype_description=asked.hint or None,
        values=tuple(AttributeValue(value["key"], value["name"]) for value in asked.values),
        automated=asked.automated or None,
    )


def search(asked: RequestSearch, dialect: Dialect, names: Names, *, now: datetime) -> Search:
    """The search among our reports that is asked for. Raises InvalidParameters.

    A value of service_code is tried whole before it is split at its commas. What nothing here has, finds nothing.
    """
    if asked.service_request_id:
        return Search(ids=tuple(map(int, asked.service_request_id)), limit=len(asked.service_request_id))
    cursor = _cursor(asked)
    since = asked.start_date
    if since is None and asked.end_date is None and dialect.default_window_days is not None:
        # to the minute, so that the same question is asked again within it
        since = now.replace(second=0, microsecond=0) - timedelta(days=dialect.default_window_days)
    limit = min(settings.MAX_REQUESTS, asked.page_size or asked.max_requests or settings.MAX_REQUESTS)
    paged = asked.page is not None or asked.page_size is not None
    return Search(
        categories=_categories(asked, names),
        bodies=_known(names.body_id(one) for one in asked.agency_responsible)
        if asked.agency_responsible
        else None,
        closed=asked.status == ("closed",) if len(asked.status) == 1 else None,
        since=since,
        before=asked.end_date,
        updated_since=asked.updated_after,
        updated_before=asked.updated_before,
        source=asked.interface_used,
        has_photo=asked.has_photo,
        words=_words(asked.q),
        window=asked.bbox
        and Window(asked.bbox.min_lat, asked.bbox.min_long, asked.bbox.max_lat, asked.bbox.max_long),
        circle=asked.near and Circle(asked.near.lat, asked.near.long, asked.near.radius),
        limit=limit,
        offset=((asked.page or 1) - 1) * limit if paged and cursor is None else None,
        walk=cursor is not None,
        changes=cursor is not None and cursor.way is Way.CHANGES,
        after=cursor.after if cursor is not None else None,
    )


def _cursor(asked: RequestSearch) -> Cursor | None:
    if asked.cursor is None:
        return None
    if asked.page is not None:
        raise InvalidParameters((Fault("page", "cannot be given together with cursor"),))
    if asked.updated_after is not None:
        return read_cursor(asked.cursor, begins=Way.CHANGES, allowed=(Way.CHANGES,))
    return read_cursor(asked.cursor, begins=Way.NEWEST, allowed=(Way.NEWEST, Way.CHANGES))


def _categories(asked: RequestSearch, names: Names) -> tuple[int, ...] | None:
    if asked.service_code is None:
        return None
    whole = names.category_id(asked.service_code)
    if whole is not None:
        return (whole,)
    return _known(names.category_id(code) for code in asked.service_codes)


def _known(ids: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(one for one in ids if one is not None))


def _words(text: str | None) -> tuple[str, ...]:
    words = tuple(dict.fromkeys((text or "").split()))
    if len(words) > MOST_WORDS:
        raise InvalidParameters((Fault("q", f"has more than {MOST_WORDS} words"),))
    return words


def requests(rows: Sequence[tuple[Any, ...]], names: Names) -> Columns:
    """The rows (`reports.queries.mass.ReportRow`) as requests, with texts for times and whole addresses for photos."""
    if not rows:
        return in_columns(())
    column = dict(zip(ReportRow._fields, zip(*rows, strict=True), strict=True))
    base = _photos(settings.BASE_URL, settings.MEDIA_URL)
    nothing = (None,) * len(rows)
    services = list(map(names.categories.__getitem__, column["category_name_id"]))
    return Columns(
        service_request_id=list(map(str, column["id"])),
        status=["closed" if closed else "open" for closed in column["closed"]],
        status_notes=_or_none(column["status_notes"]),
        service_name=services,
        service_code=services,
        description=[
            f"{title}: {detail}" if detail else title
            for title, detail in zip(column["title"], column["detail"], strict=True)
        ],
        recipients=[names.recipients[ids] for ids in column["recipient_ids"]],
        service_notice=nothing,
        requested_datetime=names.times.column(column["requested_at"]),
        updated_datetime=names.times.column(column["updated_at"]),
        expected_datetime=names.times.column(column["expected_at"]),
        address=_or_none(column["address"]),
        address_id=nothing,
        zipcode=nothing,
        lat=column["lat"],
        long=column["long"],
        media_urls=[() if photos == "[]" else _photo_urls(base, photos) for photos in column["photo_names"]],
        title=column["title"],
        detail=_or_none(column["detail"]),
        interface_used=column["source"],
        comment_count=[count or None for count in column["comment_count"]],
        requestor_name=_or_none(column["name"]),
        agency_sent_datetime=names.times.column(column["sent_at"]),
        extended_status=column["state"],
        others=({},) * len(rows),
    )


def _or_none(column: Iterable[str | None]) -> list[str | None]:
    return [value or None for value in column]


@cache
def _photos(site: str, media: str) -> str:
    return urljoin(f"{site}/", media)


def _photo_urls(base: str, names: str) -> tuple[str, ...]:
    return tuple([f"{base}{path_of(name)}" for name in msgspec.json.decode(names)])
