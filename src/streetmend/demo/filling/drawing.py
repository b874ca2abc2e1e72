"""What one report of many is: words, place, times and what became of it, as plain values. Nothing is written here."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streetmend.demo.filling.places import STEPS, Offer, Spot
from streetmend.demo.sample.texts import Problem, Texts
from streetmend.reports.states import Actor, DeliveryState, State

_DAY = 86_400
_ENDS = (
    State.FIXED,
    State.NO_ACTION,
    State.NOT_RESPONSIBLE,
    State.DUPLICATE,
    State.REFERRED,
    State.CLOSED,
)
_END_WEIGHTS = (66, 75, 82, 87, 92, 100)
_STEPS = (State.INVESTIGATING, State.PLANNED, State.IN_PROGRESS)
#: what people tell where the demo has no words for a category, by language
_PLAIN: Mapping[str, Sequence[tuple[str, str]]] = {
    "nb": (
        ("{category}", "Det har vært slik en stund. Kan noen se på det?"),
        ("{category}: farlig", "Flere har nesten skadet seg her. Det haster."),
        ("{category} igjen", "Dette ble ordnet i fjor, men nå er det like ille."),
    ),
    "nn": (
        ("{category}", "Det har vore slik ei stund. Kan nokon sjå på det?"),
        ("{category}: farleg", "Fleire har nesten skadd seg her. Det hastar."),
    ),
    "en": (
        ("{category}", "It has been like this for a while. Can somebody have a look?"),
        ("{category}: dangerous", "Several people nearly got hurt here."),
        ("{category}, again", "This was put right last year, and now it is as bad as before."),
    ),
}


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of sending to one body. `at`: seconds since 1970, UTC."""

    body_id: int
    endpoint_id: int | None
    state: DeliveryState
    at: int
    why: str

    @property
    def arrived(self) -> bool:
        """Whether the body has it."""
        return self.state in (DeliveryState.ACCEPTED, DeliveryState.BY_EMAIL)


@dataclass(frozen=True, slots=True)
class Word:
    """Something that was said later. `at`: seconds since 1970, UTC."""

    at: int
    actor: Actor
    text: str
    state: State | None = None
    body_id: int | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """One report with its history. `at`: seconds since 1970, UTC."""

    at: int
    spot: Spot
    lat: float
    long: float
    offer: Offer
    problem: Problem
    title: str
    detail: str
    source: str
    show_name: bool
    has_photo: bool
    fates: tuple[Fate, ...]
    words: tuple[Word, ...]

    @property
    def state(self) -> State:
        """Where the words left it."""
        return next((word.state for word in reversed(self.words) if word.state), State.OPEN)

    @property
    def updated_at(self) -> int:
        """When anything of it last changed, in seconds since 1970."""
        return max(self.at, *(fate.at for fate in self.fates), *(word.at for word in self.words), self.at)


class Drawer:
    """Draws reports, the same ones from the same seed."""

    def __init__(
        self, rng: random.Random, spots: Sequence[Spot], texts: Texts, *, now: int, language: str
    ) -> None:
        self._rng, self._spots, self._texts, self._now = rng, spots, texts, now
        self._problems = {kind.category: kind.problems for kind in texts.kinds}
        self._language = language if language in _PLAIN else "en"
        self._replies = "nn" if language == "nn" else "nb"

    def draw(self, at: int) -> Drawn:
        """A report that became public at this moment (seconds since 1970, UTC), at rest now."""
        rng = self._rng
        spot = rng.choice(self._spots)
        offer = spot.offers.draw(rng)
        problem = rng.choice(self._problems.get(offer.name) or self._plain(offer.name))
        names = {"street": spot.street or offer.name, "address": spot.address or offer.name}
        detail = problem.detail.format_map(names)
        if rng.random() < 0.3:
            detail += " " + self._texts.addition(rng, problem.language)
        fates = tuple(self._fate(at, one.body_id, one.endpoint_id) for one in offer.recipients)
        return Drawn(
            at=at,
            spot=spot,
            lat=round(spot.lat + rng.uniform(-STEPS, STEPS), 6),
            long=round(spot.long + rng.uniform(-STEPS, STEPS), 6),
            offer=offer,
            problem=problem,
            title=problem.title.format_map(names)[:200],
            detail=detail,
            source="Web interface" if rng.random() < 0.8 else "iPhone",
            show_name=rng.random() < 0.4,
            has_photo=rng.random() < 0.25,
            fates=fates,
            words=self._words(at, fates, problem.language),
        )

    def _plain(self, category: str) -> Sequence[Problem]:
        found = tuple(
            Problem(category, self._language, title.format(category=category), detail, "", {}, ())
            for title, detail in _PLAIN[self._language]
        )
        self._problems[category] = found
        return found

    def _fate(self, at: int, body_id: int, endpoint_id: int | None) -> Fate:
        rng = self._rng
        at = min(at + rng.randint(1, 90), self._now)
        if endpoint_id is None:
            return Fate(body_id, None, DeliveryState.BY_EMAIL, at, "It was mailed.")
        if rng.random() < 0.02:
            reason = rng.choice(self._texts.replies["refused"]["reasons"])
            return Fate(body_id, endpoint_id, DeliveryState.REFUSED, at, reason)
        return Fate(body_id, endpoint_id, DeliveryState.ACCEPTED, at, "The endpoint accepted it.")

    def _words(self, at: int, fates: Sequence[Fate], language: str) -> tuple[Word, ...]:
        rng = self._rng
        start = max((fate.at for fate in fates), default=at) + 60
        end = start + int(rng.expovariate(1 / (16 * _DAY))) + 3_600
        words = []
        speaker = next((fate for fate in fates if fate.arrived), None)
        if speaker is not None and rng.random() < 0.9:
            actor = Actor.STAFF if speaker.endpoint_id is None else Actor.BODY
            if rng.random() < 0.35:
                step = rng.choice(_STEPS)
                text = self._texts.body_says(rng, step, nynorsk=self._replies == "nn")
                words.append(Word(rng.randint(start, end - 1), actor, text, step, speaker.body_id))
            last = rng.choices(_ENDS, cum_weights=_END_WEIGHTS)[0]
            text = self._texts.body_says(rng, last, nynorsk=self._replies == "nn")
            words.append(Word(end, actor, text, last, speaker.body_id))
        if rng.random() < 0.25:
            spoken = language if language in self._texts.replies["resident"] else "nb"
            text = self._texts.resident_says(rng, "comment", spoken)
            words.append(Word(rng.randint(start, end), Actor.RESIDENT, text))
        words.sort(key=lambda word: word.at)
        return tuple(word for word in words if word.at <= self._now)
