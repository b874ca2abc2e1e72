"""GeoReport v2 in JSON: values to bytes. (``reading`` is the way back.)

Lists are bare arrays as the standard wants them, unless the dialect wraps them. A field of the standard that
is unknown is null; an extension that is unknown is left out.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import repeat
from math import isfinite
from typing import Any

import msgspec

from streetmend.georeport import shapes, times
from streetmend.georeport.columns import Columns, in_columns
from streetmend.georeport.dialect import DEFAULT, Dialect
from streetmend.georeport.numbers import plain
from streetmend.georeport.types import (
    Accepted,
    Discovery,
    Error,
    Json,
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


def write_requests(requests: Iterable[Request] | Columns, dialect: Dialect = DEFAULT) -> bytes:
    """The answer to GET requests and GET requests/ID (A6, A7). Times that are texts go out as they stand."""
    return _list("service_requests", _shaped(in_columns(requests), dialect), dialect)


def write_each(requests: Iterable[Request] | Columns, dialect: Dialect = DEFAULT) -> list[bytes]:
    """Each request as it stands in the answer; `put_together` makes the answer of them."""
    rows = _shaped(in_columns(requests), dialect)
    try:
        lines = _encoder.encode_lines(rows)
    except UnicodeEncodeError:
        lines = _encoder.encode_lines(_without_surrogates(msgspec.to_builtins(rows)))
    return lines.split(b"\n")[:-1]  # a text has no line break of its own in JSON


def put_together(requests: Iterable[bytes], dialect: Dialect = DEFAULT) -> bytes:
    """The answer, as `write_requests` makes it, of what `write_each` gave."""
    array = b"[" + b",".join(requests) + b"]"
    return b'{"service_requests":' + array + b"}" if dialect.wrapped_json else array


def _shaped(columns: Columns, dialect: Dialect) -> Sequence[Any]:
    rows = _rows(columns, dialect)
    if not dialect.nulls or (dialect.ours and any(columns.others)):
        pairs = zip(rows, columns.others, strict=True)
        return [_finished(row, others, dialect) for row, others in pairs]
    return rows


def _finished(row: "Row", others: Mapping[str, Json], dialect: Dialect) -> shapes.Shape:
    shape: shapes.Shape = {**(others if dialect.ours else {}), **msgspec.to_builtins(row)}
    return shape if dialect.nulls else {name: value for name, value in shape.items() if value is not None}


def _rows(given: Columns, dialect: Dialect) -> "list[Row]":
    """What the standard has, what is extended and what is ours, as far as the dialect has them."""
    extended: Callable[[Iterable[Any]], Iterable[Any]] = _as_it_is if dialect.extensions else _nothing
    return list(
        map(
            Row,
            [shapes.identifier(one, dialect, "json") for one in given.service_request_id]
            if dialect.numeric_ids
            else given.service_request_id,
            given.status,
            given.status_notes,
            given.service_name,
            given.service_code,
            given.description,
            map(_agencies(dialect), given.recipients),
            given.service_notice,
            _times(given.requested_datetime),
            _times(given.updated_datetime),
            _times(given.expected_datetime),
            given.address,
            given.address_id,
            given.zipcode,
            _coordinates(given.lat, dialect),
            _coordinates(given.long, dialect),
            [photos[0] if photos else None for photos in given.media_urls],
            given.media_urls if dialect.ours else repeat(()),
            extended(given.title),
            extended(given.detail),
            extended(given.interface_used),
            extended(given.comment_count),
            extended(given.requestor_name),
            extended(_times(given.agency_sent_datetime)),
            given.extended_status if dialect.ours else repeat(None),
        )
    )


def _as_it_is(column: Iterable[Any]) -> Iterable[Any]:
    return column


def _nothing(column: Iterable[Any]) -> Iterable[Any]:
    return repeat(None)


def _agencies(dialect: Dialect) -> Callable[[tuple[str, ...]], "_Recipients | str | None"]:
    """The agencies of a request; the same ones are one object."""
    if dialect.recipients_as_list:
        return cache(_Recipients)
    return lambda names: ", ".join(names) or None


def _times(column: Sequence[When | None]) -> Iterable[str | None]:
    return [value if value is None or isinstance(value, str) else times.write(value) for value in column]


def _coordinates(column: Sequence[float | None], dialect: Dialect) -> Sequence[float | str | None]:
    return list(map(_coordinate, column)) if dialect.coordinates_as_text else column


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
