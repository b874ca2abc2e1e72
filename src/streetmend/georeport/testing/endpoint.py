"""An Open311 endpoint in memory: every operation of the standard over a ledger, scriptable request by request.

It does no IO: ``handle`` takes an HTTP request and gives the answer, with how long to wait before it and how
the connection is to end. ``server.serving`` puts it on a real socket.
"""

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from threading import RLock
from urllib.parse import unquote, urlsplit

from streetmend.georeport.dialect import DEFAULT, Dialect
from streetmend.georeport.errors import Fault, InvalidParameters, Unreadable
from streetmend.georeport.form_reading import attribute_faults, read_new_request, read_update
from streetmend.georeport.multipart import Form, read_form
from streetmend.georeport.search import RequestSearch, split_query
from streetmend.georeport.testing.answering import as_request, found_by, within
from streetmend.georeport.testing.behaviours import ACCEPT, Answer, Behaviour, Cut
from streetmend.georeport.testing.ledger import Entry, Ledger, Seen
from streetmend.georeport.types import (
    Accepted,
    Discovery,
    Error,
    RequestUpdate,
    Service,
    ServiceDefinition,
    UpdateAccepted,
)
from streetmend.georeport.writing import WRITERS, Format, content_type

OPERATIONS = (
    "discovery",
    "services",
    "definition",
    "create",
    "requests",
    "request",
    "token",
    "updates",
    "post_update",
)
"""The names by which ``script`` and ``always`` know the operations of the standard."""

_PATH = re.compile(
    r"/(?P<resource>discovery|services|requests|tokens|servicerequestupdates)"
    r"(?:/(?P<key>.+?))?(?:\.(?P<format>xml|json))?"
)
_OPERATIONS = {
    ("GET", "discovery", False): "discovery",
    ("GET", "services", False): "services",
    ("GET", "services", True): "definition",
    ("POST", "requests", False): "create",
    ("GET", "requests", False): "requests",
    ("GET", "requests", True): "request",
    ("GET", "tokens", True): "token",
    ("GET", "servicerequestupdates", False): "updates",
    ("POST", "servicerequestupdates", False): "post_update",
}
_MOST_ROWS = 1000


class _Wrong(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, *descriptions: str) -> None:
        super().__init__(*descriptions)
        self.status, self.descriptions = status, descriptions


def _utc_now() -> datetime:
    return datetime.now(UTC)


