"""The fictional town's data fit together."""

from __future__ import annotations

import json
import random
import tomllib

import pytest
from shapely.geometry import Point, shape

from streetmend.demo.files import DATA
from streetmend.demo.sample.texts import Texts
from streetmend.demo.town import Town, street_of


@pytest.fixture(scope="module")
def town() -> Town:
    return Town()


@pytest.fixture(scope="module")
def site() -> dict:
    return tomllib.loads((DATA / "site.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("near", ["", "main", "park", "water"])
def test_every_place_lies_in_an_area_of_the_town_at_its_nearest_address(town: Town, near: str):
    areas = [shape(one["geometry"]) for one in json.loads((DATA / "areas.geojson").read_bytes())["features"]]
    rng = random.Random(5)
    for _ in range(60):
        place = town.place(rng, near)
        assert any(area.covers(Point(place.long, place.lat)) for area in areas)
        assert town.nearest_address(place.lat, place.long) == place.address
        assert street_of(place.address) == place.street


def test_what_people_tell_is_about_categories_that_some_body_has(site):
    known = {row["name"] for body in site["bodies"] for row in body["categories"]}
    texts = Texts.load()
    assert {kind.category for kind in texts.kinds} <= known
    assert all(kind.problems for kind in texts.kinds)


def test_every_photo_that_people_send_is_there_and_described(site):
    texts = Texts.load()
    photos = {problem.photo for kind in texts.kinds for problem in kind.problems if problem.photo}
    assert len(photos) == 12
    for photo in photos:
        assert (DATA / "photos" / f"{photo}.jpg").read_bytes().startswith(b"\xff\xd8")
        assert texts.alt(photo)


def test_every_month_has_something_to_tell_of():
    texts = Texts.load()
    for month in range(1, 13):
        kind, problem = texts.problem(random.Random(month), month)
        assert month in problem.months
        assert kind.weight > 0


def test_every_category_and_question_is_named_in_all_languages(site):
    others = [language for language in site["site"]["languages"] if language != "nb"]
    for body in site["bodies"]:
        for row in body["categories"]:
            for named in (row, *row.get("questions", ())):
                assert set(named["texts"]) == set(others), (body["name"], row["name"])
