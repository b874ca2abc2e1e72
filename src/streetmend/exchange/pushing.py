"""Notices become push messages: encrypted for one browser, handed to its push service (RFC 8030, 8188, 8291, 8292)."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from streetmend.bodies.queries import site
from streetmend.clock import Clock
from streetmend.crash import crash
from streetmend.exchange.addresses import end_alert_url, report_url
from streetmend.exchange.calling import seconds_until
from streetmend.exchange.database import DatabaseThread
from streetmend.exchange.notices import NothingToTell, claim_written, context_of
from streetmend.exchange.surviving import surviving
from streetmend.fetch import AddressRefused, FetchError, FetchRequest, RequestInvalid, Transport
from streetmend.georeport.outcomes import retry_after
from streetmend.reports.models import Device, Notice
from streetmend.reports.queries.alerts import end_token, following_by_device
from streetmend.reports.services.devices import PORTS
from streetmend.reports.services.notices import NoticeResult, record_notices
from streetmend.reports.vapid import private_key

logger = logging.getLogger("streetmend.worker")

#: wall clock of one message
DEADLINE_SECONDS = 20.0
LEASE_SECONDS = 120
AT_ONCE = 16
MOST_BYTES = 20_000
#: how long the push service keeps a message for a device that is off
KEPT_SECONDS = 2 * 24 * 3600
#: how long the site's word to a push service is good; at most a day (RFC 8292, 2)
_GOOD = timedelta(hours=12)
#: a message has room for 4096 bytes with all that encryption adds (RFC 8291, 4)
_TITLE, _BODY = 200, 500
#: answers by which a push service says that the subscription is over (RFC 8030, 7.3), or not of this site's key
_GONE = frozenset({403, 404, 410})
_FOR_GOOD = (RequestInvalid, AddressRefused)
#: whatever a push service asks for, a notice is tried again within the day
_LONGEST_WAIT = 24 * 3600.0


def message_of(notice: Notice) -> dict[str, str]:
    """What the device shows, in its language, and where a press leads. Raises NothingToTell."""
    if notice.report is not None and not notice.report.visible:
        raise NothingToTell("The report is not public.")
    context = context_of(notice)
    with translation.override(notice.language):
        text = render_to_string(f"push/{notice.kind}.txt", context)
        stop = render_to_string("push/stop.txt")
    title, _, body = text.strip().partition("\n")
    return {
        "title": " ".join(title.split())[:_TITLE],
        "body": " ".join(body.split())[:_BODY],
        "url": report_url(notice.report.pk) if notice.report else f"{settings.BASE_URL}/reports",
        "end": _end_url(notice, context),
        "stop": " ".join(stop.split()),
        "lang": notice.language,
        "tag": topic_of(notice),
    }


def topic_of(notice: Notice) -> str:
    """The same for every repeat: push services put it in the place of the first one (RFC 8030, 5.4), and so do browsers."""
    digest = hashlib.sha256(notice.message_id.encode()).digest()
    return base64.urlsafe_b64encode(digest)[:32].decode("ascii")


def _end_url(notice: Notice, context: dict[str, Any]) -> str:
    if context.get("end_url") or notice.report is None or notice.device is None:
        return str(context.get("end_url", ""))
    alert = following_by_device(endpoint=notice.device.endpoint, report_id=notice.report.pk)
    return end_alert_url(end_token(alert)) if alert else ""


def request_to(device: Device, message: dict[str, str], *, now: datetime) -> FetchRequest:
    """The message as it leaves: nobody between us and the browser can read it. `now`: UTC."""
    # they bring a whole HTTP library along, for which a worker without push messages need not wait
    from py_vapid import Vapid02
    from pywebpush import WebPusher

    keys = {"p256dh": device.p256dh, "auth": device.auth}
    pusher = WebPusher({"endpoint": device.endpoint, "keys": keys})
    sealed = pusher.encode(json.dumps(message, ensure_ascii=False).encode(), content_encoding="aes128gcm")
    claims: dict[str, str | int] = {
        "aud": f"https://{urlsplit(device.endpoint).hostname}",
        "exp": int((now + _GOOD).timestamp()),
        "sub": f"mailto:{site().contact_email or settings.DEFAULT_FROM_EMAIL}",
    }
    headers = {
        **Vapid02(private_key()).sign(claims),
        "TTL": str(KEPT_SECONDS),
        "Topic": message["tag"],
        "Urgency": "normal",
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
    }
    return FetchRequest("POST", device.endpoint, headers, sealed["body"])


async def push(notice: Notice, request: FetchRequest, transport: Transport, *, now: datetime) -> NoticeResult:
    """What became of one try. It never raises what the other side can cause; why says nothing of the endpoint."""
    result = partial(NoticeResult, notice.pk, notice.attempts)
    try:
        answer = await transport.send(
            request, deadline_seconds=DEADLINE_SECONDS, max_bytes=MOST_BYTES, ports=PORTS, plain_http=False
        )
    except FetchError as error:
        # an address that may not be called is not one of a push service
        bad = isinstance(error, _FOR_GOOD)
        return result(sent=False, why=error.message, final=bad, gone=bad)
    if 200 <= answer.status < 300:
        return result(sent=True)
    why = f"The push service answered {answer.status}."
    if answer.status in _GONE:
        return result(sent=False, why=why, final=True, gone=True)
    passing = answer.status in (408, 425, 429) or answer.status >= 500
    asked = seconds_until(retry_after(answer.headers), now) if passing else None
    wait = min(asked or 0.0, _LONGEST_WAIT)
    return result(sent=False, why=why, final=not passing, wait_seconds=wait)


class PushLane:
    """A worker's push messages: a few at once, in places of their own."""

    def __init__(self, worker: str, clock: Clock, database: DatabaseThread) -> None:
        self.worker, self.clock, self.database = worker, clock, database
        self.under_way = 0

    async def take(self, start: Callable[[Coroutine[Any, Any, None]], None], transport: Transport) -> bool:
        """The push messages that are due are on their way, each by a job that `start` begins; says whether there were any."""
        if self.under_way >= AT_ONCE:
            return False
        claimed = await self.database(partial(self._claim, AT_ONCE - self.under_way))
        if claimed:
            crash("after_notices_claimed")
        self.under_way += len(claimed)
        for notice, request in claimed:
            start(self._push(notice, request, transport))
        return bool(claimed)

    def _claim(self, room: int) -> list[tuple[Notice, FetchRequest]]:
        return claim_written(
            self._request, worker=self.worker, now=self.clock.now(), limit=room, lease_seconds=LEASE_SECONDS,
            by_push=True,
        )  # fmt: skip

    def _request(self, notice: Notice) -> FetchRequest:
        if notice.device is None:
            raise NothingToTell("There is no device to tell.")
        return request_to(notice.device, message_of(notice), now=self.clock.now())

    def _record(self, results: Sequence[NoticeResult]) -> int:
        return record_notices(worker=self.worker, results=results, now=self.clock.now())

    async def _push(self, notice: Notice, request: FetchRequest, transport: Transport) -> None:
        # sent again with the same topic
        with surviving("notice=%d could not be pushed", notice.pk):
            result = await push(notice, request, transport, now=self.clock.now())
            crash("after_notices_sent")
            await self.database(partial(self._record, [result]))
            logger.info("notice=%d kind=%s pushed=%s %s", notice.pk, notice.kind, result.sent, result.why)
        self.under_way -= 1
