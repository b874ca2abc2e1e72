"""API keys: the only writers of them, and the way from a key that was shown to the row that it is."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet

from streetmend.accounts.models import ApiKey, Scope
from streetmend.text import clean_text

NAME_LENGTH = 200
MOST_PER_MINUTE = 1_000_000
#: what every key begins with, so that one that lies about is recognised
PREFIX = "sm_"
_BEGINNING = 8
_LONGEST = 100
_BY_HASH = "SELECT * FROM accounts_apikey WHERE secret_hash = %s"
#: the use of a key is noted at most so often: a row that every call writes would make its calls wait in line
_NOTE_EVERY = timedelta(minutes=1)


class KeyRuleBroken(ValueError):
    """There can be no such API key; the text says why, for people."""


class KeyRefused(Exception):
    """A key opens nothing: there is none like it, it is revoked, or it may not do this. The text is for whoever sent it."""


def create_api_key(
    *,
    name: str,
    now: datetime,
    scopes: Iterable[Scope] = (Scope.REPORT,),
    body_id: int | None = None,
    rate_per_minute: int | None = None,
    draw: Callable[[], str] = lambda: secrets.token_urlsafe(32),
) -> tuple[ApiKey, str]:
    """There is a new key; the secret (256 random bits), which is not kept, is returned beside it.

    `body_id`: for whom updates are sent. `rate_per_minute`: None for no limit. Raises KeyRuleBroken, TextMissing, TextTooLong.
    """
    name = clean_text(name, field="name", max_length=NAME_LENGTH, required=True)
    wanted = [scope for scope in Scope if scope in set(scopes)]
    if not wanted:
        raise KeyRuleBroken("A key must be good for something.")
    if Scope.UPDATE in wanted and body_id is None:
        raise KeyRuleBroken("A key for updates belongs to a body: say which.")
    if rate_per_minute is not None and not 1 <= rate_per_minute <= MOST_PER_MINUTE:
        raise KeyRuleBroken(f"A rate is a number from 1 to {MOST_PER_MINUTE}.")
    secret = PREFIX + draw()
    key = ApiKey.objects.create(
        name=name,
        body_id=body_id,
        scopes=[scope.value for scope in wanted],
        rate_per_minute=rate_per_minute,
        secret_hash=hash_of(secret),
        beginning=secret[:_BEGINNING],
        created_at=now,
    )
    return key, secret


def revoke_api_key(*, key: ApiKey, now: datetime) -> None:
    """The key opens nothing any more, from the next call on."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)


def note_use(*, key: ApiKey, now: datetime) -> None:
    """The key is known to have been used at `now` (UTC), give or take a minute."""
    if key.last_used_at is None or key.last_used_at < now - _NOTE_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def key_for(secret: str, scope: Scope) -> ApiKey:
    """The key whose secret this is, good for `scope`. Raises KeyRefused.

    A key is found by its hash, so that how long it takes says nothing about how near a guess was.
    """
    hashed = hash_of(secret)
    found = None
    if len(secret) <= _LONGEST:
        # asked at every call: making the query by the model costs several times what the database does
        found = next(iter(ApiKey.objects.raw(_BY_HASH, [hashed])), None)
    if found is None or not hmac.compare_digest(found.secret_hash, hashed) or found.revoked_at is not None:
        raise KeyRefused("is not a key of this site")
    if scope.value not in found.scopes:
        raise KeyRefused(f"is a key that may not {scope.label}")
    return found


def api_keys() -> QuerySet[ApiKey]:
    """All keys, the oldest first, revoked ones too."""
    return ApiKey.objects.select_related("body").order_by("id")


def keys_named(word: str) -> list[ApiKey]:
    """The keys that are good and meant by `word`: a key's number, its owner's name, or the key itself."""
    good = ApiKey.objects.filter(revoked_at=None).order_by("id")
    found = list(good.filter(secret_hash=hash_of(word)))
    if not found and word.isascii() and word.isdigit() and len(word) <= 18:
        found = list(good.filter(pk=int(word)))
    return found or list(good.filter(name=word))


def hash_of(secret: str) -> str:
    """What is kept of a key: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
