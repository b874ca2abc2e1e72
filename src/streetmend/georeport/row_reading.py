"""Rows of answers to values, one function for each type."""

from collections.abc import Iterable, Mapping
from typing import Any

from streetmend.georeport.rows import Row, is_empty, items, scalar, word
from streetmend.georeport.shapes import UPDATE_TEXTS
from streetmend.georeport.types import (
    Accepted,
    Attribute,
    AttributeValue,
    Discovery,
    DiscoveryEndpoint,
    Json,
    Request,
    RequestUpdate,
    Service,
    ServiceDefinition,
    UpdateAccepted,
)


def request(row: Row) -> Request:
    """A request as it is shown (A6)."""
    return Request(
        service_request_id=row.word("service_request_id") or "",
        status=row.status("status"),
        status_notes=row.text("status_notes"),
        service_name=row.text("service_name"),
        service_code=row.word("service_code"),
        description=row.text("description"),
        recipients=row.texts("agency_responsible", "recipient"),
        service_notice=row.text("service_notice"),
        requested_datetime=row.time("requested_datetime"),
        updated_datetime=row.time("updated_datetime"),
        expected_datetime=row.time("expected_datetime"),
        address=row.text("address"),
        address_id=row.word("address_id"),
        zipcode=row.word("zipcode"),
        lat=row.number("lat"),
        long=row.number("long"),
        media_urls=_media(row),
        title=row.text("title"),
        detail=row.text("detail"),
        interface_used=row.text("interface_used"),
        comment_count=row.whole("comment_count"),
        requestor_name=row.text("requestor_name"),
        agency_sent_datetime=row.time("agency_sent_datetime"),
        extended_status=row.status("extended_status"),
        others=row.others(),
    )


def _media(row: Row) -> tuple[str, ...]:
    urls = (*row.texts("media_url", "media_url"), *row.texts("media_urls", "media_url"))
    return tuple(dict.fromkeys(url.strip() for url in urls))


def accepted(row: Row) -> Accepted:
    """The answer to a new request, or for a token (A4, A5)."""
    return Accepted(
        service_request_id=row.word("service_request_id"),
        token=row.word("token"),
        service_notice=row.text("service_notice"),
        account_id=row.word("account_id"),
        others=row.others(),
    )


def update(row: Row) -> RequestUpdate:
    """One update (A9)."""
    texts: dict[str, Any] = {name: row.text(name) for name in UPDATE_TEXTS}
    return RequestUpdate(
        update_id=row.word("update_id") or "",
        service_request_id=row.word("service_request_id"),
        status=row.status("status"),
        updated_datetime=row.time("updated_datetime"),
        description=row.text("description") or "",
        media_urls=_media(row),
        others=row.others(),
        **texts,
    )


def update_accepted(row: Row) -> UpdateAccepted:
    """The answer to a posted update (A9)."""
    return UpdateAccepted(update_id=row.word("update_id"), token=row.word("token"), others=row.others())


def service(row: Row) -> Service:
    """One entry of the list of services (A2)."""
    group, groups = row.text("group"), row.texts("groups", "group")
    return Service(
        service_code=row.word("service_code") or "",
        service_name=row.text("service_name") or "",
        description=row.text("description"),
        metadata=row.truth("metadata") or False,
        type=row.word("type") or "realtime",
        keywords=tuple(_split(row.texts("keywords", "keyword"))),
        groups=groups or ((group,) if group else ()),
        others=row.others(),
    )


def _split(texts: Iterable[str]) -> Iterable[str]:
    parts = (part.strip() for text in texts for part in text.split(","))
    return dict.fromkeys(part for part in parts if part)


def definition(row: Row) -> ServiceDefinition:
    """A service's questions (A3)."""
    attributes = [*row.rows("attributes", "attribute"), *row.rows("attribute", "attribute")]
    return ServiceDefinition(
        service_code=row.word("service_code") or "",
        attributes=tuple(_attribute(attribute) for attribute in attributes),
        others=row.others(),
    )


def _attribute(row: Row) -> Attribute:
    return Attribute(
        code=row.word("code") or "",
        description=row.text("description") or "",
        datatype=(row.word("datatype") or "string").lower(),
        required=row.truth("required") or False,
        variable=row.truth("variable") is not False,
        order=row.whole("order"),
        datatype_description=row.text("datatype_description"),
        values=_values(row),
        automated=row.word("automated"),
        others=row.others(),
    )


def _values(row: Row) -> tuple[AttributeValue, ...]:
    """Pairs of key and name; an object of names by key or a list of plain texts will do as well."""
    raw = row.peek("values")
    if isinstance(raw, Mapping) and not {"value", "key", "name"} & set(raw):
        raw = [{"key": key, "name": name} for key, name in raw.items()]
    found = [one for one in items(raw, "value") if not is_empty(one)]
    pairs = [_pair(one) for one in found]
    if not any(isinstance(one, Mapping) and set(one) - {"key", "name"} for one in found):
        row.drop("values")
    return tuple(pair for pair in pairs if pair)


def _pair(value: Json) -> AttributeValue | None:
    if isinstance(value, Mapping):
        key, name = word(value.get("key")), scalar(value.get("name"))
    else:
        key, name = word(value), scalar(value)
    if key is None and name is None:
        return None
    return AttributeValue(key if key is not None else name or "", name if name is not None else key or "")


def discovery(row: Row) -> Discovery:
    """What a server says about itself (A1)."""
    return Discovery(
        changeset=row.word("changeset"),
        contact=row.text("contact"),
        key_service=row.text("key_service"),
        endpoints=tuple(_endpoint(one) for one in row.rows("endpoints", "endpoint")),
        max_requests=row.whole("max_requests"),
        others=row.others(),
    )


def _endpoint(row: Row) -> DiscoveryEndpoint:
    return DiscoveryEndpoint(
        url=row.word("url") or "",
        specification=row.word("specification") or "",
        changeset=row.word("changeset"),
        type=row.word("type") or "production",
        formats=row.texts("formats", "format"),
        others=row.others(),
    )
