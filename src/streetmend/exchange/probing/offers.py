"""Discovery, the list of services and their definitions: what the server says about itself and what can be reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, urlsplit

from streetmend.exchange.probing.asking import FORMATS, Answer, Caller
from streetmend.exchange.probing.envelopes import rows_of, single
from streetmend.exchange.probing.fields import (
    ATTRIBUTES,
    DEFINITIONS,
    DISCOVERY,
    ENDPOINTS,
    SERVICES,
    compare,
)
from streetmend.exchange.probing.notes import Notes
from streetmend.georeport import times
from streetmend.georeport.errors import Unreadable
from streetmend.georeport.reading import read_definition, read_discovery, read_services
from streetmend.georeport.rows import find_rows
from streetmend.georeport.types import Json, Service

_TYPES = ("realtime", "batch", "blackbox")
_DATATYPES = ("string", "number", "datetime", "text", "singlevaluelist", "multivaluelist")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_MOST_DEFINITIONS = 3
_STRANGER = "no-such-service-0"


async def look_at_discovery(caller: Caller, notes: Notes) -> str:
    """Discovery has been looked at (A1); the address that it names, where that is another one than was asked, or nothing."""
    elsewhere, seen = "", 0
    for fmt in FORMATS:
        answer = await caller.get("discovery", fmt)
        if answer.status in (404, 410) or (answer.is_html and not answer.ok):
            says = f"There is no discovery in {fmt.upper()}, which the standard demands in both formats."
            notes.found("no-discovery", says, answer, f"status {answer.status}")
            continue
        if not notes.usable(answer):
            continue
        seen += 1
        row = single(answer, "discovery", notes)
        compare(row, DISCOVERY, answer, notes)
        for endpoint in (
            find_rows(row.get("endpoints"), frozenset({"url", "specification"}), ("endpoint",)) or []
        ):
            if isinstance(endpoint, Mapping):
                compare(endpoint, ENDPOINTS, answer, notes)
        elsewhere = _look_at_addresses(answer, caller.base, notes) or elsewhere
    notes.can("discovery", f"Discovery is there in {_count(seen)}.", seen > 0)
    return elsewhere


def _look_at_addresses(answer: Answer, base: str, notes: Notes) -> str:
    try:
        found = read_discovery(answer.text.encode(), answer.headers.get("content-type"))
    except Unreadable:
        return ""
    if found.changeset and not isinstance(times.read(found.changeset), datetime):
        notes.found(
            "changeset",
            "changeset of discovery is no date that can be sorted.",
            answer,
            answer.line_of("changeset"),
        )
    ours = [one for one in found.endpoints if "georeport" in one.specification.lower()]
    if not ours:
        if found.endpoints:
            says = "No endpoint in discovery says that it speaks http://wiki.open311.org/GeoReport_v2."
            notes.found("no-georeport", says, answer, answer.line_of("specification"))
        return ""
    formats = {kind.partition(";")[0].strip().lower() for one in ours for kind in one.formats}
    if "application/xml" in formats and "text/xml" not in formats:
        says = "Discovery announces application/xml, where the standard has text/xml."
        notes.found("discovered-xml-type", says, answer, answer.line("application/xml"), trait="xml_type")
    if any(_same(one.url, base) for one in ours):
        return ""
    says = f"Discovery says that the server is at {ours[0].url}, and not where it was asked."
    notes.found("other-address", says, answer, answer.line_of("url"))
    return ours[0].url


def _same(one: str, other: str) -> bool:
    """Whether two addresses lead to the same server; a machine's names for itself are one."""
    first, second = urlsplit(one.strip()), urlsplit(other.strip())
    hosts = [part.hostname or "" for part in (first, second)]
    if first.path.rstrip("/") != second.path.rstrip("/"):
        return False
    return all(host in _LOOPBACK for host in hosts) or hosts[0] == hosts[1]


async def look_at_services(caller: Caller, notes: Notes) -> Sequence[Service]:
    """The list of services has been looked at (A2); the services."""
    lists: dict[str, list[Service]] = {}
    for fmt in FORMATS:
        answer = await caller.get("services", fmt)
        if not notes.usable(answer):
            _note_absent(answer, notes, caller.jurisdiction_id)
            continue
        known = frozenset({"service_code", "service_name"})
        rows = rows_of(answer, "services", "service", known, notes)
        for row in rows:
            compare(row, SERVICES, answer, notes)
            _look_at_service(row, answer, notes)
        try:
            lists[fmt] = list(read_services(answer.text.encode(), answer.headers.get("content-type")))
        except Unreadable as error:
            notes.found(f"no-list-{fmt}", f"The list of services {error}.", answer, answer.line("^"))
            continue
        codes = [one.service_code for one in lists[fmt]]
        twice = next((code for code in codes if codes.count(code) > 1), None)
        if twice is not None:
            notes.found(
                "code-twice", f"Two services have the code {twice!r}.", answer, answer.line_of("service_code")
            )
        if not codes:
            notes.found("no-services", "The list of services is empty: nothing can be reported.", answer)
    services = next(iter(lists.values()), [])
    if len(lists) == 2 and set(codes_of(lists["xml"])) != set(codes_of(lists["json"])):
        notes.found("formats-differ-services", "XML and JSON list different services.")
    notes.can(
        "services", f"The list of services has {len(services)}, in {_count(len(lists))}.", bool(services)
    )
    return services


