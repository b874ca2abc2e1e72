"""Lists show photos made small; they come and go with the photos that they are made of."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from streetmend.photos.decode import decode
from streetmend.photos.small import LONGEST_SIDE, small
from streetmend.photos.store import StoredPhoto, path_of, store
from streetmend.photos.sweeping import sweep
from streetmend.reports.models import Photo
from streetmend.reports.services import Told, hide_photo, submit
from tests.support.town import WEST, make_town


@pytest.fixture
def photo() -> StoredPhoto:
    out = io.BytesIO()
    Image.effect_noise((1200, 900), 60).convert("RGB").save(out, "JPEG")
    made = decode(out.getvalue())
    return store(made.jpeg, width=made.width, height=made.height)


def file_of(path: str) -> Path:
    return Path(default_storage.path(path))


def test_a_small_photo_is_made_once_and_is_a_fraction_of_the_whole(photo):
    path = small(photo.name)
    first = file_of(path).stat()
    with Image.open(file_of(path)) as image:
        assert image.size == (LONGEST_SIDE, LONGEST_SIDE * 3 // 4)
    assert first.st_size * 5 < file_of(path_of(photo.name)).stat().st_size
    assert small(photo.name) == path
    assert file_of(path).stat().st_mtime_ns == first.st_mtime_ns


@pytest.mark.django_db
def test_B_78_a_small_photo_shows_as_long_as_its_photo_does(photo):
    make_town()
    now = datetime.now(UTC)
    submit(
        lat=WEST[0], long=WEST[1], title="Mørkt", category_name="Gatelys", told=Told(email="kari@test.example"),
        photos=[photo], now=now, confirmed=True,
    )  # fmt: skip
    client, path = Client(), f"/photos/small/{photo.name}"
    assert path in client.get("/reports").content.decode()
    answer = client.get(path)
    assert answer.getvalue().startswith(b"\xff\xd8")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert client.post(path).status_code == 405
    assert client.get("/photos/small/..%2fx.jpg").status_code == 404
    hide_photo(photo=Photo.objects.get(), now=now)
    assert client.get(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("damage", [b"", b"no picture", None])
def test_F_63_a_photo_that_is_damaged_or_gone_is_not_found_and_breaks_no_page(photo, damage):
    make_town()
    submit(
        lat=WEST[0], long=WEST[1], title="Mørkt", category_name="Gatelys", told=Told(email="kari@test.example"),
        photos=[photo], now=datetime.now(UTC), confirmed=True,
    )  # fmt: skip
    file = file_of(path_of(photo.name))
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)
    client = Client()
    assert client.get(f"/photos/small/{photo.name}").status_code == 404
    assert client.get("/reports").status_code == 200


@pytest.mark.django_db
def test_F_62_a_photo_that_is_swept_takes_its_small_one_with_it(photo):
    path = small(photo.name)
    os.utime(file_of(path_of(photo.name)), (0, 0))
    assert sweep(photo.name[:2], owned=lambda names: [], now=datetime.now(UTC)) == 1
    assert not file_of(path).exists()
