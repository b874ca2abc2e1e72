"""A file that somebody sent becomes a photo that may be shown: decoded under limits in a process of its own."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import BoundedSemaphore

from streetmend.counting import count
from streetmend.photos import child
from streetmend.photos.child import Part
from streetmend.photos.errors import PhotoRefused, too_many_bytes, too_many_pixels, unreadable

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 50_000_000
#: what the largest photo on a page needs, on a sharp screen
LONGEST_SIDE = 2048
MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 10
WALL_SECONDS = 30.0
MOST_PARTS = 64
#: at once in one process of the site, so that many uploads cannot use up the machine's memory
_AT_ONCE = BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG of our own making, upright and without metadata, and its size in pixels."""

    width: int
    height: int
    jpeg: bytes
    #: where the file said that it was taken (WGS84 degrees, lat then long); in the JPEG it stands no more
    place: tuple[float, float] | None = None


def decode(content: bytes, *, hide: Sequence[Part] = ()) -> Picture:
    """The picture in `content` (JPEG, PNG, WebP, HEIC), at most LONGEST_SIDE pixels long or high.

    Nothing of the file itself is in it: no place, no device, no second picture, no comment; nor what was in the parts to `hide`
    (at most `MOST_PARTS`; left, top, width, height in thousandths), which are coarse squares. Raises PhotoTooLarge and
    PhotoUnreadable, with a message in the language of the moment; each is counted.
    """
    try:
        return _decoded(content, hide)
    except PhotoRefused as refused:
        count("photos_refused_total", labels={"why": refused.kind})
        raise


def _decoded(content: bytes, hide: Sequence[Part]) -> Picture:
    if len(content) > MOST_BYTES:
        raise too_many_bytes(MOST_BYTES)
    if len(content) < 16:
        raise unreadable()
    limits = (MOST_PIXELS, LONGEST_SIDE, MEMORY_BYTES, CPU_SECONDS)
    parts = [number for part in hide[:MOST_PARTS] for number in part]
    command = [sys.executable, "-I", "-X", "utf8", child.__file__, *map(str, (*limits, *parts))]
    with _AT_ONCE:
        try:
            done = subprocess.run(  # noqa: S603 - our own program; the file goes in by standard input
                command, input=content, capture_output=True, timeout=WALL_SECONDS, check=False, env={}
            )
        except subprocess.TimeoutExpired as error:
            raise unreadable() from error
    if done.returncode == child.TOO_MANY_PIXELS:
        raise too_many_pixels(MOST_PIXELS)
    if done.returncode != 0 or len(done.stdout) <= child.HEAD.size:
        raise unreadable()
    width, height, lat, long = child.HEAD.unpack_from(done.stdout)
    place = None if math.isnan(lat) or math.isnan(long) else (round(lat, 6), round(long, 6))
    return Picture(width, height, done.stdout[child.HEAD.size :], place)
