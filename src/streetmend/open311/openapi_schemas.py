"""The shapes of answers in JSON of the default dialect, as JSON Schema, but for the one that is made from its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_TEXT: Final = {"type": "string"}
_MAYBE: Final = {"type": ["string", "null"]}
_TIME: Final = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$"}


def _object(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }


def _list(of: str) -> Mapping[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{of}"}}


SCHEMAS: Final[Mapping[str, Any]] = {
    "Discovery": _object(
        {
            "changeset": _TIME,
            "contact": _TEXT,
            "key_service": _TEXT,
            "max_requests": {"type": "integer"},
            "endpoints": _list("Endpoint"),
        }
    ),
    "Endpoint": _object(
        {
            "specification": _TEXT,
            "url": _TEXT,
            "changeset": _TIME,
            "type": {"enum": ["production", "test"]},
            "formats": {"type": "array", "items": _TEXT},
        }
    ),
    "Services": _list("Service"),
    "Service": _object(
        {
            "service_code": _TEXT,
            "service_name": _TEXT,
            "description": _MAYBE,
            "metadata": {"type": "boolean"},
            "type": {"enum": ["realtime", "batch", "blackbox"]},
            "keywords": _MAYBE,
            "group": _MAYBE,
        }
    ),
    "Definition": _object({"service_code": _TEXT, "attributes": _list("Attribute")}),
    "Attribute": _object(
        {
            "variable": {"type": "boolean"},
            "code": _TEXT,
            "datatype": {
                "enum": ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
            },
            "required": {"type": "boolean"},
            "datatype_description": _MAYBE,
            "order": {"type": "integer", "minimum": 1},
            "description": _TEXT,
        },
        {"values": {"type": "array", "items": _object({"key": _TEXT, "name": _TEXT})}, "automated": _TEXT},
    ),
    "Requests": _list("Request"),
    "Updates": _list("Update"),
    "Update": _object(
        {
            "update_id": _TEXT,
            "service_request_id": _TEXT,
            "status": _TEXT,
            "updated_datetime": _TIME,
            "description": _TEXT,
        },
        {"media_url": _TEXT, "media_urls": {"type": "array", "items": _TEXT}},
    ),
    "Accepted": {
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": _object(
            {},
            {
                "service_request_id": _TEXT,
                "token": _TEXT,
                "service_notice": _MAYBE,
                "account_id": _MAYBE,
            },
        ),
    },
    "UpdateAccepted": {
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": _object({}, {"update_id": _TEXT, "token": _TEXT, "service_notice": _TEXT}),
    },
    "Errors": {
        "type": "array",
        "minItems": 1,
        "items": _object({"code": {"type": "integer"}, "description": _TEXT}),
    },
}
