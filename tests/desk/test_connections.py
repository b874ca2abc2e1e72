"""The connections' pages: lamp, queue, times, and what staff can do about an endpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from streetmend.bodies.models import Endpoint
from streetmend.reports.models import Attempt, Delivery, Outbound
from streetmend.reports.queries.connections import Lamp, connections
from streetmend.reports.services.beats import beat
from streetmend.reports.services.outbound import pause_outbound

NOW = datetime.now(UTC)


def test_every_endpoint_has_its_line_with_what_is_owed(report, town, sign_in):
    beat(worker="one", now=datetime.now(UTC))
    for number, seconds in enumerate((1, 2, 9), 1):
        Attempt.objects.create(
            delivery=Delivery.objects.get(), endpoint=town.endpoint, n=number, worker="one", started_at=NOW,
            ended_at=NOW + timedelta(seconds=seconds), http_status=500, outcome="unknown",
        )  # fmt: skip
    Delivery.objects.update(state="uncertain", attempts=3)
    found = {one.endpoint.pk: one for one in connections()}[town.endpoint.pk]
    assert (found.times.p50, found.times.p95, found.times.calls) == (2, 9, 3)
    assert (found.owed.counts, found.success) == ({"uncertain": 1}, 0)
    page = sign_in("moderator").get("/desk/connections").content.decode()
    assert "Vestby kommune" in page
    assert "Veietaten" in page
    assert "95 %: 9.0 s" in page
    assert "Sending is not running" not in page
    one = sign_in("moderator").get(f"/desk/connections/{town.endpoint.pk}").content.decode()
    assert "Lykta er mørk" in one
    assert "half within 2.0 s" in one


@pytest.mark.parametrize(
    ("row", "lamp"),
    [
        ({"active": False}, Lamp.OFF),
        ({"paused_at": NOW, "fail_streak": 5}, Lamp.PAUSED),
        ({"fail_streak": 1, "last_ok_at": NOW}, Lamp.TROUBLE),
        ({"fail_streak": 3, "last_ok_at": NOW}, Lamp.DOWN),
        ({"last_ok_at": NOW}, Lamp.WORKS),
        ({}, Lamp.UNUSED),
    ],
)
def test_a_lamp_says_in_words_how_an_endpoint_does(town, row, lamp):
    Endpoint.objects.filter(pk=town.endpoint.pk).update(**row)
    assert {one.endpoint.pk: one.lamp for one in connections()}[town.endpoint.pk] == lamp


def test_the_list_takes_as_many_queries_for_many_endpoints_as_for_few(town, django_assert_max_num_queries):
    for number in range(30):
        Endpoint.objects.create(body=town.west, name=f"e{number}", url="https://a.example/")
    with django_assert_max_num_queries(6):
        assert len(connections()) == 32


def test_an_endpoint_is_paused_and_resumed_and_the_log_says_by_whom(town, sign_in):
    client, page = sign_in("admin"), f"/desk/connections/{town.endpoint.pk}"
    assert client.post(page, {"do": "pause"}).status_code == 303
    town.endpoint.refresh_from_db()
    assert "admin@test.example" in town.endpoint.paused_why
    assert 'value="pause"' not in client.get(page).content.decode()
    assert client.post(page, {"do": "resume"}).status_code == 303
    town.endpoint.refresh_from_db()
    assert town.endpoint.paused_at is None
    assert [one.change_message for one in LogEntry.objects.order_by("id")] == ["Paused.", "Resumed."]


def test_a_test_that_is_wanted_is_a_row(town, sign_in):
    client, page = sign_in("admin"), f"/desk/connections/{town.endpoint.pk}"
    client.post(page, {"do": "test"})
    town.endpoint.refresh_from_db()
    assert town.endpoint.test_wanted_at is not None
    assert "a test is under way" in client.get(page).content.decode()


def test_B_79_only_administrators_act_on_endpoints(town, sign_in):
    page = f"/desk/connections/{town.endpoint.pk}"
    assert (
        "value=" not in sign_in("moderator").get(page).content.decode().split("<h1>")[1].split("<footer>")[0]
    )
    for what in ("pause", "resume", "test"):
        assert sign_in("moderator").post(page, {"do": what}).status_code == 403
        assert sign_in("").post(page, {"do": what}).status_code == 403
        assert Client().post(page, {"do": what}).url == "/sign-in"
    assert sign_in("admin").post(page, {"do": "ask"}).status_code == 400
    assert Endpoint.objects.filter(paused_at=None, test_wanted_at=None).count() == 2


@pytest.mark.parametrize(("minutes", "silent"), [(None, True), (1, False), (3, True)])
@pytest.mark.parametrize("page", ["/desk/connections", "/admin/"])
def test_staff_see_that_no_worker_runs(town, sign_in, minutes, silent, page):
    if minutes is not None:
        beat(worker="one", now=datetime.now(UTC) - timedelta(minutes=minutes))
    assert ("Sending is not running" in sign_in("admin").get(page).content.decode()) == silent


@pytest.mark.parametrize("page", ["/desk/connections", "/admin/"])
def test_F_84_staff_see_that_nothing_leaves_and_why(town, sign_in, page):
    pause_outbound(why="A copy to try things with", now=NOW)
    said = sign_in("admin").get(page).content.decode()
    assert "Nothing leaves this site." in said
    assert "A copy to try things with" in said
    Outbound.objects.all().delete()
    assert "Nothing leaves this site." not in sign_in("admin").get(page).content.decode()


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_the_pages_stand_in_every_language(report, town, sign_in, language):
    client = sign_in("admin")
    delivery = Delivery.objects.get()
    for path in ("", "/mail", f"/{town.endpoint.pk}"):
        answer = client.get(f"/desk/connections{path}", headers={"Accept-Language": language})
        assert (answer.status_code, answer.headers["Content-Language"]) == (200, language)
        assert "no-store" in answer.headers["Cache-Control"]
    answer = client.get(f"/desk/deliveries/{delivery.pk}", headers={"Accept-Language": language})
    assert answer.status_code == 200
