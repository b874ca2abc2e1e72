"""Every public page in a real browser: axe finds nothing, nothing runs over at 320 pixels, what is pressed is large enough."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from streetmend.accounts.services import new_sign_in_link
from streetmend.bodies.models import Body
from streetmend.reports.models import Alert, Notice, Report
from streetmend.reports.queries.alerts import end_token
from streetmend.reports.services import Told, submit
from streetmend.reports.services.counting import count_reports
from streetmend.reports.services.notices import secret_of
from tests.support.town import WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
CHECKER = AXE.read_text(encoding="utf-8")
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

#: what is pressed or filled in, that is smaller than WCAG 2.2 wants (2.5.8), but for links in a line of text
SMALL = """() => [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, summary, nav a, .btn")]
  .filter(one => one.offsetParent && !one.closest(".trap"))
  .map(one => [one.outerHTML.slice(0, 80), (one.closest("label") ?? one).getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.height < 24 || box.width < 24)).map(([shown]) => shown)"""


@pytest.fixture
def site(live_server: Any) -> str:
    make_town()
    for minutes in range(3):
        submit(
            now=datetime(2024, 5, 1, 10, minutes, tzinfo=UTC), lat=WEST[0], long=WEST[1] + minutes / 1000,
            title="Lykta er mørk", category_name="Gatelys", told=Told("kari@example.org"), confirmed=True,
        )  # fmt: skip
    count_reports(now=datetime(2024, 5, 2, tzinfo=UTC))
    return str(live_server.url)


def check(page: Any, url: str) -> None:
    """The page at the address, or the one that is open: narrow and wide, light and dark, in English and in Bokmål.

    Width and colours are changed while it is open, as a telephone is turned at dusk. Dark mode changes colours alone, so there
    only the rule about contrast is asked again. An open page keeps its language.
    """
    for language in ("en", "nb") if url else ("",):
        page.emulate_media(color_scheme="light")
        if url:
            page.set_extra_http_headers({"Accept-Language": language})
            page.goto(url)
        else:
            page.wait_for_load_state("load")
        # the policy of the site lets no script in but its own; the checker comes in through the browser
        page.evaluate(CHECKER)
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="light")
            where = (url or page.url, width, language)
            assert page.evaluate(OVER) <= 0, where
            assert page.evaluate(SMALL) == [], where
            assert violations(page, TAGS) == [], where
            page.emulate_media(color_scheme="dark")
            assert violations(page, ["color-contrast"]) == [], (*where, "dark")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(OVER) <= 0, (url or page.url, "text of twice the size")
    page.evaluate("document.documentElement.style.fontSize = ''")


def violations(page: Any, only: list[str]) -> list[tuple[str, list[str]]]:
    """What axe finds by these tags, or by these rules."""
    # what passed is counted and not described, which takes most of its time
    found = page.evaluate(
        "only => axe.run(document, {runOnly: only, resultTypes: ['violations']}).then(told => told.violations)",
        only,
    )
    return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]


PAGES = (
    "/",
    "/report/where",
    "/report/photo",
    "/report/streets",
    "/report/where?lat=60&long=4&zoom=15&pin_lat=60&pin_long=4",
    "/report/where?lat=50&long=0&zoom=15&pin_lat=50&pin_long=0",
    "/reports",
    "/reports?q=nothing",
    "/open311/",
    "/open311/?try=1&status=open",
    "/alerts?place=60.0,4.0",
    "/stats?months=0",
    "/stats?area=101&months=0",
    "/bodies/WEST?months=0",
    "/about",
    "/about/privacy",
    "/about/accessibility",
    "/sign-in",
    "/sign-in/some-link",
    "/report/where?q=Storgata",
    "/reports?state=open&photo=yes",
    "/reports/LATEST",
    "/open311/administrations",
)


def test_every_page_can_be_used_by_everybody(page, site, settings, tmp_path):
    # in one test: the town is made once for all of them
    file = tmp_path / "addresses.csv"
    file.write_text(
        "street,number,lat,long\nStorgata,1,60.0,4.0\nStorgata,2,60.001,4.001\n", encoding="utf-8"
    )
    settings.GEOCODER = str(file)
    for path in PAGES:
        here = path.replace("WEST", str(Body.objects.get(mapit_id=101).pk))
        check(page, site + here.replace("LATEST", str(Report.objects.latest("pk").pk)))


def test_what_is_mine_can_be_used_by_everybody(page, site):
    kari = Report.objects.latest("pk").reporter
    assert kari
    page.goto(f"{site}/sign-in/{new_sign_in_link(person=kari, now=datetime.now(UTC))}")
    page.click("button.main")
    assert page.locator("ul.list > li").count() == 3
    check(page, f"{site}/me")


@pytest.mark.parametrize("language", ["en", "nb"])
def test_the_form_is_walked_and_every_step_can_be_used_by_everybody(page, site, language):
    page.set_extra_http_headers({"Accept-Language": language})
    page.goto(f"{site}/report/where?lat=60&long=4&zoom=15&pin_lat=60&pin_long=4")
    page.fill("#hint", "ved brua")
    page.click("form[method=post] button.main")
    check(page, "")
    page.fill("#title", "Skiltet er borte")
    page.check("input[name=category][value=Skilt]")
    page.click("button.main")
    check(page, "")
    page.check("input[value=stop]")
    page.click("button.main")
    page.fill("#email", "kari@example.org")
    check(page, "")
    page.click("button.main")
    check(page, "")
    report = Report.objects.latest("pk")
    assert (report.title, report.place_hint) == ("Skiltet er borte", "ved brua")
    notice = Notice.objects.get(report=report)
    check(page, page.url.partition("/report/")[0] + f"/confirm/{secret_of(notice)}")
    page.click("button.main")
    assert page.locator(".note.good").count() == 1


def test_what_is_missing_is_told_at_the_top_and_leads_to_its_field(browser, site):
    context = browser.new_context(locale="en-GB", viewport={"width": 320, "height": 700})
    try:
        page = context.new_page()
        page.goto(f"{site}/report/where?lat=60&long=4&zoom=15&pin_lat=60&pin_long=4")
        page.click("form[method=post] button.main")
        page.fill("#title", "Skiltet er borte")
        page.check("input[name=category][value=Skilt]")
        page.click("button.main")
        page.wait_for_selector("h1")
        page.click("button.main")
        page.wait_for_selector(".summary")
        assert page.title().startswith("Error: ")
        target = page.locator(".summary a").first.get_attribute("href")
        assert target == "#answer.kind"
        assert page.locator(f"[id='{target[1:]}'] .msg").count() == 1
    finally:
        context.close()


@pytest.mark.parametrize("language", ["en", "nb"])
def test_pages_that_tell_what_is_wrong_can_be_used_by_everybody(browser, site, language):
    # a page of its own: the browser reports each answer 422 on its console
    context = browser.new_context(locale=language)
    try:
        page = context.new_page()
        page.goto(f"{site}/report/where?lat=60&long=4&zoom=15&pin_lat=60&pin_long=4")
        page.click("form[method=post] button.main")
        for fields in ({}, {"#title": "Skiltet er borte"}):
            for field, value in fields.items():
                page.fill(field, value)
            if fields:
                page.check("input[name=category][value=Skilt]")
                page.click("button.main")
                page.wait_for_url("**/report/details?*")
            page.evaluate("document.querySelector('main form').noValidate = true")
            page.click("button.main")
            page.wait_for_selector(".summary")
            check(page, "")
        page.goto(f"{site}/reports/{Report.objects.latest('pk').pk}")
        page.evaluate("document.querySelectorAll('main form').forEach((form) => (form.noValidate = true))")
        page.click("section[aria-labelledby=add] button")
        page.wait_for_selector(".summary")
        check(page, "")
    finally:
        context.close()


@pytest.mark.parametrize("language", ["en", "nb"])
def test_what_is_sent_wrongly_anywhere_gives_a_page_that_can_be_used_by_everybody(browser, site, language):
    context = browser.new_context(locale=language)
    try:
        page = context.new_page()
        report = f"/reports/{Report.objects.latest('pk').pk}"
        for path, form, fields in (
            ("/report/where", "/report/where", {}),
            ("/report/photo", "/report/photo", {}),
            ("/alerts", "/alerts", {"email": "nobody"}),
            ("/sign-in", "/sign-in", {"email": "a@b"}),
            (report, f"{report}/follow", {"follow_email": "nobody"}),
        ):
            page.goto(site + path)
            send(page, form, fields)
            page.wait_for_selector(".summary")
            check(page, "")
        for path, form in (
            (report, f"{report}/wrong-here"), ("/sign-in/old", ""), ("/confirm/old", ""), ("/nowhere", ""),
        ):  # fmt: skip
            page.goto(site + path)
            if form or page.locator("main form button").count():
                send(page, form, {})
                page.wait_for_selector("h1")
            check(page, "")
    finally:
        context.close()


def send(page: Any, action: str, fields: dict[str, str]) -> None:
    """The form of the page that posts there is sent as it is but for these fields, whatever the browser thinks of it."""
    told = page.evaluate(
        """([action, fields]) => {
          const forms = [...document.querySelectorAll("main form[method=post]")];
          const form = forms.find((one) => !action || new URL(one.action).pathname === action);
          for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
          form.noValidate = true;
          form.requestSubmit();
          return form.action;
        }""",
        [action, fields],
    )
    assert told


def test_a_click_on_the_map_chooses_the_place_without_a_script(browser, site):
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1280, "height": 900}, locale="en-GB"
    )
    try:
        page = context.new_page()
        page.goto(f"{site}/report/where?lat=60&long=4&zoom=16")
        page.click("input[type=image]", position={"x": 360, "y": 240})
        assert "Vestby kommune" in page.inner_text("main")
        page.click("form[method=post] button.main")
        assert page.inner_text("h1") == "What is the problem?"
    finally:
        context.close()


def test_the_devices_location_is_asked_for_only_after_a_press(browser, site):
    context = browser.new_context(
        geolocation={"latitude": 60.0, "longitude": 4.0}, permissions=["geolocation"]
    )
    try:
        page = context.new_page()
        page.goto(site)
        page.click("[data-locate]")
        page.wait_for_url("**/report/where?*")
        assert "pin_lat=60.000000" in page.url
    finally:
        context.close()
    context = browser.new_context(locale="en-GB")
    try:
        page = context.new_page()
        page.goto(site)
        page.click("[data-locate]")
        page.wait_for_function(
            "document.querySelector('[data-locate-status]').textContent.includes('could not')"
        )
        assert page.locator("#q").is_enabled()
    finally:
        context.close()


@pytest.mark.parametrize("language", ["en", "nb"])
def test_this_is_it_follow_it_is_one_press_and_its_page_can_be_used_by_everybody(page, site, language):
    page.set_extra_http_headers({"Accept-Language": language})
    page.goto(f"{site}/report/where?lat=60&long=4&zoom=15&pin_lat=60&pin_long=4")
    page.click("button.this >> nth=0")
    page.wait_for_selector("#follow_email")
    check(page, "")
    page.fill("#follow_email", "ola@example.org")
    page.click("main form button")
    check(page, "")
    assert Alert.objects.get().report_id == Report.objects.earliest("pk").pk


@pytest.mark.parametrize("language", ["en", "nb"])
def test_a_reader_follows_a_report_and_ends_it_and_every_page_can_be_used_by_everybody(page, site, language):
    page.set_extra_http_headers({"Accept-Language": language})
    report = Report.objects.latest("pk")
    page.goto(f"{site}/reports/{report.pk}")
    page.fill("#follow_email", "ola@example.org")
    page.click("section[aria-labelledby=follow] button")
    check(page, "")
    confirm = f"{site}/confirm/{secret_of(Notice.objects.get(kind='confirm_alert'))}"
    check(page, confirm)
    page.goto(confirm)
    page.click("button.main")
    assert page.locator(".note.good").count() == 1
    end = f"{site}/alerts/{end_token(Alert.objects.get())}/end"
    check(page, end)
    page.goto(end)
    page.click("button.main")
    check(page, "")
    assert Alert.objects.get().ended_at is not None


def test_a_reader_says_that_it_is_fixed_and_the_report_is_so_after_the_mailed_link(page, site):
    report = Report.objects.latest("pk")
    page.goto(f"{site}/reports/{report.pk}")
    page.check("input[name=state][value=fixed]")
    page.fill("#text", "Noen har vært her")
    page.fill("#email", "ola@example.org")
    page.click("section[aria-labelledby=add] button")
    report.refresh_from_db()
    assert report.state == "open"
    page.goto(f"{site}/confirm/{secret_of(Notice.objects.get(kind='confirm_update'))}")
    check(page, "")
    page.click("button.main")
    assert "Noen har vært her" in page.inner_text(".time")
    report.refresh_from_db()
    assert report.state == "fixed"


def test_the_list_leads_to_its_map_on_a_narrow_screen(page, site):
    page.set_viewport_size({"width": 320, "height": 900})
    page.goto(f"{site}/reports")
    page.click("a.tomap")
    page.wait_for_function("document.querySelector('#map').getBoundingClientRect().top < innerHeight")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert not page.locator("a.tomap").is_visible()
