"""The things GeoReport v2 and its extensions speak of, as frozen values.

Field names are those of the wire. What the standard leaves out or an answer leaves empty is None (texts,
numbers and times) or an empty tuple (lists). Coordinates are WGS84 degrees, latitude before longitude.

Every type that is read from answers has ``others``: what the answer said besides, by its name on the wire
and as it stood there, so that nothing an endpoint tells is lost.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""Anything JSON can say; XML is read into texts, None, lists and mappings."""

When: TypeAlias = datetime | str
"""A moment of the wire.

An aware datetime where the wire named a zone, a naive one where it did not (the zone is then the
endpoint's), and the text itself where it is no date that we can read. Writers put a text out as it stands,
so a server may give finished texts.
"""

OPEN = "open"
CLOSED = "closed"


class Service(Struct, frozen=True, kw_only=True):
    """A kind of problem that can be reported (GET services).

    ``groups`` is the standard's one ``group``, or several where the endpoint speaks mySociety's ``groups``.
    """

    service_code: str
    service_name: str
    description: str | None = None
    metadata: bool = False
    type: str = "realtime"
    keywords: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    others: Mapping[str, Json] = {}


class AttributeValue(Struct, frozen=True):
    """One answer to choose from: what is sent, and what is shown."""

    key: str
    name: str


class Attribute(Struct, frozen=True, kw_only=True):
    """A question that a service asks besides.

    With ``variable`` false there is nothing to answer: its description is only shown. ``automated`` is
    mySociety's ``server_set`` or ``hidden_field``: a question the client answers by itself.
    """

    code: str
    description: str = ""
    datatype: str = "string"
    required: bool = False
    variable: bool = True
    order: int | None = None
    datatype_description: str | None = None
    values: tuple[AttributeValue, ...] = ()
    automated: str | None = None
    others: Mapping[str, Json] = {}


class ServiceDefinition(Struct, frozen=True, kw_only=True):
    """The questions of one service (GET services/CODE)."""

    service_code: str
    attributes: tuple[Attribute, ...] = ()
    others: Mapping[str, Json] = {}


class Upload(Struct, frozen=True, kw_only=True):
    """A file sent with a request or an update, as it came or is to go; nothing about it has been checked.

    ``field`` is the name of its part of the form; empty for the name that the endpoint's dialect gives.
    """

    field: str = ""
    filename: str
    content_type: str
    content: bytes


class NewRequest(Struct, frozen=True, kw_only=True):
    """What POST requests says; the key and the jurisdiction belong to the endpoint, not to the request.

    ``attributes`` holds the answers by code, each with its values (several for a multivaluelist);
    ``lists`` the codes that are lists even where only one value was chosen.
    ``others`` are further parameters that an endpoint wants or a client sent.
    """

    service_code: str
    lat: float | None = None
    long: float | None = None
    address_string: str | None = None
    address_id: str | None = None
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    lists: tuple[str, ...] = ()
    email: str | None = None
    device_id: str | None = None
    account_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    description: str | None = None
    media_urls: tuple[str, ...] = ()
    uploads: tuple[Upload, ...] = ()
    others: tuple[tuple[str, str], ...] = ()


class Accepted(Struct, frozen=True, kw_only=True):
    """What an endpoint answers to a new request, or for a token: a number, or a token until there is one."""

    service_request_id: str | None = None
    token: str | None = None
    service_notice: str | None = None
    account_id: str | None = None
    others: Mapping[str, Json] = {}


class Request(Struct, frozen=True, gc=False):
    """One request as a server shows it (GET requests): the standard's fields, then the extensions.

    ``recipients`` is ``agency_responsible``: the standard knows one name, FixMyStreet and we a list of
    them. ``media_urls`` begins with the standard's ``media_url``. ``status`` is ``open`` or ``closed``, in
    lower case where it is one of the known words. ``extended_status`` is the finer state that some servers
    add.
    """

    service_request_id: str
    status: str | None = None
    status_notes: str | None = None
    service_name: str | None = None
    service_code: str | None = None
    description: str | None = None
    recipients: tuple[str, ...] = ()
    service_notice: str | None = None
    requested_datetime: When | None = None
    updated_datetime: When | None = None
    expected_datetime: When | None = None
    address: str | None = None
    address_id: str | None = None
    zipcode: str | None = None
    lat: float | None = None
    long: float | None = None
    media_urls: tuple[str, ...] = ()
    title: str | None = None
    detail: str | None = None
    interface_used: str | None = None
    comment_count: int | None = None
    requestor_name: str | None = None
    agency_sent_datetime: When | None = None
    extended_status: str | None = None
    others: Mapping[str, Json] = {}

    @property
    def media_url(self) -> str | None:
        """The first photo's address, which is all that plain GeoReport v2 can say."""
        return self.media_urls[0] if self.media_urls else None


class RequestUpdate(Struct, frozen=True, kw_only=True):
    """Something that happened to a request (servicerequestupdates, both ways).

    ``update_id`` is the sender's number of it and empty where an endpoint gave none; ``status`` is one of
    the vocabulary's words in lower case, or the endpoint's own word as it stood.
    """

    update_id: str
    service_request_id: str | None = None
    status: str | None = None
    updated_datetime: When | None = None
    description: str = ""
    media_urls: tuple[str, ...] = ()
    external_status_code: str | None = None
    customer_reference: str | None = None
    fixmystreet_id: str | None = None
    email_text: str | None = None
    title: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    account_id: str | None = None
    service_code: str | None = None
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    uploads: tuple[Upload, ...] = ()
    others: Mapping[str, Json] = {}


class UpdateAccepted(Struct, frozen=True, kw_only=True):
    """What an endpoint answers to a posted update: its number of it, or a token until there is one."""

    update_id: str | None = None
    token: str | None = None
    others: Mapping[str, Json] = {}


class DiscoveryEndpoint(Struct, frozen=True, kw_only=True):
    """One address at which the server can be reached (GET discovery)."""

    url: str
    specification: str = "http://wiki.open311.org/GeoReport_v2"
    changeset: str | None = None
    type: str = "production"
    formats: tuple[str, ...] = ()
    others: Mapping[str, Json] = {}


class Discovery(Struct, frozen=True, kw_only=True):
    """What a server says about itself. ``changeset`` is a sortable text; ``max_requests`` an extension of
    FixMyStreet.
    """

    changeset: str | None = None
    contact: str | None = None
    key_service: str | None = None
    endpoints: tuple[DiscoveryEndpoint, ...] = ()
    max_requests: int | None = None
    others: Mapping[str, Json] = {}


class Error(Struct, frozen=True, kw_only=True):
    """One line of an errors body; ``code`` is usually the HTTP status, sometimes the endpoint's own."""

    description: str
    code: str = "400"
    others: Mapping[str, Json] = {}
