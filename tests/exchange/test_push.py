"""Push messages over TLS to a push service of the tests, which reads them as a browser does."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from streetmend.exchange.pushing import message_of, push, request_to
from streetmend.exchange.worker import run
from streetmend.fetch import Fetched, Fetcher, FetchRequest
from streetmend.fetch.urls import checked_url
from streetmend.reports.models import Alert, Device, HowOften, Notice, Report
from streetmend.reports.services import Said, add_update
from streetmend.reports.services.alerting import Wanted
from streetmend.reports.services.devices import (
    IDLE,
    MOST_ALERTS,
    Subscription,
    SubscriptionInvalid,
    TooManyAlerts,
    follow_by_push,
    forget_idle_devices,
    move_device,
    want_news_by_push,
)
from streetmend.reports.services.following import end_alert
from streetmend.reports.services.moderating import hide_report
from streetmend.reports.services.notices import claim_notices, rescue_notices
from streetmend.reports.states import Actor, State
from streetmend.reports.vapid import public_key
from tests.exchange.reports import make_report
from tests.support.browsers import PretendBrowser, from_base64url
from tests.support.certificates import Authority
from tests.support.clock import SettableClock
from tests.support.servers import Connection, serving
from tests.support.town import EAST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
HOST = "push.example"


@dataclass
class PushService:
    """Takes messages and answers with the next of `answers`, else 201."""

    authority: Authority = field(default_factory=Authority)
    answers: list[tuple[str, ...]] = field(default_factory=list)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    def __call__(self, connection: Connection) -> None:
        head, _, body = connection.request().partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.taken.append(({"": first, **headers}, body))
        status, *more = self.answers.pop(0) if self.answers else ("201 Created",)
        connection.answer(b"", status, *more)


class AtThePort:
    """The real fetcher; what goes to port 443 of the push service goes to the port that the tests have, and is checked before."""

    def __init__(self, fetcher: Fetcher, service: PushService) -> None:
        self._fetcher, self._service = fetcher, service

    async def send(
        self, request: FetchRequest, *, deadline_seconds: float, max_bytes: int, redirects: int = 0,
        ports: Collection[int] | None = None, plain_http: bool = True,
    ) -> Fetched:  # fmt: skip
        if HOST not in request.url:
            return await self._fetcher.send(
                request, deadline_seconds=deadline_seconds, max_bytes=max_bytes, redirects=redirects
            )
        assert (ports, plain_http, redirects) == ((443,), False, 0)
        url = checked_url(request.url, ports=ports, plain_http=plain_http)
        there = replace(request, url=str(url.with_port(self._service.port)))
        return await self._fetcher.send(there, deadline_seconds=deadline_seconds, max_bytes=max_bytes)


class Names:
    """Every name is this machine's, or the address that is given."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self._address = address

    async def resolve(self, host: str, port: int) -> list[str]:
        return [self._address]


@pytest.fixture
def service() -> Iterator[PushService]:
    here = PushService()
    with serving(here, here.authority.server_context(HOST)) as server:
        here.port = server.port
        yield here


@pytest.fixture
def subscriber() -> PretendBrowser:
    return PretendBrowser()


Work = Callable[[], None]


@pytest.fixture
def work(service: PushService, clock: SettableClock) -> Work:
    @asynccontextmanager
    async def transport(*, allow: tuple[str, ...] = ("127.0.0.0/8",)) -> AsyncIterator[AtThePort]:
        context: ssl.SSLContext = service.authority.client_context()
        async with Fetcher(allow=allow, resolver=Names(), ssl_context=context) as fetcher:
            yield AtThePort(fetcher, service)

    def work_once(**more: Any) -> None:
        opened = partial(transport, **more)
        assert run(once=True, clock=clock, random=lambda: 0.5, transport=opened, name="one") == 0

    return work_once


@pytest.fixture
def report(clock: SettableClock, transactional_db: None) -> Report:
    make_town()
    return make_report(clock, place=EAST)


def followed(report: Report, subscriber: PretendBrowser, clock: SettableClock, language: str = "en") -> Alert:
    return follow_by_push(
        report=report, subscription=subscriber.subscription, language=language, now=clock.now()
    )


def say(
    report: Report, clock: SettableClock, text: str = "Fixed now", state: State | None = State.FIXED
) -> None:
    add_update(report=report, actor=Actor.STAFF, said=Said(text, state), now=clock.now())


