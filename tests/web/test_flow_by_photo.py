"""Beginning with a photo; photos while the report is in the making."""

from __future__ import annotations

import io

import pytest
from django.test import Client
from PIL import ExifTags, Image

from streetmend.photos.decode import decode
from streetmend.reports.models import Draft, Photo, Report
from tests.support.town import WEST
from tests.web.conftest import draft_in

pytestmark = pytest.mark.django_db


def photo(*, at: tuple[float, float] | None = None, colour: int = 90) -> io.BytesIO:
    """A JPEG that says where it was taken (WGS84 degrees)."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Kamera & Sønn"
    if at is not None:
        lat, long = at
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(
            {
                ExifTags.GPS.GPSLatitudeRef: "N" if lat >= 0 else "S",
                ExifTags.GPS.GPSLatitude: (int(abs(lat)), 0.0, (abs(lat) % 1) * 3600),
                ExifTags.GPS.GPSLongitudeRef: "E" if long >= 0 else "W",
                ExifTags.GPS.GPSLongitude: (int(abs(long)), 0.0, (abs(long) % 1) * 3600),
            }
        )
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (10, colour, 90)).save(out, "JPEG", exif=exif)
    return io.BytesIO(out.getvalue())


@pytest.mark.parametrize("at", [(60.001, 4.002), (-33.9, 18.4), (51.5, -0.12)])
def test_B_50_the_place_of_a_photo_is_read_and_then_gone(at):
    picture = decode(photo(at=at).getvalue())
    assert picture.place == pytest.approx(at, abs=1e-5)
    with Image.open(io.BytesIO(picture.jpeg)) as image:
        assert not image.getexif()
    assert b"Kamera" not in picture.jpeg


@pytest.mark.parametrize(
    "gps",
    [
        {},
        {1: "N", 2: (60, 0, 0)},
        {1: "N", 2: ("x", 0, 0), 3: "E", 4: (4, 0, 0)},
        {1: "N", 2: (600, 0, 0), 3: "E", 4: (4, 0, 0)},
        {1: "N", 2: (0, 0, 0), 3: "E", 4: (0, 0, 0)},
        {1: "N", 2: (60, 0), 3: "E", 4: (4, 0, 0)},
    ],
)
def test_B_50_a_place_that_makes_no_sense_is_none(gps):
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {number: value for number, value in gps.items() if value != ("x", 0, 0)}
    )
    out = io.BytesIO()
    Image.new("RGB", (60, 40)).save(out, "JPEG", exif=exif)
    assert decode(out.getvalue()).place is None


def test_who_begins_with_a_photo_sees_its_place_on_the_map_and_goes_on_from_there(client, town):
    page = client.get("/report/photo").content.decode()
    assert "Start with a photo" in page
    answer = client.post("/report/photo", {"photos": photo(at=WEST), "device_lat": "50", "device_long": "0"})
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"])
    assert page.context["place"] == pytest.approx(WEST, abs=1e-5)
    assert page.context["recipients"] == ["Vestby kommune", "Veietaten"]
    assert "took the place from them" in page.content.decode()
    draft = draft_in(answer.headers["Location"])
    client.post("/report/where", {"draft": draft, "lat": WEST[0], "long": WEST[1]})
    client.post("/report/what", {"draft": draft, "title": "Lykta er mørk", "category": "Gatelys"})
    client.post("/report/details", {"draft": draft})
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    assert Photo.objects.get().report == Report.objects.get()


def test_a_photo_that_says_no_place_takes_the_devices_or_asks(client, town):
    answer = client.post("/report/photo", {"photos": photo(), "device_lat": "60", "device_long": "4"})
    assert client.get(answer.headers["Location"]).context["place"] == WEST
    answer = client.post("/report/photo", {"photos": photo(), "device_lat": "nan", "device_long": "4"})
    page = client.get(answer.headers["Location"])
    assert page.context["place"] is None
    assert "write the street" in page.content.decode()


def test_no_photo_or_a_wrong_file_is_told_and_begins_nothing(client, town):
    answer = client.post("/report/photo")
    assert (answer.status_code, Draft.objects.count()) == (422, 0)
    answer = client.post("/report/photo", {"photos": io.BytesIO(b"<svg onload=alert(1)>")})
    assert answer.status_code == 422
    assert "JPEG, PNG, WebP or HEIC" in answer.content.decode()


def test_B_78_photos_of_a_draft_are_seen_by_who_holds_it_and_by_nobody_else(client, town, begin):
    draft = begin()
    client.post("/report/what", {"draft": draft, "title": "Hull", "category": "Gatelys"})
    client.post("/report/details", {"draft": draft, "photos": photo(at=WEST)})
    (kept,) = client.get(f"/report/details?draft={draft}").context["photos"]
    answer = client.get(f"/report/draft/{draft}/photos/{kept.name}")
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert not Image.open(io.BytesIO(b"".join(answer.streaming_content))).getexif()
    other = begin()
    for path in (f"/report/draft/{other}/photos/{kept.name}", f"/report/draft/x/photos/{kept.name}",
                 f"/report/draft/{draft}/photos/{'0' * 32}.jpg", f"/photos/{kept.name[:2]}/{kept.name}",
                 f"/report/draft/{draft}/photos/..%2f..%2fx"):  # fmt: skip
        assert Client().get(path).status_code == 404, path


def test_photos_change_places_and_get_words_and_everything_else_is_kept(client, town, begin):
    draft = begin()
    client.post("/report/what", {"draft": draft, "title": "Skiltet er borte", "category": "Skilt"})
    client.post("/report/details", {"draft": draft, "photos": [photo(colour=10), photo(colour=200)]})
    one, two = client.get(f"/report/details?draft={draft}").context["photos"]
    answer = client.post(
        "/report/details",
        {"draft": draft, "first": two.name, f"alt.{one.name}": "Stolpen", "answer.kind": "stop"},
    )
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"])
    assert [(kept.name, kept.alt) for kept in page.context["photos"]] == [
        (two.name, ""),
        (one.name, "Stolpen"),
    ]
    assert page.context["questions"][0].values == ["stop"]
    client.post("/report/details", {"draft": draft, "answer.kind": "stop", "remove": two.name})
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    assert [(kept.name, kept.alt) for kept in Photo.objects.all()] == [(one.name, "Stolpen")]
