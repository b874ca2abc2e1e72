"""A newcomer's first report in a real browser, with nothing but what is on the pages."""

from __future__ import annotations

import re
from pathlib import Path

from streetmend.demo.files import DATA
from tests.support.demo import PATIENCE, Demo


def test_a_newcomer_makes_a_report_in_the_browser_and_sees_it_fixed(page, tmp_path: Path):
    page.set_default_timeout(PATIENCE * 1000)
    with Demo(tmp_path, reports=30) as demo:
        page.set_extra_http_headers({"Accept-Language": "en"})
        page.goto(demo.ready())
        page.get_by_label("Street, place or coordinates").fill("Storgata 12")
        page.get_by_role("button", name="Find on the map").click()
        page.get_by_role("button", name="Continue").click()

        page.get_by_label("Describe it in a sentence").fill("The street light by the bus stop is dark")
        page.get_by_role("group", name="What kind of problem is it?").get_by_text(
            "Street lighting"
        ).first.click()
        page.get_by_role("button", name="Continue").click()

        page.get_by_role("group", name="What is wrong?").get_by_text("Flickers").click()
        page.get_by_label("Add photos").set_input_files(DATA / "photos" / "lamp.jpg")
        page.get_by_role("button", name="Continue").click()

        page.get_by_label("Your e-mail address").fill("newcomer@example.org")
        page.get_by_label("Your name").first.fill("Nora Newcomer")
        page.get_by_role("button", name="Send the report").click()
        assert "newcomer@example.org" in page.get_by_role("main").inner_text()

        page.goto(demo.address("the mailbox"))
        page.get_by_role("link", name="confirm").click()
        page.get_by_role("button", name="Send it now").click()
        page.wait_for_url(re.compile(r"/reports/\d+"))
        report = page.url.partition("?")[0]

        page.goto(demo.address("the pretend administration"))
        page.get_by_role("link", name=report).wait_for()
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name=report))
        number = row.get_by_role("cell").first.inner_text()
        assert re.fullmatch(r"VI-\d+", number)
        row.get_by_text("fixed").wait_for()

        page.goto(demo.address("the mailbox"))
        page.get_by_role("heading", name="Fixed: The street light by the bus stop is dark").wait_for()
        page.goto(report)
        said = page.get_by_role("main").inner_text()
        assert f"their number {number}" in said
        assert "Fixed" in said
        assert "In progress" in said
