"""Photos at addresses: fetched by the worker through the guarded fetcher, cleaned, and hung on the report; over real sockets."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image

from streetmend.exchange.worker import run
from streetmend.fetch import Fetched, Fetcher, FetchRequest
from streetmend.photos.store import path_of
from streetmend.reports.models import Delivery, Photo, Report, WantedPhoto
from streetmend.reports.models.posting import WantedPhotoState
from streetmend.reports.services import add_update
from streetmend.reports.services.updating import Said
from streetmend.reports.services.wanted_photos import PATIENCE, claim_photos, still_elsewhere, want_photos
from streetmend.reports.states import Actor
from tests.exchange.reports import make_report
from tests.support.clock import SettableClock
from tests.support.servers import Connection, Handler, Server, answering, serving
from tests.support.town import make_town

pytestmark = pytest.mark.django_db(transaction=True)
Bring = Callable[[Server], None]


def jpeg(**info: object) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGB", (64, 48), "red")
    exif = image.getexif()
    exif[0x010F] = "Secret camera"
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


class ToOurs:
    """The real fetcher, for which every photos.example is the test's server, whatever its port."""

    def __init__(self, fetcher: Fetcher, server: Server) -> None:
        self.fetcher, self.server = fetcher, server

    async def send(
        self,
        request: FetchRequest,
        *,
        deadline_seconds: float,
        max_bytes: int,
        redirects: int = 0,
        ports: Collection[int] | None = None,
        plain_http: bool = True,
    ) -> Fetched:
        if request.url.startswith("http://photos.example/"):
            request = replace(request, url=request.url.replace("http://photos.example", self.server.url("")))
            ports = None
        return await self.fetcher.send(
            request,
            deadline_seconds=deadline_seconds,
            max_bytes=max_bytes,
            redirects=redirects,
            ports=ports,
            plain_http=plain_http,
        )


@pytest.fixture
def bring(clock: SettableClock) -> Bring:
    """A worker that fetches from this server until nothing is due."""

    def brought(server: Server) -> None:
        @asynccontextmanager
        async def transport() -> AsyncIterator[ToOurs]:
            async with Fetcher(allow=["127.0.0.0/8"]) as fetcher:
                yield ToOurs(fetcher, server)

        assert run(once=True, clock=clock, random=lambda: 0.5, transport=transport, name="one") == 0

    return brought


@pytest.fixture
def report(transactional_db: None, clock: SettableClock) -> Report:
    """A report of a body that nothing can be sent to here."""
    make_town()
    return make_report(clock)


def want(report: Report, clock: SettableClock, *urls: str) -> None:
    want_photos(urls or ["http://photos.example/1.jpg"], report=report, now=clock.now())


def test_B_50_a_fetched_photo_stands_on_the_report_without_anything_that_came_along(report, clock, bring):
    want(report, clock)
    with serving(answering(jpeg())) as server:
        bring(server)
    (photo,) = Photo.objects.filter(report=report)
    report.refresh_from_db()
    assert report.photo_names == [photo.name]
    from django.core.files.storage import default_storage

    with default_storage.open(path_of(photo.name)) as file:
        assert b"Secret" not in file.read()
    assert WantedPhoto.objects.get().state == WantedPhotoState.FETCHED


def test_a_report_waits_for_its_photos_but_not_long(report, clock, bring):
    want(report, clock)
    assert Delivery.objects.get().next_at == clock.now() + PATIENCE
    with serving(answering(jpeg())) as server:
        bring(server)
    assert Delivery.objects.get().attempts > 0, "it left as soon as the photo was there"


def test_a_photo_of_an_update_stands_on_the_update(report, clock, bring):
    update = add_update(report=report, actor=Actor.STAFF, said=Said("Se bildet."), now=clock.now())
    want_photos(["http://photos.example/1.jpg"] * 2, update=update, now=clock.now())
    want_photos(["http://photos.example/1.jpg"], update=update, now=clock.now())
    with serving(answering(jpeg())) as server:
        bring(server)
        assert len(server._threads) == 1
    assert update.photos.count() == 1