class PretendEndpoint:
    """An administration's Open311 server whose behaviour and whose memory a program holds in its hands.

    ``services`` and ``definitions`` are what it offers (with no services it takes any code). A ``key`` is
    asked of every POST, a ``jurisdiction_id`` of every request. ``base`` is the path below which it answers.
    ``has_updates`` false: it lacks the extension servicerequestupdates. ``honours_keys``: the same
    Idempotency-Key gives the same request again. ``clock`` gives aware moments.

    Thread-safe: a server may handle requests at the same time as a test changes things.
    """

    def __init__(
        self,
        *,
        services: Iterable[Service] = (),
        definitions: Iterable[ServiceDefinition] = (),
        key: str | None = None,
        jurisdiction_id: str | None = None,
        base: str = "/",
        dialect: Dialect = DEFAULT,
        discovery: Discovery | None = None,
        has_updates: bool = True,
        honours_keys: bool = False,
        clock: Callable[[], datetime] = _utc_now,
        number: Callable[[int], str] = str,
    ) -> None:
        self.services = {service.service_code: service for service in services}
        self.definitions = {one.service_code: one for one in definitions}
        self.key, self.jurisdiction_id, self.dialect = key, jurisdiction_id, dialect
        self.base = "/" + base.strip("/")
        self.discovery = discovery or Discovery()
        self.has_updates, self.honours_keys = has_updates, honours_keys
        self.clock = clock
        self.ledger = Ledger(clock, number)
        self.on_stored: Callable[[Entry], None] | None = None
        """Is called with every request that was newly stored."""
        self.draw: Callable[[str], Behaviour] | None = None
        """Says for each request of an operation how it is treated, where nothing is scripted. It must not cut bodies off unread.
        """
        self._lock = RLock()
        self._script: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._always: dict[str, Behaviour] = {}

    # --- what a program does with it

    def script(self, *behaviours: Behaviour, operation: str = "create") -> None:
        """The next requests of the operation are treated so, one each; those after them as usual."""
        with self._lock:
            self._script[_known(operation)].extend(behaviours)

    def always(self, behaviour: Behaviour | None, *, operation: str = "create") -> None:
        """Every request of the operation is treated so, unless one is scripted; None: as usual again."""
        with self._lock:
            self._always[_known(operation)] = behaviour or ACCEPT

    def offer(self, service: Service, definition: ServiceDefinition | None = None) -> None:
        """The service is offered from now on, with the questions of ``definition`` if there are any."""
        code = service.service_code
        with self._lock:
            self.services = {**self.services, code: service}
            kept = {known: one for known, one in self.definitions.items() if known != code}
            self.definitions = {**kept, code: definition} if definition else kept

    def withdraw(self, service_code: str) -> None:
        """The service is not offered any longer."""
        with self._lock:
            self.services = {code: one for code, one in self.services.items() if code != service_code}
            self.definitions = {code: one for code, one in self.definitions.items() if code != service_code}

    def say(
        self,
        service_request_id: str,
        status: str,
        description: str = "",
        *,
        at: datetime | None = None,
        update_id: str | None = None,
        media_urls: Sequence[str] = (),
        extended_status: str | None = None,
        customer_reference: str | None = None,
    ) -> RequestUpdate:
        """The request has the status (open or closed), and an update says so to whoever asks.

        ``extended_status`` stands in the update instead, where the finer word is to go out. Raises KeyError
        for an unknown request.
        """
        moment = at or self.clock()
        self.ledger.change(service_request_id, status=status.lower(), notes=description or None, at=moment)
        return self.ledger.add_update(
            RequestUpdate(
                update_id=update_id if update_id is not None else self.ledger.next_update_id(),
                service_request_id=service_request_id,
                status=extended_status or status.lower(),
                updated_datetime=moment,
                description=description,
                media_urls=tuple(media_urls),
                customer_reference=customer_reference,
            )
        )

    # --- HTTP

    def handle(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """The answer to an HTTP request; ``target`` is the path with its query. Nothing is raised."""
        headers = {name.lower(): value for name, value in (headers or {}).items()}
        parts = urlsplit(target)
        found = self._route(method, parts.path)
        operation, key, fmt = found if found else ("unknown", "", self._format(parts.path, headers))
        behaviour = self._behaviour(operation)
        self.ledger.note(
            Seen(self.clock(), operation, method, parts.path, parts.query, headers, behaviour.name)
        )
        try:
            if not found:
                raise _Wrong(404, "There is nothing here.")
            usual = self._perform(operation, key, fmt, behaviour, parts.query, headers, body)
        except _Wrong as error:
            usual = self._errors(error.status, error.descriptions, fmt)
        except InvalidParameters as error:
            usual = self._errors(400, [str(fault) for fault in error.faults], fmt)
        answer = behaviour.reply(usual) if behaviour.reply else usual
        return _timed(answer, behaviour)

    def reads_body(self, method: str, target: str) -> bool:
        """False where the next such request is to be cut off before its body has been read."""
        found = self._route(method, urlsplit(target).path)
        with self._lock:
            waiting = self._script.get(found[0]) if found else None
            behaviour = waiting[0] if waiting else self._always.get(found[0] if found else "", ACCEPT)
        return behaviour.cut is not Cut.UNREAD

    def _route(self, method: str, path: str) -> tuple[str, str, Format] | None:
        base = self.base.rstrip("/")
        match = _PATH.fullmatch(path[len(base) :]) if path.startswith(base) else None
        if match is None:
            return None
        operation = _OPERATIONS.get((method, match["resource"], match["key"] is not None))
        if operation is None or (operation in ("updates", "post_update") and not self.has_updates):
            return None
        fmt: Format = "json" if match["format"] == "json" else "xml"
        return operation, unquote(match["key"] or ""), fmt

    @staticmethod
    def _format(path: str, headers: Mapping[str, str]) -> Format:
        return "json" if path.endswith(".json") or "json" in headers.get("accept", "") else "xml"

    def _behaviour(self, operation: str) -> Behaviour:
        with self._lock:
            waiting = self._script.get(operation)
            if waiting:
                return waiting.popleft()
            return self.draw(operation) if self.draw else self._always.get(operation, ACCEPT)

    def _perform(
        self,
        operation: str,
        key: str,
        fmt: Format,
        behaviour: Behaviour,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Answer:
        asked = split_query(query)
        form = _form(headers, body) if operation in ("create", "post_update") else Form((), ())
        if operation != "discovery":
            self._check_access(asked, form, headers)
        writer = WRITERS[fmt]
        if operation == "create":
            return self._ok(fmt, self._create(form, headers, behaviour, fmt), status=201)
        if operation == "post_update":
            stored = self._post_update(form, behaviour)
            return self._ok(fmt, writer.write_update_accepted(stored, self.dialect), status=201)
        if operation == "token":
            return self._ok(fmt, writer.write_accepted(self._token(key), self.dialect))
        return self._ok(fmt, self._read(operation, key, asked, fmt))

    def _read(self, operation: str, key: str, asked: list[tuple[str, str]], fmt: Format) -> bytes:
        writer, dialect = WRITERS[fmt], self.dialect
        if operation == "discovery":
            return writer.write_discovery(self.discovery, dialect)
        if operation == "services":
            return writer.write_services(self.services.values(), dialect)
        if operation == "definition":
            definition = self.definitions.get(key)
            if definition is None and key not in self.services:
                raise _Wrong(404, f"There is no service {key}.")
            return writer.write_definition(definition or ServiceDefinition(service_code=key), dialect)
        if operation == "updates":
            return writer.write_updates(within(self.ledger.updates(), asked), dialect)
        if operation == "request":
            entry = self.ledger.entry(key)
            if entry is None:
                raise _Wrong(404, f"There is no request {key}.")
            return writer.write_requests([as_request(entry, self.services)], dialect)
        search = RequestSearch.parse(asked, zone=UTC, limit=_MOST_ROWS, digit_ids=False)
        rows = [as_request(entry, self.services) for entry in self.ledger.entries()]
        return writer.write_requests(found_by(search, rows)[:_MOST_ROWS], dialect)

    def _check_access(self, asked: list[tuple[str, str]], form: Form, headers: Mapping[str, str]) -> None:
        given = [*asked, *form.fields]
        if self.jurisdiction_id and ("jurisdiction_id", self.jurisdiction_id) not in given:
            raise _Wrong(404, "jurisdiction_id is not one of ours.")
        if self.key and form.fields:
            bearer = headers.get("authorization", "").removeprefix("Bearer ").strip()
            if ("api_key", self.key) not in form.fields and bearer != self.key:
                raise _Wrong(403, "Invalid api_key received.")

    # --- writing

    def _create(self, form: Form, headers: Mapping[str, str], behaviour: Behaviour, fmt: Format) -> bytes:
        new = read_new_request(form.fields, form.uploads)
        if self.services and new.service_code not in self.services:
            raise _Wrong(404, f"service_code: There is no service {new.service_code}.")
        definition = self.definitions.get(new.service_code)
        faults = tuple(attribute_faults(new.attributes, definition)) if definition else ()
        if faults:
            raise InvalidParameters(faults)
        if not behaviour.stores:
            return b""
        entry = self.ledger.store(
            new,
            form.fields,
            headers,
            late=behaviour.late,
            key=headers.get("idempotency-key") if self.honours_keys else None,
            on_new=self.on_stored,
        )
        return self._receipt(entry, behaviour, fmt)

    def _receipt(self, entry: Entry, behaviour: Behaviour, fmt: Format) -> bytes:
        writer = WRITERS[fmt]
        if behaviour.token:
            token = self.ledger.give_token(entry, polls=behaviour.polls, forgotten=behaviour.forgets_token)
            return writer.write_accepted(Accepted(token=token), self.dialect)
        if behaviour.remote_id == "twice":
            other = as_request(self.ledger.previous(entry), self.services)
            return writer.write_requests([as_request(entry, self.services), other], self.dialect)
        number = {"empty": "", "previous": self.ledger.previous(entry).service_request_id}.get(
            behaviour.remote_id, entry.service_request_id
        )
        return writer.write_accepted(Accepted(service_request_id=number), self.dialect)

    def _post_update(self, form: Form, behaviour: Behaviour) -> UpdateAccepted:
        update = read_update(form.fields, form.uploads)
        if self.ledger.entry(update.service_request_id or "") is None:
            raise _Wrong(404, f"service_request_id: There is no request {update.service_request_id}.")
        if not behaviour.stores:
            return UpdateAccepted(update_id="")
        return UpdateAccepted(update_id=self.ledger.post(update, form.fields).remote_id)

    def _token(self, token: str) -> Accepted:
        known, number = self.ledger.poll(token)
        if not known:
            raise _Wrong(404, f"There is no token {token}.")
        return Accepted(service_request_id=number, token=token)

    # --- answers

    def _ok(self, fmt: Format, body: bytes, *, status: int = 200) -> Answer:
        return Answer(status, body, content_type(fmt, self.dialect))

    def _errors(self, status: int, descriptions: Iterable[str], fmt: Format) -> Answer:
        errors = [Error(code=str(status), description=text) for text in descriptions]
        return Answer(status, WRITERS[fmt].write_errors(errors), content_type(fmt, self.dialect))


def _known(operation: str) -> str:
    if operation not in OPERATIONS:
        raise ValueError(f"{operation!r} is none of {', '.join(OPERATIONS)}")
    return operation


def _form(headers: Mapping[str, str], body: bytes) -> Form:
    try:
        return read_form(headers.get("content-type", ""), body)
    except Unreadable as error:
        raise InvalidParameters((Fault("body", str(error)),)) from error


def _timed(answer: Answer, behaviour: Behaviour) -> Answer:
    cut = behaviour.cut if answer.cut is Cut.NOT else answer.cut
    return replace(answer, wait=behaviour.wait or answer.wait, pace=behaviour.pace or answer.pace, cut=cut)
