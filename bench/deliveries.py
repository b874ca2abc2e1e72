"""Deliveries a second: one worker, as `streetmend work` is run, and many endpoints that each take their time.

Every delivery is what it always is: its intent is on the disk before its first byte leaves, each call has a connection of its
own, and what was answered is on the disk before it counts. The endpoints are a process of their own on the same machine; at the
end they say what arrived, and each report must be there once. The comparison is a loop that sends one report after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from bench.endpoints import Running, running
from bench.measuring import database_seconds, seconds_of
from bench.report import Result

#: deliveries a second; seconds from a report to its acceptance, at the middle one
RATE_GOALS = {"postgresql": 600.0, "sqlite": 300.0}
SOON_GOAL = 1.0
NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
#: of the deliveries: the loop that is the comparison does so many of them
_BY_THE_LOOP = 25
_SOON = 40
_QUICK_SECONDS = 0.02
_PATIENCE_SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Drained:
    """How long it took to deliver what was owed, and the processor time of one: the worker's, the database's (0: none)."""

    seconds: float
    worker_ms: float
    database_ms: float


@contextmanager
def _worker(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-W", "ignore", "-m", "streetmend", "work"]
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(90)


def _set_up(endpoints: Running, count: int) -> None:
    """So many bodies, each with an area, an endpoint and a category of its own: by one site file, in one transaction."""
    from shapely import box

    from streetmend.areas.services import NewArea, import_areas
    from streetmend.bodies.models import Send
    from streetmend.bodies.services import apply_site_file
    from streetmend.bodies.specs import BodySpec, CategorySpec, EndpointSpec, SiteFile, SiteSpec

    now = datetime.now(UTC)
    areas = [
        NewArea(area_type="KOM", mapit_id=number + 1, name=f"Area {number}", where=f"area {number}",
                shape=box(*_corner(number), _corner(number)[0] + 0.05, _corner(number)[1] + 0.05))
        for number in range(count)
    ]  # fmt: skip
    import_areas(areas=areas, now=now)
    site = SiteSpec(
        name="Bench", time_zone="Europe/Oslo", languages=["en"], contact_email="post@bench.example"
    )
    bodies = [
        BodySpec(
            name=f"Body {number}",
            mapit_id=number + 1,
            send=Send.OPEN311,
            areas=[number + 1],
            endpoints=[
                EndpointSpec(
                    url=endpoints.url(number), api_key=f"key-{number}", pull_updates=False, timeout_seconds=20
                )
            ],
            categories=[CategorySpec(name="Street light", code="LIGHT")],
        )
        for number in range(count)
    ]
    apply_site_file(file=SiteFile(site=site, bodies=bodies), now=now)


def _corner(number: int) -> tuple[float, float]:
    """The south-west corner of an area: longitude, then latitude (WGS84 degrees)."""
    return 5 + number % 50 * 0.1, 60 + number // 50 * 0.1


def _report(number: int) -> int:
    """A report for the number-th body, due now; its delivery's id."""
    from streetmend.reports.models import Delivery
    from streetmend.reports.services import Told, submit

    long, lat = _corner(number)
    report = submit(
        now=datetime.now(UTC), lat=lat + 0.02, long=long + 0.02, title=f"The lamp at {number} is dark",
        detail="The one beside the bench, for a week by now.", category_name="Street light", told=Told(), confirmed=True,
    ).report  # fmt: skip
    return int(Delivery.objects.get(report=report).pk)


def _multiply(times: int) -> None:
    """Each report that there is so many times, in bulk: taking them in is not what is measured here."""
    from streetmend.reports.models import Delivery, Report

    for first in list(Delivery.objects.select_related("report")):
        report, reports = first.report, []
        for _ in range(times - 1):
            fields = {
                f.attname: getattr(report, f.attname)
                for f in Report._meta.concrete_fields
                if not f.primary_key
            }
            reports.append(Report(**fields))
        made = Report.objects.bulk_create(reports)
        owed = []
        for one in made:
            fields = {
                f.attname: getattr(first, f.attname)
                for f in Delivery._meta.concrete_fields
                if not f.primary_key
            }
            owed.append(Delivery(**{**fields, "report_id": one.pk, "mark": uuid.uuid4()}))
        Delivery.objects.bulk_create(owed)


def _settle() -> None:
    """What follows from reports that came in is done, as a worker would have done it meanwhile: it is not what is measured."""
    from django.db import connection

    from streetmend.reports.services.alerting import tell_of_new_reports
    from streetmend.reports.services.cells import fold_changes, look_up_areas
    from streetmend.reports.services.counting import count_reports

    now = datetime.now(UTC)
    for work in (fold_changes, look_up_areas, partial(tell_of_new_reports, now=now)):
        while work():
            pass
    count_reports(now=now)
    if connection.vendor == "postgresql":
        # as its own housekeeping does after so many new rows
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _accepted() -> int:
    from streetmend.reports.models import Delivery

    return Delivery.objects.filter(state="accepted").count()