def codes_of(services: Sequence[Service]) -> list[str]:
    """The codes, in order."""
    return [one.service_code for one in services]


def _look_at_service(row: Mapping[str, Json], answer: Answer, notes: Notes) -> None:
    kind = row.get("type")
    if isinstance(kind, str) and kind not in _TYPES:
        says = f"type of services is {kind!r}, where the standard has {', '.join(_TYPES)}."
        notes.found("service-type", says, answer, answer.line_of("type"))


def _note_absent(answer: Answer, notes: Notes, jurisdiction_id: str) -> None:
    """Why there is no list: the address, the jurisdiction or a key."""
    reason = answer.text[:2000].lower()
    if answer.status in (401, 403):
        says = f"Reading is refused with {answer.status}: the server wants a key with every GET."
        notes.found("key-for-reading", says, answer, answer.line("^"), key_on_get="true")
    elif answer.status in (400, 404) and "jurisdiction" in reason:
        says = (
            "The server does not know this jurisdiction_id."
            if jurisdiction_id
            else ("The server wants a jurisdiction_id: run this again with --jurisdiction.")
        )
        notes.found("jurisdiction", says, answer, answer.line('(?i)[^<>"]*jurisdiction[^<>"]*'))
    elif answer.status in (404, 406, 410):
        notes.found(
            f"no-services-{answer.fmt}",
            f"There is no list of services in {answer.fmt.upper()}.",
            answer,
            f"status {answer.status}",
        )
    elif 400 <= answer.status < 500:
        notes.found(
            f"services-{answer.status}",
            f"The list of services is refused with {answer.status}.",
            answer,
            answer.line("^"),
        )


async def look_at_definitions(caller: Caller, notes: Notes, services: Sequence[Service]) -> None:
    """Some definitions have been looked at (A3), and what an unknown code gets."""
    with_questions = [one.service_code for one in services if one.metadata]
    without = [one.service_code for one in services if not one.metadata]
    seen = 0
    for code in with_questions[:_MOST_DEFINITIONS]:
        for fmt in FORMATS:
            answer = await caller.get(f"services/{quote(code, safe='')}", fmt)
            if answer.status == 404 and not answer.ok:
                says = f"The service {code!r} says that it has questions (metadata), but its definition is not found."
                notes.found("no-definition", says, answer, f"status {answer.status}")
            elif notes.usable(answer):
                seen += 1
                _look_at_definition(answer, code, notes)
    if with_questions:
        notes.can(
            "definitions",
            f"Definitions of services with questions ({len(with_questions)} of them) can be read.",
            seen > 0,
        )
    if without:
        answer = await caller.get(f"services/{quote(without[0], safe='')}", "xml")
        notes.can("empty_definitions", "Services without questions have a definition too.", answer.ok)
        if answer.ok:
            _look_at_definition(answer, without[0], notes)


def _look_at_definition(answer: Answer, code: str, notes: Notes) -> None:
    row = single(answer, "service_definition", notes)
    compare(row, DEFINITIONS, answer, notes)
    raw = row.get("attributes", row.get("attribute"))
    known = frozenset({"variable", "code", "datatype"})
    if "attributes" not in row and "attribute" in row:
        says = "attribute stands directly below the root, where the standard has attributes around it."
        notes.found("bare-attributes", says, answer, answer.line_of("attribute"))
    attributes = [one for one in find_rows(raw, known, ("attribute",)) or [] if isinstance(one, Mapping)]
    for one in attributes:
        compare(one, ATTRIBUTES, answer, notes)
    try:
        found = read_definition(answer.text.encode(), answer.headers.get("content-type"))
    except Unreadable as error:
        notes.found(f"no-definition-{answer.fmt}", f"The definition {error}.", answer, answer.line("^"))
        return
    if found.service_code != code:
        says = f"The definition of {code!r} says that it is that of {found.service_code!r}."
        notes.found("other-definition", says, answer, answer.line_of("service_code"))
    for asked in found.attributes:
        if asked.datatype not in _DATATYPES:
            says = f"datatype is {asked.datatype!r}, which the standard does not have."
            notes.found("datatype", says, answer, answer.line_of("datatype"))
        elif asked.datatype.endswith("list") and not asked.values and asked.variable:
            notes.found(
                "no-values",
                f"The question {asked.code!r} is a list without values.",
                answer,
                answer.line_of("values"),
            )
        keys = [value.key for value in asked.values]
        if len(set(keys)) < len(keys):
            notes.found(
                "values-twice",
                f"Two values of {asked.code!r} have the same key.",
                answer,
                answer.line_of("key"),
            )


async def look_at_a_stranger(caller: Caller, notes: Notes) -> list[Answer]:
    """What the definition of a service that does not exist gets: the answers, for their errors."""
    answers = []
    for fmt in FORMATS:
        answer = await caller.get(f"services/{_STRANGER}", fmt)
        answers.append(answer)
        if 200 <= answer.status < 300:
            says = (
                f"The definition of a service that does not exist is answered with {answer.status}, not 404."
            )
            notes.found("unknown-service", says, answer, f"status {answer.status}")
    return answers


def _count(seen: int) -> str:
    return ("no format", "one of the two formats", "XML and JSON")[seen]
