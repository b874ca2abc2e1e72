"""The process that decodes one photo: bytes on standard input, the cleaned JPEG on standard output.

It has limits of memory and of processor time of its own, so that whatever a picture does to its decoder ends here. It knows
nothing of the site: no settings, no database, no environment.
"""

from __future__ import annotations

import io
import math
import struct
import sys
import warnings
from collections.abc import Sequence

from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

#: the statuses by which the parent knows why there is no picture
UNREADABLE, TOO_MANY_PIXELS = 3, 4
#: what stands before the JPEG: width and height, and the latitude and longitude that the file told (not a number: none)
HEAD = struct.Struct(">IIdd")
#: JPEG opens pictures in pairs (MPO) too; of those the first one is taken
_KINDS = ("JPEG", "PNG", "WEBP", "HEIF")
_QUALITY = 82
#: a hidden part becomes at most so many squares across and down, none smaller than so many pixels and than this share of the
#: picture's longer side, so that parts side by side tell no more than one: no face survives that
_MOST_SQUARES, _SMALLEST_SQUARE, _SHARE = 4, 16, 16
#: left, top, width and height of a part, in thousandths of the picture
Part = tuple[int, int, int, int]
#: what stands before each scan of a JPEG, and how many an honest one has at most (a progressive one about ten)
_SCAN, _MOST_SCANS = b"\xff\xda", 100


class TooManyPixels(Exception):
    """The picture says of itself that it is larger than the limit."""


def cleaned(
    content: bytes, *, most_pixels: int, longest_side: int, hide: Sequence[Part] = ()
) -> tuple[int, int, bytes, tuple[float, float]]:
    """Width, height, the picture as a JPEG, upright, in sRGB, without a byte of what came along with it, and where it was taken.

    The parts to `hide` are coarse squares, each the average of what was there. The place is in WGS84 degrees, lat then long; two
    times "not a number" where the file does not say.

    Raises TooManyPixels, and whatever Pillow raises for what is no picture.
    """
    with Image.open(io.BytesIO(content), formats=_KINDS) as image:
        if image.width * image.height > most_pixels or 0 in image.size:
            raise TooManyPixels
        if image.format in ("JPEG", "MPO"):
            if content.count(_SCAN) > _MOST_SCANS:
                raise ValueError("a JPEG of so many scans is made to cost time")
            # the decoder itself makes it smaller: a twelfth of the memory for a large photo
            image.draft("RGB", (longest_side, longest_side))
        profile = image.info.get("icc_profile")
        place = _place(image)
        # small before anything else is done with it: no second copy of the whole
        image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
        plain = _in_srgb(_flat(ImageOps.exif_transpose(image)), profile)
    # a new picture: nothing of the old one's information comes along
    bare = Image.new("RGB", plain.size)
    bare.paste(plain)
    for part in hide:
        _hide(bare, part)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return bare.width, bare.height, out.getvalue(), place


def _hide(picture: Image.Image, part: Part) -> None:
    """The part, and every pixel that it touches, shows a few squares of one colour each."""
    left, top, width, height = part
    box = (
        picture.width * left // 1000,
        picture.height * top // 1000,
        math.ceil(picture.width * min(left + width, 1000) / 1000),
        math.ceil(picture.height * min(top + height, 1000) / 1000),
    )
    size = (box[2] - box[0], box[3] - box[1])
    if 0 in size:
        return
    smallest = max(_SMALLEST_SQUARE, max(picture.size) // _SHARE)
    across, down = (max(1, min(_MOST_SQUARES, side // smallest)) for side in size)
    squares = picture.crop(box).resize((across, down), Image.Resampling.BOX)
    picture.paste(squares.resize(size, Image.Resampling.NEAREST), box)


def _place(image: Image.Image) -> tuple[float, float]:
    """Where the camera says that it was (EXIF 2.32, 4.6.6): latitude and longitude in degrees, or two times "not a number"."""
    try:
        told = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(told[ExifTags.GPS.GPSLatitude], told[ExifTags.GPS.GPSLatitudeRef], "S")
        long = _degrees(told[ExifTags.GPS.GPSLongitude], told[ExifTags.GPS.GPSLongitudeRef], "W")
    except (
        LookupError,
        TypeError,
        ValueError,
        ArithmeticError,
        OSError,
        SyntaxError,
        AttributeError,
        struct.error,
    ):
        return math.nan, math.nan
    right = abs(lat) <= 90 and abs(long) <= 180 and (lat, long) != (0.0, 0.0)
    return (lat, long) if right else (math.nan, math.nan)


def _degrees(parts: Sequence[float], side: str, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if side.strip("\0 ").upper() == negative else value


def _flat(image: Image.Image) -> Image.Image:
    """The picture without transparency, which becomes white, and with eight bits a colour."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        seen = image.convert("RGBA")
        ground = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(ground, seen).convert("RGB")
    return image


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours as a screen without a profile shows them; a profile that cannot be used is left out."""
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            return image.convert("RGB")
        return converted or image.convert("RGB")
    return image.convert("RGB")


def limit_ourselves(*, memory_bytes: int, cpu_seconds: int) -> None:
    """This process may have no more memory and no more processor time than that. Where the system cannot say so, it is not."""
    try:
        import resource
    except ImportError:
        return
    for what, most in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CPU, cpu_seconds)):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(most_pixels: int, longest_side: int, memory_bytes: int, cpu_seconds: int, *hide: int) -> int:
    """The status of the process; the picture has been written if it is 0. `hide`: four numbers for each part to hide."""
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    # loaded before the limits hold, so that they are the picture's alone
    Image.init()
    limit_ourselves(memory_bytes=memory_bytes, cpu_seconds=cpu_seconds)
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = most_pixels
    try:
        width, height, jpeg, place = cleaned(
            sys.stdin.buffer.read(),
            most_pixels=most_pixels,
            longest_side=longest_side,
            hide=list(zip(hide[0::4], hide[1::4], hide[2::4], hide[3::4], strict=True)),
        )
    except (TooManyPixels, Image.DecompressionBombError):
        return TOO_MANY_PIXELS
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        SyntaxError,
        EOFError,
        MemoryError,
        RuntimeError,
        AttributeError,
        struct.error,
    ):
        # decoders of broken pictures raise nearly everything; all of it means the same
        return UNREADABLE
    sys.stdout.buffer.write(HEAD.pack(width, height, *place) + jpeg)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
