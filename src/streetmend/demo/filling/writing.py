"""`fill`: so many reports more on this site, with their deliveries and updates, in bulk.

The services take in one report in some fifty statements, which would take a day for a million. So the rows are made here as the
services would have left them, and a test compares their kept columns with what the services compute.
"""

from __future__ import annotations

import json
import os
import random
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import transaction

from streetmend.accounts.models import Person
from streetmend.bodies.queries import body_names, site
from streetmend.demo.files import DATA
from streetmend.demo.filling.drawing import Drawer, Drawn, Fate, Word
from streetmend.demo.filling.places import MOST_PLACES, Places
from streetmend.demo.filling.tables import Table, finish
from streetmend.demo.sample.texts import Texts
from streetmend.photos.store import StoredPhoto, path_of, store
from streetmend.reports.models import Attempt, Delivery, Photo, Report, Update
from streetmend.reports.services.cells import fold_changes
from streetmend.reports.services.kept import words_of
from streetmend.reports.services.outcomes import OutcomeClass
from streetmend.reports.services.settling import nothing_settled, settled_as_they_stand
from streetmend.reports.states import CLOSED_STATES, Actor, DeliveryState

#: reports of one transaction: another writer waits no longer than these take
AT_ONCE = 5_000
#: so many reports get a photo at most; the files are further names of a few, so they take no room
MOST_PHOTOS = 20_000
_NAMES_OF_ONE = 10_000
_SIZE = (1024, 768)
_FOLDED_AT_ONCE = 100_000
_DAY = 86_400
_YEARLY = 100_000
_WORKER = "fill"
_ENDED: dict[DeliveryState, tuple[OutcomeClass, int | None]] = {
    DeliveryState.ACCEPTED: (OutcomeClass.ACCEPTED, 201),
    DeliveryState.BY_EMAIL: (OutcomeClass.MAILED, None),
    DeliveryState.REFUSED: (OutcomeClass.REFUSED, 400),
}
_PROOFS = {DeliveryState.ACCEPTED: "answer", DeliveryState.BY_EMAIL: "mail server"}

_REPORT = (
    "id", "lat", "long", "title", "detail", "category_name_id", "address", "reporter_id", "name", "show_name", "email",
    "language", "source", "state", "private", "status_notes", "created_at", "requested_at", "updated_at", "sent_at", "asked_at",
    "visible", "closed", "has_photo", "comment_count", "photo_names", "recipient_ids",
    "settled", "area_ids", "words",
)  # fmt: skip
_DELIVERY = (
    "id", "report_id", "body_id", "endpoint_id", "state", "why", "attempts", "remote_id", "proof", "mark",
    "first_sent_at", "accepted_at", "created_at", "requested_at", "visible", "closed", "category_name_id",
)  # fmt: skip
_ATTEMPT = (
    "delivery_id", "endpoint_id", "n", "worker", "started_at", "ended_at", "outcome", "http_status", "explanation",
)  # fmt: skip
_UPDATE = (
    "report_id", "actor", "body_id", "name", "show_name", "text", "state", "told_state", "at", "received_at", "source",
)  # fmt: skip
_PHOTO = ("report_id", "name", "width", "height", "sha256", "alt", "created_at")
_PERSON = ("id", "email", "name", "language", "password", "verified_at", "created_at")


