"""GeoReport v2 in XML: values to bytes. (``reading`` is the way back.)

Many requests are written column by column instead of row by row: a column is one text, so that escaping it
and looking for what is illegal are a few calls into C, whatever the number of rows.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import isfinite
from operator import attrgetter
from typing import Any

from streetmend.georeport import shapes, times
from streetmend.georeport.dialect import DEFAULT, Dialect
from streetmend.georeport.markup import container, document, element, escape, legal_name
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

_CHUNK = 1000
_FEW = 4  # a column with four times as many rows as different values is written value by value
_UNUSUAL = re.compile("[a-zA-Z]")  # in numbers: None, nan, inf, an exponent
_MARK = "\0"  # between the values of a column; it is illegal in XML, so no value keeps one

_Column = Sequence[Any]
_NAMES = tuple(name for name in Request.__struct_fields__)


def write_requests(requests: Iterable[Request], dialect: Dialect = DEFAULT) -> bytes:
    """The answer to GET requests and GET requests/ID (A6, A7). Times that are texts go out as they stand."""
    rows = iter(requests)
    chunks = iter(lambda: list(islice(rows, _CHUNK)), [])
    return document(container("service_requests", (_requests(chunk, dialect) for chunk in chunks)))


def _requests(rows: list[Request], dialect: Dialect) -> str:
    inside = map("".join, zip(*_columns(rows, dialect), strict=True))
    return f"<request>{'</request><request>'.join(inside)}</request>"


def _columns(rows: list[Request], dialect: Dialect) -> Iterator[_Column]:
    """The elements of all rows, one column after the other in the order in which they are to be written."""
    by_name = dict(zip(_NAMES, zip(*map(attrgetter(*_NAMES), rows), strict=True), strict=True))
    for name in shapes.STANDARD:
        yield _column(name, by_name, dialect)
    if dialect.extensions:
        yield from _extensions(by_name)
    if dialect.ours:
        yield _texts("extended_status", by_name["extended_status"])
        yield [_others(others) if others else "" for others in by_name["others"]]


def _column(name: str, by_name: Mapping[str, _Column], dialect: Dialect) -> _Column:
    if name == "agency_responsible":
        agencies = {names: _agencies(names, dialect) for names in set(by_name["recipients"])}
        return [agencies[names] for names in by_name["recipients"]]
    if name in shapes.STANDARD_TIMES:
        return _texts(name, [_time(value) for value in by_name[name]])
    if name in ("lat", "long"):
        return _floats(name, by_name[name], 6 if dialect.coordinates_as_text else None)
    if name == "media_url":
        photos = [urls[0] if urls else None for urls in by_name["media_urls"]]
        return _texts(name, photos, empty=dialect.nulls)
    return _texts(name, by_name[name], empty=dialect.nulls)


def _extensions(by_name: Mapping[str, _Column]) -> Iterator[_Column]:
    for name in shapes.EXTENSION_TEXTS:
        yield _texts(name, by_name[name])
    for name in shapes.EXTENSION_TIMES:
        yield _texts(name, [_time(value) for value in by_name[name]])
    counts = by_name["comment_count"]
    yield ["" if count is None else f"<comment_count>{count}</comment_count>" for count in counts]


def _others(others: Mapping[str, Json]) -> str:
    return "".join(element(legal_name(name), value) for name, value in others.items())


def _time(value: When | None) -> str | None:
    return value if value is None or value.__class__ is str else times.write(value)


def _texts(name: str, values: _Column, *, empty: bool = False) -> _Column:
    """``<name>text</name>`` for each value; where there is none an empty element, or nothing."""
    nothing = f"<{name}/>" if empty else ""
    distinct = set(values)
    if len(distinct) * _FEW < len(values):
        written = {value: element(name, value) if value else nothing for value in distinct}
        return [written[value] for value in values]
    texts = [value or "" for value in values]
    escaped = escape(_MARK.join(texts)).split(_MARK)
    if len(escaped) != len(texts):
        escaped = escape(_MARK.join(text.replace(_MARK, "\ufffd") for text in texts)).split(_MARK)
    start, end = f"<{name}>", f"</{name}>"
    return [start + text + end if text else nothing for text in escaped]


def _floats(name: str, values: Sequence[float | None], places: int | None) -> _Column:
    texts = [repr(value) for value in values]
    if places is not None or _UNUSUAL.search("".join(texts)):
        texts = ["" if value is None or not isfinite(value) else plain(value, places) for value in values]
    return [f"<{name}>{text}</{name}>" if text else "" for text in texts]


def _agencies(names: tuple[str, ...], dialect: Dialect) -> str:
    if dialect.recipients_as_list:
        return container("agency_responsible", [element("recipient", name) for name in names])
    return element("agency_responsible", ", ".join(names)) if names or dialect.nulls else ""


def write_services(services: Iterable[Service], dialect: Dialect = DEFAULT) -> bytes:
    """The answer to GET services (A2)."""
    return _list("services", "service", (shapes.service(one, dialect) for one in services))


def write_definition(definition: ServiceDefinition, dialect: Dialect = DEFAULT) -> bytes:
    """The answer to GET services/CODE (A3)."""
    return document(element("service_definition", shapes.definition(definition, dialect)))


def write_discovery(discovery: Discovery, dialect: Dialect = DEFAULT) -> bytes:
    """The answer to GET discovery (A1)."""
    return document(element("discovery", shapes.discovery(discovery, dialect)))


def write_accepted(accepted: Accepted, dialect: Dialect = DEFAULT) -> bytes:
    """The answer to POST requests and GET tokens/TOKEN (A4, A5)."""
    return _list("service_requests", "request", [shapes.accepted(accepted, dialect, "xml")])


def write_updates(updates: Iterable[RequestUpdate], dialect: Dialect = DEFAULT) -> bytes:
    """The answer to GET servicerequestupdates (A9)."""
    rows = (shapes.update(one, dialect, "xml") for one in updates)
    return _list("service_request_updates", "request_update", rows)


def write_update_accepted(accepted: UpdateAccepted, dialect: Dialect = DEFAULT) -> bytes:
    """The answer to POST servicerequestupdates (A9)."""
    row = shapes.update_accepted(accepted, dialect, "xml")
    return _list("service_request_updates", "request_update", [row])


def write_errors(errors: Iterable[Error], dialect: Dialect = DEFAULT) -> bytes:
    """The body of every answer that is an error (A8); no dialect writes it differently."""
    return _list("errors", "error", (shapes.error(one, "xml") for one in errors))


def _list(root: str, item: str, rows: Iterable[shapes.Shape]) -> bytes:
    return document(container(root, (element(item, row) for row in rows)))
