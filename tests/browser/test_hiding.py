"""Parts of a photo are hidden in the browser before it travels, by a pointer or by the keyboard, and on the page for that."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from streetmend.photos.store import path_of
from streetmend.reports.models import Draft
from tests.browser.test_pages import check
from tests.support.town import make_town
from tests.web.test_hiding import colours, noise

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def details(page: Any, live_server: Any, settings: Any, tmp_path: Any) -> Any:
    """The page is at the step for photos."""
    settings.MEDIA_ROOT = tmp_path / "photos"
    make_town()
    page.set_extra_http_headers({"Accept-Language": "en"})
    page.goto(f"{live_server.url}/report/where?lat=60&long=4&zoom=15&pin_lat=60&pin_long=4")
    page.click("form[method=post] button.main")
    page.fill("#title", "Lykta er mørk")
    page.check("input[name=category][value=Gatelys]")
    page.click("button.main")
    page.set_input_files("#photos", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": noise()})
    page.wait_for_selector(".hiding canvas")
    return page


def kept() -> bytes:
    """The photo of the draft."""
    (photo,) = Draft.objects.get().content["photos"]
    with default_storage.open(path_of(photo["name"])) as file:
        return bytes(file.read())


def test_a_part_is_hidden_by_the_keyboard_alone_before_the_photo_travels(details):
    check(details, "")
    details.set_viewport_size({"width": 1280, "height": 900})
    left = details.locator(".hiding [data-at='0']")
    left.focus()
    for _ in range(5):
        details.keyboard.press("ArrowLeft")
    assert left.input_value() == "30"
    details.locator(".hiding [data-do=hide]").focus()
    details.keyboard.press("Enter")
    details.wait_for_function(
        "document.querySelector('.hiding [data-said]').textContent === 'Hidden parts: 1'"
    )
    details.wait_for_function("document.querySelector('#photos').files[0].name === 'a.jpg'")
    details.click("button.main")
    details.wait_for_url("**/report/check?*")
    # from 30 to 60 per cent of the width, from 35 to 65 of the height: four squares of 30 pixels each
    assert colours(kept(), (124, 110, 146, 124)) <= 3
    assert colours(kept(), (0, 0, 100, 100)) > 12


def test_a_part_is_hidden_by_drawing_over_it_and_comes_back(details):
    details.locator(".hiding canvas").scroll_into_view_if_needed()
    box = details.locator(".hiding canvas").bounding_box()
    details.mouse.move(box["x"] + 2, box["y"] + 2)
    details.mouse.down()
    details.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2)
    details.mouse.up()
    size = "document.querySelector('#photos').files[0].size"
    whole = details.evaluate(size)
    details.click(".hiding [data-do=hide]")
    details.wait_for_function(f"{size} < {whole / 2}")
    details.click(".hiding [data-do=undo]")
    details.wait_for_function(f"{size} === {whole}")


def test_the_page_that_hides_parts_can_be_used_by_everybody(details):
    details.click("button.main")
    details.wait_for_url("**/report/check?*")
    details.goto(details.url.replace("/check", "/details") + "&then=check")
    check(details, "")
    details.click("button[name=hide]")
    details.wait_for_selector(".squares img")
    check(details, "")
    details.locator(".squares input").first.focus()
    details.keyboard.press("Space")
    details.click("button.main")
    details.wait_for_url("**/report/details?*")
    assert colours(kept(), (8, 8, 42, 42)) <= 6
    assert Image.open(io.BytesIO(kept())).size == (400, 300)
