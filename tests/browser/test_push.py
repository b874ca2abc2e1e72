"""Messages on the device in a real Chromium: asked for, shown once, ended. Only its push service is the tests'."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from streetmend.reports.models import Alert, Report
from streetmend.reports.services import Told, submit
from tests.browser.test_pages import check
from tests.support.browsers import PretendBrowser
from tests.support.town import WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)

#: what the browser would get from its maker's push service, which the tests cannot reach
PUSH_SERVICE = """([endpoint, p256dh, auth]) => {
  const plain = (text) => atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = (text) => Uint8Array.from(plain(text), (one) => one.charCodeAt(0)).buffer;
  let now = localStorage.getItem("subscribed") && made();
  function made() {
    return { endpoint, options: {}, getKey: (name) => bytes({ p256dh, auth }[name]),
      unsubscribe: async () => { now = null; localStorage.removeItem("subscribed"); return true } };
  }
  PushManager.prototype.getSubscription = async () => now;
  PushManager.prototype.subscribe = async (options) => {
    if (options.applicationServerKey.byteLength !== 65 || !options.userVisibleOnly) throw new Error("key");
    localStorage.setItem("subscribed", "yes");
    return (now = made());
  };
}"""


@pytest.fixture
def page(browser: Any, live_server: Any) -> Iterator[Any]:
    make_town()
    submit(
        now=datetime(2024, 5, 1, 10, tzinfo=UTC), lat=WEST[0], long=WEST[1], title="Lykta er mørk",
        category_name="Gatelys", told=Told("kari@example.org"), confirmed=True,
    )  # fmt: skip
    one = PretendBrowser().subscription
    context = browser.new_context(locale="en-GB", base_url=live_server.url, permissions=["notifications"])
    told = json.dumps([one.endpoint, one.p256dh, one.auth])
    context.add_init_script(f"({PUSH_SERVICE})({told})")
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def test_a_report_is_followed_by_this_device_and_no_more(page):
    page.goto(f"/reports/{Report.objects.get().pk}")
    page.get_by_role("button", name="Tell this device", exact=True).click()
    page.get_by_text("Done. This device is told.", exact=True).wait_for()
    assert Alert.objects.get().report == Report.objects.get()
    page.reload()
    page.get_by_role("button", name="Tell this device no more").wait_for()
    check(page, "")
    page.get_by_role("button", name="Tell this device no more").click()
    page.get_by_text("Done. This device is told no more.").wait_for()
    assert Alert.objects.get().ended_at is not None
    assert page.evaluate("localStorage.getItem('subscribed')") is None
    assert page.evaluate("document.activeElement.textContent") == "Tell this device"


def test_new_reports_near_a_place_are_told_to_this_device_and_the_page_lists_them(page):
    page.goto("/alerts?place=60.0,4.0")
    page.get_by_role("button", name="Tell this device").click()
    page.get_by_role("heading", name="This device is told of").wait_for()
    assert (Alert.objects.get().lat, Alert.objects.get().person) == (60.0, None)
    check(page, "")
    page.get_by_role("button", name="End it").click()
    page.get_by_text("Done. This device is told no more.").wait_for()
    assert Alert.objects.get().ended_at is not None


def test_a_browser_that_may_not_show_messages_is_told_how(browser, page, live_server):
    context = browser.new_context(locale="en-GB", base_url=live_server.url)
    try:
        other = context.new_page()
        other.goto("/alerts")
        other.get_by_role("button", name="Tell this device").click()
        other.get_by_text("Your browser does not let us.").wait_for()
        assert Alert.objects.count() == 0
    finally:
        context.close()


def test_a_message_is_shown_and_its_repeat_takes_its_place(page, live_server):
    page.goto("/")
    page.evaluate("navigator.serviceWorker.ready.then(() => {})")
    tools = page.context.new_cdp_session(page)
    told: list[Any] = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda said: told.extend(said["registrations"]))
    tools.send("ServiceWorker.enable")
    page.wait_for_timeout(200)
    message = {
        "title": "Fixed: Lykta er mørk", "body": "Ferdig", "url": f"{live_server.url}/reports/1", "lang": "nb",
        "end": f"{live_server.url}/alerts/x/end", "stop": "End it", "tag": "one",
    }  # fmt: skip
    for _time in range(2):
        tools.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": live_server.url,
                "registrationId": told[0]["registrationId"],
                "data": json.dumps(message),
            },
        )
    page.wait_for_function(
        "navigator.serviceWorker.ready.then(r => r.getNotifications()).then(shown => shown.length > 0)"
    )
    shown = page.evaluate(
        "navigator.serviceWorker.ready.then(r => r.getNotifications())"
        ".then(all => all.map(one => [one.title, one.body, one.tag, one.data.url, one.actions[0].title]))"
    )
    assert shown == [[message["title"], "Ferdig", "one", message["url"], "End it"]]
