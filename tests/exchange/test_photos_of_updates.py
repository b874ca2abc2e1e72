"""Photos that bodies point at are fetched by a job of their own, guarded and decoded; the update never waits for them."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from streetmend.exchange.worker import run
from streetmend.fetch import Fetched, Fetcher, FetchRequest, Transport
from streetmend.georeport.types import RequestUpdate
from streetmend.photos.incoming import address_of
from streetmend.photos.store import path_of
from streetmend.reports.models import Inbox, Photo, Update, WantedPhoto
from streetmend.reports.queries.stories import story
from tests.exchange.conftest import Work
from tests.exchange.reports import make_report
from tests.support.clock import SettableClock
from tests.support.servers import Connection, Server, serving


def jpeg(colour: tuple[int, int, int] = (200, 30, 30), *, place: bool = False) -> bytes:
    """A photo, with the place and the device in it where asked for."""
    exif = Image.Exif()
    if place:
        exif[0x010F] = "A secret maker"
        exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "JPEG", exif=exif)
    return out.getvalue()


class Web(Fetcher):
    """The real fetcher on a machine without a name server: `photos.example` is the test's own server, whatever port it has.

    Any other photo is asked for by one that may call no address of this machine, as a town's may not. A call has at most a
    second.
    """

    def __init__(self, port: int, strict: Fetcher) -> None:
        super().__init__(allow=["127.0.0.0/8"])
        self.port, self.strict = port, strict
        self.asked: list[tuple[str, Collection[int] | None]] = []

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
        self.asked.append((request.url, ports))
        here = f"http://127.0.0.1:{self.port}"
        if request.url.startswith("http://photos.example/"):
            url = request.url.replace("http://photos.example", here)
            request, ports = FetchRequest(request.method, url, request.headers, request.body), None
        sends = super().send if ports is None else self.strict.send
        return await sends(
            request,
            deadline_seconds=min(deadline_seconds, 1.0),
            max_bytes=max_bytes,
            redirects=redirects,
            ports=ports,
            plain_http=plain_http,
        )


Say = Callable[[Connection], None]


@dataclass
class Elsewhere:
    """Somebody's server of photos: what it says at each path, and a worker that can reach it."""

    clock: SettableClock
    server: Server
    paths: dict[str, Say]
    asked: list[tuple[str, Collection[int] | None]] = field(default_factory=list)

    def work(self) -> None:
        @asynccontextmanager
        async def web() -> AsyncIterator[Transport]:
            async with (
                Fetcher(refuse_hosts=["our.example"]) as strict,
                Web(self.server.port, strict) as fetcher,
            ):
                yield fetcher
                self.asked += [one for one in fetcher.asked if "/open311" not in one[0]]

        assert run(once=True, clock=self.clock, random=lambda: 0.5, transport=web, name="one") == 0


@contextmanager
def elsewhere(clock: SettableClock, **paths: Say) -> Iterator[Elsewhere]:
    def handle(connection: Connection) -> None:
        path = connection.request().split(b" ")[1].decode().strip("/")
        paths[path](connection)

    with serving(handle) as server:
        yield Elsewhere(clock, server, paths)


def gives(body: bytes, kind: str = "image/jpeg", status: str = "200 OK", *headers: str) -> Say:
    return lambda connection: connection.answer(body, status, f"Content-Type: {kind}", *headers)


@pytest.fixture
def there(town, endpoint, clock: SettableClock, work: Work) -> str:
    """A report is at its endpoint; the endpoint's number for it."""
    make_report(clock)
    work()
    clock.advance(minutes=10)
    return endpoint.ledger.entries()[0].service_request_id


def say(endpoint, clock, number: str, *urls: str, update_id: str = "u1") -> None:
    """The endpoint has an update with these photos."""
    endpoint.ledger.add_update(
        RequestUpdate(
            update_id=update_id, service_request_id=number, status="closed", description="Ferdig.",
            updated_datetime=clock.now(), media_urls=urls,
        )
    )  # fmt: skip


def the_try() -> WantedPhoto:
    return WantedPhoto.objects.get()


