"""A browser asks to be told, and what it asked for, as its page's script posts it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from streetmend.reports.models import Alert, Device, Report
from streetmend.reports.services import Told, submit
from streetmend.reports.vapid import public_key
from streetmend.web.views.push import SUBSCRIBING
from tests.support.browsers import PretendBrowser, from_base64url
from tests.support.town import WEST

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(town: object) -> Report:
    return submit(
        now=datetime(2024, 5, 1, 10, tzinfo=UTC), lat=WEST[0], long=WEST[1], title="Lykta er mørk",
        category_name="Gatelys", told=Told("kari@example.org"), confirmed=True,
    ).report  # fmt: skip


def test_a_browser_follows_a_report_and_ends_it_without_any_address(client, report):
    browser = PretendBrowser()
    answer = client.post(f"/reports/{report.pk}/push", browser.form)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (
        201, "max-age=0, no-cache, no-store, must-revalidate, private",
    )  # fmt: skip
    client.post(f"/reports/{report.pk}/push", browser.form)
    (one,) = client.post("/push/mine", {"endpoint": browser.subscription.endpoint}).json()["alerts"]
    assert (one["report"], one["words"], one["url"]) == (report.pk, "Lykta er mørk", f"/reports/{report.pk}")
    assert Alert.objects.get().person is None
    assert client.get(one["end"]).status_code == 200
    assert Alert.objects.get().ended_at is None, "opening the link ends nothing"
    client.post(one["end"])
    assert client.post("/push/mine", {"endpoint": browser.subscription.endpoint}).json()["alerts"] == []
    client.post(f"/reports/{report.pk}/push", browser.form)
    assert Alert.objects.get().ended_at is None


def test_a_browser_hears_of_new_reports_like_those_of_the_form(client, town):
    browser = PretendBrowser()
    asked = {"place": "60.0,4.0", "metres": "500", "how_often": "daily", "email": ""}
    answer = client.post("/alerts/push", {**browser.form, **asked})
    assert answer.status_code == 201
    alert = Alert.objects.get()
    assert (alert.lat, alert.metres, alert.how_often, alert.person) == (60.0, 500, "daily", None)
    assert answer.json()["words"] != ""
    client.post("/alerts/push", {**browser.form, **asked, "how_often": "instant"})
    assert Alert.objects.get().how_often == "instant"
    client.post("/alerts/push", {**browser.form, "area": "101"})
    assert len(client.post("/push/mine", {"endpoint": browser.subscription.endpoint}).json()["alerts"]) == 2


def test_nobody_learns_what_another_browser_asked_for(client, report):
    client.post(f"/reports/{report.pk}/push", PretendBrowser().form)
    for endpoint in ("", "https://push.example/send/two", "https://push.example/", "x" * 9000):
        assert client.post("/push/mine", {"endpoint": endpoint}).json() == {"alerts": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://push.example/x"},
        {"endpoint": "https://169.254.169.254/latest"},
        {"endpoint": "https://push.example/" + "x" * 4000},
        {"p256dh": "AAAA"},
        {"auth": "\x00"},
    ],
)
def test_what_no_push_service_gave_is_refused_in_words(client, report, wrong):
    form = {**PretendBrowser().form, **wrong}
    for path, more in (
        (f"/reports/{report.pk}/push", {}), ("/alerts/push", {}), ("/push/moved", {"was": "https://push.example/"}),
    ):  # fmt: skip
        answer = client.post(path, {**form, **more})
        assert (answer.status_code, "cannot be told" in answer.json()["why"]) == (422, True)
    assert Device.objects.count() == 0


def test_a_report_that_is_not_public_is_followed_by_nobody(client, report):
    Report.objects.update(hidden=True, visible=False)
    assert client.post(f"/reports/{report.pk}/push", PretendBrowser().form).status_code == 404
    assert client.get(f"/reports/{report.pk}/push").status_code == 405


def test_one_address_brings_in_a_bounded_number_of_browsers(client, report):
    statuses = [
        client.post(f"/reports/{report.pk}/push", PretendBrowser(f"https://push.example/{number}").form)
        for number in range(SUBSCRIBING.count + 1)
    ]
    assert [answer.status_code for answer in statuses] == [201] * SUBSCRIBING.count + [429]
    assert int(statuses[-1].headers["Retry-After"]) > 0
    assert Device.objects.count() == SUBSCRIBING.count


def test_another_site_cannot_make_a_browser_follow(report):
    client = Client(enforce_csrf_checks=True)
    assert client.post(f"/reports/{report.pk}/push", PretendBrowser().form).status_code == 403
    assert Device.objects.count() == 0


def test_a_browser_tells_that_its_subscription_has_changed(client, report):
    one, other = PretendBrowser(), PretendBrowser("https://push.example/send/two")
    client.post(f"/reports/{report.pk}/push", one.form)
    told = {**other.form, "was": one.subscription.endpoint}
    assert client.post("/push/moved", told).json() == {"found": True}
    assert client.post("/push/moved", told).json() == {"found": False}
    assert len(client.post("/push/mine", {"endpoint": other.subscription.endpoint}).json()["alerts"]) == 1


def test_the_pages_carry_the_sites_key_for_push_services(client, report):
    for path in (f"/reports/{report.pk}", "/alerts"):
        (key,) = re.findall(r'data-key="([\w-]+)"', client.get(path).content.decode())
        assert key == public_key()
    assert from_base64url(public_key())[0] == 4
    assert len(from_base64url(public_key())) == 65


def test_the_key_is_the_one_of_the_setting_or_comes_from_the_secret_key(settings):
    mine = public_key()
    settings.SECRET_KEY = "another site"
    other = public_key()
    settings.VAPID_KEY = 12345
    assert len({mine, other, public_key()}) == 3
    settings.SECRET_KEY = "and another"
    named = public_key()
    settings.SECRET_KEY = "another site"
    assert public_key() == named
