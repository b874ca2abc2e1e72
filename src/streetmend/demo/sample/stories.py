"""A year of reports as plain values: drawn from a seed and a moment, the same from the same. Nothing is written here."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from streetmend.demo.sample.life import Event, Sent, Teller, live
from streetmend.demo.sample.texts import Problem, Texts
from streetmend.demo.town import Place, Town
from streetmend.reports.states import State

SEED = 311
_YEAR = timedelta(days=365)
_LAST_MONTHS = timedelta(days=90)
#: the newest report of the sample is so old: whatever is younger was made by somebody
_NEWEST = timedelta(minutes=35)

#: who handles a category at a place: the ids of the bodies, and whether each is reached by Open311
Handlers = Sequence[tuple[int, bool]]


@dataclass(frozen=True, slots=True)
class Story:
    """One report and all that became of it. Times: UTC."""

    problem: Problem
    place: Place
    title: str
    detail: str
    teller: Teller | None
    show_name: bool
    source: str
    has_photo: bool
    requested_at: datetime
    sent: tuple[Sent, ...]
    events: tuple[Event, ...] = field(default=())

    @property
    def state(self) -> State:
        """Where the events left it."""
        return next((event.state for event in reversed(self.events) if event.state), State.OPEN)

    @property
    def updated_at(self) -> datetime:
        """When anything of it last changed."""
        moments = [self.requested_at, *(event.at for event in self.events), *(one.at for one in self.sent)]
        return max(moments)


def draw(
    *,
    count: int,
    now: datetime,
    town: Town,
    texts: Texts,
    handlers: Callable[[Place, str], Handlers],
    seed: int = SEED,
) -> list[Story]:
    """`count` stories, the oldest first, all of them at rest at `now`. `handlers` says who handles a category at a place."""
    rng = random.Random(seed)
    tellers = [_teller(rng, texts, number) for number in range(max(count // 3, 12))]
    moments = sorted(_moment(rng, now) for _ in range(count))
    return [_story(rng, moment, now, town, texts, handlers, tellers) for moment in moments]


def _moment(rng: random.Random, now: datetime) -> datetime:
    """Nearly half of all in the last 90 days, by day rather than by night, in whole seconds."""
    span = _LAST_MONTHS if rng.random() < 0.42 else _YEAR
    while True:
        moment = (now - _NEWEST - rng.random() * (span - _NEWEST)).replace(microsecond=0)
        if 5 <= moment.hour <= 21 or rng.random() < 0.08:
            return moment


def _teller(rng: random.Random, texts: Texts, number: int) -> Teller:
    first, last = texts.name(rng)
    plain = f"{first}.{last}".lower().translate(str.maketrans("øåæ", "oaa"))
    return Teller(f"{first} {last}", f"{plain}.{number + 1}@example.org", f"9{rng.randrange(10**7):07}")


def _story(
    rng: random.Random,
    moment: datetime,
    now: datetime,
    town: Town,
    texts: Texts,
    handlers: Callable[[Place, str], Handlers],
    tellers: Sequence[Teller],
) -> Story:
    problem, place, handling = _where(rng, moment.month, town, texts, handlers)
    named = {"street": place.street, "address": place.address}
    detail = problem.detail.format_map(named)
    if rng.random() < 0.3:
        detail += " " + texts.addition(rng, problem.language)
    teller = rng.choice(tellers) if rng.random() < 0.85 else None
    sent, events = live(
        rng, texts, requested_at=moment, now=now, handling=handling, teller=teller, language=problem.language
    )
    return Story(
        problem=problem,
        place=place,
        title=problem.title.format_map(named),
        detail=detail,
        teller=teller,
        show_name=teller is not None and rng.random() < 0.45,
        source="Web interface" if teller is not None or rng.random() < 0.2 else "iPhone",
        has_photo=bool(problem.photo) and rng.random() < 0.75,
        requested_at=moment,
        sent=sent,
        events=events,
    )


def _where(
    rng: random.Random,
    month: int,
    town: Town,
    texts: Texts,
    handlers: Callable[[Place, str], Handlers],
) -> tuple[Problem, Place, Handlers]:
    """A problem at a place where somebody handles it."""
    while True:
        kind, problem = texts.problem(rng, month)
        place = town.place(rng, kind.near)
        handling = handlers(place, kind.category)
        if handling:
            return problem, place, handling


def answers_of(story: Story, asked: Mapping[str, str]) -> list[dict[str, object]]:
    """The story's answers to the questions that are `asked` (code -> datatype), as a report keeps them.

    The data file tells a moment in days from the report, such as -20.
    """
    given = story.problem.answers
    answers: list[dict[str, object]] = []
    for code, datatype in asked.items():
        values = list(given.get(code, ()))
        if datatype == "datetime":
            moments = (story.requested_at + timedelta(days=int(value)) for value in values)
            values = [moment.replace(second=0).isoformat() for moment in moments]
        if values:
            answers.append({"code": code, "values": values})
    return answers
