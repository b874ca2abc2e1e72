"""The pretend administration's offices: real Open311 servers that take reports, with a memory that outlives the process."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from streetmend.demo.administration.journal import Journal, Line, Received, Spoken, number_of
from streetmend.demo.files import DATA
from streetmend.georeport.form_reading import read_new_request
from streetmend.georeport.testing import Entry, PretendEndpoint
from streetmend.georeport.types import (
    Attribute,
    AttributeValue,
    Discovery,
    DiscoveryEndpoint,
    Service,
    ServiceDefinition,
)

#: what a client posts to be let in is not written down
_NOT_KEPT = frozenset({"api_key"})


def office_of(url: str) -> str:
    """The office whose Open311 server lies at the address: the last part of its path."""
    return urlsplit(url).path.strip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Post:
    """An office as the site file speaks of it."""

    office: str
    name: str
    jurisdiction_id: str
    api_key: str
    services: tuple[Service, ...]
    definitions: tuple[ServiceDefinition, ...]


def posts() -> list[Post]:
    """Every body of the demo's site file that has an Open311 server."""
    site = tomllib.loads((DATA / "site.toml").read_text(encoding="utf-8"))
    return [_post(body) for body in site["bodies"] if "endpoint" in body]


def _post(body: Mapping[str, Any]) -> Post:
    endpoint = body["endpoint"]
    return Post(
        office=office_of(endpoint["url"]),
        name=body["name"],
        jurisdiction_id=endpoint["jurisdiction_id"],
        api_key=endpoint["api_key"],
        services=tuple(_service(row) for row in body["categories"]),
        definitions=tuple(_definition(row) for row in body["categories"] if row.get("questions")),
    )


def _service(row: Mapping[str, Any]) -> Service:
    return Service(
        service_code=row["code"],
        service_name=row["name"],
        description=row.get("description"),
        metadata=bool(row.get("questions")),
        keywords=tuple(row.get("keywords", ())),
        groups=(row["group"],) if row.get("group") else (),
    )


def _definition(row: Mapping[str, Any]) -> ServiceDefinition:
    return ServiceDefinition(
        service_code=row["code"],
        attributes=tuple(
            Attribute(
                code=asked["code"],
                description=asked["text"],
                datatype=asked["datatype"],
                required=asked.get("required", False),
                variable=asked.get("variable", True),
                order=order,
                datatype_description=asked.get("hint"),
                values=tuple(AttributeValue(one["key"], one["name"]) for one in asked.get("values", ())),
            )
            for order, asked in enumerate(row["questions"], start=1)
        ),
    )


class Office:
    """One Open311 server below `/OFFICE/`. What it takes in and what it says is in the journal before anybody hears of it."""

    def __init__(
        self, post: Post, journal: Journal, *, root: str, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.name, self.office = post.name, post.office
        self._journal, self._clock = journal, clock or (lambda: datetime.now(UTC))
        self._again: Received | None = None
        #: numbers of the reports that somebody here does something about, and what was said of them
        self.handled: dict[str, list[Spoken]] = {}
        self.endpoint = PretendEndpoint(
            services=post.services,
            definitions=post.definitions,
            key=post.api_key,
            jurisdiction_id=post.jurisdiction_id,
            base=f"/{post.office}/",
            discovery=Discovery(
                contact=f"post@{post.jurisdiction_id}",
                endpoints=(
                    DiscoveryEndpoint(url=f"{root}{post.office}/", formats=("text/xml", "application/json")),
                ),
            ),
            honours_keys=True,
            clock=self._moment,
            number=self._number,
        )

    def remember(self, lines: list[Line]) -> None:
        """The office knows what the journal's lines say of it; from now on it writes there what is new."""
        for line in lines:
            if line.office != self.office:
                continue
            if isinstance(line, Received):
                self._restore(line)
            elif line.number in self.handled:
                self._tell(line)
        self.endpoint.on_stored = self._received

    def say(self, number: str, *, status: str, word: str, text: str) -> None:
        """The report has the status, and an update says so to whoever asks."""
        said = self.handled[number]
        spoken = Spoken(self.office, number, self._clock(), f"{number}.{len(said) + 1}", status, word, text)
        self._journal.add(spoken)
        self._tell(spoken)

    def entries(self) -> tuple[Entry, ...]:
        """All reports, the oldest first."""
        return self.endpoint.ledger.entries()

    def _restore(self, line: Received) -> None:
        self._again = line
        headers = {"idempotency-key": key} if (key := dict(line.fields).get("idempotency-key")) else {}
        fields = tuple(pair for pair in line.fields if pair[0] != "idempotency-key")
        ledger = self.endpoint.ledger
        entry = ledger.store(read_new_request(fields), fields, headers, key=key or None)
        if line.status != "open" or line.notes:
            ledger.change(entry.service_request_id, status=line.status, notes=line.notes or None)
        self._again = None
        if line.handled:
            self.handled[line.number] = []

    def _received(self, entry: Entry) -> None:
        fields = tuple(pair for pair in entry.fields if pair[0] not in _NOT_KEPT)
        if key := entry.headers.get("idempotency-key"):
            fields += (("idempotency-key", key),)
        self._journal.add(Received(self.office, entry.service_request_id, entry.received_at, fields))
        self.handled[entry.service_request_id] = []

    def _tell(self, spoken: Spoken) -> None:
        self.handled[spoken.number].append(spoken)
        self.endpoint.say(
            spoken.number,
            spoken.status,
            spoken.text,
            at=spoken.at,
            update_id=spoken.update_id,
            extended_status=spoken.word,
        )

    def _moment(self) -> datetime:
        return self._again.at if self._again else self._clock()

    def _number(self, count: int) -> str:
        """A number that was never given before; while the journal is read, the one of then."""
        return self._again.number if self._again else number_of(self.office, count)
