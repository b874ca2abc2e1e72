"""Files that came inside a data: address, kept as they came until they are decoded, under the name of their digest."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from streetmend.photos.decode import MOST_BYTES

_FOLDER = "incoming"
_SCHEME = "incoming:"
_DATA = re.compile(r"data:image/[\w.+-]{1,40};base64,([A-Za-z0-9+/=\s_-]*)", re.ASCII | re.IGNORECASE)
_NAME = re.compile(r"incoming:[0-9a-f]{64}")
#: what nobody decoded for so long is thrown away
_KEEP = timedelta(days=40)


def address_of(data_url: str) -> str:
    """The short address by which the picture in a data: address is known; "" where it holds none that may be kept.

    That is: an image in base64 of at most 10 MB.
    """
    content = content_of(data_url)
    return f"{_SCHEME}{hashlib.sha256(content).hexdigest()}" if content else ""


def content_of(data_url: str) -> bytes:
    """The bytes in a data: address of an image; none where it is something else or too much."""
    if len(data_url) > MOST_BYTES * 3 // 2:
        return b""
    found = _DATA.fullmatch(data_url)
    if found is None:
        return b""
    try:
        # a plus sign that went through a form unescaped arrives as a space
        text = "".join(found[1].replace(" ", "+").split())
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return content if len(content) <= MOST_BYTES else b""


def is_incoming(address: str) -> bool:
    """Whether this is an address of a file that we keep here."""
    return bool(_NAME.fullmatch(address))


def keep(content: bytes) -> str:
    """The file lies in the store; its address. Raises OSError where it cannot be written."""
    address = f"{_SCHEME}{hashlib.sha256(content).hexdigest()}"
    if not default_storage.exists(_path(address)):
        default_storage.save(_path(address), ContentFile(content))
    return address


def read(address: str) -> bytes:
    """The file as it came. Raises OSError where it is gone."""
    with default_storage.open(_path(address)) as file:
        content: bytes = file.read()
    return content


def forget_old(*, now: datetime) -> int:
    """Files that came more than forty days before `now` (UTC) are gone; says how many. Raises OSError."""
    try:
        _, names = default_storage.listdir(_FOLDER)
    except FileNotFoundError:
        return 0
    gone = 0
    for name in names:
        path = f"{_FOLDER}/{name}"
        try:
            old = default_storage.get_modified_time(path) < now - _KEEP
        except FileNotFoundError:  # another process removed it
            continue
        if old:
            default_storage.delete(path)
            gone += 1
    return gone


def _path(address: str) -> str:
    return f"{_FOLDER}/{address.removeprefix(_SCHEME)}"
