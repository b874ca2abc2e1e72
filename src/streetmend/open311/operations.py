"""Every operation of the server as one row: what OpenAPI says of it, and what the page for people shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from streetmend.georeport.parameters import PLACE, SEARCH, UPDATES, Parameter
from streetmend.open311.addresses import FEEDS

_BOTH: Final = ("xml", "json")
_TEXT: Final[Mapping[str, Any]] = {"type": "string"}
_ID: Final[Mapping[str, Any]] = {"type": "string", "minLength": 1, "maxLength": 255}
_WORD: Final[Mapping[str, Any]] = {"type": "string", "minLength": 1, "maxLength": 100}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form."""

    words: str
    schema: Mapping[str, Any] = field(default_factory=lambda: _TEXT)
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its address without base and extension, what can be asked or sent, what the answer is (a schema's name)."""

    method: str
    address: str
    name: str
    words: str
    answer: str
    parameters: tuple[Parameter, ...] = ()
    forms: tuple[str, ...] = _BOTH
    #: what errors it may answer besides 405, with why
    errors: Mapping[int, str] = field(default_factory=dict)
    #: POST only: the form
    fields: Mapping[str, Field] = field(default_factory=dict)
    #: headers that it reads besides the usual ones
    headers: Mapping[str, str] = field(default_factory=dict)
    #: statuses of success besides 200
    also: tuple[int, ...] = ()


_WRONG: Final = "A parameter cannot be used; there is a line for each."
_REFUSED: Final = {
    400: "Something in the form cannot be used, or it is no form; there is a line for each fault.",
    403: "The key is missing, unknown or not of the right scope.",
    404: "There is no such thing here.",
    413: "The form is too large.",
    429: "Too much was sent; Retry-After says when to go on.",
    503: "Nothing can be taken in at this moment; Retry-After says when to send it again.",
}
_REPEATED: Final = {
    409: "The same is still being taken in; Retry-After says when to send it again.",
    422: "The Idempotency-Key was used for something else.",
}
_MARK: Final = {
    "Idempotency-Key": "The client's mark of this report, 1 to 255 characters: the same again gets the first answer for 30 days."
}
_KEY: Final = Field("An API key; or send it as Authorization: Bearer.")
_PHOTOS: Final = {
    "media_url": Field(
        "The address of a photo; may be repeated.", {"type": "array", "items": {"type": "string"}}
    ),
    "media": Field("A photo (multipart only).", {"type": "string", "format": "binary"}),
}

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation("get", "discovery", "discovery", "What this server is and where.", "Discovery"),
    Operation(
        "get",
        "services",
        "services",
        "What can be reported, everywhere or at a place.",
        "Services",
        PLACE,
        errors={400: _WRONG},
    ),
    Operation(
        "get",
        "services/{service_code}",
        "definition",
        "What a service asks besides.",
        "Definition",
        PLACE,
        errors={400: _WRONG, 404: "There is no such service here."},
    ),
    Operation(
        "get",
        "requests",
        "requests",
        "The public reports that a search finds, the newest first.",
        "Requests",
        SEARCH,
        forms=(*_BOTH, *FEEDS),
        errors={400: _WRONG},
        also=(302,),
    ),
    Operation(
        "get",
        "requests/{service_request_id}",
        "request",
        "One report.",
        "Requests",
        forms=(*_BOTH, *FEEDS),
        errors={404: "There is no such request here, or nobody may read it."},
        also=(302,),
    ),
    Operation(
        "get",
        "servicerequestupdates",
        "updates",
        "What was said about public reports, the earliest first.",
        "Updates",
        UPDATES,
        errors={400: _WRONG},
    ),
    Operation(
        "get",
        "tokens/{token}",
        "token",
        "The number of a report that was sent, once there is one.",
        "Accepted",
        errors={404: "There is no such token here."},
    ),
    Operation(
        "post",
        "requests",
        "report",
        "Send a report.",
        "Accepted",
        errors={**_REFUSED, **_REPEATED},
        headers=_MARK,
        fields={
            "api_key": _KEY,
            "service_code": Field("What is reported: a service_code of services.", required=True),
            "lat": Field("Degrees north in WGS84.", {"type": "number", "minimum": -90, "maximum": 90}),
            "long": Field("Degrees east in WGS84.", {"type": "number", "minimum": -180, "maximum": 180}),
            "address_string": Field("An address in place of lat and long, where the site can look it up."),
            "description": Field("What is wrong. Its first line becomes the title.", required=True),
            "email": Field("The reporter's address; needed without a key."),
            "first_name": Field("The reporter's first name."),
            "last_name": Field("The reporter's last name."),
            "phone": Field("The reporter's telephone number."),
            "attribute[CODE]": Field("The answer to the service's question CODE; may be repeated."),
            "client_reference": Field("The client's mark, where it cannot send the header Idempotency-Key."),
            **_PHOTOS,
        },
    ),
    Operation(
        "post",
        "servicerequestupdates",
        "push",
        "A body sends what it has to say about a report that it received.",
        "UpdateAccepted",
        errors=_REFUSED,
        fields={
            "api_key": _KEY,
            "update_id": Field(
                "The body's number of the update; a repeat gets the first answer.", _ID, required=True
            ),
            "service_request_id": Field("The body's number of the report, or else ours.", _ID, required=True),
            "fixmystreet_id": Field("Our number of the report, where service_request_id is not ours.", _ID),
            "status": Field("A word for the state, such as IN_PROGRESS or FIXED.", _WORD, required=True),
            "updated_datetime": Field("When it was said.", required=True),
            "description": Field("What is said."),
            **_PHOTOS,
        },
    ),
)
