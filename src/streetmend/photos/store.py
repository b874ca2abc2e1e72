"""Where photos lie: files with random names, written before the rows that name them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A photo that lies in the store: always a JPEG that we encoded ourselves."""

    name: str
    width: int
    height: int
    sha256: str
    alt: str = ""


def store(jpeg: bytes, *, width: int, height: int, alt: str = "") -> StoredPhoto:
    """The photo lies in the store under a new random name. Raises OSError where it cannot be written."""
    name = f"{secrets.token_hex(16)}.jpg"
    default_storage.save(path_of(name), ContentFile(jpeg))
    return StoredPhoto(name, width, height, hashlib.sha256(jpeg).hexdigest(), alt)


def path_of(name: str) -> str:
    """The path of a photo below the store's root; two letters of its name spread the files over folders."""
    return f"{name[:2]}/{name}"


def small_path_of(name: str) -> str:
    """The path of the photo made small."""
    return f"small/{path_of(name)}"


def remove(name: str) -> None:
    """The photo, and what was made of it, lie in the store no more."""
    default_storage.delete(small_path_of(name))
    default_storage.delete(path_of(name))