def fill(*, count: int, seed: int, now: datetime, progress: Callable[[int, int], None]) -> None:
    """There are `count` more reports at rest, spread over the past: a year for each 100,000, at least one and at most ten.

    They are on the site's own areas and categories, and the same for the same seed, moment and site; the oldest come first, a few
    thousand in one transaction. `now`: UTC; `progress` is told how far it has come. Raises NothingToReport.
    """
    rng = random.Random(seed)
    texts = Texts.load()
    places = Places(rng, texts, count=min(count, MOST_PLACES))
    drawer = Drawer(rng, places.spots, texts, now=int(now.timestamp()), language=site().first_language)
    writer = _Writer(rng, texts, now)
    writer.write_people(max(12, count // 8))
    moments, done = _moments(rng, count, now), 0
    while done < count:
        drawn = [drawer.draw(next(moments)) for _ in range(min(AT_ONCE, count - done))]
        writer.write(drawn)
        done += len(drawn)
        progress(done, count)
    writer.finish()


def _moments(rng: random.Random, count: int, now: datetime) -> Iterator[int]:
    """Moments in seconds since 1970, the oldest first, more by day than by night."""
    years = min(max(count / _YEARLY, 1), 10)
    span = timedelta(days=365 * years).total_seconds() - 3_600
    start = now.timestamp() - span - 3_600
    latest = start
    for number in range(count):
        moment = start + span * (number + rng.random()) / count
        hour = int(moment) % _DAY // 3_600
        if not 5 <= hour <= 20 and rng.random() < 0.85:
            # told in the morning instead; the order of the numbers stays that of the moments
            moment = max(latest, min(moment + rng.random() * 60, start + span))
        latest = max(latest, moment)
        yield int(latest)


def _text(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat(sep=" ")


class _Writer:
    def __init__(self, rng: random.Random, texts: Texts, now: datetime) -> None:
        self._rng, self._texts, self._now = rng, texts, now
        self._language = site().first_language
        self._bodies = body_names()
        self._people: list[tuple[int, str, str]] = []
        self._photos = _Photos(texts)
        self._person, self._report = Table(Person, _PERSON), Table(Report, _REPORT)
        self._delivery, self._attempt = Table(Delivery, _DELIVERY), Table(Attempt, _ATTEMPT)
        self._update, self._photo = Table(Update, _UPDATE), Table(Photo, _PHOTO)
        #: nobody was told of changes yet: the reports are in their order as they stand
        self._first = nothing_settled()
        self._next_report, self._next_delivery = self._report.next_id(), self._delivery.next_id()

    def write_people(self, count: int) -> None:
        """There are so many people more, who told of the reports."""
        at = _text(int(self._now.timestamp()) - 3_650 * _DAY)
        for number in range(self._person.next_id(), self._person.next_id() + count):
            first, last = self._texts.name(self._rng)
            plain = f"{first}.{last}".lower().translate(str.maketrans("øåæ", "oaa"))
            name, email = f"{first} {last}", f"{plain}.f{number}@example.org"
            self._people.append((number, name, email))
            self._person.add(number, email, name, self._language, "!", at, at)
        with transaction.atomic():
            self._person.write()

    def write(self, drawn: list[Drawn]) -> None:
        """These reports are there with all that belongs to them, or none of them is."""
        for one in drawn:
            self._add(one)
        with transaction.atomic():
            for table in (self._report, self._delivery, self._attempt, self._update, self._photo):
                table.write()
        fold_changes(most=_FOLDED_AT_ONCE)

    def finish(self) -> None:
        """What is written later gets numbers of its own."""
        if self._first:
            settled_as_they_stand()
        finish([self._person, self._report, self._delivery, self._attempt, self._update, self._photo])

    def _add(self, one: Drawn) -> None:
        number, self._next_report = self._next_report, self._next_report + 1
        visible, closed = int(not one.offer.private), int(one.state in CLOSED_STATES)
        requested = _text(one.at)
        photo = self._photos.take(one.problem.photo) if one.has_photo else None
        notes = [word.text for word in one.words if word.actor is Actor.BODY]
        arrived = [fate.at for fate in one.fates if fate.arrived]
        known = self._rng.random() < 0.85
        person, name, email = self._rng.choice(self._people) if known else (None, "", "")
        self._report.add(
            number, one.lat, one.long, one.title, one.detail, one.offer.name_id, one.spot.address, person, name,
            int(known and one.show_name), email, one.problem.language, one.source, one.state.value,
            int(one.offer.private), notes[-1] if notes else "", requested, requested, _text(one.updated_at),
            _text(min(arrived)) if arrived else None, requested, visible, closed, int(photo is not None), len(one.words),
            json.dumps([photo.name] if photo else []), json.dumps([fate.body_id for fate in one.fates]),
            int(self._first), json.dumps(one.spot.area_ids), words_of(one.title, one.detail, one.spot.address),
        )  # fmt: skip
        for fate in one.fates:
            self._add_delivery(number, one, fate, visible, closed)
        for word in one.words:
            self._add_update(number, word)
        if photo:
            self._photo.add(number, photo.name, *_SIZE, photo.sha256, photo.alt, requested)

    def _add_delivery(self, report: int, one: Drawn, fate: Fate, visible: int, closed: int) -> None:
        number, self._next_delivery = self._next_delivery, self._next_delivery + 1
        outcome, status = _ENDED[fate.state]
        requested, at = _text(one.at), _text(fate.at)
        remote_id = f"F{fate.body_id}-{report}" if fate.state is DeliveryState.ACCEPTED else ""
        mark = uuid.uuid4().hex
        self._delivery.add(
            number, report, fate.body_id, fate.endpoint_id, fate.state.value, fate.why, 1, remote_id,
            _PROOFS.get(fate.state, ""), mark, at, at if fate.arrived else None, requested, requested, visible,
            closed, one.offer.name_id,
        )  # fmt: skip
        self._attempt.add(number, fate.endpoint_id, 1, _WORKER, at, at, outcome.value, status, fate.why)

    def _add_update(self, report: int, word: Word) -> None:
        name = self._bodies[word.body_id] if word.body_id else ""
        state, at = word.state.value if word.state else "", _text(word.at)
        source = "Open311" if word.actor is Actor.BODY else "Web interface"
        self._update.add(
            report, word.actor.value, word.body_id, name, int(bool(name)), word.text, state, state, at, at, source
        )  # fmt: skip


class _Photos:
    """Photos for many reports: a few files under many names, so that they take no room."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._drawn = {path.stem: path for path in sorted((DATA / "photos").glob("*.jpg"))}
        self._stored: dict[str, tuple[StoredPhoto, int]] = {}
        self._left = MOST_PHOTOS

    def take(self, drawn: str) -> StoredPhoto | None:
        """The photo under a name of its own; None where there is none of it, or where there were enough."""
        path = self._drawn.get(drawn)
        if path is None or not self._left:
            return None
        self._left -= 1
        first, names = self._stored.get(drawn, (None, _NAMES_OF_ONE))
        if first is None or names >= _NAMES_OF_ONE:
            first = store(path.read_bytes(), width=_SIZE[0], height=_SIZE[1], alt=self._texts.alt(drawn))
            self._stored[drawn] = first, 1
            return first
        self._stored[drawn] = first, names + 1
        name = f"{uuid.uuid4().hex}.jpg"
        target = Path(default_storage.path(path_of(name)))
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(default_storage.path(path_of(first.name)), target)
        return StoredPhoto(name, first.width, first.height, first.sha256, first.alt)
