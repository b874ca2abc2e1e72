"""Files that people send become photos without metadata, or are refused with a word; nothing harms the site."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from streetmend.photos.decode import LONGEST_SIDE, MOST_BYTES, Picture, decode
from streetmend.photos.errors import PhotoRefused, PhotoTooLarge, PhotoUnreadable


def picture(width: int = 60, height: int = 40, mode: str = "RGB", colour: Any = (200, 30, 30)) -> Image.Image:
    return Image.new(mode, (width, height), colour)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(made: Picture) -> Image.Image:
    image = Image.open(io.BytesIO(made.jpeg))
    image.load()
    return image


def with_place() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "A secret maker"
    exif[0x0112] = 6
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (59.0, 53.0, 22.2)
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_kind_of_picture_becomes_a_jpeg_of_the_same_size_and_colours(kind):
    made = decode(encoded(picture(), kind))
    assert (made.width, made.height) == (60, 40)
    image = opened(made)
    assert image.format == "JPEG"
    red, green, blue = image.getpixel((30, 20))
    assert abs(red - 200) < 6
    assert abs(green - 30) < 6
    assert abs(blue - 30) < 6


def test_a_heic_photo_of_a_telephone_is_read():
    pillow_heif.register_heif_opener()
    made = decode(encoded(picture(128, 96), "HEIF", quality=90))
    assert (made.width, made.height) == (128, 96)


def test_B_50_nothing_of_the_files_metadata_is_left_and_the_picture_is_upright():
    sent = encoded(picture(), exif=with_place(), comment=b"my address")
    assert b"secret maker" in sent
    made = decode(sent)
    assert (made.width, made.height) == (40, 60), "turned as its orientation said"
    for trace in (b"secret maker", b"my address", b"Exif", b"ICC_PROFILE", b"http://ns.adobe"):
        assert trace not in made.jpeg
    assert dict(opened(made).getexif()) == {}


def test_a_large_photo_is_made_smaller_and_keeps_its_shape():
    made = decode(encoded(picture(4000, 1000)))
    assert (made.width, made.height) == (LONGEST_SIDE, LONGEST_SIDE // 4)


def test_what_is_transparent_becomes_white():
    made = decode(encoded(picture(mode="RGBA", colour=(0, 0, 0, 0)), "PNG"))
    assert min(opened(made).getpixel((30, 20))) > 250


COLOURS = {"L": 128, "1": 1, "P": 3, "CMYK": (0, 200, 200, 40), "I;16": 40_000, "LA": (90, 255)}


@pytest.mark.parametrize("mode", COLOURS)
def test_B_48_pictures_of_every_kind_of_colours_are_read(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert decode(encoded(picture(mode=mode, colour=COLOURS[mode]), kind)).width == 60


def test_B_48_colours_of_another_profile_look_as_they_did():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert decode(encoded(picture(), icc_profile=profile)).width == 60
    assert decode(encoded(picture(), icc_profile=b"no profile at all")).width == 60


def test_B_49_of_an_animation_the_first_picture_is_taken():
    frames = [picture(colour=(0, 0, step * 80)) for step in range(3)]
    sent = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100)
    assert max(opened(decode(sent)).getpixel((1, 1))) < 10


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        b"GIF89a" + b"\x00" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>" * 3,
        b"%PDF-1.4 a document that is no picture at all",
        b"\xff\xd8\xff\xe0" + b"\x00" * 500,
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 500,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    ],
    ids=["empty", "text", "gif", "svg", "pdf", "jpeg head", "png head", "eps"],
)
def test_B_45_what_is_no_photo_is_refused_with_a_word(content):
    with pytest.raises(PhotoUnreadable, match="JPEG, PNG, WebP or HEIC"):
        decode(content)


def test_B_48_a_photo_that_was_cut_off_is_refused():
    sent = encoded(Image.effect_noise((400, 300), 90).convert("RGB"))
    with pytest.raises(PhotoUnreadable):
        decode(sent[: len(sent) // 2])


def test_B_40_a_file_that_is_too_large_is_refused_before_it_is_read():
    with pytest.raises(PhotoTooLarge, match="10 MB"):
        decode(b"\xff" * (MOST_BYTES + 1))


def png_that_says_it_is(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00" * 5_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(50_000, 50_000), (50_000_001, 1), (2**31 - 1, 2**31 - 1)])
def test_B_46_a_small_file_with_a_giant_picture_is_refused_by_its_pixels(size):
    with pytest.raises((PhotoTooLarge, PhotoUnreadable)) as refused:
        decode(png_that_says_it_is(*size))
    assert refused.value.field == "photos"


def test_B_47_a_picture_below_the_limit_of_pixels_that_needs_much_memory_ends_in_its_own_process():
    sent = encoded(Image.new("1", (7000, 7000)), "PNG")
    assert len(sent) < 20_000
    made = decode(sent)
    assert max(made.width, made.height) == LONGEST_SIDE


HEADS = (
    b"",
    b"\xff\xd8\xff\xe1",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\x00\x10\x00\x00WEBP",
    b"\x00\x00\x00\x18ftypheic",
)


@settings(max_examples=12)
@given(st.binary(max_size=3000), st.sampled_from(HEADS))
def test_B_51_whatever_bytes_that_are_no_photo_are_sent_they_are_refused_with_a_word(content, head):
    with pytest.raises(PhotoRefused) as refused:
        decode(head + content)
    assert refused.value.field == "photos"
    assert refused.value.message
