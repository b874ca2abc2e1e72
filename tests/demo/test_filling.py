"""Sample reports in bulk are what the services would have left."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from streetmend.bodies.models import Body, Endpoint, Send
from streetmend.demo.filling.places import NothingToReport
from streetmend.demo.filling.town import set_up_where_empty
from streetmend.demo.filling.writing import fill
from streetmend.photos.store import path_of
from streetmend.reports.models import Attempt, Delivery, Photo, Report, Update
from streetmend.reports.services import Told, kept, submit
from streetmend.reports.states import DeliveryState
from tests.support.folding import state_by_updates
from tests.support.town import WEST, make_town

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def photos(settings, tmp_path) -> Path:
    """Photos lie in a folder that is thrown away."""
    settings.MEDIA_ROOT = tmp_path / "photos"
    return tmp_path / "photos"


def quietly(count: int, *, seed: int = 1) -> None:
    fill(count=count, seed=seed, now=NOW, progress=lambda done, total: None)


def everything() -> list[tuple[object, ...]]:
    rows = Report.objects.order_by("id").values_list(
        "title", "lat", "long", "requested_at", "state", "detail"
    )
    return list(rows)


def test_what_is_kept_of_each_report_is_what_the_services_compute():
    set_up_where_empty(now=NOW)
    quietly(150)
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


def test_reports_are_varied_at_rest_and_in_the_past():
    set_up_where_empty(now=NOW)
    quietly(300)
    assert Report.objects.count() == 300
    assert {row.closed for row in Report.objects.all()} == {True, False}
    assert Report.objects.values("category_name").distinct().count() > 5
    assert Report.objects.filter(updated_at__gt=NOW).count() == 0
    assert Report.objects.filter(requested_at__lt=NOW - timedelta(days=366)).count() == 0
    assert Delivery.objects.exclude(next_at=None).count() == 0
    assert Attempt.objects.count() == Delivery.objects.count() >= 300
    assert Update.objects.count() > 50
    ids = list(Report.objects.order_by("id").values_list("id", flat=True))
    assert ids == list(Report.objects.order_by("requested_at", "id").values_list("id", flat=True))


def test_the_same_seed_gives_the_same_reports_and_another_one_others():
    set_up_where_empty(now=NOW)
    quietly(40, seed=7)
    first = everything()
    Report.objects.all().delete()
    quietly(40, seed=7)
    assert everything() == first
    Report.objects.all().delete()
    quietly(40, seed=8)
    assert everything() != first


def test_every_photo_is_there_and_the_files_take_no_room(photos):
    set_up_where_empty(now=NOW)
    quietly(200)
    names = list(Photo.objects.values_list("name", flat=True))
    assert len(names) > 10
    assert all(default_storage.exists(path_of(name)) for name in names)
    assert len({Path(default_storage.path(path_of(name))).stat().st_ino for name in names}) <= 12


def test_a_site_of_its_own_is_filled_by_its_own_areas_and_categories():
    town = make_town()
    assert not set_up_where_empty(now=NOW)
    quietly(120)
    names = set(Report.objects.values_list("category_name__name", flat=True))
    assert names == {"Hull i vei", "Gatelys", "Forsøpling", "Skilt"}
    assert set(Delivery.objects.values_list("body_id", flat=True)) == {
        town.west.pk,
        town.east.pk,
        town.roads.pk,
    }
    accepted = Delivery.objects.filter(state=DeliveryState.ACCEPTED)
    assert set(accepted.values_list("endpoint_id", flat=True)) == {town.endpoint.pk, town.roads_endpoint.pk}
    # in the west such reports are never public
    assert Report.objects.filter(private=True, visible=False, category_name__name="Forsøpling").exists()


def test_after_filling_people_report_as_before():
    make_town()
    quietly(30)
    report = submit(
        now=NOW, lat=WEST[0], long=WEST[1], title="Hull", category_name="Gatelys", told=Told("kari@example.org")
    ).report  # fmt: skip
    assert report.pk > max(Report.objects.exclude(pk=report.pk).values_list("pk", flat=True))
    quietly(30)
    assert Report.objects.count() == 61


def test_a_site_whose_bodies_handle_nothing_cannot_be_filled():
    Body.objects.create(name="Nobody", send=Send.NONE)
    with pytest.raises(NothingToReport):
        quietly(10)
    assert Report.objects.count() == 0


def test_the_command_fills_an_empty_site_with_bodies_that_nobody_is_asked_at(process_environment, tmp_path):
    command = [sys.executable, "-m", "streetmend", "fill", "--reports", "25", "--json"]
    environment = {**process_environment, "STREETMEND_DATA": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["reports"] == 25
    assert Report.objects.count() == 25
    assert Endpoint.objects.count() == 0
