"""The key by which push services know this site (VAPID, RFC 8292).

It is derived from the site's secret key, so that there is nothing to make, keep or copy; `STREETMEND_VAPID_KEY` names another.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

_PURPOSE = b"streetmend: the key of push messages"
#: how many numbers the curve's private keys are (SEC 2, secp256r1: n - 1)
_KEYS = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 - 1


def private_key() -> EllipticCurvePrivateKey:
    """The site's private key on P-256."""
    return _key(settings.SECRET_KEY, settings.VAPID_KEY)


def public_key() -> str:
    """The public key as browsers want it: the uncompressed point in base64url, without padding."""
    point = private_key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode("ascii")


@lru_cache(maxsize=2)
def _key(secret: str, given: int) -> EllipticCurvePrivateKey:
    if given:
        return derive_private_key(given, SECP256R1())
    # 16 bytes more than the curve needs, so that no key is likelier than another
    raw = HKDF(algorithm=hashes.SHA256(), length=48, salt=None, info=_PURPOSE).derive(secret.encode())
    return derive_private_key(int.from_bytes(raw, "big") % _KEYS + 1, SECP256R1())
