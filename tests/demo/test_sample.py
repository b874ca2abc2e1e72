"""The sample of a new demo: believable, the same from the same seed, and at rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Count, F

from streetmend.demo.administration.offices import Office
from streetmend.demo.folder import Folder
from streetmend.demo.sample.stories import Story, draw
from streetmend.demo.sample.texts import Texts
from streetmend.demo.setup import set_up
from streetmend.demo.town import Town
from streetmend.reports.models import Attempt, Delivery, Inbox, Notice, Photo, Report, Update
from streetmend.reports.services import kept
from streetmend.reports.states import CLOSED_STATES, OPEN_STATES, DeliveryState
from tests.support.clock import SettableClock
from tests.support.folding import state_by_updates

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)


def drawn(seed: int = 1, now: datetime = NOW) -> list[Story]:
    return draw(
        count=150,
        now=now,
        town=Town(),
        texts=Texts.load(),
        handlers=lambda place, category: [(1, True)] if place.long < 4 else [(1, True), (2, False)],
        seed=seed,
    )


@pytest.fixture
def town(
    transactional_db: None, folder: Folder, administration: str, clock: SettableClock
) -> Callable[[int], None]:
    return lambda reports: (
        set_up(folder=folder, administration=administration, reports=reports, now=clock.now()),
        None,
    )[1]


def test_the_same_seed_tells_the_same_stories_and_another_seed_others():
    assert drawn(seed=1) == drawn(seed=1)
    assert drawn(seed=1) != drawn(seed=2)


def test_a_later_moment_tells_of_a_later_year():
    later = NOW + timedelta(days=200)
    assert max(story.requested_at for story in drawn(now=later)) > NOW + timedelta(days=150)


def test_nothing_in_a_story_is_said_before_its_report_or_after_now():
    for story in drawn():
        assert story.requested_at < NOW
        assert all(story.requested_at < one.at < NOW for one in story.sent)
        assert all(story.requested_at < event.at < NOW for event in story.events)
        assert list(story.events) == sorted(story.events, key=lambda event: event.at)


def test_no_text_has_a_place_left_open():
    for story in drawn():
        said = [story.title, story.detail, *(event.text for event in story.events)]
        assert not any("{" in text or "}" in text for text in said)


def test_a_new_town_has_reports_of_every_sort(town, clock):
    town(300)
    reports = Report.objects.filter(visible=True)
    assert reports.count() == Report.objects.count() == 300
    year_ago = clock.now() - timedelta(days=366)
    assert not reports.filter(requested_at__lt=year_ago).exists()
    sorts: dict[str, int] = {
        "open": reports.filter(state__in=OPEN_STATES).count(),
        "closed": reports.filter(state__in=CLOSED_STATES).count(),
        "with a photo": reports.filter(has_photo=True).count(),
        "without a photo": reports.filter(has_photo=False).count(),
        "named": reports.filter(show_name=True).count(),
        "anonymous": reports.filter(show_name=False).count(),
        "with comments": reports.filter(comment_count__gt=0).count(),
        "without comments": reports.filter(comment_count=0).count(),
        "sent": reports.filter(sent_at__isnull=False).count(),
        "not sent": reports.filter(sent_at=None).count(),
        "of the last 90 days": reports.filter(requested_at__gte=clock.now() - timedelta(days=90)).count(),
        "older": reports.filter(requested_at__lt=clock.now() - timedelta(days=90)).count(),
        "with answers": reports.exclude(answers=[]).count(),
        "to two bodies": Report.objects.annotate(owed=Count("deliveries")).filter(owed=2).count(),
        "by e-mail": Delivery.objects.filter(state=DeliveryState.BY_EMAIL).count(),
        "refused": Delivery.objects.filter(state=DeliveryState.REFUSED).count(),
    }
    assert {sort for sort, count in sorts.items() if count < 3} == set()
    assert Photo.objects.count() == sorts["with a photo"]


def test_what_is_kept_of_each_report_is_what_the_services_compute(town):
    town(120)
    columns = (
        "photo_names", "has_photo", "recipient_ids", "comment_count", "closed", "visible", "updated_at", "sent_at",
    )  # fmt: skip
    copied = ("requested_at", "visible", "closed", "category_name_id")
    before = {row["pk"]: row for row in Report.objects.values("pk", *columns)}
    owed = {row["pk"]: row for row in Delivery.objects.values("pk", *copied)}
    for report in Report.objects.all():
        assert state_by_updates(report) == report.state, report.pk
        kept.refresh(report, now=None)
    assert {row["pk"]: row for row in Report.objects.values("pk", *columns)} == before
    assert {row["pk"]: row for row in Delivery.objects.values("pk", *copied)} == owed


def test_every_answer_is_one_that_the_form_would_have_taken(town):
    from streetmend.bodies.answers import check
    from streetmend.bodies.directory import united_questions
    from streetmend.bodies.queries import responsible, site

    town(120)
    for report in Report.objects.select_related("category_name"):
        here = responsible(report.lat, report.long, report.category_name.name)
        questions = united_questions(question for one in here.categories for question in one.questions)
        given = {answer["code"]: answer["values"] for answer in report.answers}
        _, errors = check(questions, given, zone=site().zone)
        assert errors == {}, (report.title, errors)


def everything() -> dict[str, list[dict[str, Any]]]:
    models = (Report, Delivery, Update, Attempt, Notice, Inbox, Photo)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def test_the_sample_is_at_rest_however_long_worker_and_administration_run(
    town, work, clock, offices: list[Office], mailoutbox
):
    town(150)
    before = everything()
    known = Delivery.objects.filter(state=DeliveryState.ACCEPTED).count()
    assert sum(len(office.entries()) for office in offices) == 0
    for office in offices:
        office.remember(office._journal.lines())
    assert sum(len(office.entries()) for office in offices) == known
    for step in (timedelta(), timedelta(minutes=5), timedelta(days=3), timedelta(days=40)):
        clock.advance(step)
        work()
    asked = [seen for office in offices for seen in office.endpoint.ledger.seen()]
    # it is asked for news, and whether it still has what it accepted
    assert {seen.operation for seen in asked} == {"updates", "requests"}
    assert everything() == before
    assert mailoutbox == []


def test_the_administration_knows_its_numbers_of_the_sample(town, offices):
    town(100)
    for office in offices:
        office.remember(office._journal.lines())
    for delivery in Delivery.objects.filter(state=DeliveryState.ACCEPTED).select_related(
        "report", "endpoint"
    ):
        office = next(one for one in offices if f"/{one.office}/" in delivery.endpoint.url)
        entry = office.endpoint.ledger.entry(delivery.remote_id)
        assert f"/reports/{delivery.report_id}" in entry.new.description
        assert (entry.status == "closed") == delivery.report.closed
    assert not Update.objects.filter(at__lt=F("report__requested_at")).exists()
