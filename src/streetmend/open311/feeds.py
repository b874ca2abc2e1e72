"""Requests in further forms: points for maps, a table for spreadsheets, a feed with places, the pages for people."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape as html_escape
from math import isfinite
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from django.conf import settings
from msgspec import structs

from streetmend.georeport import json, markup, shapes
from streetmend.georeport.dialect import Dialect
from streetmend.georeport.search import RequestSearch
from streetmend.georeport.types import Error, Request
from streetmend.open311.names import Names
from streetmend.text import spreadsheet_safe

CSV_TYPE: Final = "text/csv; charset=utf-8"
_EXTENSIONS: Final = (
    "title",
    "detail",
    "interface_used",
    "comment_count",
    "requestor_name",
    "agency_sent_datetime",
)
_OURS: Final = ("extended_status", "media_urls")
_NO_TEXT = re.compile("[\ud800-\udfff\x00]")
_GEORSS = 'xmlns:georss="http://www.georss.org/georss"'


@dataclass(frozen=True, slots=True)
class Feed:
    """A further form: its Content-Type, and how requests are written in it."""

    kind: str
    write: Callable[[Sequence[Request], Dialect, Names], bytes]


def write_geojson(requests: Sequence[Request], dialect: Dialect, names: Names) -> bytes:
    """Points (RFC 7946: long, then lat) with the dialect's fields as properties; a request without a place has none."""
    bare = structs.replace(dialect, wrapped_json=False)
    rows: list[dict[str, Any]] = msgspec.json.decode(json.write_requests(requests, bare))
    features = [
        {
            "type": "Feature",
            "id": row["service_request_id"],
            "geometry": _point(request),
            "properties": row | {"url": page_url(request.service_request_id)},
        }
        for request, row in zip(requests, rows, strict=True)
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


def _point(request: Request) -> dict[str, object] | None:
    lat, long = request.lat, request.long
    if lat is None or long is None or not (isfinite(lat) and isfinite(long)):
        return None
    return {"type": "Point", "coordinates": [long, lat]}


def write_csv(requests: Sequence[Request], dialect: Dialect, names: Names) -> bytes:
    """A table (RFC 4180) with the dialect's fields as columns; lists are joined with `; `, photos with spaces."""
    columns = (
        *shapes.STANDARD,
        *(_EXTENSIONS if dialect.extensions else ()),
        *(_OURS if dialect.ours else ()),
    )
    return _table(columns, ([_cell(request, name) for name in columns] for request in requests))


def _cell(request: Request, name: str) -> object:
    if name == "agency_responsible":
        return "; ".join(request.recipients)
    if name == "media_url":
        return request.media_urls[0] if request.media_urls else None
    if name == "media_urls":
        return " ".join(request.media_urls)
    return getattr(request, name)


def write_csv_errors(errors: Iterable[Error]) -> bytes:
    """What is wrong, as a table."""
    return _table(("code", "description"), ([error.code, error.description] for error in errors))


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(
        [spreadsheet_safe(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return _NO_TEXT.sub("\ufffd", text.getvalue()).encode()


def write_rss(requests: Sequence[Request], dialect: Dialect, names: Names) -> bytes:
    """RSS 2.0 with the place of each item (GeoRSS Simple: lat, then long). Descriptions are HTML without any markup."""
    title, link = names.directory.site.name, f"{settings.BASE_URL}/reports"
    head = (("title", title), ("link", link), ("description", f"Reports of {title}"))
    inside = "".join(markup.element(name, text) for name, text in head) + "".join(map(_item, requests))
    return markup.document(f'<rss version="2.0" {_GEORSS}><channel>{inside}</channel></rss>')


def _item(request: Request) -> str:
    url = page_url(request.service_request_id)
    parts = [
        markup.element("title", request.title or request.description),
        markup.element("link", url),
        f'<guid isPermaLink="true">{markup.escape(url)}</guid>',
        markup.element("description", html_escape(request.description or "")),
        markup.element("category", request.service_name),
    ]
    if isinstance(request.requested_datetime, str):
        moment = datetime.fromisoformat(request.requested_datetime).astimezone(UTC)
        parts.append(markup.element("pubDate", format_datetime(moment, usegmt=True)))
    if _point(request) is not None:
        parts.append(markup.element("georss:point", f"{request.lat} {request.long}"))
    return f"<item>{''.join(parts)}</item>"


WRITERS: Final = {
    "geojson": Feed("application/geo+json", write_geojson),
    "csv": Feed(CSV_TYPE, write_csv),
    "rss": Feed("application/rss+xml; charset=utf-8", write_rss),
}


def page_url(number: str) -> str:
    """The page of a report for people."""
    return f"{settings.BASE_URL}/reports/{number}"


def list_url(asked: RequestSearch | None = None, names: Names | None = None) -> str:
    """The list for people, as near to what was asked for as it can come."""
    query: dict[str, str] = {}
    if asked is not None and names is not None:
        query = {
            "q": asked.q or "",
            "state": asked.status[0] if len(asked.status) == 1 else "",
            "photo": "yes" if asked.has_photo else "",
            "category": str(names.category_id(asked.service_code or "") or ""),
            "body": str(names.body_id(asked.agency_responsible[0]) or "") if asked.agency_responsible else "",
        }
    given = {name: value for name, value in query.items() if value}
    return f"{settings.BASE_URL}/reports" + (f"?{urlencode(given)}" if given else "")
