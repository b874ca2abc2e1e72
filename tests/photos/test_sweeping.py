"""F-62: a photo that was stored and that no row ever named goes; one that something names never does."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from streetmend.exchange.worker import run
from streetmend.photos.store import StoredPhoto, path_of, store
from streetmend.photos.sweeping import FOLDERS, sweep
from streetmend.reports.queries.photos import owned_photos
from streetmend.reports.services import Told, start_draft, submit
from streetmend.reports.services.drafts import LIFETIME, draft_became
from tests.support.town import WEST, make_town

DAY = timedelta(days=1)


def stored(*, hours: float = 25) -> StoredPhoto:
    """A photo that was stored so long ago."""
    photo = store(b"\xff\xd8 a picture", width=1, height=1)
    age(photo, hours)
    return photo


def age(photo: StoredPhoto, hours: float) -> None:
    moment = time.time() - hours * 3600
    os.utime(default_storage.path(path_of(photo.name)), (moment, moment))


def is_there(photo: StoredPhoto) -> bool:
    return Path(default_storage.path(path_of(photo.name))).exists()


def sweep_all(owned=owned_photos) -> int:
    return sum(sweep(folder, owned=owned, now=datetime.now(UTC)) for folder in FOLDERS)


@pytest.fixture(autouse=True)
def swept_before(db):
    sweep_all()


def submitted(photo: StoredPhoto):
    make_town()
    return submit(
        lat=WEST[0], long=WEST[1], title="Mørkt", category_name="Gatelys", told=Told(email="kari@test.example"),
        photos=[photo], now=datetime.now(UTC), confirmed=True,
    ).report  # fmt: skip


def test_F_62_a_photo_that_nothing_names_is_gone_after_a_day_and_not_before():
    old, young = stored(hours=24.1), stored(hours=23.9)
    assert sweep_all() == 1
    assert not is_there(old)
    assert is_there(young)


def test_F_62_the_photo_of_a_report_stays_for_ever():
    photo = stored(hours=24 * 400)
    submitted(photo)
    assert sweep_all() == 0
    assert is_there(photo)


def test_F_62_the_photo_of_a_draft_stays_as_long_as_the_draft():
    photo = stored()
    now = datetime.now(UTC)
    content = {"photos": [{"name": photo.name, "width": 1, "height": 1, "sha256": "", "alt": ""}]}
    token = start_draft(content=content, now=now)
    start_draft(content={"title": "one without photos"}, now=now)
    assert sweep_all() == 0
    report = submitted(photo)
    draft_became(token=token, report=report, now=now)
    assert sweep_all() == 0, "the report has it now"
    assert is_there(photo)


def test_a_file_that_is_no_photo_of_ours_stays():
    odd = Path(default_storage.path("aa/readme.txt"))
    odd.parent.mkdir(parents=True, exist_ok=True)
    odd.write_text("mine")
    os.utime(odd, (0, 0))
    assert sweep_all() == 0
    assert odd.exists()
    odd.unlink()


def test_many_photos_are_asked_about_in_batches(db):
    asked: list[int] = []
    names = [f"{number:032x}.jpg" for number in range(1200)]
    for name in names:
        file = Path(default_storage.path(path_of(name)))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        os.utime(file, (0, 0))

    def first_ones(batch):
        asked.append(len(batch))
        return {name for name in batch if name < names[5]}

    assert sweep("00", owned=first_ones, now=datetime.now(UTC)) == 1195
    assert asked == [500, 500, 200]
    assert sweep_all() == 5


@pytest.mark.django_db(transaction=True)
def test_the_worker_forgets_drafts_that_nobody_touched_and_then_their_photos():
    photo = stored()
    content = {"photos": [{"name": photo.name}]}
    start_draft(content=content, now=datetime.now(UTC) - LIFETIME - DAY)
    number = (int(photo.name[:2], 16) + 0.5) / 256
    assert run(once=True, random=lambda: number) == 0
    assert not is_there(photo)
