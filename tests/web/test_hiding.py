"""Parts of a photo are hidden before anybody sees it, by a form alone: what was there is gone from every byte that is kept."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from streetmend.photos.decode import decode
from streetmend.photos.store import path_of
from streetmend.reports.models import Draft, Photo
from tests.web.conftest import draft_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def store(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "photos"
    return tmp_path / "photos"


def noise(width: int = 400, height: int = 300, seed: int = 1) -> bytes:
    """A picture of coarse noise (so that JPEG keeps it), with the place of a camera in it."""
    small = Image.frombytes(
        "RGB", (width // 10, height // 10), random.Random(seed).randbytes(width * height // 100 * 3)
    )
    exif = Image.Exif()
    exif[0x010F] = "A secret maker"
    out = io.BytesIO()
    small.resize((width, height), Image.Resampling.NEAREST).save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def pixels(jpeg: bytes, box: tuple[int, int, int, int]) -> list[int]:
    return list(Image.open(io.BytesIO(jpeg)).convert("L").crop(box).tobytes())


def colours(jpeg: bytes, box: tuple[int, int, int, int]) -> int:
    """How many clearly different shades there are in the box."""
    return len({shade // 16 for shade in pixels(jpeg, box)})


def photos_of(draft: str) -> list[dict[str, object]]:
    return list(Draft.objects.get().content["photos"])


def test_a_hidden_part_is_a_few_squares_and_the_rest_stays():
    plain, hidden = decode(noise()).jpeg, decode(noise(), hide=[(250, 250, 500, 500)]).jpeg
    inside, outside = (104, 80, 296, 220), (0, 0, 90, 300)
    assert colours(plain, inside) > 12
    squares = Image.open(io.BytesIO(hidden)).convert("L").crop((100, 75, 300, 225))
    for column in range(4):
        for row in range(4):
            # away from the edges of a square, where JPEG smears
            x, y = column * 50 + 8, round(row * 37.5) + 8
            shades = list(squares.crop((x, y, x + 34, y + 20)).tobytes())
            assert max(shades) - min(shades) <= 12, (row, column)
    apart = [abs(a - b) for a, b in zip(pixels(plain, outside), pixels(hidden, outside), strict=True)]
    assert sum(apart) / len(apart) < 3


def test_two_pictures_that_differ_in_details_of_the_part_alone_become_one():
    """The squares tell averages and nothing else."""
    pictures = []
    for turned in (False, True):
        picture = Image.open(io.BytesIO(noise())).convert("RGB")
        for left, top in ((x, y) for x in range(100, 300, 50) for y in range(80, 220, 35)):
            box = (left, top, left + 50, top + 35)
            if turned:
                picture.paste(picture.crop(box).transpose(Image.Transpose.ROTATE_180), box)
        out = io.BytesIO()
        picture.save(out, "PNG")
        pictures.append(decode(out.getvalue(), hide=[(250, 267, 500, 466)]))
    first, second = (pixels(made.jpeg, (112, 92, 288, 208)) for made in pictures)
    assert max(abs(a - b) for a, b in zip(first, second, strict=True)) <= 40
    assert sum(abs(a - b) for a, b in zip(first, second, strict=True)) / len(first) < 6


@pytest.mark.parametrize("part", [(0, 0, 1000, 1000), (999, 999, 1, 1), (0, 0, 1, 1), (990, 0, 500, 5)])
def test_parts_at_the_edge_and_tiny_ones_are_hidden(part):
    made = decode(noise(), hide=[part])
    assert (made.width, made.height) == (400, 300)


def test_without_a_script_squares_are_chosen_and_the_photo_as_it_was_is_gone(client, town, fill, store):
    draft = fill(photo=noise())
    (before,) = photos_of(draft)
    answer = client.post(
        "/report/details",
        {"draft": draft, "hide": before["name"], f"alt.{before['name']}": "Lykta", "then": "check"},
    )
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"])
    assert page.content.decode().count('name="cell"') == 48
    for size in ("?whole=yes", ""):
        shown = client.get(f"/report/draft/{draft}/photos/{before['name']}{size}")
        assert b"".join(shown.streaming_content).startswith(b"\xff\xd8")
    answer = client.post(
        "/report/hide",
        {"draft": draft, "photo": before["name"], "cell": ["2.3", "2.4", "3.3", "3.4"], "then": "check"},
    )
    assert answer.headers["Location"] == f"/report/details?draft={draft}&then=check"
    (after,) = photos_of(draft)
    assert after["name"] != before["name"]
    assert after["alt"] == "Lykta"
    left = [path for path in store.rglob("*") if path.is_file()]
    assert [path.name for path in left] == [after["name"]]
    made = left[0].read_bytes()
    assert b"secret maker" not in made
    assert b"Exif" not in made
    assert colours(made, (160, 110, 190, 140)) <= 6
    assert colours(made, (0, 0, 100, 100)) > 12


def test_numbers_say_exactly_where_and_the_report_shows_the_hidden_photo(client, town, fill, store):
    draft = fill(photo=noise())
    (before,) = photos_of(draft)
    answer = client.post(
        "/report/hide",
        {"draft": draft, "photo": before["name"], "left": "10", "top": "10,5", "width": "50", "height": "50"},
    )
    assert draft_in(answer.headers["Location"]) == draft
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    photo = Photo.objects.get()
    with default_storage.open(path_of(photo.name)) as file:
        assert colours(file.read(), (48, 40, 84, 60)) <= 3
    assert (
        client.post("/report/hide", {"draft": draft, "photo": photo.name, "cell": "0.0"}).status_code == 302
    )


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({}, "cell"),
        ({"cell": ["9.9", "x", "\x00"]}, "cell"),
        ({"left": "1"}, "exact"),
        ({"left": "0", "top": "0", "width": "0", "height": "10"}, "exact"),
        ({"left": "nan", "top": "0", "width": "10", "height": "10"}, "exact"),
        ({"left": "100", "top": "0", "width": "10", "height": "10"}, "exact"),
        ({"cell": "0.0", "left": "-1", "top": "0", "width": "10", "height": "10"}, "exact"),
        ({"left": "1e9", "top": "0", "width": "10", "height": "10"}, "exact"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_changed(client, town, fill, told, field):
    draft = fill(photo=noise())
    before = photos_of(draft)
    answer = client.post("/report/hide", {"draft": draft, "photo": before[0]["name"], **told})
    assert answer.status_code == 422
    assert list(answer.context["errors"]) == [field]
    assert photos_of(draft) == before


def test_nobody_hides_or_sees_parts_of_a_photo_of_another_draft(client, town, fill):
    draft = fill(photo=noise())
    name = photos_of(draft)[0]["name"]
    for other in ("", "nonsense"):
        answer = client.post("/report/hide", {"draft": other, "photo": name, "cell": "0.0"})
        assert answer.status_code == 302
        assert client.get(f"/report/draft/{other or 'x'}/photos/{name}?whole=yes").status_code == 404
    assert photos_of(draft)[0]["name"] == name
