"""The sample is written in bulk.

The services that take in a report and send it do one report in some fifty statements and would need a worker for every delivery;
three hundred reports with a year of history would take most of the time that a newcomer waits for. So the rows are made here as
the services would have left them, and a test compares their kept columns with what the services compute.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from streetmend.accounts.models import Person
from streetmend.accounts.services import person_with_email
from streetmend.areas.queries import covering
from streetmend.bodies.models import Category, CategoryName, Endpoint, Question, Send
from streetmend.bodies.queries import responsible
from streetmend.demo.administration.journal import Journal, Received, number_of
from streetmend.demo.administration.offices import office_of
from streetmend.demo.files import DATA
from streetmend.demo.sample.life import Event, Sent, Teller
from streetmend.demo.sample.stories import SEED, Story, answers_of, draw
from streetmend.demo.sample.texts import Texts
from streetmend.demo.town import Place, Town
from streetmend.photos.store import StoredPhoto, store
from streetmend.reports.models import Attempt, Delivery, Photo, Report, Update
from streetmend.reports.services.kept import words_of
from streetmend.reports.services.outcomes import OutcomeClass
from streetmend.reports.states import CLOSED_STATES, Actor, DeliveryState

#: photos are drawn 1024 by 768 pixels
_SIZE = (1024, 768)
_WORKER = "sample"
_CONFIRMING = timedelta(minutes=4)
_ENDED: dict[DeliveryState, tuple[OutcomeClass, int | None]] = {
    DeliveryState.ACCEPTED: (OutcomeClass.ACCEPTED, 201),
    DeliveryState.BY_EMAIL: (OutcomeClass.MAILED, None),
    DeliveryState.REFUSED: (OutcomeClass.REFUSED, 400),
    DeliveryState.HELD: (OutcomeClass.UNKNOWN, 502),
}


_PROOFS = {DeliveryState.ACCEPTED: "answer", DeliveryState.BY_EMAIL: "mail server"}


def count_reports() -> int:
    """How many reports there are."""
    return Report.objects.count()


def write_sample(*, count: int, now: datetime, journal: Path, seed: int = SEED) -> None:
    """There are `count` more reports with their history, all public and at rest; the administration knows those it has.

    `now`: UTC. All of them or none are in the database.
    """
    texts, town = Texts.load(), Town()
    stories = draw(count=count, now=now, town=town, texts=texts, handlers=_Handlers(), seed=seed)
    photos = [_photo(story, texts) for story in stories]
    with transaction.atomic():
        writer = _Writer(stories, photos, _Known.load(), random.Random(seed + 1))
        writer.write()
        # before the commit: after a crash in between, the next set-up begins both anew
        Journal(journal).begin_with(writer.received)


class _Handlers:
    """Who handles a category at a place."""

    def __init__(self) -> None:
        self._open311 = frozenset(
            Endpoint.objects.filter(active=True, body__send=Send.OPEN311).values_list("body_id", flat=True)
        )

    def __call__(self, place: Place, category: str) -> list[tuple[int, bool]]:
        here = responsible(place.lat, place.long, category)
        return [(one.body_id, one.body_id in self._open311) for one in here.categories]


def _photo(story: Story, texts: Texts) -> StoredPhoto | None:
    if not story.has_photo:
        return None
    drawn = (DATA / "photos" / f"{story.problem.photo}.jpg").read_bytes()
    return store(drawn, width=_SIZE[0], height=_SIZE[1], alt=texts.alt(story.problem.photo))


@dataclass(slots=True)
class _Known:
    """What the rows refer to."""

    names: Mapping[str, CategoryName]
    body_names: Mapping[int, str]
    #: (body, category name) -> the body's code
    codes: Mapping[tuple[int, str], str]
    endpoints: Mapping[int, Endpoint]
    #: category name -> code of each question -> its datatype
    asked: Mapping[str, dict[str, str]]

    @classmethod
    def load(cls) -> _Known:
        asked: dict[str, dict[str, str]] = {}
        for question in Question.objects.select_related("category__name").order_by("position", "id"):
            asked.setdefault(question.category.name.name, {})[question.code] = question.datatype
        categories = list(Category.objects.select_related("name", "body"))
        return cls(
            names={row.name: row for row in CategoryName.objects.all()},
            body_names={one.body_id: one.body.name for one in categories},
            codes={(one.body_id, one.name.name): one.code for one in categories},
            endpoints={row.body_id: row for row in Endpoint.objects.filter(active=True).order_by("-id")},
            asked=asked,
        )


@dataclass(slots=True)
class _Writer:
    stories: Sequence[Story]
    photos: Sequence[StoredPhoto | None]
    known: _Known
    rng: random.Random
    #: what the administrations have, for their journal
    received: list[Received] = field(default_factory=list)

    def write(self) -> None:
        """Every row is there."""
        people = self._people()
        reports = Report.objects.bulk_create(
            self._report(story, photo, people) for story, photo in zip(self.stories, self.photos, strict=True)
        )
        pairs = list(zip(reports, self.stories, strict=True))
        Photo.objects.bulk_create(
            self._photo(report, photo) for report, photo in zip(reports, self.photos, strict=True) if photo
        )
        self._write_deliveries(pairs)
        Update.objects.bulk_create(
            self._update(report, event, people) for report, story in pairs for event in story.events
        )

    def _people(self) -> dict[str, Person]:
        first: dict[str, tuple[Teller, datetime, str]] = {}
        for story in self.stories:
            if story.teller:
                told = (story.teller, story.requested_at - _CONFIRMING, story.problem.language)
                first.setdefault(story.teller.email, told)
        people = {}
        for email, (teller, at, language) in first.items():
            people[email] = person_with_email(
                email=email, name=teller.name, phone=teller.phone, language=language, now=at
            )
        Person.objects.filter(pk__in=[one.pk for one in people.values()]).update(
            verified_at=self.stories[0].requested_at
        )
        return people

    def _report(self, story: Story, photo: StoredPhoto | None, people: Mapping[str, Person]) -> Report:
        teller = story.teller
        arrived = [one.at for one in story.sent if one.arrived]
        by_body = [event.text for event in story.events if event.actor is Actor.BODY and event.text]
        return Report(
            lat=story.place.lat,
            long=story.place.long,
            title=story.title,
            detail=story.detail,
            category_name=self.known.names[story.problem.category],
            answers=answers_of(story, self.known.asked.get(story.problem.category, {})),
            address=story.place.address,
            reporter=people[teller.email] if teller else None,
            name=teller.name if teller else "",
            show_name=story.show_name,
            email=teller.email if teller else "",
            phone=teller.phone if teller and self.rng.random() < 0.4 else "",
            language=story.problem.language,
            source=story.source,
            state=story.state,
            status_notes=by_body[-1] if by_body else "",
            created_at=story.requested_at - self.rng.random() * _CONFIRMING,
            requested_at=story.requested_at,
            updated_at=story.updated_at,
            sent_at=min(arrived) if arrived else None,
            asked_at=story.requested_at,  # at rest: nobody is written to because the sample is old
            visible=True,
            closed=story.state in CLOSED_STATES,
            has_photo=photo is not None,
            comment_count=len(story.events),
            photo_names=[photo.name] if photo else [],
            recipient_ids=sorted(one.body_id for one in story.sent),
            area_ids=sorted(area.mapit_id for area in covering(story.place.lat, story.place.long)),
            words=words_of(story.title, story.detail, story.place.address),
        )

    def _photo(self, report: Report, photo: StoredPhoto) -> Photo:
        return Photo(
            report=report,
            name=photo.name,
            width=photo.width,
            height=photo.height,
            sha256=photo.sha256,
            alt=photo.alt,
            created_at=report.created_at,
        )

    def _write_deliveries(self, pairs: Sequence[tuple[Report, Story]]) -> None:
        numbers: Counter[str] = Counter()
        rows: list[tuple[Delivery, Sent]] = []
        for report, story in pairs:
            for one in story.sent:
                row = self._delivery(report, one)
                if row.state == DeliveryState.ACCEPTED and row.endpoint:
                    office = office_of(row.endpoint.url)
                    numbers[office] += 1
                    row.remote_id = number_of(office, numbers[office])
                    row.why = f"The endpoint accepted it as {row.remote_id}."
                    self.received.append(self._journalled(report, story, row, office))
                rows.append((row, one))
        Delivery.objects.bulk_create(row for row, _ in rows)
        Attempt.objects.bulk_create(_attempt(row, one) for row, one in rows)

    def _delivery(self, report: Report, one: Sent) -> Delivery:
        return Delivery(
            report=report,
            body_id=one.body_id,
            endpoint=None if one.state is DeliveryState.BY_EMAIL else self.known.endpoints[one.body_id],
            state=one.state,
            why=one.why,
            attempts=1,
            proof=_PROOFS.get(one.state, ""),
            mark=uuid.UUID(int=self.rng.getrandbits(128), version=4),
            first_sent_at=one.at - timedelta(seconds=one.seconds),
            accepted_at=one.at if one.arrived else None,
            created_at=report.created_at,
            requested_at=report.requested_at,
            visible=True,
            closed=report.closed,
            category_name=report.category_name,
        )

    def _journalled(self, report: Report, story: Story, row: Delivery, office: str) -> Received:
        words = [report.title, report.detail, f"{settings.BASE_URL}/reports/{report.pk}"]
        return Received(
            office=office,
            number=row.remote_id,
            at=row.accepted_at or story.requested_at,
            fields=(
                ("service_code", self.known.codes[row.body_id, story.problem.category]),
                ("lat", f"{report.lat:.6f}"),
                ("long", f"{report.long:.6f}"),
                ("description", "\n\n".join(words)),
            ),
            handled=False,
            status="closed" if report.closed else "open",
            notes=report.status_notes,
        )

    def _update(self, report: Report, event: Event, people: Mapping[str, Person]) -> Update:
        by_body = event.actor is Actor.BODY
        name = self.known.body_names[event.body_id] if event.body_id else ""
        if event.teller and report.show_name:
            name = event.teller.name
        return Update(
            report=report,
            actor=event.actor,
            person=people[event.teller.email] if event.teller else None,
            body_id=event.body_id,
            name=name,
            show_name=bool(name),
            text=event.text,
            state=event.state or "",
            told_state=event.state or "",
            at=event.at,
            received_at=event.at + timedelta(seconds=self.rng.randint(1, 300) if by_body else 0),
            source="Open311" if by_body else "Web interface",
        )


def _attempt(row: Delivery, one: Sent) -> Attempt:
    outcome, status = _ENDED[one.state]
    return Attempt(
        delivery=row,
        endpoint=row.endpoint,
        n=1,
        worker=_WORKER,
        started_at=one.at - timedelta(seconds=one.seconds),
        ended_at=one.at,
        sent_bytes=600,
        outcome=outcome,
        http_status=status,
        explanation=one.why,
    )
