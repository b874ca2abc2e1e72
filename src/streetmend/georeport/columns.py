"""Many requests field by field, as servers that answer with a thousand of them have them and as the writers put them out.

A column is one call into C for all its values, where a thousand values would be a thousand calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from streetmend.georeport.types import Json, Request, When

_Texts: TypeAlias = Sequence[str | None]
_Times: TypeAlias = Sequence[When | None]


class Columns(NamedTuple):
    """The fields of `Request`, each as the values of all requests in the same order."""

    service_request_id: Sequence[str]
    status: _Texts
    status_notes: _Texts
    service_name: _Texts
    service_code: _Texts
    description: _Texts
    recipients: Sequence[tuple[str, ...]]
    service_notice: _Texts
    requested_datetime: _Times
    updated_datetime: _Times
    expected_datetime: _Times
    address: _Texts
    address_id: _Texts
    zipcode: _Texts
    lat: Sequence[float | None]
    long: Sequence[float | None]
    media_urls: Sequence[tuple[str, ...]]
    title: _Texts
    detail: _Texts
    interface_used: _Texts
    comment_count: Sequence[int | None]
    requestor_name: _Texts
    agency_sent_datetime: _Times
    extended_status: _Texts
    others: Sequence[Mapping[str, Json]]

    def requests(self) -> list[Request]:
        """The requests one by one."""
        return list(map(Request, *self))


_fields = attrgetter(*Columns._fields)


def in_columns(requests: Iterable[Request] | Columns) -> Columns:
    """The requests as columns; columns as they are."""
    if isinstance(requests, Columns):
        return requests
    found = list(zip(*map(_fields, requests), strict=True))
    return Columns(*found) if found else Columns(*((),) * len(Columns._fields))