def _drained(total: int, log: Path) -> Drained:
    """What it took to bring `total` deliveries to their end; what was accepted before is not counted."""
    from django.db.models import Max, Min

    from streetmend.reports.models import Delivery

    before = _accepted()
    with _worker(log) as worker:
        end = time.monotonic() + _PATIENCE_SECONDS
        while (first := _accepted()) == before and time.monotonic() < end and worker.poll() is None:
            time.sleep(0.1)
        worker_used, database_used = seconds_of(worker.pid), database_seconds()
        while (left := total - _accepted()) > 0:
            if time.monotonic() > end or worker.poll() is not None:
                raise SystemExit(f"{left} deliveries are left. {log.read_text()[-2000:]}")
            time.sleep(0.25)
        worker_used, database_used = seconds_of(worker.pid) - worker_used, database_seconds() - database_used
    times = Delivery.objects.filter(state="accepted", first_sent_at__isnull=False).exclude(proof="loop")
    span = times.aggregate(first=Min("first_sent_at"), last=Max("accepted_at"))
    count = max(total - first, 1)
    return Drained(
        seconds=(span["last"] - span["first"]).total_seconds(),
        worker_ms=1000 * worker_used / count,
        database_ms=1000 * database_used / count,
    )


def _one_after_the_other(count: int) -> float:
    """Deliveries a second of a loop: take the oldest, send it, write the number down."""
    import re
    import urllib.request
    from urllib.parse import urlencode

    from streetmend.reports.models import Delivery

    began = time.monotonic()
    for _ in range(count):
        delivery = (
            Delivery.objects.select_related("report", "endpoint")
            .filter(state="waiting")
            .order_by("requested_at", "id")[0]
        )
        report = delivery.report
        Delivery.objects.filter(pk=delivery.pk).update(state="sending")
        assert delivery.endpoint is not None
        form = {
            "api_key": f"key-{delivery.endpoint.url.split('/')[-2]}", "service_code": "LIGHT",
            "lat": f"{report.lat:.6f}", "long": f"{report.long:.6f}",
            "description": f"{report.title}\n\n{report.detail}\n\nhttp://127.0.0.1:8000/reports/{report.pk}",
        }  # fmt: skip
        with urllib.request.urlopen(
            f"{delivery.endpoint.url}requests.xml", urlencode(form).encode(), timeout=20
        ) as answer:
            found = re.search(rb"<service_request_id>([^<]+)<", answer.read())
        assert found is not None
        Delivery.objects.filter(pk=delivery.pk).update(
            state="accepted",
            remote_id=found[1].decode(),
            accepted_at=datetime.now(UTC),
            next_at=None,
            proof="loop",
        )
    return count / (time.monotonic() - began)


def _many(database: str, count: int, each: int, folder: Path) -> list[Result]:
    with running(count, 0.2) as endpoints:
        _set_up(endpoints, count)
        for number in range(count):
            _report(number)
        _multiply(each)
        _settle()
        slow = _one_after_the_other(min(_BY_THE_LOOP, count))
        took = _drained(count * each, folder / "worker.log")
    done = count * each - min(_BY_THE_LOOP, count)
    if endpoints.told["stored"] != count * each or endpoints.told["reports"] != count * each:
        raise SystemExit(f"Not each report is there once: {endpoints.told} of {count * each}")
    what = f"deliveries, {count} endpoints that take 200 ms"
    where = NAMES[database]
    rate = done / took.seconds
    results = [
        Result(what, where, rate, "/s", goal=RATE_GOALS[database]),
        Result("against one after the other", where, rate, "/s", theirs=slow, ratio=rate / slow),
        Result("what the worker's processor time allows", where, 1000 / took.worker_ms, "/s"),
        Result("processor time for a delivery: the worker's", where, took.worker_ms, "ms"),
    ]
    if took.database_ms:
        results.append(Result("... the database's", where, took.database_ms, "ms"))
    pretended = 1000 * endpoints.told["seconds"] / endpoints.told["stored"]
    return [*results, Result("... the pretend endpoints'", where, pretended, "ms")]


def _soon(database: str, count: int, folder: Path) -> list[Result]:
    """Reports that come in now and then while a worker has nothing else to do: how long until they are accepted."""
    from streetmend.bodies.models import Endpoint
    from streetmend.reports.models import Delivery

    chance = random.Random(1)
    with running(count, _QUICK_SECONDS) as endpoints:
        for number, endpoint in enumerate(Endpoint.objects.order_by("id")[:count]):
            Endpoint.objects.filter(pk=endpoint.pk).update(url=endpoints.url(number))
        with _worker(folder / "soon.log"):
            # by then the worker has begun
            _wait_for([_report(0)])
            made = []
            for _ in range(_SOON):
                made.append(_report(chance.randrange(count)))
                time.sleep(chance.uniform(0, 0.5))
            _wait_for(made)
    rows = Delivery.objects.filter(pk__in=made).values_list("created_at", "accepted_at")
    took = sorted((accepted - created).total_seconds() for created, accepted in rows if accepted is not None)
    where = NAMES[database]
    return [
        Result("p50 report to accepted", where, median(took), "s", most=SOON_GOAL),
        Result("slowest report to accepted", where, took[-1], "s"),
    ]


def _wait_for(deliveries: list[int]) -> None:
    from streetmend.reports.models import Delivery

    end = time.monotonic() + _PATIENCE_SECONDS
    while (left := Delivery.objects.filter(pk__in=deliveries, accepted_at=None).count()) > 0:
        if time.monotonic() > end:
            raise SystemExit(f"{left} of {len(deliveries)} were not accepted")
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoints", type=int, default=500)
    parser.add_argument("--each", type=int, default=16)
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
    os.environ["STREETMEND_OUTBOUND_ALLOW"] = "127.0.0.0/8"
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    folder, database = Path(settings.DATA), connection.vendor
    results = _many(database, asked.endpoints, asked.each, folder) + _soon(database, asked.endpoints, folder)
    print(json.dumps([asdict(one) for one in results]))


if __name__ == "__main__":
    main()
