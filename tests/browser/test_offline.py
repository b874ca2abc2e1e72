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

#: the addresses of all that the service worker keeps, and the pages among it
CACHED = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const one of await (await caches.open(name)).keys()) found.push(new URL(one.url).pathname);
  return found;
}"""
WORDS = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const one of await cache.keys())
      if (one.url.includes("/report/")) found.push(await (await cache.match(one)).text());
  }
  return found;
}"""
SEND_BY_ALL = """() => {
  kept.sendDue();
  kept.sendDue();
  navigator.serviceWorker.ready.then((ready) => ready.sync?.register("reports"));
}"""
LOSE_THE_ANSWER = """() => {
  window.whole = fetch;
  window.fetch = async (...asked) => {
    const answer = await whole(...asked);
    if (String(asked[0]).endsWith("/send")) throw new TypeError("lost");
    return answer;
  };
}"""
GROW_OLD = "() => kept.all().then(([one]) => kept.put({...one, at: Date.now() - 25 * 3600 * 1000}))"


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
    page.get_by_text("The place is kept.").wait_for()
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


def test_the_place_is_chosen_on_the_kept_map_and_the_kinds_questions_are_answered_without_network(
    device, net
):
    page = device.new_page()
    page.set_viewport_size({"width": 320, "height": 700})
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    go_offline(net, device)
    page.goto(net.url + "/report/where")
    page.fill("#title", "Skiltet er borte")
    page.select_option("#category", "Skilt")
    page.get_by_role("radio", name="Stopp").check()
    page.locator(".map.live.undecided").wait_for()
    page.locator(".owntile .leaflet-tile-loaded").first.wait_for()
    page.get_by_role("button", name="Closer").click()
    page.get_by_text("The place is kept.").wait_for()
    page.fill("#email", "kari@example.org")
    page.get_by_role("button", name="Keep it and send it").click()
    page.get_by_role("heading", name="Skiltet er borte").wait_for()
    page.get_by_role("link", name="Change").click()
    page.get_by_role("radio", name="Stopp", checked=True).wait_for()
    page.get_by_role("button", name="Keep it and send it").click()
    page.wait_for_url("**/report/waiting")
    go_online(net, device)
    page.get_by_role("button", name="Send now").click()
    waits_for(page, "Sent")
    report = Report.objects.get()
    assert (report.category_name.name, report.answers) == ("Skilt", [{"code": "kind", "values": ["stop"]}])
    assert troubles == []


def test_an_old_report_asks_before_it_is_sent(device, net):
    page = device.new_page()
    go_offline(net, device)
    page.goto(net.url + "/report/offline")
    write_report(page)
    page.evaluate(GROW_OLD)
    go_online(net, device)
    page.reload()
    page.get_by_text("This report is more than a day old. Is the problem still there?").wait_for()
    page.evaluate("kept.sendDue()")
    page.goto(net.url + "/reports")
    page.get_by_text("One report waits on this device.").wait_for()
    assert Report.objects.count() == 0
    page.get_by_role("link", name="Look at it").click()
    page.get_by_role("button", name="Yes, send it").click()
    waits_for(page, "Sent")
    assert Report.objects.count() == 1


def test_an_old_report_can_be_deleted_and_is_never_sent(device, net):
    page = device.new_page()
    go_offline(net, device)
    page.goto(net.url + "/report/offline")
    write_report(page)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("No report waits on this device.").wait_for()
    go_online(net, device)
    page.reload()
    page.get_by_text("No report waits on this device.").wait_for()
    assert Report.objects.count() == 0