def test_B_50_a_photo_of_an_update_is_fetched_later_decoded_and_shown_without_what_came_along(
    there, endpoint, clock
):
    with elsewhere(clock, one=gives(jpeg(place=True)), two=gives(jpeg((0, 200, 0)))) as web:
        say(endpoint, clock, there, "http://photos.example/one", "http://photos.example/two")
        web.work()
        assert [ports for _, ports in web.asked if ports is not None] == [(80, 443)] * 2
    update = Update.objects.get()
    photos = list(Photo.objects.filter(update=update).order_by("position"))
    assert [(photo.width, photo.height, photo.report_id) for photo in photos] == [(60, 40, None)] * 2
    with default_storage.open(path_of(photos[0].name)) as file:
        content = file.read()
    assert content[:3] == b"\xff\xd8\xff"
    assert b"secret maker" not in content
    assert not Image.open(io.BytesIO(content)).getexif()
    told = [event for event in story(update.report, now=clock.now()).events if event.kind == "update"]
    assert [len(event.photos) for event in told] == [2]
    assert [list(event.media_urls) for event in told] == [[]]


def test_the_update_stands_while_its_photo_cannot_be_fetched_and_the_photo_comes_once_it_can(
    there, endpoint, clock
):
    with elsewhere(clock, one=lambda connection: connection.reset()) as web:
        say(endpoint, clock, there, "http://photos.example/one")
        web.work()
        assert Update.objects.get().text == "Ferdig."
        assert the_try().state == "waiting"
        web.paths["one"] = gives(b"<html>Log in</html>", "text/html", "503 Service Unavailable")
        clock.advance(minutes=1)
        web.work()
        assert (the_try().attempts, the_try().state) == (2, "waiting")
        web.paths["one"] = gives(jpeg())
        clock.advance(minutes=10)
        web.work()
    assert (the_try().state, Photo.objects.count()) == ("fetched", 1)


def test_a_photo_that_never_comes_is_given_up_and_its_address_is_left_to_readers(there, endpoint, clock):
    with elsewhere(clock, one=gives(b"", "text/html", "404 Not Found")) as web:
        say(endpoint, clock, there, "http://photos.example/one")
        for _ in range(6):
            web.work()
            clock.advance(hours=7)
    assert the_try().state == "failed"
    assert "404" in the_try().why
    told = [event for event in story(Update.objects.get().report, now=clock.now()).events if event.text]
    assert [list(event.media_urls) for event in told] == [["http://photos.example/one"]]


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "gopher://photos.example/1", "ftp://photos.example/a.jpg", "javascript:alert(1)",
     "data:text/html;base64,PGI+aGVpPC9iPg==", "data:image/png,notbase64", "data:image/png;base64,####"],
)  # fmt: skip
def test_B_54_what_is_no_address_of_a_photo_costs_the_photo_and_not_the_update(there, endpoint, clock, url):
    with elsewhere(clock) as web:
        say(endpoint, clock, there, url)
        web.work()
    assert Update.objects.get().text == "Ferdig."
    assert (Photo.objects.count(), WantedPhoto.objects.count()) == (0, 0)


def test_B_54_a_photo_inside_a_data_address_goes_the_same_way_and_comes_once(there, endpoint, clock):
    data = "data:image/jpeg;base64," + base64.b64encode(jpeg(place=True)).decode()
    with elsewhere(clock) as web:
        say(endpoint, clock, there, data)
        for _ in range(3):
            web.work()
            clock.advance(minutes=5)
    photo = Photo.objects.get()
    with default_storage.open(path_of(photo.name)) as file:
        assert b"secret maker" not in file.read()
    row = Inbox.objects.get(state="applied")
    assert data[30:] not in str(row.content), "the picture does not lie in the inbox"


def test_B_54_a_data_address_of_more_than_ten_megabytes_is_none_of_a_photo():
    head, largest = b"\xff\xd8\xff", 10 * 1024 * 1024
    for size, kept in ((largest, True), (largest + 1, False)):
        data = "data:image/jpeg;base64," + base64.b64encode(head + bytes(size - 3)).decode()
        assert bool(address_of(data)) is kept


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.7", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "100.64.0.1", "0.0.0.0",
     "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "2130706433", "0177.0.0.1", "١٢٧.0.0.1", "localhost",
     "our.example"],
)  # fmt: skip
def test_B_55_a_photo_at_an_address_that_is_not_public_is_never_asked_for(there, endpoint, clock, host):
    with elsewhere(clock) as web:
        say(endpoint, clock, there, f"http://{host}/latest/meta-data")
        web.work()
        assert web.server.connections == 0
    assert (the_try().state, the_try().attempts) == ("failed", 1)
    assert the_try().why
    assert Update.objects.get().text == "Ferdig."