def test_a_photo_that_stands_here_is_no_link_to_elsewhere_any_more(report, clock, bring):
    update = add_update(report=report, actor=Actor.STAFF, said=Said("Se bildet."), now=clock.now())
    urls = ["http://photos.example/1.jpg", "http://10.0.0.1/2.jpg"]
    update.media_urls = urls
    update.save()
    want_photos(urls, update=update, now=clock.now())
    with serving(answering(jpeg())) as server:
        bring(server)
    update.refresh_from_db()
    assert update.media_urls == urls[1:]
    assert still_elsewhere(update, urls) == urls[1:], "said again, it stays so"


def redirect_to(target: str) -> Handler:
    return answering(b"", "302 Found", f"Location: {target}")


@pytest.mark.parametrize(
    ("handler", "state"),
    [
        (answering(b"<html>Please sign in</html>" * 9), WantedPhotoState.FAILED),
        (answering(b"", "404 Not Found"), WantedPhotoState.FAILED),
        (answering(b"x" * (10 * 1024 * 1024 + 1)), WantedPhotoState.FAILED),
        (redirect_to("http://10.0.0.1/1.jpg"), WantedPhotoState.FAILED),
        (redirect_to("/1.jpg"), WantedPhotoState.FAILED),
        (redirect_to("file:///etc/passwd"), WantedPhotoState.FAILED),
        (answering(b"", "503 Service Unavailable"), WantedPhotoState.WAITING),
        (answering(b"", "429 Too Many Requests"), WantedPhotoState.WAITING),
        (lambda connection: Connection.reset(connection), WantedPhotoState.WAITING),
    ],
)
def test_B_57_what_brings_no_photo_leaves_the_report_as_it_is(report, clock, bring, handler, state):
    want(report, clock)
    with serving(handler) as server:
        bring(server)
    wanted = WantedPhoto.objects.get()
    assert (wanted.state, bool(wanted.why), Photo.objects.count()) == (state, True, 0)
    assert (wanted.next_at is None) == (state == WantedPhotoState.FAILED)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/1.jpg",
        "http://localhost:{port}/1.jpg",
        "http://10.1.2.3/1.jpg",
        "http://169.254.169.254/latest/meta-data",
        "http://user:pass@photos.example/1.jpg",
        "http://0x7f000001/1.jpg",
        "ftp://photos.example/1.jpg",
    ],
)
def test_B_55_only_public_addresses_on_the_two_ports_are_called(report, clock, url):
    with serving(answering(jpeg())) as server:
        want(report, clock, url.format(port=server.port))
        assert run(once=True, clock=clock, random=lambda: 0.5, name="one") == 0
        assert server.connections == 0
    assert WantedPhoto.objects.get().state == WantedPhotoState.FAILED


def test_what_may_pass_is_tried_again_and_given_up_in_the_end(report, clock, bring):
    want(report, clock)
    with serving(answering(b"", "503 Service Unavailable")) as server:
        for _ in range(8):
            bring(server)
            clock.advance(hours=7)
        assert server.connections >= 5
    assert WantedPhoto.objects.get().state == WantedPhotoState.FAILED
    assert WantedPhoto.objects.get().attempts == 5


def test_F_01_a_photo_whose_worker_is_gone_is_fetched_by_another(report, clock, bring):
    want(report, clock)
    assert claim_photos(worker="gone", now=clock.now(), limit=4, lease_seconds=300)
    with serving(answering(jpeg())) as server:
        bring(server)
        assert Photo.objects.count() == 0
        wanted = WantedPhoto.objects.get()
        WantedPhoto.objects.update(lease_until=wanted.lease_until - timedelta(hours=1))
        bring(server)
    assert Photo.objects.filter(report=report).count() == 1