def test_two_tabs_and_the_service_worker_send_once(device, net):
    one, other = device.new_page(), device.new_page()
    go_offline(net, device)
    one.goto(net.url + "/report/offline")
    write_report(one)
    other.goto(net.url + "/report/waiting")
    other.get_by_role("heading", name="Lykta er mørk").wait_for()
    sent: list[str] = []
    device.on("request", lambda asked: sent.append(asked.url) if asked.url.endswith("/send") else None)
    go_online(net, device)
    for page in (one, other):
        page.evaluate(SEND_BY_ALL)
    for page in (one, other):
        waits_for(page, "Sent")
    assert Report.objects.count() == 1
    assert len(sent) <= 1


def test_a_report_whose_answer_got_lost_is_sent_again_and_is_there_once(device, net):
    page = device.new_page()
    go_offline(net, device)
    page.goto(net.url + "/report/offline")
    write_report(page)
    # the report arrives, its answer does not
    page.evaluate(LOSE_THE_ANSWER)
    go_online(net, device)
    assert page.evaluate("kept.sendDue()") in (True, False)
    assert Report.objects.count() == 1
    page.evaluate("() => { window.fetch = whole; return kept.sendDue() }")
    waits_for(page, "Sent")
    assert (Report.objects.count(), Photo.objects.count()) == (1, 1)


def test_the_service_worker_sends_by_itself_when_the_browser_says_that_there_is_network(device, net):
    page = device.new_page()
    go_offline(net, device)
    page.goto(net.url + "/report/offline")
    write_report(page)
    page.close()
    go_online(net, device)
    blank = device.new_page()
    blank.goto(net.url + "/icon-192.png")
    tools = device.new_cdp_session(blank)
    told: list[Any] = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda said: told.extend(said["registrations"]))
    tools.send("ServiceWorker.enable")
    blank.wait_for_timeout(200)
    tools.send(
        "ServiceWorker.dispatchSyncEvent",
        {
            "origin": net.url,
            "registrationId": told[0]["registrationId"],
            "tag": "reports",
            "lastChance": False,
        },
    )
    for _ in range(100):
        if Report.objects.exists():
            break
        blank.wait_for_timeout(100)
    assert Report.objects.get().title == "Lykta er mørk"


def test_the_last_step_of_the_form_is_kept_where_the_network_goes_away_before_it(device, net):
    page = device.new_page()
    page.goto(f"{net.url}/report/where?lat=60&long=4&zoom=15&pin_lat=60&pin_long=4")
    page.click("form[method=post] button.main")
    page.fill("#title", "Lykta er mørk")
    page.check("input[name=category][value=Gatelys]")
    page.click("button.main")
    page.set_input_files("#photos", photo())
    page.click("button.main")
    page.fill("#email", "kari@example.org")
    go_offline(net, device)
    page.click("button.main")
    page.wait_for_url("**/report/waiting")
    page.get_by_role("heading", name="Lykta er mørk").wait_for()
    go_online(net, device)
    waits_for(page, "Sent")
    report = Report.objects.get()
    assert (report.title, report.email, Photo.objects.filter(report=report).count()) == (
        "Lykta er mørk", "kari@example.org", 1,
    )  # fmt: skip


def test_a_step_in_the_middle_goes_on_without_network_with_what_was_told_and_its_photos(device, net):
    page = device.new_page()
    page.goto(f"{net.url}/report/where?lat=60&long=4&zoom=15&pin_lat=60&pin_long=4")
    page.click("form[method=post] button.main")
    page.fill("#title", "Lykta er mørk")
    page.check("input[name=category][value=Gatelys]")
    page.click("button.main")
    page.set_input_files("#photos", photo())
    go_offline(net, device)
    page.click("button.main")
    page.wait_for_url("**/report/offline?report=*")
    page.get_by_text("Some of it is with us already.").wait_for()
    assert page.locator("[data-photos-kept] img").count() == 1
    page.fill("#email", "kari@example.org")
    page.get_by_role("button", name="Keep it and send it").click()
    waits_for(page, "Waiting for network")
    go_online(net, device)
    waits_for(page, "Sent")
    report = Report.objects.get()
    assert (report.title, report.category_name.name, Photo.objects.filter(report=report).count()) == (
        "Lykta er mørk", "Gatelys", 1,
    )  # fmt: skip


