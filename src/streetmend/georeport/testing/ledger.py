"""What a pretend endpoint has received and stored: the other side's truth, to compare with ours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import RLock

from streetmend.georeport.types import Json, NewRequest, RequestUpdate, Upload


@dataclass(frozen=True, slots=True)
class Seen:
    """One HTTP request as it arrived, whatever became of it."""

    at: datetime
    operation: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    behaviour: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored request as it stands now. ``visible_from`` lies in the future for what is stored late."""

    service_request_id: str
    new: NewRequest
    fields: tuple[tuple[str, str], ...]
    uploads: tuple[Upload, ...]
    headers: Mapping[str, str]
    received_at: datetime
    visible_from: datetime
    updated_at: datetime
    status: str = "open"
    status_notes: str | None = None
    token: str | None = None
    others: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class PostedUpdate:
    """An update that a client posted."""

    remote_id: str
    update: RequestUpdate
    fields: tuple[tuple[str, str], ...]
    received_at: datetime


@dataclass(slots=True)
class Token:
    """A receipt: how many polls are still without an id (None: all), and whether it has been forgotten."""

    service_request_id: str
    polls_left: int | None
    forgotten: bool


class Ledger:
    """Thread-safe; everything it gives out is frozen.

    Times come from ``clock`` (aware), so a test may let days pass. ``number`` makes the id of the n-th request.
    """

    def __init__(self, clock: Callable[[], datetime], number: Callable[[int], str]) -> None:
        self._clock = clock
        self._number = number
        self._lock = RLock()
        self._entries: dict[str, Entry] = {}
        self._by_key: dict[str, str] = {}
        self._tokens: dict[str, Token] = {}
        self._updates: list[RequestUpdate] = []
        self._posted: dict[str, PostedUpdate] = {}
        self._seen: list[Seen] = []
        self._count = self._update_count = 0

    def note(self, seen: Seen) -> None:
        """The HTTP request is in ``seen`` from now on."""
        with self._lock:
            self._seen.append(seen)

    def seen(self, operation: str | None = None) -> tuple[Seen, ...]:
        """Every HTTP request so far, or those of one operation, in order of arrival."""
        with self._lock:
            return tuple(one for one in self._seen if operation in (None, one.operation))

    def store(
        self,
        new: NewRequest,
        fields: tuple[tuple[str, str], ...],
        headers: Mapping[str, str],
        *,
        late: timedelta = timedelta(),
        key: str | None = None,
        on_new: Callable[[Entry], None] | None = None,
    ) -> Entry:
        """The request is stored and has an id; with a ``key`` that was seen before it is the same one again.

        ``on_new`` is called with a request that was not stored before, ``late`` or not.
        """
        with self._lock:
            known = self._by_key.get(key) if key is not None else None
            entry = self._entries[known] if known else self._new(new, fields, headers, late, key)
        if on_new is not None and not known:
            on_new(entry)
        return entry

    def _new(
        self,
        new: NewRequest,
        fields: tuple[tuple[str, str], ...],
        headers: Mapping[str, str],
        late: timedelta,
        key: str | None,
    ) -> Entry:
        self._count += 1
        now = self._clock()
        entry = Entry(
            service_request_id=self._number(self._count),
            new=new,
            fields=fields,
            uploads=new.uploads,
            headers=dict(headers),
            received_at=now,
            visible_from=now + late,
            updated_at=now + late,
        )
        self._entries[entry.service_request_id] = entry
        if key is not None:
            self._by_key[key] = entry.service_request_id
        return entry

    def entries(self) -> tuple[Entry, ...]:
        """All requests that are stored by now, oldest first."""
        with self._lock:
            now = self._clock()
            return tuple(entry for entry in self._entries.values() if entry.visible_from <= now)

    def entry(self, service_request_id: str) -> Entry | None:
        """One request, if it is stored by now."""
        with self._lock:
            entry = self._entries.get(service_request_id)
            return entry if entry and entry.visible_from <= self._clock() else None

    def previous(self, than: Entry) -> Entry:
        """The request stored before ``than``, or itself where there is none."""
        with self._lock:
            ids = list(self._entries)
            place = ids.index(than.service_request_id)
            return self._entries[ids[max(place - 1, 0)]]

    def forget(self, service_request_id: str) -> None:
        """The request is gone, as if a clerk had deleted it. Raises KeyError."""
        with self._lock:
            del self._entries[service_request_id]

    def give_token(self, entry: Entry, *, polls: int | None, forgotten: bool) -> str:
        """The request has a token from now on."""
        with self._lock:
            token = f"token-{entry.service_request_id}"
            self._tokens[token] = Token(entry.service_request_id, polls, forgotten)
            self._entries[entry.service_request_id] = replace(entry, token=token)
            return token

    def poll(self, token: str) -> tuple[bool, str | None]:
        """Is the token known, and the id that belongs to it by now."""
        with self._lock:
            found = self._tokens.get(token)
            if found is None or found.forgotten:
                return False, None
            if found.polls_left is None:
                return True, None
            if found.polls_left > 0:
                found.polls_left -= 1
                return True, None
            return True, found.service_request_id

    def change(
        self, service_request_id: str, *, status: str, notes: str | None = None, at: datetime | None = None
    ) -> Entry:
        """The request has another status (``open`` or ``closed``) and notes. Raises KeyError."""
        with self._lock:
            entry = self._entries[service_request_id]
            changed = replace(
                entry,
                status=status,
                status_notes=notes if notes is not None else entry.status_notes,
                updated_at=at or self._clock(),
            )
            self._entries[service_request_id] = changed
            return changed

    def add_update(self, update: RequestUpdate) -> RequestUpdate:
        """The update is shown to whoever asks; one without an update_id gets the next number."""
        with self._lock:
            self._updates.append(update)
            return update

    def next_update_id(self) -> str:
        """A number that no update has."""
        with self._lock:
            self._update_count += 1
            return f"u{self._update_count}"

    def updates(self) -> tuple[RequestUpdate, ...]:
        """All updates that were added, in order."""
        with self._lock:
            return tuple(self._updates)

    def post(self, update: RequestUpdate, fields: tuple[tuple[str, str], ...]) -> PostedUpdate:
        """The posted update is stored; one that was posted before is the same one again."""
        with self._lock:
            known = self._posted.get(update.update_id)
            if known is None:
                number = f"p{len(self._posted) + 1}"
                known = PostedUpdate(number, update, fields, self._clock())
                self._posted[update.update_id] = known
            return known

    def posted(self) -> tuple[PostedUpdate, ...]:
        """All updates that clients have posted, oldest first."""
        with self._lock:
            return tuple(self._posted.values())
