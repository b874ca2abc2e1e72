"""What programs that watch the site are told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from streetmend.clock import SystemClock
from streetmend.reports.models import Attempt, Delivery
from streetmend.reports.services import Told, submit
from streetmend.reports.services.beats import beat
from streetmend.reports.states import DeliveryState, State
from tests.support.town import WEST, make_town

pytestmark = pytest.mark.django_db


def values(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_health_says_ok_and_asks_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_readiness_looks_at_the_database_its_migrations_and_the_disk(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok", "disk": "ok", "photos": "ok"})


def test_a_site_whose_database_is_older_than_the_program_is_not_ready(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'reports'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "1 migrations are missing")


def test_a_site_whose_data_folder_is_gone_is_not_ready(client, settings, tmp_path):
    settings.DATA = tmp_path / "gone"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["disk"].startswith("cannot be looked at")


def test_without_a_key_in_the_settings_there_are_no_metrics(client):
    assert client.get("/metrics").status_code == 404


def test_metrics_are_for_who_has_the_key(client, settings):
    settings.METRICS_KEY = "s3cret"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics?key=wrong").status_code == 403
    assert client.get("/metrics?key=s3cret").status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200


def test_metrics_count_every_state_and_say_how_long_the_oldest_delivery_waits(client, settings):
    settings.METRICS_KEY = "s3cret"
    town = make_town()
    now = SystemClock().now()
    submit(
        now=now - timedelta(minutes=10), lat=WEST[0], long=WEST[1], title="Hull", category_name="Gatelys",
        told=Told(email="kari@example.org"), confirmed=True,
    )  # fmt: skip
    submit(
        now=now, lat=WEST[0], long=WEST[1], title="Hull", category_name="Gatelys",
        told=Told(email="kari@example.org"),
    )  # fmt: skip
    Delivery.objects.filter(next_at__isnull=False).update(next_at=now - timedelta(minutes=5))
    town.endpoint.paused_at = now
    town.endpoint.save()
    beat(worker="one", now=now)
    found = values(client.get("/metrics?key=s3cret").content.decode())
    assert {state: found[f'streetmend_reports{{state="{state}"}}'] for state in State} == {
        **dict.fromkeys(State, 0),
        State.OPEN: 1,
        State.UNCONFIRMED: 1,
    }
    assert found[f'streetmend_deliveries{{state="{DeliveryState.WAITING}"}}'] == 2
    assert 300 <= found["streetmend_oldest_due_delivery_seconds"] < 400
    assert found["streetmend_workers"] == 1
    paused = f'streetmend_endpoint_paused{{body="Vestby kommune",endpoint="{town.endpoint.pk}"}}'
    assert found[paused] == 1


def test_metrics_tell_the_age_of_what_is_owed_and_how_every_attempt_ended(client, settings):
    settings.METRICS_KEY = "s3cret"
    town = make_town()
    now = SystemClock().now()
    submit(
        now=now - timedelta(minutes=10), lat=WEST[0], long=WEST[1], title="Hull", category_name="Gatelys",
        told=Told(email="kari@example.org"), confirmed=True,
    )  # fmt: skip
    for number, outcome in enumerate(("unknown", "not_received", "unknown"), 1):
        Attempt.objects.create(
            delivery=Delivery.objects.get(), endpoint=town.endpoint, n=number, worker="one", started_at=now,
            ended_at=now, outcome=outcome,
        )  # fmt: skip
    town.endpoint.skew_seconds, town.endpoint.updates_cursor = -7, now - timedelta(hours=1)
    town.endpoint.save()
    found = values(client.get("/metrics?key=s3cret").content.decode())
    mine = town.endpoint.pk
    assert 600 <= found['streetmend_delivery_age_seconds{state="waiting"}'] < 700
    assert found['streetmend_delivery_age_seconds{state="held"}'] == 0
    assert found[f'streetmend_deliveries_total{{endpoint="{mine}",outcome="unknown"}}'] == 2
    assert (found["streetmend_delivery_unknown_total"], found["streetmend_deliveries_duplicated_total"]) == (
        2,
        0,
    )
    assert found[f'streetmend_endpoint_clock_skew_seconds{{endpoint="{mine}"}}'] == -7
    assert 3600 <= found[f'streetmend_pull_last_success_age_seconds{{endpoint="{mine}"}}'] < 3700
    assert (found["streetmend_inbox_orphans"], found["streetmend_inbox_row_errors_total"]) == (0, 0)
