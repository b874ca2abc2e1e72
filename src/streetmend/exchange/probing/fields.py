"""The fields of GeoReport v2 and of which kind each is, as the standard's JSON schemas have it; and how a row compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from streetmend.exchange.probing.asking import Answer
from streetmend.exchange.probing.notes import Notes
from streetmend.georeport import shapes
from streetmend.georeport.types import Json

TEXT, NUMBER, TRUTH, WHOLE, LIST = "a text", "a number", "true or false", "a whole number", "a list"


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of row: its name in the plural, its fields with their kinds, and those that no row may lack."""

    name: str
    fields: Mapping[str, str]
    required: tuple[str, ...]
    #: fields of our dialects besides -> the trait of the dialect that has them
    known: Mapping[str, str] = field(default_factory=dict)
    verb: str = "have"

    def has(self, what: str) -> str:
        """A sentence: things of this kind have that."""
        return f"{self.name[0].upper()}{self.name[1:]} {self.verb} {what}."


DISCOVERY = Thing(
    "the discovery document",
    {"changeset": TEXT, "contact": TEXT, "key_service": TEXT, "endpoints": LIST},
    ("changeset", "contact", "key_service", "endpoints"),
    {"max_requests": "extensions"},
    "has",
)
ENDPOINTS = Thing(
    "endpoints in discovery",
    {"specification": TEXT, "url": TEXT, "changeset": TEXT, "type": TEXT, "formats": LIST},
    ("specification", "url", "changeset", "type", "formats"),
)
SERVICES = Thing(
    "services",
    {
        "service_code": TEXT,
        "service_name": TEXT,
        "description": TEXT,
        "metadata": TRUTH,
        "type": TEXT,
        "keywords": TEXT,
        "group": TEXT,
    },
    ("service_code", "service_name", "metadata", "type"),
    {"groups": "ours"},
)
DEFINITIONS = Thing("service definitions", {"service_code": TEXT, "attributes": LIST}, ("service_code",))
ATTRIBUTES = Thing(
    "attributes",
    {
        "variable": TRUTH,
        "code": TEXT,
        "datatype": TEXT,
        "required": TRUTH,
        "datatype_description": TEXT,
        "order": WHOLE,
        "description": TEXT,
        "values": LIST,
    },
    ("variable", "code", "datatype", "required", "order", "description"),
    {"automated": "extensions"},
)
REQUESTS = Thing(
    "requests",
    {name: NUMBER if name in ("lat", "long") else TEXT for name in shapes.STANDARD},
    ("service_request_id", "status", "service_code", "requested_datetime"),
    {
        **dict.fromkeys((*shapes.EXTENSION_TEXTS, *shapes.EXTENSION_TIMES, "comment_count"), "extensions"),
        "extended_status": "ours",
        "media_urls": "ours",
    },
)
_IDS = frozenset({"service_request_id", "service_code", "address_id", "zipcode", "code"})
_BESIDES = {
    "extensions": ("fixmystreet-fields", "FixMyStreet's fields, which the standard does not have"),
    "ours": ("streetmend-fields", "Streetmend's own fields, which the standard does not have"),
    "": ("other-fields", "fields that the standard does not have"),
}


def compare(row: Mapping[str, Json], thing: Thing, answer: Answer, notes: Notes) -> None:
    """Everything about the row's fields that is not as the standard has it has been noted."""
    for name in thing.required:
        if row.get(name) in (None, "", {}) and not (name == "endpoints" and name in row):
            says = thing.has(f"no {name}, which the standard demands")
            notes.found(
                f"missing-{name}", says, answer, answer.line_of(name if name in row else next(iter(row), ""))
            )
    for name, value in row.items():
        if name in thing.fields:
            _kind(name, value, thing, answer, notes)
    for trait, (code, words) in _BESIDES.items():
        strangers = [name for name in row if name not in thing.fields and thing.known.get(name, "") == trait]
        if strangers:
            says = thing.has(f"{words}: {', '.join(strangers[:8])}")
            notes.found(
                f"{code}-{thing.name.split()[0]}", says, answer, answer.line_of(strangers[0]), trait=trait
            )


def _kind(name: str, value: Json, thing: Thing, answer: Answer, notes: Notes) -> None:
    """The value is of the kind that its field has."""
    kind = thing.fields[name]
    if value is None or kind == LIST:
        return
    line = partial(answer.line_of, name)
    if name == "agency_responsible" and isinstance(value, Mapping | list):
        says = "agency_responsible is a list of several, where the standard has one text."
        notes.found("agencies-as-list", says, answer, line, trait="recipients_as_list")
    elif isinstance(value, Mapping | list):
        notes.found(
            f"kind-of-{name}", f"{name} of {thing.name} is not {kind} but has parts of its own.", answer, line
        )
    elif answer.fmt == "json":
        _kind_in_json(name, value, kind, answer, notes)
    elif kind == TRUTH and str(value).strip() not in ("true", "false"):
        says = f"{name} is {str(value).strip()[:20]!r}, where the standard has true or false."
        notes.found("truth-as-text", says, answer, line)
    elif kind in (NUMBER, WHOLE) and not _is_number(str(value)):
        notes.found(f"kind-of-{name}", f"{name} of {thing.name} is not {kind}.", answer, line)


def _kind_in_json(name: str, value: Json, kind: str, answer: Answer, notes: Notes) -> None:
    line = partial(answer.line_of, name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == TEXT and is_number and name in _IDS:
        says = f"{name} is a number in JSON, where the standard has a text: leading zeros are lost."
        notes.found(f"number-for-{name}", says, answer, line, trait="numeric_ids" if name in _IDS else "")
    elif kind == NUMBER and isinstance(value, str):
        says = f"{name} is a text in JSON, where the standard has a number."
        if value.strip() and not _is_number(value):
            notes.found(f"kind-of-{name}", f"{name} is no number.", answer, line)
        elif value.strip():
            notes.found("coordinates-as-text", says, answer, line, trait="coordinates_as_text")
    elif kind == TRUTH and not isinstance(value, bool):
        notes.found("truth-as-text", f"{name} is not a JSON true or false.", answer, line)
    elif kind == WHOLE and not (is_number and float(str(value)).is_integer()):
        notes.found(f"kind-of-{name}", f"{name} is not a whole number in JSON.", answer, line)
    elif kind == TEXT and not isinstance(value, str):
        notes.found(f"kind-of-{name}", f"{name} is not a text in JSON.", answer, line)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
