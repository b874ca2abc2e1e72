"""What the map that can be moved asks for: tiles of our own, pins inside its window, parts of an operator's file."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from streetmend.reports.services import Told, submit
from tests.support.town import EAST, WEST

pytestmark = pytest.mark.django_db


def report(place: tuple[float, float], category: str = "Gatelys") -> None:
    submit(
        now=datetime(2024, 5, 1, 10, tzinfo=UTC), lat=place[0], long=place[1], title="Lykta <er> mørk",
        category_name=category, told=Told("kari@example.org"), confirmed=True,
    )  # fmt: skip


def test_a_tile_is_a_picture_of_its_own_that_follows_dark_mode(client, town):
    answer = client.get("/map/tiles/13/4187/2380.svg")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert "max-age" in answer.headers["Cache-Control"]
    drawn = answer.content.decode()
    assert 'width="512"' in drawn
    assert "prefers-color-scheme: dark" in drawn
    assert client.get("/map/tiles/8/130/74.svg").content != answer.content


@pytest.mark.parametrize(
    "tile", ["0/0/0", "19/0/0", "13/8192/0", "13/0/8192", "99/1/1", "13/-1/0", "13/1/9999999999999999"]
)
def test_B_92_tiles_that_there_are_not_are_not_found(client, town, tile):
    assert client.get(f"/map/tiles/{tile}.svg").status_code == 404


def test_the_pins_are_those_of_the_window_and_of_the_filters(client, town):
    report(WEST)
    report(EAST)
    report(EAST, "Hull i vei")
    at = "lat=60&long=4&zoom=14&width=600&height=400"
    assert [pin["count"] for pin in client.get(f"/map/pins.json?{at}").json()["pins"]] == [1]
    (pin,) = client.get("/map/pins.json?lat=60&long=4.2&zoom=14").json()["pins"]
    assert (pin["count"], pin["href"]) == (2, "")
    assert client.get("/map/pins.json?lat=60&long=4.2&zoom=14&q=nothing").json()["pins"] == []


@pytest.mark.parametrize(
    "asked",
    ["", "lat=nan&long=inf", "lat=60&long=4&zoom=99", "lat=60&long=4&width=1e9&height=-5", "zoom=3&width=4096&height=4096",
     "lat=91&long=181", "lat=%00&q=%00", "category=9999999999999999999"],
)  # fmt: skip
def test_B_92_any_window_is_answered_within_bounds(client, town, asked):
    answer = client.get(f"/map/pins.json?{asked}")
    assert answer.status_code == 200
    assert len(answer.json()["pins"]) <= 2000


def test_an_operators_archive_is_read_in_parts_and_only_where_one_is_named(client, town, settings, tmp_path):
    assert client.get("/map/archive.pmtiles").status_code == 404
    (tmp_path / "town.pmtiles").write_bytes(bytes(range(200)))
    settings.DATA = tmp_path
    settings.TILES = {"kind": "pmtiles", "url": "town.pmtiles", "attribution": "© Us"}
    part = client.get("/map/archive.pmtiles", headers={"Range": "bytes=10-19"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, bytes(range(10, 20)))
    assert part.headers["Content-Range"] == "bytes 10-19/200"
    assert len(b"".join(client.get("/map/archive.pmtiles").streaming_content)) == 200
    assert client.get("/map/archive.pmtiles", headers={"Range": "bytes=200-300"}).status_code == 416
    assert b'"url": "/map/archive.pmtiles"' in client.get("/reports").content.replace(b"&quot;", b'"')


@pytest.mark.parametrize(
    ("said", "policy"),
    [
        ("none", "img-src 'self' data: blob:;"),
        ("https://t.example/{z}/{x}/{y}.png © T", "img-src 'self' data: blob: https://t.example;"),
        ("https://t.example/a.pmtiles © T", "connect-src 'self' https://t.example;"),
        ("https://t.example/{z}/{x}/{y}.png", "STREETMEND_TILES"),
        ("https://t.example/tiles.png © T", "STREETMEND_TILES"),
        ("javascript:1/{z}/{x}/{y} © T", "STREETMEND_TILES"),
    ],
)
def test_tiles_of_others_need_their_owners_words_and_are_let_in_by_the_policy(tmp_path, said, policy):
    told = subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); from streetmend.web.middleware import POLICY; print(POLICY)"],
        env={**os.environ, "STREETMEND_TILES": said, "STREETMEND_DATA": str(tmp_path)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert policy in told.stdout + told.stderr