@pytest.mark.parametrize("port", [22, 8080, 5432])
def test_B_55_a_photo_at_another_port_is_refused_at_once(there, endpoint, clock, port):
    with elsewhere(clock) as web:
        say(endpoint, clock, there, f"http://photos.invalid:{port}/a.jpg")
        web.work()
    assert (the_try().state, the_try().attempts) == ("failed", 1)
    assert f"Port {port} is not permitted" in the_try().why


def test_B_56_a_name_that_leads_to_a_private_address_is_refused_on_the_connected_address(
    there, endpoint, clock
):
    class Rebinding:
        """Public when asked first, private ever after."""

        def __init__(self) -> None:
            self.asked = 0

        async def resolve(self, host: str, port: int) -> Sequence[str]:
            self.asked += host == "rebinding.example"
            return ["127.0.0.1"] if "127" in host else ["10.11.12.13"]

    names = Rebinding()

    @asynccontextmanager
    async def web() -> AsyncIterator[Transport]:
        async with Fetcher(allow=["127.0.0.0/8"], resolver=names) as fetcher:
            yield fetcher

    say(endpoint, clock, there, "http://rebinding.example/a.jpg")
    assert run(once=True, clock=clock, random=lambda: 0.5, transport=web, name="one") == 0
    assert (the_try().state, names.asked) == ("failed", 1)
    assert Photo.objects.count() == 0


def drip(connection: Connection) -> None:
    """A byte now and then, for longer than anybody waits."""
    connection.say(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(20):
        connection.say(b"x")
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("loop", gives(b"", "text/plain", "302 Found", "Location: /one")),
        ("private", gives(b"", "text/plain", "302 Found", "Location: http://10.1.1.1/")),
        ("large", gives(bytes(10 * 1024 * 1024 + 1))),
        ("drip", drip),
        ("wrong type", gives(b"GIF89a" + bytes(200), "image/gif")),
        ("login page", gives(b"<!doctype html><title>Log in</title>" + bytes(50), "text/html")),
        ("svg", gives(b"<svg xmlns='http://www.w3.org/2000/svg'/>" + bytes(50), "image/svg+xml")),
    ],
)
def test_B_57_a_server_of_photos_that_misbehaves_costs_the_photo_and_nothing_else(
    there, endpoint, clock, name, answer
):
    with elsewhere(clock, one=answer) as web:
        say(endpoint, clock, there, "http://photos.example/one")
        web.work()
    assert Update.objects.get().text == "Ferdig."
    assert Photo.objects.count() == 0
    assert the_try().why


def test_B_58_neither_a_password_nor_a_cookie_goes_along(there, endpoint, clock):
    seen: list[bytes] = []

    def handle(connection: Connection) -> None:
        seen.append(connection.request())
        connection.answer(jpeg(), "200 OK", "Content-Type: image/jpeg", "Set-Cookie: s=1; Path=/")

    with serving(handle) as server:
        web = Elsewhere(clock, server, {})
        say(
            endpoint, clock, there,
            "http://photos.example/a", "http://photos.example/b", "http://kari:secret@photos.example/c",
        )  # fmt: skip
        web.work()
    assert Photo.objects.count() == 2
    heads = b"".join(seen).lower()
    for word in (b"cookie", b"authorization", b"referer", b"secret", b"api_key"):
        assert word not in heads
    with_password = WantedPhoto.objects.get(url__contains="kari")
    assert with_password.state == "failed"
    assert "secret" not in with_password.why


def test_a_worker_that_dies_while_it_fetches_leaves_the_photo_to_the_next(there, endpoint, clock):
    with elsewhere(clock, one=gives(b"", "text/plain", "503 Later")) as web:
        say(endpoint, clock, there, "http://photos.example/one")
        web.work()
        WantedPhoto.objects.update(
            state="fetching", lease_owner="gone", lease_until=datetime.now(UTC) - timedelta(minutes=1)
        )
        web.paths["one"] = gives(jpeg())
        clock.advance(minutes=5)
        web.work()
    assert Photo.objects.count() == 1
