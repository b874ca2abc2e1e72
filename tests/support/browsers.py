"""A browser's half of push messages (RFC 8291): its keys, and what it reads."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from streetmend.reports.services.devices import Subscription


def in_base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class PretendBrowser:
    """A browser that has a subscription at a push service; only it can read what is sent to it."""

    def __init__(self, endpoint: str = "https://push.example/send/one") -> None:
        self._key = generate_private_key(SECP256R1())
        self._secret = os.urandom(16)
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.subscription = Subscription(endpoint, in_base64url(point), in_base64url(self._secret))

    @property
    def form(self) -> dict[str, str]:
        """What the page posts."""
        one = self.subscription
        return {"endpoint": one.endpoint, "p256dh": one.p256dh, "auth": one.auth}

    def read(self, sealed: bytes) -> dict[str, Any]:
        """The message that was sealed for this browser."""
        plain = http_ece.decrypt(sealed, private_key=self._key, auth_secret=self._secret, version="aes128gcm")
        return json.loads(plain)
