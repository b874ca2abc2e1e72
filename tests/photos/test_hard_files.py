"""Files that are made to do harm, to hide something, or that only rarely come."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from streetmend.photos.decode import LONGEST_SIDE, MOST_BYTES, Picture, decode
from streetmend.photos.errors import PhotoTooLarge, PhotoUnreadable

pillow_heif.register_heif_opener()


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def halves(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), (220, 20, 20))
    image.paste((20, 20, 220), (width // 2, 0, width, height))
    return image.convert(mode)


def opened(made: Picture) -> Image.Image:
    image = Image.open(io.BytesIO(made.jpeg))
    image.load()
    return image


def is_red(colour: Any) -> bool:
    return bool(colour[0] > 150 and colour[2] < 100)


HARM = b"<?php system($_GET['c']); ?><script>alert(document.domain)</script>PK\x03\x04"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_B_45_what_hangs_on_to_a_picture_is_not_in_the_photo(kind):
    made = decode(encoded(halves(200, 100), kind) + HARM * 20)
    assert made.jpeg.startswith(b"\xff\xd8\xff")
    assert made.jpeg.endswith(b"\xff\xd9")
    for trace in (b"<?php", b"<script", b"PK\x03\x04"):
        assert trace not in made.jpeg


def test_B_45_a_comment_that_is_a_program_is_not_in_the_photo():
    assert b"<?php" not in decode(encoded(halves(200, 100), "JPEG", comment=HARM)).jpeg
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", HARM.decode("latin-1"))
    text.add_itxt("XML:com.adobe.xmp", HARM.decode("latin-1"))
    assert b"<?php" not in decode(encoded(halves(200, 100), "PNG", pnginfo=text)).jpeg


def place_and_more() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0xA431], exif[0x927C] = "SECRETMAKER", "SECRETSERIAL", b"SECRETNOTE"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (59.0, 53.0, 22.2), "E", (10.0, 31.0, 28.6)
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_B_50_no_place_device_or_note_is_left_of_any_kind_of_file(kind):
    sent = encoded(halves(200, 100), kind, exif=place_and_more(), xmp=b"<x:xmpmeta>SECRETXMP</x:xmpmeta>")
    assert b"SECRETMAKER" in sent
    made = decode(sent)
    for trace in (b"SECRET", b"Exif\x00", b"xmp", b"8BIM", b"ICC_PROFILE", b"MPF\x00"):
        assert trace not in made.jpeg
    image = opened(made)
    assert dict(image.getexif()) == {}
    assert set(image.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "progressive",
        "progression",
    }


def test_B_50_the_second_picture_of_a_file_is_not_in_the_photo():
    sent = encoded(
        halves(200, 100), "MPO", save_all=True, append_images=[Image.new("RGB", (200, 100), "green")]
    )
    made = decode(sent)
    assert made.jpeg.count(b"\xff\xd8\xff") == 1
    assert is_red(opened(made).getpixel((20, 50)))


@pytest.mark.parametrize(
    ("orientation", "red_at"),
    [(1, (20, 50)), (2, (180, 50)), (3, (180, 50)), (4, (20, 50)), (5, (50, 20)), (6, (50, 20)), (7, (50, 180)),
     (8, (50, 180))],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_B_50_every_orientation_is_applied(kind, orientation, red_at):
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = decode(encoded(halves(200, 100), kind, exif=exif))
    assert (made.width, made.height) == ((200, 100) if orientation < 5 else (100, 200))
    assert is_red(opened(made).getpixel(red_at))


def test_an_orientation_is_applied_to_a_photo_that_is_made_smaller_too():
    exif = Image.Exif()
    exif[0x0112] = 6
    made = decode(encoded(halves(5000, 2500), "JPEG", exif=exif))
    assert (made.width, made.height) == (LONGEST_SIDE // 2, LONGEST_SIDE)
    assert is_red(opened(made).getpixel((500, 100)))


def test_B_48_a_large_profile_and_large_metadata_do_no_harm():
    made = decode(encoded(halves(200, 100), "JPEG", icc_profile=b"\x00" * 5_000_000))
    assert len(made.jpeg) < 10_000
    exif = Image.Exif()
    exif[0x010E] = "x" * 60_000
    assert len(decode(encoded(halves(200, 100), "JPEG", exif=exif)).jpeg) < 10_000
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert is_red(opened(decode(encoded(halves(200, 100), "JPEG", icc_profile=srgb))).getpixel((20, 50)))


def test_B_48_a_jpeg_of_ten_thousand_scans_is_refused():
    sent = encoded(halves(800, 800), "JPEG", progressive=True)
    at = sent.rindex(b"\xff\xda")
    scan = sent[at:-2]
    assert decode(sent).width == 800
    with pytest.raises(PhotoUnreadable):
        decode(sent[:-2] + scan * 10_000 + sent[-2:])


def test_B_48_a_jpeg_that_says_it_is_65535_pixels_wide_and_high_is_refused():
    sent = bytearray(encoded(halves(200, 100), "JPEG"))
    at = sent.index(b"\xff\xc0") + 5
    sent[at : at + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(PhotoTooLarge, match="50 million pixels"):
        decode(bytes(sent))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_B_48_a_file_that_was_cut_off_is_refused(kind, share):
    noise = Image.effect_noise((300, 200), 80).convert("RGB")
    sent = encoded(noise, kind)
    with pytest.raises(PhotoUnreadable):
        decode(sent[: int(len(sent) * share)])


@pytest.mark.parametrize("mode", ["I;16", "CMYK", "1", "P", "RGBA", "LA", "L"])
def test_B_48_rare_kinds_of_colours_are_made_smaller_too(mode):
    if mode == "I;16":
        pixels = np.full((1500, 3000), 60_000, dtype=np.uint16)
        pixels[:, 1500:] = 2_000
        image = Image.fromarray(pixels)
    else:
        image = halves(3000, 1500, mode)
    made = decode(encoded(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert (made.width, made.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)
    left, right = opened(made).getpixel((100, 500)), opened(made).getpixel((1900, 500))
    if mode in ("CMYK", "P", "RGBA"):
        assert is_red(left)
        assert not is_red(right)
    elif mode == "I;16":
        assert left[0] > 220
        assert right[0] < 30


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_B_49_of_a_long_animation_only_the_first_picture_is_read(kind):
    frames = [Image.new("RGB", (64, 64), (step % 256, 0, 255 if step else 0)) for step in range(600)]
    sent = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=20)
    assert opened(decode(sent)).getpixel((30, 30))[2] < 30


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
def test_the_largest_photo_of_a_telephone_is_read_within_the_limits(kind):
    sent = encoded(halves(8000, 6000), kind)
    assert len(sent) < MOST_BYTES
    made = decode(sent)
    assert (made.width, made.height) == (LONGEST_SIDE, 1536)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (2, 2)])
def test_a_picture_of_a_strange_shape_is_still_a_picture(size):
    made = decode(encoded(Image.new("RGB", size, "red"), "PNG"))
    assert made.width >= 1
    assert made.height >= 1
    assert max(made.width, made.height) <= LONGEST_SIDE
