"""Photos that come with what a program posts: as files, as data: addresses, or at addresses to be fetched later.

None of them can refuse a report: what cannot be used is left out, and the sender is told.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from streetmend.fetch import RequestInvalid
from streetmend.fetch.urls import checked_url
from streetmend.georeport.types import Upload
from streetmend.open311.saying import Notices
from streetmend.photos.decode import decode
from streetmend.photos.errors import PhotoRefused
from streetmend.photos.store import StoredPhoto, store

#: where photos may lie
PORTS = (80, 443)
_LONGEST_URL = 2000
_DATA = re.compile(r"data:image/[\w.+-]{1,40};base64,(?P<content>[A-Za-z0-9+/=\s_-]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Files as they came, and addresses to fetch from, within what the site takes."""

    files: tuple[bytes, ...]
    urls: tuple[str, ...]


def chosen(
    uploads: Sequence[Upload], media_urls: Sequence[str], notices: Notices, *, most: int, cut_off: bool
) -> Pictures:
    """The first `most` pictures, files before addresses; of those left out the notices tell."""
    if cut_off:
        notices.add("A photo was too large and was left out.")
    files = [upload.content for upload in uploads if upload.content]
    urls: list[str] = []
    for url in media_urls:
        if url[:5].lower() == "data:":
            files.extend(_from_data(url, notices))
        elif _may_be_fetched(url):
            urls.append(url)
        else:
            notices.add(
                "A media_url was left out: photos are fetched from http and https addresses on ports 80 and 443."
            )
    total = len(files) + len(urls)
    if total > most:
        notices.add(f"Only the first {most} of {total} photos were taken.")
    return Pictures(tuple(files[:most]), tuple(urls[: max(0, most - len(files))]))


def stored(pictures: Pictures, notices: Notices) -> list[StoredPhoto]:
    """The files as photos in the store; of those that are none the notices tell."""
    photos = []
    for content in pictures.files:
        try:
            picture = decode(content)
        except PhotoRefused as refused:
            notices.add(f"A photo was left out: {refused.message}")
            continue
        photos.append(store(picture.jpeg, width=picture.width, height=picture.height))
    return photos


def _from_data(url: str, notices: Notices) -> list[bytes]:
    found = _DATA.fullmatch(url)
    try:
        # a plus sign that went through a form unescaped arrives as a space
        text = found["content"].replace(" ", "+") if found else ""
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content:
        notices.add("A media_url was left out: it is no image in base64.")
    return [content] if content else []


def _may_be_fetched(url: str) -> bool:
    try:
        checked_url(url, ports=PORTS, plain_http=True)
    except RequestInvalid:
        return False
    return len(url) <= _LONGEST_URL
