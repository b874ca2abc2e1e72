"""Answers of endpoints to values: as lenient as the answers of real servers are different.

Every reader takes the bytes and, if known, the Content-Type (only to warn when it lies), finds out the format
and every wrapping by itself, and raises Unreadable (or a Dangerous kind of it) where there is no such answer.
A list with a bad row in it gives the other rows, and the bad one as a Problem.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from streetmend.georeport.decoding import ANSWER_TO_POST, LIMITS, Limits
from streetmend.georeport.error_reading import find_errors
from streetmend.georeport.errors import NotTheThing
from streetmend.georeport.row_reading import (
    accepted,
    definition,
    discovery,
    request,
    service,
    update,
    update_accepted,
)
from streetmend.georeport.rows import Row, find_rows
from streetmend.georeport.trees import Tree, read_tree
from streetmend.georeport.types import (
    Accepted,
    Discovery,
    Error,
    Json,
    Request,
    RequestUpdate,
    Service,
    ServiceDefinition,
    UpdateAccepted,
)

__all__ = [
    "ANSWER_TO_POST",
    "LIMITS",
    "Limits",
    "Page",
    "Problem",
    "read_accepted",
    "read_definition",
    "read_discovery",
    "read_errors",
    "read_requests",
    "read_services",
    "read_update_accepted",
    "read_updates",
]

T = TypeVar("T")


class Problem(NamedTuple):
    """A row that could not be read: its place in the list from 0, why, and as it stood."""

    place: int
    why: str
    raw: Json


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The rows of a list answer in their order, the rows that were none, and what was odd about the answer."""

    rows: tuple[T, ...]
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


class _Kind(NamedTuple):
    """How to find the rows of an answer: fields of which a row has at least one, and the names around it."""

    name: str
    known: frozenset[str]
    wrappers: tuple[str, ...]


_REQUESTS = _Kind(
    "a list of requests",
    frozenset({"service_request_id", "token", "requested_datetime", "service_code", "status"}),
    ("service_requests", "requests", "request"),
)
_SERVICES = _Kind("a list of services", frozenset({"service_code", "service_name"}), ("services", "service"))
_UPDATES = _Kind(
    "a list of updates",
    frozenset({"update_id", "service_request_id", "updated_datetime", "token"}),
    ("service_request_updates", "request_updates", "request_update"),
)
_DEFINITION = _Kind(
    "a service definition",
    frozenset({"service_code", "attributes", "attribute"}),
    ("service_definition", "service_definitions"),
)
_DISCOVERY = _Kind(
    "a discovery document", frozenset({"endpoints", "changeset", "contact", "key_service"}), ("discovery",)
)


def read_requests(body: bytes, content_type: str | None = None, limits: Limits = LIMITS) -> Page[Request]:
    """GET requests and GET requests/ID (A6, A7)."""
    return _page(read_tree(body, content_type, limits), _REQUESTS, request)


def read_services(body: bytes, content_type: str | None = None, limits: Limits = LIMITS) -> Page[Service]:
    """GET services (A2)."""
    return _page(read_tree(body, content_type, limits), _SERVICES, service)


def read_updates(
    body: bytes, content_type: str | None = None, limits: Limits = LIMITS
) -> Page[RequestUpdate]:
    """GET servicerequestupdates (A9)."""
    return _page(read_tree(body, content_type, limits), _UPDATES, update)


def read_accepted(
    body: bytes, content_type: str | None = None, limits: Limits = ANSWER_TO_POST
) -> Page[Accepted]:
    """POST requests and GET tokens/TOKEN (A4, A5). A list, because an endpoint may answer more than it was
    asked.
    """
    return _page(read_tree(body, content_type, limits), _REQUESTS, accepted)


def read_update_accepted(
    body: bytes, content_type: str | None = None, limits: Limits = ANSWER_TO_POST
) -> Page[UpdateAccepted]:
    """POST servicerequestupdates (A9)."""
    return _page(read_tree(body, content_type, limits), _UPDATES, update_accepted)


def read_definition(
    body: bytes, content_type: str | None = None, limits: Limits = LIMITS
) -> ServiceDefinition:
    """GET services/CODE (A3); the attributes may stand directly below the root."""
    return definition(_only(read_tree(body, content_type, limits), _DEFINITION))


def read_discovery(body: bytes, content_type: str | None = None, limits: Limits = LIMITS) -> Discovery:
    """GET discovery (A1)."""
    return discovery(_only(read_tree(body, content_type, limits), _DISCOVERY))


def read_errors(
    body: bytes, content_type: str | None = None, limits: Limits = ANSWER_TO_POST
) -> tuple[Error, ...]:
    """The reasons in an error's body (A8), whatever shape they have; empty where there are none."""
    return find_errors(read_tree(body, content_type, limits))


def _page(tree: Tree, kind: _Kind, read: Callable[[Row], T]) -> Page[T]:
    rows: list[T] = []
    problems: list[Problem] = []
    for place, raw in enumerate(_rows(tree, kind)):
        if isinstance(raw, Mapping) and not kind.known.isdisjoint(raw):
            rows.append(read(Row(raw)))
        else:
            problems.append(Problem(place, f"is no row of {kind.name}", raw))
    return Page(tuple(rows), tuple(problems), tree.warnings)


def _only(tree: Tree, kind: _Kind) -> Row:
    rows = [raw for raw in _rows(tree, kind) if isinstance(raw, Mapping)]
    if len(rows) != 1:
        raise NotTheThing(f"is not {kind.name}")
    return Row(rows[0])


def _rows(tree: Tree, kind: _Kind) -> list[Json]:
    is_error = tree.root.lower() in ("error", "errors")
    rows = None if is_error else find_rows(tree.value, kind.known, kind.wrappers)
    strangers = rows is not None and not any(_has(raw, kind.known) for raw in rows)
    if rows is None or (rows and strangers):
        errors = find_errors(tree) if is_error or isinstance(tree.value, Mapping | list) else ()
        if errors:
            raise NotTheThing("is an error: " + "; ".join(error.description for error in errors)[:500])
        raise NotTheThing(f"is not {kind.name}")
    return rows


def _has(raw: Json, known: frozenset[str]) -> bool:
    return isinstance(raw, Mapping) and not known.isdisjoint(raw)
