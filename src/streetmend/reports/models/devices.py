"""Browsers that are told by push messages, without anybody's name or address."""

from __future__ import annotations

from django.db import models


class Device(models.Model):
    """A browser that may be told (W3C Push API): where its push service takes messages, and its keys to encrypt them with."""

    #: SHA-256 of the endpoint, in hexadecimal digits
    endpoint_hash = models.CharField(max_length=64, unique=True)
    #: an address that is itself the permission to send to it
    endpoint = models.CharField(max_length=2000)
    #: the browser's public key on P-256 and its shared secret (RFC 8291), in base64url
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=30)
    language = models.CharField(max_length=10, default="en")
    created_at = models.DateTimeField()
    #: when it last asked for something
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"device {self.pk}"
