"""The two formats behind one face, for servers: ``WRITERS["json"].write_requests(rows, dialect)``."""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from streetmend.georeport import json, xml
from streetmend.georeport.columns import Columns
from streetmend.georeport.dialect import DEFAULT, Dialect
from streetmend.georeport.shapes import Format
from streetmend.georeport.types import (
    Accepted,
    Discovery,
    Error,
    Request,
    RequestUpdate,
    Service,
    ServiceDefinition,
    UpdateAccepted,
)

__all__ = ["WRITERS", "Format", "Writer", "content_type"]


class Writer(Protocol):
    """What ``xml`` and ``json`` both offer: each answer of the standard as bytes in UTF-8."""

    def write_discovery(self, discovery: Discovery, dialect: Dialect = DEFAULT) -> bytes:
        """GET discovery (A1)."""

    def write_services(self, services: Iterable[Service], dialect: Dialect = DEFAULT) -> bytes:
        """GET services (A2)."""

    def write_definition(self, definition: ServiceDefinition, dialect: Dialect = DEFAULT) -> bytes:
        """GET services/CODE (A3)."""

    def write_accepted(self, accepted: Accepted, dialect: Dialect = DEFAULT) -> bytes:
        """POST requests and GET tokens/TOKEN (A4, A5)."""

    def write_requests(self, requests: Iterable[Request] | Columns, dialect: Dialect = DEFAULT) -> bytes:
        """GET requests and GET requests/ID (A6, A7)."""

    def write_each(self, requests: Iterable[Request] | Columns, dialect: Dialect = DEFAULT) -> list[bytes]:
        """Each request as it stands in the answer."""

    def put_together(self, requests: Iterable[bytes], dialect: Dialect = DEFAULT) -> bytes:
        """The answer, as `write_requests` makes it, of what `write_each` gave."""

    def write_errors(self, errors: Iterable[Error], dialect: Dialect = DEFAULT) -> bytes:
        """Every answer that is an error (A8)."""

    def write_updates(self, updates: Iterable[RequestUpdate], dialect: Dialect = DEFAULT) -> bytes:
        """GET servicerequestupdates (A9)."""

    def write_update_accepted(self, accepted: UpdateAccepted, dialect: Dialect = DEFAULT) -> bytes:
        """POST servicerequestupdates (A9)."""


WRITERS: Final[Mapping[Format, Writer]] = {"xml": xml, "json": json}


def content_type(fmt: Format, dialect: Dialect = DEFAULT) -> str:
    """The Content-Type of what this format's writer makes in this dialect."""
    return dialect.xml_type if fmt == "xml" else dialect.json_type
