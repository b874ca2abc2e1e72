"""Answers of endpoints with random damage: every reader gives rows or says that it cannot, and no POST is believed by mistake.

The damage is to bytes (cut, doubled, overwritten, shuffled), so that it strikes markup, encodings and numbers alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random

from chaos.part import Found, Trial
from streetmend.georeport import reading
from streetmend.georeport.dialect import SERVED
from streetmend.georeport.errors import Unreadable
from streetmend.georeport.outcomes import Kind, classify
from streetmend.georeport.types import (
    Accepted,
    Attribute,
    AttributeValue,
    Discovery,
    DiscoveryEndpoint,
    Error,
    Request,
    RequestUpdate,
    Service,
    ServiceDefinition,
)
from streetmend.georeport.writing import WRITERS

SEEDED = True
DAMAGED = 20_000

Reader = Callable[[bytes], object]
_WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def run(trial: Trial) -> Found:
    """`DAMAGED` answers are read, each by the reader that it was meant for, and as an answer to a POST."""
    chance, ends = trial.random, Counter[str]()
    violations: list[str] = []
    whole, damaged = list(_answers()), max(int(DAMAGED * trial.size), 1)
    for number in range(damaged):
        body, read = chance.choice(whole)
        bad = _damage(body, chance)
        try:
            read(bad)
            ends["read"] += 1
        except Unreadable:
            ends["unreadable"] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for here
            violations.append(f"Answer {number}: {type(error).__name__}: {error}: {bad[:200]!r}")
        violations += _as_posted(number, bad, chance.choice((200, 201, 400, 403, 404, 429, 500, 502)), ends)
    return Found({"answers": damaged, **dict(sorted(ends.items()))}, tuple(violations[:20]))


def _as_posted(number: int, bad: bytes, status: int, ends: Counter[str]) -> list[str]:
    try:
        outcome = classify(status, {"content-type": "text/xml"}, bad, posted="request")
    except Exception as error:  # noqa: BLE001 - as above
        return [f"Posted {number}: {type(error).__name__}: {error}: {bad[:200]!r}"]
    ends[outcome.kind.value] += 1
    if outcome.kind in (Kind.ACCEPTED, Kind.TOKEN) and not 200 <= status < 300:
        return [f"Posted {number}: {status} was taken for acceptance: {bad[:200]!r}"]
    return []


def _answers() -> Iterator[tuple[bytes, Reader]]:
    request = Request(
        service_request_id="638344",
        status="open",
        service_name="Hull i vei",
        service_code="POT",
        description='Dypt hull & "løs" asfalt\n<utenfor> nr. 3 \U0001f6a7',
        recipients=("Vikhavn kommune", "Veietaten"),
        requested_datetime=_WHEN,
        updated_datetime=_WHEN,
        lat=59.916848,
        long=10.728148,
        media_urls=("https://town.example/1.jpg",),
    )
    update = RequestUpdate(
        update_id="7",
        service_request_id="638344",
        status="closed",
        updated_datetime=_WHEN,
        description="Ferdig",
    )
    value = AttributeValue("S", "Liten")
    asked = Attribute(code="SIZE", datatype="singlevaluelist", required=True, order=1, values=(value,))
    place = DiscoveryEndpoint(url="https://town.example/open311/v2", formats=("text/xml",))
    found = Discovery(changeset="2026-03-01T09:30:00Z", contact="post@town.example", endpoints=(place,))
    service = Service(
        service_code="POT", service_name="Hull i vei", keywords=("vei", "hull"), groups=("Vei",)
    )
    for dialect in SERVED.values():
        for writer in WRITERS.values():
            yield writer.write_requests([request] * 3, dialect), reading.read_requests
            yield writer.write_updates([update] * 2, dialect), reading.read_updates
            yield writer.write_services([service] * 2, dialect), reading.read_services
            yield (
                writer.write_definition(ServiceDefinition(service_code="POT", attributes=(asked,)), dialect),
                reading.read_definition,
            )
            yield writer.write_discovery(found, dialect), reading.read_discovery
            accepted = Accepted(service_request_id="638344", service_notice="Takk")
            yield writer.write_accepted(accepted, dialect), reading.read_accepted
            yield writer.write_errors([Error(code="403", description="Nei")], dialect), reading.read_errors


def _damage(body: bytes, chance: Random) -> bytes:
    """One to four wounds."""
    for _ in range(chance.randint(1, 4)):
        start, end = sorted((chance.randrange(len(body) + 1), chance.randrange(len(body) + 1)))
        piece = body[start:end]
        match chance.randrange(6):
            case 0:
                body = body[:end]
            case 1:
                body = body[:start] + piece * 2 + body[end:]
            case 2:
                body = body[:start] + body[end:]
            case 3:
                body = body[:start] + chance.randbytes(chance.randint(1, 12)) + body[start + 1 :]
            case 4:
                body = body[:start] + bytes(chance.sample(piece, len(piece))) + body[end:]
            case _:
                token = chance.choice(
                    (b"<", b"]]>", b"&#0;", b"\\u0000", b'"', b"null", b"{", b"[", b"\xff\xfe")
                )
                body = body[:start] + token + body[start:]
    return body
