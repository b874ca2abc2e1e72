"""A report that is written without network: kept on the device, shown there, and sent once when there is network again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from streetmend.reports.models import Photo, Report
from tests.browser.test_pages import check
from tests.support.relay import Relay, relaying
from tests.support.town import make_town

pytestmark = pytest.mark.django_db(transaction=True)
#: how long the tests wait for something to happen in the browser, at most
PATIENCE = 20_000


@pytest.fixture
def net(live_server: Any) -> Iterator[Relay]:
    make_town()
    with relaying(live_server.url) as relay:
        yield relay


@pytest.fixture
def device(browser: Any, net: Relay) -> Iterator[Any]:
    """A browser at 60 N 4 E that has been to the site once, so that the service worker is there."""
    context = browser.new_context(
        locale="en-GB",
        viewport={"width": 1280, "height": 900},
        geolocation={"latitude": 60.0, "longitude": 4.0},
        permissions=["geolocation"],
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(net.url)
    page.evaluate("navigator.serviceWorker.ready.then(() => {})")
    page.reload()
    page.wait_for_function("navigator.serviceWorker.controller?.state === 'activated'")
    page.close()
    yield context
    context.close()


def photo(colour: int = 90, *, size: tuple[int, int] = (80, 60)) -> dict[str, Any]:
    out = io.BytesIO()
    Image.new("RGB", size, (colour, 90, 90)).save(out, "JPEG")
    return {"name": "lamp.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def go_offline(net: Relay, context: Any) -> None:
    net.cut()
    context.set_offline(True)


def go_online(net: Relay, context: Any) -> None:
    net.mend()
    context.set_offline(False)


def write_report(page: Any, *, title: str = "Lykta er mørk") -> None:
    """The form that works without network is filled in and finished."""
    page.fill("#title", title)
    page.select_option("#category", "Gatelys")
    page.get_by_role("button", name="Use my location").click()
    page.get_by_text("The place of your device is kept.").wait_for()
    page.set_input_files("#photos", photo())
    page.fill("#email", "kari@example.org")
    page.get_by_role("button", name="Keep it and send it").click()
    page.wait_for_url("**/report/waiting")
    page.get_by_role("heading", name=title).wait_for()


def waits_for(page: Any, words: str) -> None:
    page.locator("[data-list]").get_by_text(words, exact=True).locator("visible=true").first.wait_for()


def test_a_report_with_a_photo_finished_without_network_waits_and_arrives_once(device, net):
    page = device.new_page()
    go_offline(net, device)
    page.goto(net.url + "/")
    page.get_by_text("There is no network, so the page you wanted cannot be shown.").wait_for()
    write_report(page)
    waits_for(page, "Waiting for network")
    assert page.locator("[data-pictures] img").count() == 1
    page.get_by_role("button", name="Send now").click()
    page.get_by_text("There is no network yet").wait_for()
    assert Report.objects.count() == 0

    go_online(net, device)
    waits_for(page, "Sent")
    report = Report.objects.get()
    assert (report.title, report.email, report.category_name.name) == (
        "Lykta er mørk", "kari@example.org", "Gatelys",
    )  # fmt: skip
    assert (report.lat, report.long, report.state) == (60.0, 4.0, "unconfirmed")
    assert Photo.objects.filter(report=report).count() == 1
    page.get_by_role("link", name="What happens next").click()
    page.get_by_role("heading", name="Check your e-mail to send it").wait_for()
