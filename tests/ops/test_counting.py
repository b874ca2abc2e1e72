"""What happens in any process is counted in one file, and shown among the figures from the start."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest

from streetmend.bodies.models import Endpoint
from streetmend.counting import Counts
from streetmend.photos.decode import decode
from streetmend.photos.errors import PhotoRefused
from streetmend.reports.models import Attempt, Delivery, EndpointWatch
from streetmend.web.crowd import Crowd
from tests.desk.conftest import make_report
from tests.ops.test_health import values
from tests.support.clock import SettableClock
from tests.support.town import make_town


def found(client, settings) -> dict[str, float]:
    settings.METRICS_KEY = "s3cret"
    return values(client.get("/metrics?key=s3cret").content.decode())


MANY = """
from pathlib import Path
from streetmend.counting import Counts
import sys
counts = Counts(Path(sys.argv[1]))
for _ in range(20):
    counts.add("photos_refused_total", labels={"why": "unreadable"})
    counts.write()
"""


def test_many_processes_count_into_one_file_and_none_is_lost(tmp_path):
    path = tmp_path / "counts.json"
    both = [subprocess.Popen([sys.executable, "-c", MANY, str(path)]) for _ in range(2)]
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    assert list(Counts(path).all()) == [("photos_refused_total", (("why", "unreadable"),), 40)]


def test_a_file_that_cannot_be_read_begins_anew_and_one_that_cannot_be_written_waits(tmp_path):
    path = tmp_path / "counts.json"
    path.write_text('[["a", [], 1')
    counts = Counts(path)
    counts.add("b", 2)
    assert list(counts.all()) == [("b", (), 2)]
    closed = Counts(tmp_path / "counts.json" / "below")
    closed.add("c")
    closed.write()
    assert list(closed.all()) == []


def test_photos_that_are_refused_and_sign_ins_that_fail_are_counted_by_their_reason(
    client, db, settings, tmp_path
):
    settings.DATA = tmp_path
    before = found(client, settings)
    assert before['streetmend_photos_refused_total{why="too_large"}'] == 0
    assert before["streetmend_login_failures_total"] == 0
    with pytest.raises(PhotoRefused):
        decode(b"no photo")
    client.post("/sign-in/unknown-link")
    after = found(client, settings)
    assert after['streetmend_photos_refused_total{why="unreadable"}'] == 1
    assert after["streetmend_login_failures_total"] == 1


def test_requests_that_are_turned_away_are_counted_by_what_they_wanted(client, db, settings, tmp_path):
    settings.DATA = tmp_path
    crowd = Crowd(lambda environ, start: [], reads=0, writes=0)
    for method in ("GET", "GET", "POST"):
        crowd({"REQUEST_METHOD": method, "PATH_INFO": "/"}, lambda *told: lambda data: None)
    after = found(client, settings)
    assert after['streetmend_shed_total{class="read"}'] == 2
    assert after['streetmend_shed_total{class="write"}'] == 1
    assert after["streetmend_db_pool_wait_seconds"] == 0


def test_breakers_and_the_times_of_calls_are_figures(client, db, settings, clock: SettableClock):
    town = make_town()
    make_report()
    delivery = Delivery.objects.get()
    for number, seconds in enumerate((0.2, 4, 70), 1):
        Attempt.objects.create(
            delivery=delivery, endpoint=town.endpoint, n=number, worker="one", started_at=clock.now(),
            ended_at=clock.now() + timedelta(seconds=seconds), outcome="unknown", http_status=500,
        )  # fmt: skip
    EndpointWatch.objects.create(endpoint=town.endpoint, open_until=clock.now() + timedelta(days=36500))
    shown = found(client, settings)
    mine = f'endpoint="{town.endpoint.pk}"'
    assert shown[f"streetmend_endpoint_breaker_state{{{mine}}}"] == 2
    other = Endpoint.objects.exclude(pk=town.endpoint.pk).get()
    assert shown[f'streetmend_endpoint_breaker_state{{endpoint="{other.pk}"}}'] == 0
    took = {bound: shown[f'streetmend_endpoint_call_seconds_bucket{{{mine},le="{bound}"}}'] for bound in LE}
    assert took == {"0.1": 0, "0.25": 1, "5": 2, "60": 2, "+Inf": 3}
    assert shown[f"streetmend_endpoint_call_seconds_sum{{{mine}}}"] == pytest.approx(74.2)
    assert shown[f"streetmend_endpoint_call_seconds_count{{{mine}}}"] == 3
    text = client.get("/metrics?key=s3cret").content.decode()
    assert "# TYPE streetmend_endpoint_call_seconds histogram" in text
    assert "# TYPE streetmend_deliveries_total counter" in text


LE = ("0.1", "0.25", "5", "60", "+Inf")
