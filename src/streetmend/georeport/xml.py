"""GeoReport v2 in XML: values to bytes. (``reading`` is the way back.)

Many requests are written column by column instead of row by row: a column is one text, so that escaping it
and looking for what is illegal are a few calls into C, whatever the number of rows.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from math import isfinite
from typing import Any, TypeAlias

from streetmend.georeport import shapes, times
from streetmend.georeport.columns import Columns, in_columns
from streetmend.georeport.dialect import DEFAULT, Dialect
from streetmend.georeport.markup import (
    DECLARATION,
    clean_document,
    container,
    document,
    element,
    escape,
    escape_clean,
    legal,
    legal_name,
)
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

_UNUSUAL = re.compile("[a-zA-Z]")  # in numbers: None, nan, inf, an exponent
_MARK = "\0"  # between the values of a column; it is illegal in XML, so no value keeps one
#: columns with few different values, each of which is written once
_FEW = frozenset(
    {"status", "service_name", "service_code", "interface_used", "extended_status", "requestor_name"}
)

_START = DECLARATION + b"<service_requests>"
_END, _END_OF_ONE = b"</service_requests>", b"</request>"

_Column = Sequence[Any]
#: what each request says at this place: a text that is the same for all, or a text for each
_Part: TypeAlias = str | Iterable[str]


def write_requests(requests: Iterable[Request] | Columns, dialect: Dialect = DEFAULT) -> bytes:
    """The answer to GET requests and GET requests/ID (A6, A7). Times that are texts go out as they stand."""
    columns = in_columns(requests)
    if not columns.service_request_id:
        return document(container("service_requests", ()))
    others = dialect.ours and any(columns.others)
    parts = [part for part in _parts(columns, dialect) if part]
    if others:
        parts.append(map(_others, columns.others))
    inside = _interleaved([["<request>"] * len(columns.service_request_id), *parts, "</request>"])
    # every column has been looked at already, but for what others say
    return (document if others else clean_document)(f"<service_requests>{inside}</service_requests>")


def write_each(requests: Iterable[Request] | Columns, dialect: Dialect = DEFAULT) -> list[bytes]:
    """Each request as it stands in the answer; `put_together` makes the answer of them."""
    columns = in_columns(requests)
    if dialect.ours and any(columns.others):
        # what others say may have any names, those of our own elements too
        return [write_requests([one], dialect)[len(_START) : -len(_END)] for one in columns.requests()]
    inside = write_requests(columns, dialect)[len(_START) : -len(_END)]
    return [part + _END_OF_ONE for part in inside.split(_END_OF_ONE)[:-1]]


def put_together(requests: Iterable[bytes], dialect: Dialect = DEFAULT) -> bytes:
    """The answer, as `write_requests` makes it, of what `write_each` gave."""
    inside = b"".join(requests)
    return _START + inside + _END if inside else document(container("service_requests", ()))


def _interleaved(parts: Sequence[_Part]) -> str:
    """The parts of the first request, then those of the second... as many as the shortest part has texts for."""
    columns = [repeat(one) if isinstance(one, str) else one for one in parts]
    return "".join(chain.from_iterable(zip(*columns, strict=False)))


def _parts(columns: Columns, dialect: Dialect) -> Iterator[_Part]:
    """The elements of all requests in the order in which they are to be written."""
    for name in shapes.STANDARD:
        yield from _column(name, columns, dialect)
    if dialect.extensions:
        for name in shapes.EXTENSION_TEXTS:
            yield from _texts(name, getattr(columns, name))
        for name in shapes.EXTENSION_TIMES:
            yield from _texts(name, _times(getattr(columns, name)))
        yield from _texts(
            "comment_count", [None if one is None else str(one) for one in columns.comment_count]
        )
    if dialect.ours:
        yield from _texts("extended_status", columns.extended_status)


def _column(name: str, columns: Columns, dialect: Dialect) -> Iterator[_Part]:
    if name == "agency_responsible":
        agencies = {names: _agencies(names, dialect) for names in set(columns.recipients)}
        yield map(agencies.__getitem__, columns.recipients)
    elif name == "media_url":
        photos = [urls[0] if urls else None for urls in columns.media_urls]
        yield from _texts(name, photos, empty=dialect.nulls)
    elif name in shapes.STANDARD_TIMES:
        yield from _texts(name, _times(getattr(columns, name)))
    elif name in ("lat", "long"):
        yield from _texts(name, _floats(getattr(columns, name), 6 if dialect.coordinates_as_text else None))
    else:
        yield from _texts(name, getattr(columns, name), empty=dialect.nulls)


def _others(others: Mapping[str, Json]) -> str:
    return "".join(element(legal_name(name), value) for name, value in others.items())


def _times(values: Sequence[When | None]) -> Sequence[str | None]:
    return [value if value is None or value.__class__ is str else times.write(value) for value in values]


def _texts(name: str, values: _Column, *, empty: bool = False) -> Iterator[_Part]:
    """``<name>text</name>`` for each value; where there is none an empty element, or nothing."""
    nothing = f"<{name}/>" if empty else ""
    if name in _FEW or values.count(None) == len(values):
        distinct = [value for value in set(values) if value]
        written = {
            value: f"<{name}>{text}</{name}>" for value, text in zip(distinct, _safe(distinct), strict=True)
        }
        yield [written.get(value, nothing) for value in values] if written else nothing
        return
    texts = _safe([value or "" for value in values])
    if "" in texts:
        start, end = f"<{name}>", f"</{name}>"
        yield [start + text + end if text else nothing for text in texts]
    else:
        yield f"<{name}>"
        yield texts
        yield f"</{name}>"


def _safe(texts: Sequence[str]) -> Sequence[str]:
    """The texts as the content of elements."""
    escaped = escape_clean(_MARK.join(texts), marks=len(texts) - 1)
    if escaped is not None:
        return escaped.split(_MARK)
    return [escape(legal(text)).replace("\r", "&#13;") for text in texts]


def _floats(values: Sequence[float | None], places: int | None) -> Sequence[str]:
    texts = list(map(repr, values))
    if places is not None:
        return [_plain(value, places) for value in values]
    if _UNUSUAL.search("".join(texts)):
        # each for itself: how a number is written does not hang on the others
        return [
            _plain(value, places) if _UNUSUAL.search(text) else text
            for value, text in zip(values, texts, strict=True)
        ]
    return texts


def _plain(value: float | None, places: int | None) -> str:
    return "" if value is None or not isfinite(value) else plain(value, places)


def _agencies(names: tuple[str, ...], dialect: Dialect) -> str:
    names = tuple(map(legal, names))
    if dialect.recipients_as_list:
        found = container("agency_responsible", [element("recipient", name) for name in names])
    else:
        found = element("agency_responsible", ", ".join(names)) if names or dialect.nulls else ""
    return found.replace("\r", "&#13;")


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
