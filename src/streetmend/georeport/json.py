"""GeoReport v2 in JSON: values to bytes. (``reading`` is the way back.)

Lists are bare arrays as the standard wants them, unless the dialect wraps them. A field of the standard that
is unknown is null; an extension that is unknown is left out.
"""

import re
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

import msgspec

from streetmend.georeport import shapes, times
from streetmend.georeport.dialect import DEFAULT, Dialect
from streetmend.georeport.numbers import plain
from streetmend.georeport.types import (
    Accepted,
    Discovery,
    Error,
    Request,
    RequestUpdate,
    Service,
    ServiceDefinition,
    UpdateAccepted,
    When,
)


class _Recipients(msgspec.Struct, frozen=True, gc=False):
    recipient: tuple[str, ...]


class Row(msgspec.Struct, omit_defaults=True, gc=False):
    """A request as it goes out; what has no default is written even where it is null."""

    service_request_id: str | int
    status: str | None
    status_notes: str | None
    service_name: str | None
    service_code: str | None
    description: str | None
    agency_responsible: _Recipients | str | None
    service_notice: str | None
    requested_datetime: str | None
    updated_datetime: str | None
    expected_datetime: str | None
    address: str | None
    address_id: str | None
    zipcode: str | None
    lat: float | str | None
    long: float | str | None
    media_url: str | None
    media_urls: tuple[str, ...] = ()
    title: str | None = None
    detail: str | None = None
    interface_used: str | None = None
    comment_count: int | None = None
    requestor_name: str | None = None
    agency_sent_datetime: str | None = None
    extended_status: str | None = None


_encoder = msgspec.json.Encoder()
_SURROGATES = re.compile("[\ud800-\udfff]")


def write_requests(requests: Iterable[Request], dialect: Dialect = DEFAULT) -> bytes:
    """The answer to GET requests and GET requests/ID (A6, A7). Times that are texts go out as they stand."""
    return _list("service_requests", [_finished(request, dialect) for request in requests], dialect)


def _finished(request: Request, dialect: Dialect) -> "Row | shapes.Shape":
    row = _row(request, dialect, dialect.extensions, dialect.ours)
    if request.others and dialect.ours:
        return {**request.others, **msgspec.to_builtins(row)}
    if not dialect.nulls:
        return {name: value for name, value in msgspec.to_builtins(row).items() if value is not None}
    return row


def _row(request: Request, dialect: Dialect, extended: bool, ours: bool) -> Row:
    """What the standard has, what is extended and what is ours, as far as the dialect has them.

    There are a thousand at a time: fields are set by position, and times that are texts (nearly all) cost no call.
    """
    requested, updated = request.requested_datetime, request.updated_datetime
    expected, sent = request.expected_datetime, request.agency_sent_datetime if extended else None
    photos = request.media_urls
    return Row(
        shapes.identifier(request.service_request_id, dialect, "json")
        if dialect.numeric_ids
        else request.service_request_id,
        request.status,
        request.status_notes,
        request.service_name,
        request.service_code,
        request.description,
        _Recipients(request.recipients)
        if dialect.recipients_as_list
        else ", ".join(request.recipients) or None,
        request.service_notice,
        requested if isinstance(requested, str) else _time(requested),
        updated if isinstance(updated, str) else _time(updated),
        None if expected is None else _time(expected),
        request.address,
        request.address_id,
        request.zipcode,
        _coordinate(request.lat) if dialect.coordinates_as_text else request.lat,
        _coordinate(request.long) if dialect.coordinates_as_text else request.long,
        photos[0] if photos else None,
        photos if ours else (),
        request.title if extended else None,
        request.detail if extended else None,
        request.interface_used if extended else None,
        request.comment_count if extended else None,
        request.requestor_name if extended else None,
        sent if sent is None or isinstance(sent, str) else _time(sent),
        request.extended_status if ours else None,
    )


def _time(value: When | None) -> str | None:
    return value if value is None or isinstance(value, str) else times.write(value)


def _coordinate(value: float | None) -> str | None:
    """msgspec writes null for what is not finite; a text must see to that itself."""
    return plain(value, 6) if value is not None and isfinite(value) else None


def write_services(services: Iterable[Service], dialect: Dialect = DEFAULT) -> bytes:
    """The answer to GET services (A2)."""
    return _list("services", [shapes.service(one, dialect) for one in services], dialect)


def write_definition(definition: ServiceDefinition, dialect: Dialect = DEFAULT) -> bytes:
    """The answer to GET services/CODE (A3)."""
    return _one("service_definition", shapes.definition(definition, dialect), dialect)


def write_discovery(discovery: Discovery, dialect: Dialect = DEFAULT) -> bytes:
    """The answer to GET discovery (A1)."""
    return _one("discovery", shapes.discovery(discovery, dialect), dialect)


def write_accepted(accepted: Accepted, dialect: Dialect = DEFAULT) -> bytes:
    """The answer to POST requests and GET tokens/TOKEN (A4, A5)."""
    return _list("service_requests", [shapes.accepted(accepted, dialect, "json")], dialect)


def write_updates(updates: Iterable[RequestUpdate], dialect: Dialect = DEFAULT) -> bytes:
    """The answer to GET servicerequestupdates (A9)."""
    rows = [shapes.update(one, dialect, "json") for one in updates]
    return _list("service_request_updates", rows, dialect)


def write_update_accepted(accepted: UpdateAccepted, dialect: Dialect = DEFAULT) -> bytes:
    """The answer to POST servicerequestupdates (A9)."""
    row = shapes.update_accepted(accepted, dialect, "json")
    return _list("service_request_updates", [row], dialect, single=True)


def write_errors(errors: Iterable[Error], dialect: Dialect = DEFAULT) -> bytes:
    """The body of every answer that is an error (A8)."""
    return _list("errors", [shapes.error(one, "json") for one in errors], dialect, single=True)


def _list(root: str, rows: Sequence[Any], dialect: Dialect, *, single: bool = False) -> bytes:
    """The rows as an array; where JSON keeps its root, ``single`` makes one row an object as FixMyStreet
    does.
    """
    if not dialect.wrapped_json:
        return _encode(rows)
    return _encode({root: rows[0] if single and len(rows) == 1 else rows})


def _one(root: str, shape: shapes.Shape, dialect: Dialect) -> bytes:
    return _encode({root: shape} if dialect.wrapped_json else shape)


def _encode(value: object) -> bytes:
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:  # a lone surrogate somewhere: no UTF-8 can say it
        return _encoder.encode(_without_surrogates(msgspec.to_builtins(value)))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(child) for child in value]
    return value
