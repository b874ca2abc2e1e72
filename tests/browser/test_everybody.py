"""The whole form by the keyboard alone, and without JavaScript; focus that is seen; forced colours; what the map is called."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from streetmend.reports.models import Notice, Photo, Report
from streetmend.reports.services.notices import secret_of
from tests.browser.test_pages import CHECKER, TAGS, violations
from tests.support.town import make_town

pytestmark = pytest.mark.django_db(transaction=True)

#: whether what has the focus shows it: by an outline of its own or, for a choice, by its label's
SEEN = """() => { const one = document.activeElement, box = one.closest("label") ?? one, seen = (e) => {
  const style = getComputedStyle(e); return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2; };
  return seen(one) || seen(box); }"""
INSIDE = """() => { const box = document.activeElement.getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight; }"""


@pytest.fixture
def site(live_server: Any) -> str:
    make_town()
    return str(live_server.url)


def tab_to(page: Any, selector: str) -> None:
    """Tab until the element has the focus; whatever has it on the way shows it and is on the screen."""
    page.wait_for_load_state("load")  # a page can be walked before its style is there
    for _ in range(70):
        page.keyboard.press("Tab")
        assert page.evaluate(SEEN), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert page.evaluate(INSIDE), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by the keyboard")


def check_step(page: Any) -> None:
    page.evaluate(CHECKER)
    assert violations(page, TAGS) == []


def test_the_whole_form_is_gone_through_by_the_keyboard_alone(page, site):
    page.set_extra_http_headers({"Accept-Language": "nb"})
    page.goto(site)
    tab_to(page, "a.skip")
    tab_to(page, "a.brand")
    tab_to(page, "#q")
    page.keyboard.type("60.0, 4.0")
    page.keyboard.press("Enter")
    page.wait_for_selector(".map.live")
    tab_to(page, ".livemap")
    tab_to(page, "form[method=post] button.main")
    page.keyboard.press("Enter")

    page.wait_for_selector("#title")
    tab_to(page, "#title")
    page.keyboard.type("Skiltet er borte")
    page.wait_for_selector("[data-part=kinds] [name=category][value=Skilt]:checked")
    check_step(page)
    tab_to(page, "button.main")
    page.keyboard.press("Enter")

    page.wait_for_selector("input[value=stop]")
    tab_to(page, "input[value=stop]")
    page.keyboard.press("Space")
    check_step(page)
    tab_to(page, "button.main")
    page.keyboard.press("Enter")

    page.wait_for_selector("#email")
    tab_to(page, "#email")
    page.keyboard.type("kari@example.org")
    check_step(page)
    tab_to(page, "button.main")
    page.keyboard.press("Enter")
    page.wait_for_url("**/report/sent/*")
    check_step(page)
    report = Report.objects.get()
    assert (report.title, report.answers) == ("Skiltet er borte", [{"code": "kind", "values": ["stop"]}])


def test_the_whole_form_works_without_javascript(browser, site):
    picture = io.BytesIO()
    Image.new("RGB", (80, 60), (20, 90, 90)).save(picture, "JPEG")
    photo = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
    context = browser.new_context(
        java_script_enabled=False, locale="en-GB", viewport={"width": 320, "height": 700}
    )
    try:
        page = context.new_page()
        page.goto(site)
        page.fill("#q", "60.0, 4.0")
        page.get_by_role("button", name="Find on the map").click()
        page.get_by_role("button", name="Closer").click()
        page.get_by_role("button", name="Continue").click()
        page.fill("#title", "gatelyset er mørkt")
        page.get_by_role("button", name="Suggest from my words").click()
        assert page.get_by_role("radio", name="Gatelys").is_checked()
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Add photos").set_input_files([photo, photo])
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("link", name="Change Photos").click()
        assert page.locator(".photos img").count() == 2
        page.get_by_label("What does photo 2 show?").fill("The lamp")
        page.get_by_role("button", name="Make it the first 2").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Your e-mail address").fill("kari@example.org")
        page.get_by_role("button", name="Send the report").click()
        page.get_by_role("heading", name="Check your e-mail to send it").wait_for()
        page.goto(f"{site}/confirm/{secret_of(Notice.objects.get())}")
        page.get_by_role("button", name="Send it now").click()
        page.get_by_role("heading", name="gatelyset er mørkt").wait_for()
    finally:
        context.close()
    assert [kept.alt for kept in Photo.objects.order_by("position")] == ["The lamp", ""]


def test_a_large_photo_is_made_small_in_the_browser_and_the_pages_errors_keep_it(browser, site):
    context = browser.new_context(locale="en-GB")
    try:
        page = context.new_page()
        page.goto(f"{site}/report/where?lat=60&long=4&zoom=16&pin_lat=60&pin_long=4")
        page.get_by_role("button", name="Continue").click()
        page.fill("#title", "Skiltet er borte")
        page.check("input[name=category][value=Skilt]")
        page.get_by_role("button", name="Continue").click()
        picture = io.BytesIO()
        Image.effect_noise((3000, 2000), 80).save(picture, "JPEG", quality=95)
        page.get_by_label("Add photos").set_input_files(
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
        )
        page.wait_for_function(
            "before => document.querySelector('#photos').files[0].size < before", arg=len(picture.getvalue())
        )
        page.get_by_role("button", name="Continue").click()
        page.locator(".summary").wait_for()
        page.locator(".photos img").wait_for()
        assert page.title().startswith("Error: ")
        page.check("input[value=stop]")
        page.get_by_role("button", name="Continue").click()
        page.locator("#email").wait_for()
        page.fill("#email", "kari@example.org")
        page.get_by_role("button", name="Send the report").dblclick()
        page.wait_for_url("**/report/sent/*")
        kept = Photo.objects.get()
        assert (kept.width, kept.height) == (2048, 1365)
        assert Report.objects.count() == 1
    finally:
        context.close()


def test_with_forced_colours_states_buttons_and_focus_have_edges(page, site):
    page.emulate_media(forced_colors="active")
    page.goto(f"{site}/report/where?lat=60&long=4&zoom=16&pin_lat=60&pin_long=4")
    edges = "() => [...document.querySelectorAll('.btn, .plate')].filter(one => one.offsetParent)" \
            ".filter(one => parseFloat(getComputedStyle(one).borderTopWidth) < 1).length"  # fmt: skip
    assert page.evaluate(edges) == 0
    tab_to(page, "#q")


def test_the_map_is_named_and_its_pins_are_left_to_the_list(page, site):
    page.set_extra_http_headers({"Accept-Language": "en"})
    page.goto(f"{site}/report/where?lat=60&long=4&zoom=16&pin_lat=60&pin_long=4")
    page.wait_for_selector(".map.live .leaflet-tile-loaded")
    told = page.locator(".map.pick").aria_snapshot()
    assert 'application "Map. The arrow keys move it, plus and minus bring it closer or farther."' in told
    for name in ("to the north", "to the south", "to the west", "to the east"):
        assert f'button "Map {name}"' in told
    assert "img" not in told
    assert "link" not in told
