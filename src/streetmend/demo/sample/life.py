"""What becomes of a report in the sample: who got it when, what was said, and how it stands at rest."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from streetmend.demo.sample.texts import Texts
from streetmend.reports.states import Actor, DeliveryState, State

_AFTER = timedelta(minutes=2)
#: how a body's handling ends, by how often
_ENDS = {
    State.FIXED: 66,
    State.NO_ACTION: 9,
    State.NOT_RESPONSIBLE: 7,
    State.DUPLICATE: 5,
    State.REFERRED: 5,
    State.CLOSED: 8,
}
_STEPS = (State.INVESTIGATING, State.PLANNED, State.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Teller:
    """Somebody who tells of problems."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of sending the report to one body; `at` is the end of the one try."""

    body_id: int
    state: DeliveryState
    at: datetime
    seconds: float
    why: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the body has it."""
        return self.state in (DeliveryState.ACCEPTED, DeliveryState.BY_EMAIL)


@dataclass(frozen=True, slots=True)
class Event:
    """An update, and the state that it moved the report to, if any."""

    at: datetime
    actor: Actor
    text: str
    state: State | None = None
    body_id: int | None = None
    teller: Teller | None = None


def live(
    rng: random.Random,
    texts: Texts,
    *,
    requested_at: datetime,
    now: datetime,
    handling: Sequence[tuple[int, bool]],
    teller: Teller | None,
    language: str,
) -> tuple[tuple[Sent, ...], tuple[Event, ...]]:
    """How the report was sent and what was said since; nothing of it is still under way at `now`."""
    sent = tuple(_send(rng, texts, requested_at, body_id, open311) for body_id, open311 in handling)
    events: list[Event] = []
    last = max(one.at for one in sent)
    language = language if language in texts.replies["resident"] else "nb"
    speaking = [one for one in sent if one.arrived]
    if speaking:
        speaker = rng.choice(speaking)
        by_open311 = speaker.state is DeliveryState.ACCEPTED
        events = _handled(
            rng, texts, last, now, speaker.body_id, by_open311=by_open311, nynorsk=language == "nn"
        )
    events += _residents(rng, texts, events, last, now, teller, language)
    events.sort(key=lambda event: event.at)
    return sent, tuple(event for event in events if event.at < now - _AFTER)


def _send(rng: random.Random, texts: Texts, requested_at: datetime, body_id: int, open311: bool) -> Sent:
    seconds = round(rng.uniform(0.1, 2.5), 3)
    at = requested_at + timedelta(seconds=rng.randint(1, 90) + seconds)
    if not open311:
        return Sent(body_id, DeliveryState.BY_EMAIL, at, seconds)
    chance = rng.random()
    if chance < 0.045:
        return Sent(
            body_id, DeliveryState.REFUSED, at, seconds, rng.choice(texts.replies["refused"]["reasons"])
        )
    if chance < 0.055:
        return Sent(body_id, DeliveryState.HELD, at, seconds, texts.replies["refused"]["held"])
    return Sent(body_id, DeliveryState.ACCEPTED, at, seconds)


def _handled(
    rng: random.Random,
    texts: Texts,
    start: datetime,
    now: datetime,
    body_id: int,
    *,
    by_open311: bool,
    nynorsk: bool,
) -> list[Event]:
    """What the body said: some steps, and an end if there was time for one. Bodies without Open311 speak through staff."""
    actor = Actor.BODY if by_open311 else Actor.STAFF
    end = rng.choices(list(_ENDS), list(_ENDS.values()))[0]
    steps = [step for step in _STEPS if rng.random() < 0.4]
    #: how long it takes is told by the kind of end: what is turned down is turned down soon
    days = rng.expovariate(1 / (16 if end is State.FIXED else 7)) + 0.1
    forgotten = rng.random() < 0.2
    moments = sorted(rng.random() for _ in steps)
    said = [
        Event(
            start + timedelta(days=days * share),
            actor,
            texts.body_says(rng, step, nynorsk=nynorsk),
            step,
            body_id,
        )
        for step, share in zip(steps, moments, strict=True)
    ]
    if not forgotten:
        words = texts.body_says(rng, end, nynorsk=nynorsk)
        said.append(Event(start + timedelta(days=days, minutes=1), actor, words, end, body_id))
    return _in_working_hours(rng, said, after=start)


def _in_working_hours(rng: random.Random, said: Sequence[Event], *, after: datetime) -> list[Event]:
    """The same events in the same order, each on its day between seven and four where the one before lets it."""
    moved: list[Event] = []
    for event in said:
        hour = event.at.replace(hour=rng.randint(6, 14), minute=rng.randrange(60), second=rng.randrange(60))
        at = max(hour, after + timedelta(minutes=rng.randint(3, 50))).replace(microsecond=0)
        moved.append(replace(event, at=at))
        after = at
    return moved


def _residents(
    rng: random.Random,
    texts: Texts,
    said: Sequence[Event],
    start: datetime,
    now: datetime,
    teller: Teller | None,
    language: str,
) -> list[Event]:
    """Comments of neighbours while it is open, and now and then a reporter who sees it fixed, or open again."""
    closed = next((event for event in said if event.state in _ENDS), None)
    until = min(closed.at if closed else now, now)
    events = []
    heard: set[str] = set()
    for _ in range(rng.choices((0, 1, 2, 3), (70, 19, 8, 3))[0]):
        at = start + rng.random() * max(until - start, timedelta())
        words = texts.resident_says(rng, "comment", language)
        if words in heard:
            continue
        heard.add(words)
        events.append(Event(at.replace(microsecond=0) + timedelta(seconds=1), Actor.RESIDENT, words))
    if closed is None and now - start > timedelta(days=20) and rng.random() < 0.35:
        at = start + rng.uniform(0.5, 0.95) * (now - start)
        after = max((event.at for event in said), default=start)
        words = texts.resident_says(rng, "fixed", language)
        events.append(_seen(max(at, after + _AFTER), words, State.FIXED, teller))
    elif closed is not None and closed.state is State.FIXED and rng.random() < 0.05:
        at = closed.at + timedelta(days=rng.uniform(0.5, 9))
        words = texts.resident_says(rng, "open", language)
        events.append(_seen(at, words, State.OPEN, teller))
    return events


def _seen(at: datetime, words: str, state: State, teller: Teller | None) -> Event:
    """What the reporter (or somebody else, where that one is unknown) saw when passing by."""
    actor = Actor.REPORTER if teller else Actor.RESIDENT
    return Event(at.replace(microsecond=0), actor, words, state, teller=teller)