def test_what_the_site_cannot_take_comes_back_with_its_words_and_is_changed_and_sent(device, net):
    page = device.new_page()
    go_offline(net, device)
    page.goto(net.url + "/report/offline")
    write_report(page)
    page.get_by_role("link", name="Change").click()
    page.set_input_files("#photos", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no photo at all"})
    page.fill("#detail", "Helt mørkt")
    page.get_by_role("button", name="Keep it and send it").click()
    waits_for(page, "Waiting for network")
    go_online(net, device)
    waits_for(page, "Something is missing or wrong")
    assert page.locator("[data-errors] li").count() == 1
    check(page, "")
    page.get_by_role("link", name="Change").click()
    page.locator(".summary").wait_for()
    assert page.input_value("#detail") == "Helt mørkt"
    assert page.locator("[data-photos-kept] li").count() == 2
    page.locator("[data-photos-kept] button").last.click()
    check(page, "")
    page.get_by_role("button", name="Keep it and send it").click()
    waits_for(page, "Sent")
    assert (Report.objects.get().detail, Photo.objects.count()) == ("Helt mørkt", 1)


def test_what_is_missing_is_asked_for_in_the_form_and_the_device_then_knows_that_it_was_sent(device, net):
    page = device.new_page()
    go_offline(net, device)
    page.goto(net.url + "/report/offline")
    page.fill("#title", "Skiltet er borte")
    page.select_option("#category", "Skilt")
    page.fill("#q", "60.0, 4.0")
    page.fill("#email", "kari@example.org")
    page.get_by_role("button", name="Keep it and send it").click()
    waits_for(page, "Waiting for network")
    go_online(net, device)
    page.get_by_text("something is missing before it can be sent on").wait_for()
    page.get_by_role("link", name="Go on").click()
    page.check("input[value=stop]")
    page.click("button.main")
    assert page.input_value("#email") == "kari@example.org"
    page.click("button.main")
    page.wait_for_url("**/report/sent/*")
    page.goto(net.url + "/report/waiting")
    waits_for(page, "Sent")
    assert Report.objects.get().answers == [{"code": "kind", "values": ["stop"]}]


def test_nothing_about_anybody_is_in_the_cache(device, net):
    page = device.new_page()
    for path in (
        "/",
        "/reports",
        "/me",
        "/sign-in",
        "/report/where?lat=60&long=4&pin_lat=60&pin_long=4",
        "/desk",
    ):
        page.goto(net.url + path)
    kept = page.evaluate(CACHED)
    assert set(kept) <= {
        "/report/offline", "/report/waiting", "/colours.css", "/icon-192.png", "/spoken",
        *(path for path in kept if path.startswith(("/static/", "/map/tiles/"))),
    }  # fmt: skip
    words = page.evaluate(WORDS)
    assert len(words) == 6
    assert not [text for text in words if "csrf" in text or "/sign-out" in text]


def test_the_page_that_is_shown_without_network_speaks_the_readers_language(device, net):
    page = device.new_page()
    page.goto(f"{net.url}/language?to=nn&next=/reports")
    page.evaluate("caches.open('any').then(() => {})")
    page.wait_for_function("caches.match('/spoken').then(one => one?.text()).then(said => said === 'nn')")
    go_offline(net, device)
    page.goto(net.url + "/stats")
    assert page.get_attribute("html", "lang") == "nn"


def test_the_pages_without_network_can_be_used_by_everybody(device, net):
    page = device.new_page()
    check(page, net.url + "/report/offline")
    check(page, net.url + "/report/waiting")
    go_offline(net, device)
    page.goto(net.url + "/report/offline")
    write_report(page)
    check(page, "")
    page.evaluate(GROW_OLD)
    page.get_by_role("button", name="Yes, send it").wait_for()
    check(page, "")
