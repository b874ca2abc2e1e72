"""Who told of what is long over is forgotten, wherever it was kept; what they told stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.serializers import serialize
from django.db import connection

from streetmend.accounts.models import Person
from streetmend.reports import models
from streetmend.reports.models import (
    Alert,
    Attempt,
    Delivery,
    Erasure,
    Forgetting,
    Notice,
    Photo,
    Report,
    Update,
)
from streetmend.reports.queries.forgetting import count_due, due, months_before
from streetmend.reports.queries.soundness import wrong_kept
from streetmend.reports.services import Said, Told, add_update, follow, submit
from streetmend.reports.services.forgetting import forget_old_reporters
from streetmend.reports.services.own import ask_to_be_erased
from streetmend.reports.states import Actor, DeliveryState, State
from tests.support.town import WEST, make_town

pytestmark = pytest.mark.django_db
NOW = datetime(2022, 5, 31, 10, tzinfo=UTC)
#: closed a day after it was made; 24 months later by the calendar
LATER = datetime(2024, 6, 1, 10, 0, 1, tzinfo=UTC)
SECRETS = ("kari@example.org", "Nordmann", "99887766", "ola@example.org", "Ola")


def told(*, title: str = "Lykta er mørk", confirmed: bool = True) -> Report:
    report = submit(
        now=NOW, lat=WEST[0], long=WEST[1], title=title, category_name="Gatelys", confirmed=confirmed,
        told=Told("kari@example.org", name="Kari Nordmann", phone="99887766", show_name=True),
    ).report  # fmt: skip
    Delivery.objects.filter(report=report).update(
        state=DeliveryState.ACCEPTED, next_at=None, params_snapshot={"email": "kari@example.org"}
    )
    return report


def closed(report: Report) -> Report:
    add_update(report=report, actor=Actor.STAFF, said=Said("Done", State.FIXED), now=NOW + timedelta(days=1))
    Notice.objects.update(state="sent", next_at=None)
    report.refresh_from_db()
    return report


def everything() -> str:
    """All rows of all tables, as text."""
    tables = [getattr(models, name) for name in models.__all__ if hasattr(getattr(models, name), "_meta")]
    return serialize("json", [row for table in (*tables, Person) for row in table._default_manager.all()])


def test_after_24_months_nothing_personal_is_left_and_the_story_stays():
    make_town()
    report = told()
    ola = Person.objects.create(email="ola@example.org", name="Ola", created_at=NOW)
    said = Said("Nå blinker den")
    add_update(
        report=report, actor=Actor.RESIDENT, said=said, now=NOW, person=ola, name="Ola", show_name=True
    )
    follow(report=report, email="ola@example.org", language="nb", now=NOW)
    delivery = Delivery.objects.get(report=report)
    Attempt.objects.create(
        delivery=delivery, n=1, worker="one", started_at=NOW, response_head="ola@example.org"
    )
    Photo.objects.create(report=report, name="0" * 32, width=1, height=1, sha256="", created_at=NOW)
    closed(report)
    before = report.version
    assert all(secret in everything() for secret in SECRETS)
    assert forget_old_reporters(now=LATER - timedelta(seconds=1)) == 0
    assert count_due(now=LATER, months=24) == 1
    assert forget_old_reporters(now=LATER) == 1
    assert [secret for secret in SECRETS if secret in everything()] == []
    after = Report.objects.get()
    assert (after.title, after.state, after.visible, after.photos.count()) == (
        "Lykta er mørk",
        "fixed",
        True,
        1,
    )
    assert set(Update.objects.values_list("text", flat=True)) == {"Nå blinker den", "Done"}
    assert after.updated_at == report.updated_at
    assert after.version > before
    assert wrong_kept() == {}
    proof = Forgetting.objects.get()
    assert (proof.day, proof.months, proof.counts["reports"]) == (LATER.date(), 24, 1)
    assert (proof.counts["updates"], proof.counts["people"], proof.counts["alerts"]) == (1, 2, 1)
    assert forget_old_reporters(now=LATER + timedelta(days=400)) == 0


def test_what_is_open_young_or_on_its_way_keeps_its_reporter():
    make_town()
    told(title="open")
    going = closed(told(title="going"))
    Delivery.objects.filter(report=going).update(state=DeliveryState.UNCERTAIN)
    held = closed(told(title="held"))
    Delivery.objects.filter(report=held).update(state=DeliveryState.HELD)
    reopened = closed(told(title="reopened"))
    add_update(report=reopened, actor=Actor.STAFF, said=Said(state=State.OPEN), now=LATER - timedelta(days=3))
    assert forget_old_reporters(now=LATER) == 1
    kept = Report.objects.exclude(email="").values_list("title", flat=True)
    assert set(kept) == {"open", "going", "reopened"}
    assert Person.objects.filter(email="kari@example.org").exists()


def test_what_nobody_ever_confirmed_is_forgotten_too():
    make_town()
    told(confirmed=False)
    Notice.objects.update(state="sent", next_at=None)
    assert forget_old_reporters(now=LATER) == 1
    assert [secret for secret in SECRETS if secret in everything()] == []


@pytest.mark.parametrize(("months", "forgotten"), [(0, 0), (25, 0), (12, 1)])
def test_the_site_says_after_how_many_months(months, forgotten):
    make_town(forget_after_months=months)
    closed(told())
    assert forget_old_reporters(now=LATER) == forgotten


def test_staff_who_still_come_and_who_wish_to_be_erased_stay_people():
    make_town()
    report = closed(told())
    assert report.reporter
    Person.objects.filter(pk=report.reporter.pk).update(last_login=LATER - timedelta(days=1))
    assert forget_old_reporters(now=LATER) == 1
    kari = Person.objects.get(email="kari@example.org")
    assert not Alert.objects.exists()
    closed(told())
    Person.objects.filter(pk=kari.pk).update(last_login=None)
    ask_to_be_erased(person=kari, now=NOW)
    assert forget_old_reporters(now=LATER) == 1
    assert Erasure.objects.get().person == kari


def test_many_are_forgotten_a_few_at_a_time_and_told_in_one_row_a_day():
    make_town()
    for number in range(5):
        closed(told(title=str(number)))
    turns = [forget_old_reporters(now=LATER, limit=2) for _ in range(4)]
    assert turns == [2, 2, 1, 0]
    assert Forgetting.objects.get().counts["reports"] == 5


@pytest.mark.parametrize(
    ("months", "expected"), [(0, "2024-03-31"), (1, "2024-02-29"), (3, "2023-12-31"), (24, "2022-03-31")]
)
def test_months_are_those_of_the_calendar(months, expected):
    assert months_before(datetime(2024, 3, 31, tzinfo=UTC), months).date().isoformat() == expected


def test_a_report_that_somebody_deletes_by_hand_is_counted_no_more():
    make_town()
    told()
    going = told()
    with connection.cursor() as cursor:
        for table in ("update", "delivery", "notice", "newreport", "confirmlink"):
            cursor.execute(f"DELETE FROM reports_{table}")
        cursor.execute("DELETE FROM reports_report WHERE id = %s", [going.pk])
    assert Report.objects.count() == 1
    assert wrong_kept() == {}
    assert models.ReportArea.objects.count() == 1


def test_what_is_due_is_found_by_an_index_however_many_reports_there_are():
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # so few rows are read faster without any
            cursor.execute("SET LOCAL enable_seqscan = off")
    names = ("report_to_forget", "report_never_confirmed")
    for rows, name in zip(due(now=LATER, months=24), names, strict=True):
        assert name in rows[:200].explain()