def test_who_follows_by_push_is_told_once_and_only_their_browser_can_read_it(
    report, subscriber, service, clock, work
):
    alert = followed(report, subscriber, clock)
    say(report, clock)
    work()
    work()
    ((headers, sealed),) = service.taken
    assert b"Fixed" not in sealed
    told = subscriber.read(sealed)
    assert told["title"] == "Fixed: Lykta er mørk"
    assert told["body"] == "Fixed now"
    assert told["url"].endswith(f"/reports/{report.pk}")
    assert (told["lang"], told["tag"], told["stop"]) == ("en", headers["topic"], "End it")
    assert f"/alerts/{alert.pk}%3A" in told["end"]
    assert headers[""].startswith("POST /send/one ")
    assert (headers["content-encoding"], int(headers["ttl"]) > 0) == ("aes128gcm", True)
    assert len(headers["topic"]) <= 32
    assert Notice.objects.get(device__isnull=False).state == "sent"
    with pytest.raises(http_ece.ECEException):
        PretendBrowser().read(sealed)


def test_the_push_service_knows_who_sends(report, subscriber, service, clock, work):
    followed(report, subscriber, clock)
    say(report, clock)
    work()
    scheme, _, parts = service.taken[0][0]["authorization"].partition(" ")
    token, key = (part.strip().partition("=")[2] for part in parts.split(","))
    assert (scheme, key) == ("vapid", public_key())
    signed, _, signature = token.rpartition(".")
    raw = from_base64url(signature)
    number = int.from_bytes
    EllipticCurvePublicKey.from_encoded_point(SECP256R1(), from_base64url(key)).verify(
        encode_dss_signature(number(raw[:32], "big"), number(raw[32:], "big")),
        signed.encode(),
        ECDSA(SHA256()),
    )
    claims = json.loads(from_base64url(signed.partition(".")[2]))
    assert (claims["aud"], claims["sub"]) == (f"https://{HOST}", "mailto:post@test.example")
    assert clock.now().timestamp() < claims["exp"] <= clock.now().timestamp() + 24 * 3600


def test_a_message_is_in_the_language_of_the_browser(report, subscriber, service, clock, work):
    followed(report, subscriber, clock, "nn")
    say(report, clock)
    work()
    told = subscriber.read(service.taken[0][1])
    assert (told["lang"], told["title"].endswith(": Lykta er mørk")) == ("nn", True)
    assert not told["title"].startswith("Fixed")


def test_a_repeat_after_a_worker_was_killed_takes_the_place_of_the_first(
    report, subscriber, service, clock, work
):
    followed(report, subscriber, clock)
    say(report, clock)

    async def send_and_die() -> None:
        async with Fetcher(
            allow=["127.0.0.0/8"], resolver=Names(), ssl_context=service.authority.client_context()
        ) as fetcher:
            assert (await push(notice, request, AtThePort(fetcher, service), now=clock.now())).sent

    # the lease is over at once, and nothing is recorded
    (notice,) = claim_notices(worker="dead", now=clock.now(), limit=9, lease_seconds=-1, by_push=True)
    request = request_to(notice.device, message_of(notice), now=clock.now())
    asyncio.run(send_and_die())
    assert rescue_notices(now=clock.now()) == 1
    work()
    (first, sealed), (second, again) = service.taken
    assert first["topic"] == second["topic"]
    assert subscriber.read(sealed)["tag"] == subscriber.read(again)["tag"]
    assert sealed != again, "encrypted anew"
    say(report, clock, "It was opened again", State.IN_PROGRESS)
    work()
    assert service.taken[-1][0]["topic"] != first["topic"]


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone", "403 Forbidden"])
def test_a_subscription_that_is_over_is_forgotten_with_all_that_hangs_on_it(
    report, subscriber, service, clock, work, status
):
    followed(report, subscriber, clock)
    say(report, clock)
    service.answers = [(status,)]
    work()
    assert (Device.objects.count(), Alert.objects.count()) == (0, 0)
    assert not Notice.objects.filter(email="").exists()
    say(report, clock, "And again", None)
    work()
    assert len(service.taken) == 1


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_push_service_that_is_busy_is_asked_again_when_it_said(
    report, subscriber, service, clock, work, status
):
    followed(report, subscriber, clock)
    say(report, clock)
    service.answers = [(status, "Retry-After: 1800")]
    work()
    notice = Notice.objects.get(device__isnull=False)
    assert (notice.state, notice.next_at) == ("waiting", clock.now() + timedelta(seconds=1800))
    assert HOST not in notice.why
    clock.advance(minutes=29)
    work()
    assert len(service.taken) == 1
    clock.advance(minutes=1)
    work()
    assert Notice.objects.get(device__isnull=False).state == "sent"


