"""Pictures of every page for the docs, from a demo of its own: `make screenshots`.

Each page is taken narrow and dark, and wide and light. The page of the docs that shows them is written anew as well.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from streetmend.demo.files import DATA
from tests.support.demo import Demo
from tests.support.machine import find_chromium

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "images" / "pages"
LOOKS = (("narrow", 320, 640, "dark"), ("wide", 1280, 900, "light"))
#: name, address, what it is
PLAIN = (
    ("home", "/", "The home page"),
    ("by-photo", "/report/photo", "Beginning with a photo"),
    ("streets", "/report/streets", "Streets and places by name, without a map"),
    ("where", "/report/where?q=Storgata+12", "Step 1: where"),
    ("nobody", "/report/where?lat=58&long=1&zoom=14&pin_lat=58&pin_long=1", "A place that nobody covers"),
    ("reports", "/reports", "All reports"),
    ("report", "/reports/7", "A report"),
    ("alerts", "/alerts?place=60.0005,4.0005", "Hearing of new reports"),
    ("statistics", "/stats?months=0", "Statistics"),
    ("body", "/bodies/1?months=0", "An administration's page"),
    ("offline", "/report/offline", "A report without network"),
    ("waiting", "/report/waiting", "The reports that wait on a device"),
    ("sign-in", "/sign-in", "Signing in"),
    ("open311", "/open311/", "For developers"),
    ("about", "/about", "About the site"),
    ("accessibility", "/about/accessibility", "Accessibility"),
)
WALKED = (
    ("what", "Step 2: what, with kinds of problem from the words"),
    ("details", "Step 3: questions and photos"),
    ("check", "Step 4: check and send"),
    ("sent", "What happens next"),
)


def main() -> int:
    """Every picture is there, and the page that shows them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        Demo(Path(data), reports=80) as demo,
        sync_playwright() as driver,
    ):
        base = demo.ready().rstrip("/")
        arguments = ["--no-sandbox"]
        browser = driver.chromium.launch(executable_path=str(find_chromium()), args=arguments)
        for look, width, height, scheme in LOOKS:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                locale="en-GB",
                reduced_motion="reduce",
            )
            page = context.new_page()
            for name in _through(page, base):
                _take(page, f"{name}-{look}")
                sys.stdout.write(f"{name} {look}\n")
            context.close()
        browser.close()
    _write_page()
    return 0


def _through(page: Any, base: str) -> Iterator[str]:
    """The names of the pages, one after the other, each open while its name is here."""
    for name, path, _words in PLAIN:
        page.goto(base + path)
        yield name
    page.goto(f"{base}/report/where?q=Storgata+12")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Describe it in a sentence").fill("The street lamp by the bus stop is dark")
    page.wait_for_selector("[data-part=kinds] input:checked")
    yield "what"
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Add photos").set_input_files(DATA / "photos" / "lamp.jpg")
    page.get_by_role("button", name="Continue").click()
    page.locator(".photos img").wait_for()
    yield "details"
    page.get_by_role("group", name="What is wrong?").get_by_role("radio").first.check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Your e-mail address").fill("kari@example.org")
    yield "check"
    page.get_by_role("button", name="Send the report").click()
    yield "sent"


def _take(page: Any, name: str) -> None:
    page.wait_for_load_state("networkidle")
    taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    taken.save(FOLDER / f"{name}.webp", quality=70, method=6)


def _write_page() -> None:
    lines = [
        "# The pages",
        "",
        "Written by `make screenshots`, from the demo: narrow and dark, wide and light.",
        "",
    ]
    for name, words in (*((name, words) for name, _path, words in PLAIN), *WALKED):
        lines += [f"## {words}", ""]
        lines += [f"![{words}, {look}](../images/pages/{name}-{look}.webp)" for look, *_ in LOOKS]
        lines.append("")
    (DOCS / "reference" / "pages.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
