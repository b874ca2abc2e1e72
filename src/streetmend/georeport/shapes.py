"""What each value looks like on the wire, before it is XML or JSON: mappings, lists, texts, numbers.

Both writers put out these shapes; they are the JSON ones of the standard ("Spark"), and XML is made from
them by naming the items of lists. Requests, of which there are many at a time, have faster writers of their
own in ``xml`` and ``json``, of the names that stand here.
"""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

from streetmend.georeport import times
from streetmend.georeport.dialect import Dialect
from streetmend.georeport.types import (
    Accepted,
    Attribute,
    Discovery,
    DiscoveryEndpoint,
    Error,
    Json,
    RequestUpdate,
    Service,
    ServiceDefinition,
    UpdateAccepted,
)

Format: TypeAlias = Literal["xml", "json"]
Shape: TypeAlias = dict[str, Json]

STANDARD: Final = (
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
)
"""A request's fields in GeoReport v2 (A6), in its order."""
STANDARD_TIMES: Final = frozenset({"requested_datetime", "updated_datetime", "expected_datetime"})
EXTENSION_TEXTS: Final = ("title", "detail", "interface_used", "requestor_name")
EXTENSION_TIMES: Final = ("agency_sent_datetime",)

UPDATE_TEXTS: Final = (
    "external_status_code",
    "customer_reference",
    "fixmystreet_id",
    "email_text",
    "title",
    "first_name",
    "last_name",
    "email",
    "phone",
    "account_id",
    "service_code",
)
"""Optional texts of an update, in the order in which they are written."""


def _kept(shape: Shape, dialect: Dialect, others: Iterable[tuple[str, Json]] = ()) -> Shape:
    """The shape without nulls where the dialect has none, and with what it has besides."""
    if not dialect.nulls:
        shape = {name: value for name, value in shape.items() if value is not None}
    if dialect.ours:
        for name, value in others:
            shape.setdefault(name, value)
    return shape


def identifier(value: str, dialect: Dialect, fmt: Format) -> str | int:
    """An id as the dialect writes it: a number in JSON where ids are numbers and this one is."""
    numeric = dialect.numeric_ids and fmt == "json" and value.isascii() and value.isdecimal()
    return int(value) if numeric and len(value) <= 15 and (value[0] != "0" or value == "0") else value


def service(value: Service, dialect: Dialect) -> Shape:
    """One entry of GET services (A2)."""
    shape: Shape = {
        "service_code": value.service_code,
        "service_name": value.service_name,
        "description": value.description,
        "metadata": value.metadata,
        "type": value.type,
        "keywords": ",".join(value.keywords) or None,
        "group": value.groups[0] if value.groups else None,
    }
    if len(value.groups) > 1 and dialect.ours:
        shape["groups"] = value.groups
    return _kept(shape, dialect, value.others.items())


def _attribute(value: Attribute, dialect: Dialect) -> Shape:
    shape: Shape = {
        "variable": value.variable,
        "code": value.code,
        "datatype": value.datatype,
        "required": value.required,
        "datatype_description": value.datatype_description,
    }
    if value.order is not None:
        shape["order"] = value.order
    shape["description"] = value.description
    if value.values or value.datatype.endswith("list"):
        shape["values"] = [{"key": choice.key, "name": choice.name} for choice in value.values]
    if value.automated and dialect.extensions:
        shape["automated"] = value.automated
    return _kept(shape, dialect, value.others.items())


def definition(value: ServiceDefinition, dialect: Dialect) -> Shape:
    """GET services/CODE (A3)."""
    shape: Shape = {
        "service_code": value.service_code,
        "attributes": [_attribute(attribute, dialect) for attribute in value.attributes],
    }
    return _kept(shape, dialect, value.others.items())


def discovery(value: Discovery, dialect: Dialect) -> Shape:
    """GET discovery (A1)."""
    shape: Shape = {
        "changeset": value.changeset,
        "contact": value.contact,
        "key_service": value.key_service,
    }
    if value.max_requests is not None and dialect.extensions:
        shape["max_requests"] = value.max_requests
    shape["endpoints"] = [_endpoint(endpoint, dialect) for endpoint in value.endpoints]
    return _kept(shape, dialect, value.others.items())


def _endpoint(value: DiscoveryEndpoint, dialect: Dialect) -> Shape:
    shape: Shape = {
        "specification": value.specification,
        "url": value.url,
        "changeset": value.changeset,
        "type": value.type,
        "formats": value.formats,
    }
    return _kept(shape, dialect, value.others.items())


def accepted(value: Accepted, dialect: Dialect, fmt: Format) -> Shape:
    """The answer to POST requests (A4) or to GET tokens/TOKEN (A5): what there is of id and token, then
    notes.
    """
    shape: Shape = {}
    if value.service_request_id is not None:
        shape["service_request_id"] = identifier(value.service_request_id, dialect, fmt)
    if value.token is not None:
        shape["token"] = value.token
    shape["service_notice"] = value.service_notice
    shape["account_id"] = value.account_id
    return _kept(shape, dialect, value.others.items())


def update(value: RequestUpdate, dialect: Dialect, fmt: Format) -> Shape:
    """One entry of GET servicerequestupdates (A9). Several photos: repeated in XML, ``media_urls`` in JSON."""
    shape: Shape = {"update_id": identifier(value.update_id, dialect, fmt)}
    if value.service_request_id is not None:
        shape["service_request_id"] = identifier(value.service_request_id, dialect, fmt)
    if value.status is not None:
        shape["status"] = value.status
    if value.updated_datetime is not None:
        shape["updated_datetime"] = times.write(value.updated_datetime)
    shape["description"] = value.description
    if value.media_urls:
        shape["media_url"] = value.media_urls if fmt == "xml" else value.media_urls[0]
        if len(value.media_urls) > 1 and fmt == "json" and dialect.ours:
            shape["media_urls"] = value.media_urls
    for name in UPDATE_TEXTS:
        text = getattr(value, name)
        if text is not None:
            shape[name] = text
    return _kept(shape, dialect, value.others.items())


def update_accepted(value: UpdateAccepted, dialect: Dialect, fmt: Format) -> Shape:
    """The answer to POST servicerequestupdates (A9)."""
    shape: Shape = {}
    if value.update_id is not None:
        shape["update_id"] = identifier(value.update_id, dialect, fmt)
    if value.token is not None:
        shape["token"] = value.token
    return _kept(shape, dialect, value.others.items())


def error(value: Error, fmt: Format) -> Shape:
    """One line of an errors body (A8); in JSON the code is a number where it is one."""
    numeric = fmt == "json" and value.code.isascii() and value.code.isdecimal() and len(value.code) <= 9
    return {"code": int(value.code) if numeric else value.code, "description": value.description}
