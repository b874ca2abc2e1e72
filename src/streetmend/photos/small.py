"""A photo as a list shows it, made of the stored one when it is first asked for."""

from __future__ import annotations

import io

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from streetmend.photos.store import path_of, small_path_of

#: what a list needs on a sharp screen
LONGEST_SIDE = 240
_QUALITY = 75


def small(name: str) -> str:
    """The path below the store's root of the photo made small; it lies there.

    Raises OSError where the photo is gone or damaged, or the store cannot be written. The photo is a JPEG of our own making, so
    it is opened without another process.
    """
    path = small_path_of(name)
    if default_storage.exists(path):
        return path
    with default_storage.open(path_of(name)) as file, Image.open(file, formats=("JPEG",)) as image:
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=_QUALITY, optimize=True)
    kept = default_storage.save(path, ContentFile(out.getvalue()))
    if kept != path:  # another process made it at the same moment
        default_storage.delete(kept)
    return path