def test_a_message_that_a_push_service_cannot_take_is_given_up_and_the_browser_stays(
    report, subscriber, service, clock, work
):
    followed(report, subscriber, clock)
    say(report, clock, "x" * 5000)
    service.answers = [("413 Content Too Large",)]
    work()
    assert len(service.taken[0][1]) < 4096
    assert Notice.objects.get(device__isnull=False).state == "failed"
    assert Device.objects.count() == 1


def test_a_push_service_with_an_address_of_ours_is_never_called(report, subscriber, service, clock, work):
    followed(report, subscriber, clock)
    say(report, clock)
    work(allow=())
    assert service.taken == []
    assert Device.objects.count() == 0


def test_a_report_that_was_hidden_meanwhile_is_told_to_nobody(report, subscriber, service, clock, work):
    followed(report, subscriber, clock)
    say(report, clock)
    hide_report(report=report, now=clock.now())
    work()
    assert service.taken == []
    assert Notice.objects.get(device__isnull=False).state == "failed"


def test_new_reports_are_told_at_once_or_in_one_message_a_day(
    subscriber, service, clock, work, transactional_db
):
    make_town()
    near = Wanted(lat=EAST[0], long=EAST[1], metres=500)
    other = PretendBrowser("https://push.example/send/two")
    for one, often in ((subscriber, HowOften.INSTANT), (other, HowOften.DAILY)):
        want_news_by_push(
            wanted=near, how_often=often, subscription=one.subscription, language="en", now=clock.now()
        )
    make_report(clock, place=EAST)
    make_report(clock, place=EAST, title="Et hull")
    work()
    work()
    titles = sorted(subscriber.read(sealed)["title"] for _, sealed in service.taken)
    assert titles == ["New report: Et hull", "New report: Lykta er mørk"]
    service.taken.clear()
    clock.advance(days=1)
    work()
    work()
    ((_, sealed),) = service.taken
    told = other.read(sealed)
    assert (told["title"], told["url"].endswith("/reports")) == ("2 new reports", True)
    assert "Et hull" in told["body"]


def test_an_alert_that_was_ended_tells_nothing_and_its_browser_is_forgotten_after_a_while(
    report, subscriber, service, clock, work
):
    end_alert(alert=followed(report, subscriber, clock), now=clock.now())
    say(report, clock)
    work()
    assert service.taken == []
    assert forget_idle_devices(now=clock.now() + IDLE / 2) == 0
    assert forget_idle_devices(now=clock.now() + 2 * IDLE) > 0
    assert Device.objects.count() == 0


def test_a_browser_that_changes_its_subscription_is_told_at_the_new_one(
    report, subscriber, service, clock, work
):
    followed(report, subscriber, clock)
    other = PretendBrowser("https://push.example/send/two")
    moved = partial(move_device, subscription=other.subscription, now=clock.now())
    assert not moved(endpoint="https://push.example/send/unknown")
    assert moved(endpoint=subscriber.subscription.endpoint)
    assert not moved(endpoint=other.subscription.endpoint), "one browser does not become another one"
    say(report, clock)
    work()
    assert other.read(service.taken[0][1])["title"] == "Fixed: Lykta er mørk"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("endpoint", ""),
        ("endpoint", "http://push.example/send"),
        ("endpoint", "https://push.example:8443/send"),
        ("endpoint", "https://127.0.0.1/send"),
        ("endpoint", "https://[::1]/send"),
        ("endpoint", "https://user:word@push.example/send"),
        ("endpoint", "file:///etc/passwd"),
        ("endpoint", "https://push.example/" + "x" * 2000),
        ("p256dh", ""),
        ("p256dh", "AAAA"),
        ("p256dh", "B" * 87),
        ("p256dh", "ø" * 87),
        ("auth", ""),
        ("auth", "AAAA"),
        ("auth", "A" * 90),
    ],
)
def test_a_subscription_that_no_browser_gives_is_refused(report, subscriber, clock, field, value):
    wrong: Subscription = replace(subscriber.subscription, **{field: value})
    with pytest.raises(SubscriptionInvalid):
        follow_by_push(report=report, subscription=wrong, language="en", now=clock.now())
    assert (Device.objects.count(), Alert.objects.count()) == (0, 0)


def test_a_device_wants_to_hear_of_a_bounded_number_of_things(report, subscriber, clock):
    def want(number: int) -> None:
        want_news_by_push(
            wanted=Wanted(lat=60.0, long=4.0 + number / 100, metres=500), how_often=HowOften.INSTANT,
            subscription=subscriber.subscription, language="en", now=clock.now(),
        )  # fmt: skip

    for number in range(MOST_ALERTS):
        want(number)
    want(0)
    with pytest.raises(TooManyAlerts):
        want(MOST_ALERTS)
    assert Alert.objects.count() == MOST_ALERTS
