"""What is written to harm readers or the site harms nobody: it is shown as words, or refused with a page."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from lxml import etree, html
from PIL import Image

from streetmend.accounts.models import Person
from streetmend.accounts.services import new_sign_in_link
from streetmend.reports.models import Photo, Report
from streetmend.reports.services import Said, Told, add_update, submit
from streetmend.reports.states import Actor
from tests.support.clock import SettableClock
from tests.support.town import WEST

pytestmark = pytest.mark.django_db

VECTORS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</title><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7|add:7 }}{% debug %}",
    "<a href='javascript:alert(1)'>x</a>",
    "]]><x/>",
)


def harmless(page: bytes) -> bool:
    """No element and no attribute of the page comes from what somebody wrote."""
    tree = html.fromstring(page.decode())
    scripts = [one for one in tree.iter("script") if not (one.get("src") or "").startswith("/static/")]
    handlers = [name for one in tree.iter() for name in one.attrib if str(name).lower().startswith("on")]
    links = [
        one
        for one in tree.xpath("//@href|//@src|//@action")
        if str(one).strip().lower().startswith("javascript")
    ]
    return not (scripts or handlers or links or tree.xpath("//img[@src='x']"))


@pytest.mark.parametrize("vector", VECTORS)
def test_B_61_what_is_stored_to_run_is_only_words_on_every_page(client, town, clock: SettableClock, vector):
    report = submit(
        now=clock.now(), lat=WEST[0], long=WEST[1], title=f"a{vector}", detail=vector, category_name="Gatelys",
        told=Told("kari@example.org", vector, show_name=True), address=vector, place_hint=vector, confirmed=True,
    ).report  # fmt: skip
    add_update(
        report=report, actor=Actor.RESIDENT, said=Said(vector), now=clock.now(), name=vector, show_name=True
    )
    for path in (
        f"/reports/{report.pk}",
        "/",
        "/reports",
        f"/report/where?lat={WEST[0]}&long={WEST[1]}&pin_lat=60&pin_long=4",
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert harmless(answer.content), path
    svg = client.get(f"/map.svg?lat={WEST[0]}&long={WEST[1]}&zoom=16").content
    drawn = etree.fromstring(svg)
    assert [one for one in drawn.iter() for name in one.attrib if str(name).startswith("on")] == []
    assert list(drawn.iter("{*}script", "{*}image", "{*}foreignObject")) == []


@pytest.mark.parametrize("vector", [*VECTORS, "\x00", "%", "9" * 400, "-1", "é" * 3000])
def test_B_62_what_an_address_says_to_run_is_only_words(client, town, vector):
    names = (
        "q",
        "page",
        "state",
        "category",
        "body",
        "photo",
        "lat",
        "long",
        "zoom",
        "draft",
        "then",
        "go",
        "now",
        "to",
        "next",
    )
    for path in (
        "/",
        "/reports",
        "/report/where",
        "/about",
        "/language",
        "/sign-in",
        "/open311/",
        "/map.svg",
        "/nothing",
    ):
        answer = client.get(path, dict.fromkeys(names, vector))
        assert answer.status_code in (200, 302, 404), path
        if answer.status_code == 200 and path != "/map.svg":
            assert harmless(answer.content), path
        if answer.status_code == 302:
            assert answer.headers["Location"].startswith("/"), "a redirect stays on the site"


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:x"]
)
def test_B_62_the_language_never_leads_to_another_site(client, town, to):
    assert client.get("/language", {"to": "nb", "next": to}).headers["Location"] == "/"


@pytest.mark.parametrize(
    "name", ["a;b.jpg", "$(reboot).jpg", "../../etc/passwd", "a\nb.jpg", "x.php", "x.svg", ""]
)
def test_B_52_the_name_of_a_file_is_never_used(client, town, begin, name):
    draft = begin()
    client.post("/report/what", {"draft": draft, "title": "Hull", "category": "Gatelys"})
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "JPEG")
    file = SimpleUploadedFile("x.jpg", out.getvalue(), "text/html")
    file._name = name
    client.post("/report/details", {"draft": draft, "photos": file})
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    report = Report.objects.get()
    for photo in Photo.objects.filter(report=report):
        assert set(photo.name) <= set("0123456789abcdef.jpg")


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "a b", "[::1"])
def test_B_70_another_sites_name_gets_400_and_no_link_to_it(client, town, host):
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert b"evil.example" not in answer.content


def test_B_77_a_private_report_is_nowhere_and_its_page_is_like_one_that_never_was(
    client, town, clock: SettableClock
):
    report = submit(
        now=clock.now(), lat=WEST[0], long=WEST[1], title="Et hemmelig rot", category_name="Forsøpling",
        told=Told("kari@example.org"), confirmed=True,
    ).report  # fmt: skip
    never, private = client.get("/reports/999999"), client.get(f"/reports/{report.pk}")
    assert (never.status_code, private.status_code) == (404, 404)
    # the pages differ by their own addresses only, which stand in the links to other languages
    own = f'reports%2F{report.pk}"'.encode()
    assert own in private.content
    assert private.content.replace(own, b'reports%2F999999"') == never.content
    around = f"/report/where?lat={WEST[0]}&long={WEST[1]}&pin_lat={WEST[0]}&pin_long={WEST[1]}"
    for path in (
        "/",
        "/reports",
        "/reports?q=hemmelig",
        around,
        f"/map.svg?lat={WEST[0]}&long={WEST[1]}&zoom=16",
    ):
        assert b"hemmelig rot" not in client.get(path).content


def test_B_40_a_file_that_is_too_large_is_cut_while_it_comes_and_told_and_the_rest_of_the_form_is_kept(
    client, town, fill, settings
):
    settings.MAX_PHOTO_BYTES = 100_000
    draft = fill()
    large = SimpleUploadedFile("a.jpg", b"\xff\xd8" + b"x" * 300_000, "image/jpeg")
    answer = client.post("/report/details", {"draft": draft, "photos": large})
    assert (answer.status_code, "photos" in answer.context["errors"]) == (422, True)
    assert answer.context["photos"] == []
    assert "Lykta er mørk" in client.get(f"/report/what?draft={draft}").content.decode()


def test_B_73_however_many_links_are_guessed_the_real_one_still_signs_in(client, town):
    kari = Person.objects.create(email="kari@example.org", created_at=datetime.now(UTC))
    secret = new_sign_in_link(person=kari, now=datetime.now(UTC))
    for number in range(40):
        assert client.post(f"/sign-in/{secret[:-2]}{number:02}").status_code == 410
    assert client.post(f"/sign-in/{secret}").status_code == 302
    assert client.get("/me").status_code == 200


def test_B_79_what_a_form_does_not_ask_for_is_not_taken_from_it(client, town, fill):
    more = {
        "state": "fixed", "body": town.east.pk, "body_id": town.east.pk, "user_id": 1, "reporter": 1, "visible": "on",
        "hidden": "", "private": "", "source": "Desk", "is_staff": "on", "is_superuser": "on", "confirmed": "yes",
    }  # fmt: skip
    client.post("/report/check", {**more, "draft": fill(is_superuser="on"), "email": "kari@example.org"})
    report = Report.objects.get()
    assert (report.state, report.visible, report.source) == ("unconfirmed", False, "Web interface")
    assert report.recipient_ids == [town.west.pk]
    assert report.reporter
    assert (report.reporter.is_staff, report.reporter.is_superuser) == (False, False)


def test_B_82_a_program_that_fills_in_every_field_makes_no_report(client, town, fill):
    draft = fill()
    told = {"draft": draft, "email": "bot@example.org", "website": "http://spam.example/"}
    assert client.post("/report/check", told).headers["Location"] == "/"
    assert Report.objects.count() == 0


def test_B_94_no_page_can_be_framed_sniffed_or_read_by_another_site(client, town):
    for path in ("/", "/reports", "/nothing", "/sign-in"):
        answer = client.get(path, headers={"Origin": "null"})
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_form_without_its_token_is_refused_with_a_page_that_says_what_to_do(town):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"})
    answer = strict.post("/report/where", {"lat": 60, "long": 4})
    assert answer.status_code == 403
    assert "send the form once more" in answer.content.decode()
