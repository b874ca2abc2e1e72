"""What the site does not need, and what it survives: no cache server, no room for photos, no memory."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.metadata import requires
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image

from streetmend.bodies.models import Endpoint
from streetmend.georeport import testing
from streetmend.georeport.testing import PretendEndpoint, serving
from streetmend.photos.store import store
from streetmend.reports.models import Delivery, Draft, Report, Update
from streetmend.reports.services import Told, submit
from tests.exchange.breeding import Breeder
from tests.exchange.processes import WorkerProcess, until
from tests.support.town import EAST, WEST, make_town

_CONNECTIONS = """
import sys
def heard(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print("CALLED", arguments[1] if event == "socket.connect" else arguments[0], flush=True)
sys.addaudithook(heard)
from streetmend.cli import main
sys.argv = ["streetmend", "work", "--once"]
main()
"""


@pytest.mark.once
def test_F_66_nothing_but_the_database_and_the_endpoints_is_ever_called(process_environment, tmp_path):
    """No cache, no queue, no broker: a worker that sends a report calls its endpoint, and nobody else."""
    assert settings.CACHES["default"]["BACKEND"].endswith("LocMemCache")
    assert settings.SESSION_ENGINE == "django.contrib.sessions.backends.db"
    needed = " ".join(requires("streetmend") or ()).lower()
    assert not [name for name in ("redis", "memcache", "celery", "kombu", "rabbit") if name in needed]
    endpoint = PretendEndpoint()
    with serving(endpoint) as server:
        make_town(url=server.url)
        for place in (WEST, EAST):
            _report(datetime.now(UTC), place)
        environment = {
            **process_environment,
            "STREETMEND_OUTBOUND_ALLOW": "127.0.0.0/8",
            "EMAIL_URL": f"filemail://{tmp_path}",
        }
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _CONNECTIONS], env=environment, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        port = urlsplit(server.url).port
    assert done.returncode == 0, done.stderr
    called = {line for line in done.stdout.splitlines() if line.startswith("CALLED")}
    assert called <= {f"CALLED ('127.0.0.1', {port})", "CALLED 127.0.0.1"}
    assert set(Delivery.objects.values_list("state", flat=True)) == {"accepted", "by_email"}


def _report(now: datetime, place: tuple[float, float]) -> Report:
    return submit(
        now=now, lat=place[0], long=place[1], title="Lykta er mørk", category_name="Gatelys", confirmed=True,
        told=Told(email="kari@example.org", name="Kari"),
    ).report  # fmt: skip


# --- photos


def _jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (10, 90, 90)).save(out, "JPEG")
    return out.getvalue()


@pytest.mark.django_db
def test_F_58_a_photo_that_cannot_be_stored_is_told_by_its_name_and_the_text_is_kept(
    client, settings, tmp_path
):
    make_town()
    place = client.post("/report/where", {"lat": WEST[0], "long": WEST[1]}).headers["Location"]
    (draft,) = parse_qs(urlsplit(place).query)["draft"]
    client.post("/report/what", {"draft": draft, "title": "Lykta er mørk", "category": "Gatelys"})
    (tmp_path / "full").write_text("no folder")
    settings.MEDIA_ROOT = tmp_path / "full" / "photos"
    photo = ContentFile(_jpeg(), name="bilde av lykta.jpg")
    answer = client.post("/report/details", {"draft": draft, "photos": photo})
    assert answer.status_code == 422
    assert "bilde av lykta.jpg" in dict(answer.context["error_list"])["photos"]
    assert Draft.objects.get().content["title"] == "Lykta er mørk"
    settings.MEDIA_ROOT = tmp_path / "photos"
    photo.seek(0)
    assert client.post("/report/details", {"draft": draft, "photos": photo}).status_code == 303
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    report = Report.objects.get()
    assert (report.title, report.photos.count()) == ("Lykta er mørk", 1)


def test_F_58_a_disk_that_is_full_in_the_middle_of_a_photo_is_an_error_of_the_store(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            store(b"x" * 5000, width=60, height=40)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert store(b"x" * 5000, width=60, height=40).name


# --- memory


class Flood:
    """Tells of updates in an answer with much room between them."""

    def __init__(self, page: bytes) -> None:
        self.page, self.asked, self.is_full = page, 0, False

    def handle(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> testing.Answer:
        self.asked += 1
        return testing.Answer(200, self.page if self.is_full else _NOTHING, "text/xml")


_UPDATES = """<?xml version="1.0" encoding="utf-8"?><service_requests_updates><request_update><update_id>7</update_id>
<service_request_id>R1</service_request_id><status>closed</status><updated_datetime>{at}</updated_datetime>
<description>Ferdig.</description></request_update>{room}</service_requests_updates>"""
_NOTHING = b"<service_requests_updates/>"
_ROOM = 40 << 20


@pytest.mark.django_db(transaction=True)
def test_F_12_a_worker_without_memory_loses_nothing_and_the_site_goes_on(process_environment, tmp_path: Path):
    now = datetime.now(UTC)
    page = _UPDATES.format(at=now.isoformat(timespec="seconds"), room="%s")
    flood = Flood((page % (" " * _ROOM)).encode())
    with serving(flood) as server, closing(Breeder()) as breeder:
        make_town(url=server.url)
        report = _report(now - timedelta(hours=1), WEST)
        Delivery.objects.update(state="accepted", remote_id="R1", accepted_at=now, next_at=None)
        theirs = Endpoint.objects.filter(deliveries__report=report)
        Endpoint.objects.exclude(pk__in=theirs).update(pull_updates=False)
        environment = {**process_environment, "STREETMEND_OUTBOUND_ALLOW": "127.0.0.0/8"}
        poor = WorkerProcess(breeder, environment, tmp_path / "poor.log")
        try:
            until(lambda: theirs.filter(next_pull_at__isnull=False).exists(), what="the first answer")
            size = int(Path(f"/proc/{poor.pid}/statm").read_text().split()[0]) * resource.getpagesize()
            resource.prlimit(poor.pid, resource.RLIMIT_AS, (size + _ROOM // 2, size + _ROOM // 2))
            flood.is_full = True
            theirs.update(next_pull_at=now)
            assert poor.ended() == 1, poor.said()
            assert Client().get(f"/reports/{report.pk}").status_code == 200
            assert Update.objects.count() == 0
        finally:
            poor.close()
        flood.page = (page % "").encode()
        Endpoint.objects.update(lease_until=None, lease_owner="")
        theirs.update(next_pull_at=now)
        rich = WorkerProcess(breeder, environment, tmp_path / "rich.log", "--once")
        assert rich.ended() == 0, rich.said()
    assert Update.objects.get().text == "Ferdig."
    assert Report.objects.get().state == "closed"
