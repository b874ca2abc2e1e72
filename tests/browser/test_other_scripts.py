"""Languages whose words are longer, or that are written from right to left: no page runs over its edge at 320 pixels."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from streetmend.reports.models import Report
from streetmend.reports.services import Told, submit
from streetmend.reports.services.counting import count_reports
from tests.support.town import WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2024, 5, 1, 10, tzinfo=UTC)
PAGES = [
    "/",
    "/report/where",
    "/reports",
    "/reports/LATEST",
    "/stats?months=0",
    "/alerts",
    "/sign-in",
    "/about",
    "/open311/",
]
#: every sentence of the page becomes 40 % longer, in letters with marks above and below
LENGTHEN = """() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const words = node.data.trim();
    if (words && !["SCRIPT", "STYLE"].includes(node.parentNode.tagName))
      node.data = `[${words.replaceAll("a", "å").replaceAll("e", "ẹ")}${" lơngẹr".repeat(Math.ceil(words.length * 0.4 / 7))}]`;
  }
}"""
TURN = "() => { document.documentElement.dir = 'rtl'; document.documentElement.lang = 'ar'; }"
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
#: what starts at the right edge in a script that does
SIDES = """() => [...document.querySelectorAll("h1, label, .field")].filter(one => one.offsetParent)
  .filter(one => getComputedStyle(one).textAlign === "left").map(one => one.outerHTML.slice(0, 60))"""


@pytest.fixture
def site(live_server: Any) -> str:
    make_town()
    submit(
        now=NOW, lat=WEST[0], long=WEST[1], title="Lykta er mørk", detail="Den ved brua.", category_name="Gatelys",
        told=Told("kari@example.org"), confirmed=True,
    )  # fmt: skip
    count_reports(now=NOW)
    return str(live_server.url)


def test_longer_words_and_the_other_direction_fit_into_every_page(browser: Any, site: str):
    context = browser.new_context(viewport={"width": 320, "height": 800}, locale="en-GB")
    try:
        page = context.new_page()
        for path in PAGES:
            page.goto(site + path.replace("LATEST", str(Report.objects.latest("pk").pk)))
            page.evaluate(LENGTHEN)
            assert page.evaluate(OVER) <= 0, f"{path} runs over with longer words"
            page.evaluate(TURN)
            assert page.evaluate(OVER) <= 0, f"{path} runs over from right to left"
            assert page.evaluate(SIDES) == [], path
    finally:
        context.close()
