"""The map that can be moved, in a real browser: by keyboard, by a press, by its buttons; and what it may weigh."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from streetmend.reports.models import Report
from streetmend.reports.services import Told, submit
from tests.support.town import WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
STATIC = Path(__file__).parents[2] / "src" / "streetmend" / "ui" / "static"
KB = 1024


@pytest.fixture
def site(live_server: Any) -> str:
    make_town()
    submit(
        now=datetime(2024, 5, 1, 10, tzinfo=UTC), lat=WEST[0], long=WEST[1], title="Lykta er mørk",
        category_name="Gatelys", told=Told("kari@example.org"), confirmed=True,
    )  # fmt: skip
    return str(live_server.url)


def open_map(page: Any, url: str) -> None:
    page.set_extra_http_headers({"Accept-Language": "en"})
    page.goto(url)
    page.wait_for_selector(".map.live .leaflet-tile-loaded")


def value(page: Any, what: str) -> float:
    return float(page.input_value(f"[data-{what}]"))


def test_arrow_keys_move_the_map_below_the_pin_and_the_page_says_who_is_responsible(page, site):
    open_map(page, f"{site}/report/where?lat=60&long=4.0995&zoom=16&pin_lat=60&pin_long=4.0995")
    region = page.get_by_role(
        "application", name="Map. The arrow keys move it, plus and minus bring it closer"
    )
    region.focus()
    region.press("ArrowUp")
    page.wait_for_function("() => Number(document.querySelector('[data-lat]').value) > 60.0001")
    page.wait_for_timeout(400)
    region.press("ArrowRight")
    page.get_by_role("status").get_by_text("Østby").first.wait_for()
    assert value(page, "long") > 4.1
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="What is the problem?").wait_for()
    assert "Østby kommune" in page.inner_text("main") or page.locator("input[name=category]").count()


def test_a_press_and_the_buttons_move_it_as_well_and_nothing_needs_dragging(page, site):
    open_map(page, f"{site}/report/where?lat=60&long=4&zoom=16&pin_lat=60&pin_long=4")
    box = page.locator(".livemap").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.wait_for_function("() => Number(document.querySelector('[data-long]').value) < 3.9995")
    page.wait_for_timeout(400)
    before = value(page, "lat")
    page.get_by_role("button", name="Map to the south").click()
    page.wait_for_function(f"() => Number(document.querySelector('[data-lat]').value) < {before}")
    assert page.url.endswith("pin_long=4"), "the page stayed"
    for button in page.locator(".maptools button").all():
        size = button.bounding_box()
        assert (size["width"], size["height"]) >= (44, 44)


def test_a_place_that_nobody_covers_is_told_while_the_map_moves_and_the_nearest_one_is_offered(page, site):
    open_map(page, f"{site}/report/where?lat=60&long=4.35&zoom=16")
    page.locator(".livemap").press("ArrowRight")
    page.get_by_text("Nobody is responsible for this place.").wait_for()
    page.get_by_role("link", name="Go there").click()
    page.get_by_text("This report will go to").or_(page.get_by_text("Responsible here")).first.wait_for()


def test_the_list_shows_its_reports_as_pins_that_the_pointer_can_press(page, site):
    open_map(page, f"{site}/reports")
    page.locator(".livepin").first.wait_for()
    page.locator(".livepin").first.click()
    page.wait_for_url(f"**/reports/{Report.objects.get().pk}")
    page.wait_for_selector(".map.live")
    page.get_by_role("button", name="Farther").press("Enter")


def test_without_motion_the_map_jumps(page, site):
    page.emulate_media(reduced_motion="reduce")
    open_map(page, f"{site}/report/where?lat=60&long=4&zoom=16&pin_lat=60&pin_long=4")
    assert page.locator(".leaflet-zoom-anim, .leaflet-fade-anim").count() == 0


@pytest.mark.parametrize(
    "path", ["/", "/report/where?lat=60&long=4&zoom=16&pin_lat=60&pin_long=4", "/reports", "/reports/REPORT"]
)
def test_what_a_page_weighs_before_and_with_its_map_and_that_nothing_jumps(page, site, path):
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    page.add_init_script(
        "window.shifted = 0; new PerformanceObserver(list => list.getEntries().forEach(one => { if (!one.hadRecentInput)"
        " window.shifted += one.value; })).observe({type: 'layout-shift', buffered: true});"
    )
    url = site + path.replace("REPORT", str(Report.objects.get().pk))
    page.goto(url)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shifted") <= 0.05
    own = {answer.url.partition("?")[0].removeprefix(site): _weight(answer) for answer in answers}
    page_itself = url.removeprefix(site).partition("?")[0]
    first = [name for name in own if name == page_itself or name.endswith(("site.css", ".woff2"))]
    assert sum(own[name] for name in first) <= 60 * KB, own
    scripts = {name: weight for name, weight in own.items() if name.endswith(".js")}
    assert sum(weight for name, weight in scripts.items() if "vendor" not in name) <= 10 * KB, scripts
    assert (
        sum(weight for name, weight in own.items() if name.endswith(".js") or "leaflet" in name) <= 60 * KB
    ), own


def _weight(answer: Any) -> int:
    """What travels: compressed as we compress it."""
    body = answer.body()
    kind = answer.headers.get("content-type", "")
    return len(gzip.compress(body)) if kind.startswith(("text/", "application/j", "image/svg")) else len(body)


def test_the_vendored_files_carry_their_licences_and_ask_for_nothing_else():
    for folder in (STATIC / "vendor").iterdir():
        assert (folder / "LICENSE.txt").stat().st_size > 500
    for file in (STATIC / "vendor").rglob("*.js"):
        assert "sourceMappingURL" not in file.read_text(encoding="utf-8")
    assert len(gzip.compress((STATIC / "vendor" / "pmtiles" / "pmtiles.js").read_bytes(), 9)) < 10 * KB
