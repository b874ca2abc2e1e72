"""Secrets at rest: sealed with a key that is derived from the site's secret key and never lies in the database."""

from __future__ import annotations

import base64
import functools
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from streetmend.bodies.models import Endpoint

_PURPOSE = b"streetmend: secrets in the database"


class SealBroken(ValueError):
    """A sealed secret cannot be read: it was sealed under another secret key, or it was changed."""


class KeyMissing(ValueError):
    """The file or the variable that should hold an endpoint's API key cannot be read; the text names it."""


def seal(secret: str) -> str:
    """The secret as it may lie in the database; "" stays ""."""
    return _box().encrypt(secret.encode()).decode("ascii") if secret else ""


def unseal(sealed: str) -> str:
    """The secret that was sealed. Raises SealBroken."""
    if not sealed:
        return ""
    try:
        return _opened(sealed, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    except InvalidToken as error:
        raise SealBroken(
            "A stored secret cannot be read with this secret key (STREETMEND_SECRET_KEY). Set the secret again."
        ) from error


def api_key(endpoint: Endpoint) -> str:
    """The endpoint's API key, from where it is kept; "" where it has none. Read anew at each call, never to be logged.

    Raises KeyMissing and SealBroken.
    """
    source = endpoint.api_key_source
    if name := source.get("env"):
        if not os.environ.get(name):
            raise KeyMissing(f"The variable {name} that should hold the API key is not set.")
        return os.environ[name].strip()
    if file := source.get("file"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyMissing(
                f"The file {file} that should hold the API key cannot be read: {error}."
            ) from error
    return unseal(endpoint.api_key_sealed)


@functools.lru_cache(maxsize=1024)
def _opened(sealed: str, secret_keys: tuple[str | bytes, ...]) -> str:
    """What lies in the database is opened once for many calls: whoever holds the secret key can open it at any time."""
    return MultiFernet([_fernet(key) for key in secret_keys]).decrypt(sealed.encode()).decode()


def _box() -> MultiFernet:
    """Seals under the secret key of now; opens also what was sealed under one of its predecessors."""
    return MultiFernet([_fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


@functools.cache
def _fernet(secret_key: str | bytes) -> Fernet:
    raw = secret_key.encode() if isinstance(secret_key, str) else secret_key
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_PURPOSE).derive(raw)
    return Fernet(base64.urlsafe_b64encode(derived))
