"""A browser wants to be told by push messages, without a name or an address."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from django.db import transaction

from streetmend.fetch.errors import RequestInvalid
from streetmend.fetch.urls import checked_url
from streetmend.reports.errors import ReportError
from streetmend.reports.models import Alert, Device, HowOften, Report
from streetmend.reports.services.alerting import Wanted, the_alert

#: push services take messages there and nowhere else
PORTS = (443,)
#: what one device may want at a time
MOST_ALERTS = 50
#: a device that wants nothing any more is forgotten after so long
IDLE = timedelta(days=30)
_LONGEST = 2000
_AUTH_BYTES, _KEY_BYTES = 16, 65


class SubscriptionInvalid(ReportError):
    """What the browser told of itself cannot be used to send to it."""

    field = "endpoint"


class TooManyAlerts(ReportError):
    """The device wants to hear of very many things already."""

    field = "endpoint"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as a browser tells it (W3C Push API): where to send to, its public key and its secret, in base64url."""

    endpoint: str
    p256dh: str
    auth: str


def follow_by_push(*, report: Report, subscription: Subscription, language: str, now: datetime) -> Alert:
    """The device is told what happens to the report, from now on; a second time changes nothing.

    Nobody needs to confirm it: only the browser itself knows its endpoint. Raises SubscriptionInvalid, TooManyAlerts.
    """
    checked(subscription)
    with transaction.atomic():
        device = _device(subscription, language, now)
        alert, _made = Alert.objects.get_or_create(
            device=device, person=None, report=report, defaults={"created_at": now}
        )
        return _on(alert, device, now)


def want_news_by_push(
    *, wanted: Wanted, how_often: HowOften, subscription: Subscription, language: str, now: datetime
) -> Alert:
    """The device is told of new reports that are like what is wanted; the same wish a second time is the first one.

    Raises SubscriptionInvalid, TooManyAlerts.
    """
    checked(subscription)
    with transaction.atomic():
        device = _device(subscription, language, now)
        return _on(the_alert(wanted=wanted, how_often=how_often, now=now, device=device), device, now)


def move_device(*, endpoint: str, subscription: Subscription, now: datetime) -> bool:
    """The browser that had this endpoint is told by its new subscription; false where nobody had it.

    Raises SubscriptionInvalid.
    """
    checked(subscription)
    with transaction.atomic():
        device = Device.objects.select_for_update().filter(endpoint_hash=hash_of(endpoint)).first()
        if device is None or Device.objects.filter(endpoint_hash=hash_of(subscription.endpoint)).exists():
            return False
        device.endpoint, device.endpoint_hash = subscription.endpoint, hash_of(subscription.endpoint)
        device.p256dh, device.auth, device.seen_at = subscription.p256dh, subscription.auth, now
        device.save()
    return True


def forget_idle_devices(*, now: datetime) -> int:
    """Devices that want nothing any more and asked for nothing for `IDLE` are gone; says how many."""
    idle = Device.objects.filter(seen_at__lt=now - IDLE).exclude(
        pk__in=Alert.objects.filter(device__isnull=False, ended_at=None).values("device")
    )
    return idle.delete()[0] if idle.exists() else 0


def hash_of(endpoint: str) -> str:
    """By what an endpoint is found."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


def checked(subscription: Subscription) -> None:
    """Raises SubscriptionInvalid unless the endpoint is an https address that may be called, and the keys are keys (RFC 8291)."""
    if len(subscription.endpoint) > _LONGEST:
        raise SubscriptionInvalid("The address of the push service is too long.")
    try:
        host = checked_url(subscription.endpoint, ports=PORTS, plain_http=False).raw_host or ""
    except RequestInvalid as error:
        raise SubscriptionInvalid(error.message) from error
    if ":" in host or host.replace(".", "").isdigit():
        raise SubscriptionInvalid("A push service has a name.")
    try:
        key, secret = _bytes(subscription.p256dh), _bytes(subscription.auth)
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), key)
    except (ValueError, binascii.Error) as error:
        raise SubscriptionInvalid("The browser's keys cannot be read.") from error
    if (len(key), len(secret)) != (_KEY_BYTES, _AUTH_BYTES):
        raise SubscriptionInvalid("The browser's keys have the wrong length.")


def _bytes(text: str) -> bytes:
    if not text.isascii() or len(text) > 100:
        raise ValueError("no base64url")
    plain = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _device(subscription: Subscription, language: str, now: datetime) -> Device:
    said = {
        "endpoint": subscription.endpoint, "p256dh": subscription.p256dh, "auth": subscription.auth,
        "language": language, "seen_at": now,
    }  # fmt: skip
    device, _made = Device.objects.update_or_create(
        endpoint_hash=hash_of(subscription.endpoint),
        defaults=said,
        create_defaults={**said, "created_at": now},
    )
    return device


def _on(alert: Alert, device: Device, now: datetime) -> Alert:
    others = Alert.objects.filter(device=device, ended_at=None, confirmed_at__isnull=False).exclude(
        pk=alert.pk
    )
    if others.count() >= MOST_ALERTS:
        raise TooManyAlerts("This device wants to hear of very many things already.")
    alert.confirmed_at, alert.ended_at = alert.confirmed_at or now, None
    alert.save(update_fields=["confirmed_at", "ended_at"])
    return alert
