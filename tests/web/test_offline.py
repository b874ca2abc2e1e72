"""What a device sends that kept a report without network; and what makes the site an app."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from streetmend.accounts.services import new_sign_in_link
from streetmend.bodies.services import save_site
from streetmend.bodies.specs import SiteSpec
from streetmend.reports.models import Draft, Notice, Photo, Report
from streetmend.reports.services.limits import A_DAY
from streetmend.reports.services.own import ask_to_be_erased, erase_who_asked
from tests.support.clock import SettableClock
from tests.support.town import FAR, WEST
from tests.web.test_flow import jpeg

pytestmark = pytest.mark.django_db
TOKEN = "a-device-made-this-token-by-chance-0001"
TOLD = {
    "title": "Lykta er mørk", "category": "Gatelys", "lat": f"{WEST[0]}", "long": f"{WEST[1]}", "email": "kari@example.org",
}  # fmt: skip


def send(client: Client, token: str = TOKEN, **told: Any) -> dict[str, Any]:
    answer = client.post("/report/waiting/send", {"token": token, **told})
    return {"status": answer.status_code, **answer.json()}


def change_site(**said: Any) -> None:
    spec = SiteSpec(jurisdiction_id="test.example", languages=["nb", "nn", "en"], **said)
    save_site(spec=spec, now=datetime.now(UTC))


def picture(name: str = "a.jpg", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, jpeg() if content is None else content, "image/jpeg")


def test_a_report_that_waited_arrives_with_its_photos_and_waits_for_the_mailed_link(client, town):
    said = send(
        client, **TOLD, detail="Siden mandag", hint="ved brua", name="Kari", show_name="yes", photos=picture()
    )
    assert said == {"status": 200, "state": "sent", "url": f"/report/sent/{TOKEN}", "errors": {}}
    report = Report.objects.get()
    assert (report.title, report.detail, report.place_hint) == ("Lykta er mørk", "Siden mandag", "ved brua")
    assert (report.state, report.show_name, report.photos.count()) == ("unconfirmed", True, 1)
    assert Notice.objects.get().email == "kari@example.org"
    assert client.get(said["url"]).status_code == 200


def test_B_95_fifty_kept_reports_of_which_half_were_sent_before_make_fifty(client, town):
    tokens = [f"a-device-made-this-token-by-chance-{number:04}" for number in range(50)]
    half = [send(client, token, **{**TOLD, "email": f"{token[-4:]}@example.org"}) for token in tokens[::2]]
    # the drafts that led to them are forgotten after a week
    Draft.objects.all().delete()
    again = [send(client, token, **{**TOLD, "email": f"{token[-4:]}@example.org"}) for token in tokens]
    assert {said["state"] for said in (*half, *again)} == {"sent"}
    assert Report.objects.count() == 50
    known = client.get("/report/waiting/key", {"token": tokens[0]}).json()
    assert known["state"] == "sent"


def test_a_device_learns_what_is_known_of_its_report_before_it_sends_photos_again(client, town):
    asked = {"token": TOKEN}
    assert client.get("/report/waiting/key", asked).json()["state"] == "unknown"
    send(client, **{**TOLD, "category": ""})
    known = client.get("/report/waiting/key", asked).json()
    assert (known["state"], known["url"]) == ("asks", f"/report/what?draft={TOKEN}")
    send(client, **TOLD)
    known = client.get("/report/waiting/key", asked).json()
    assert (known["state"], known["url"]) == ("sent", f"/report/sent/{TOKEN}")
    assert client.get("/report/waiting/key", {"token": "x"}).json()["state"] == "unknown"


def test_a_key_against_forgery_is_asked_for_and_a_stale_one_loses_nothing(town):
    client = Client(enforce_csrf_checks=True)
    told = {"token": TOKEN, **TOLD}
    assert client.post("/report/waiting/send", told).status_code == 403
    stale = client.get("/report/waiting/key").json()["key"]
    client.cookies.clear()
    assert client.post("/report/waiting/send", told, headers={"X-CSRFToken": stale}).status_code == 403
    fresh = client.get("/report/waiting/key").json()["key"]
    answer = client.post("/report/waiting/send", told, headers={"X-CSRFToken": fresh})
    assert answer.json()["state"] == "sent"
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"title": "x" * 201}, "title"),
        ({"detail": "x" * 5001}, "detail"),
        ({"hint": "x" * 301}, "hint"),
        ({"email": "kari"}, "email"),
        ({"phone": "1" * 41}, "phone"),
        ({"q": "x" * 201}, "q"),
    ],
)
def test_what_is_wrong_is_told_by_its_field_and_nothing_is_kept(client, town, told, field):
    said = send(client, **{**TOLD, **told})
    assert (said["status"], said["state"], list(said["errors"])) == (422, "wrong", [field])
    assert (Report.objects.count(), Draft.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "token", ["", "short", "x" * 101, "../../etc/passwd-and-some-more-characters", "å" * 40]
)
def test_a_token_that_no_device_made_is_refused(client, town, token):
    assert send(client, token, **TOLD)["status"] == 422
    assert Report.objects.count() == 0


def test_a_file_that_is_no_photo_and_too_many_photos_are_told(client, town):
    said = send(client, **TOLD, photos=picture(content=b"no photo"))
    assert (said["state"], list(said["errors"])) == ("wrong", ["photos"])
    many = [picture(f"{number}.jpg", _colour(number)) for number in range(4)]
    assert list(send(client, **TOLD, photos=many)["errors"]) == ["photos"]
    assert (Report.objects.count(), Draft.objects.count()) == (0, 0)


def _colour(number: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (number * 40, 90, 90)).save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("told", "step"),
    [
        ({"title": ""}, "what"),
        ({"category": "Nothing of ours"}, "what"),
        ({"lat": "", "long": ""}, "where"),
        ({"lat": "", "long": "", "q": "no street of this name"}, "where"),
        ({"lat": "nan", "long": "1e999"}, "where"),
        ({"category": "Skilt"}, "details"),
        ({"category": "Skilt", "answer.kind": "no choice of ours"}, "details"),
        ({"email": ""}, "check"),
    ],
)
def test_what_is_missing_is_asked_for_by_the_form_which_has_the_rest(client, town, told, step):
    said = send(client, **{**TOLD, **told}, photos=picture())
    assert (said["status"], said["state"]) == (200, "asks")
    assert said["url"].startswith(f"/report/{step}?draft={TOKEN}")
    assert client.get(said["url"]).status_code == 200
    assert len(Draft.objects.get().content["photos"]) == 1
    assert Report.objects.count() == 0


def test_a_place_that_nobody_covers_leads_to_the_form_that_offers_the_nearest(client, town):
    said = send(client, **{**TOLD, "lat": f"{FAR[0]}", "long": f"{FAR[1]}"})
    assert said["state"] == "asks"
    page = client.get(said["url"])
    assert page.status_code == 200


def test_photos_that_come_a_second_time_are_kept_once(client, town):
    for _time in range(2):
        send(client, **{**TOLD, "category": ""}, photos=picture())
    assert len(Draft.objects.get().content["photos"]) == 1
    send(client, **TOLD, photos=picture())
    assert Photo.objects.count() == 1


def test_answers_that_were_given_before_the_network_went_away_are_kept(client, town, fill):
    draft = fill(category="Skilt", kind="stop")
    said = send(client, draft, email="kari@example.org", title="Skiltet er borte")
    assert said["state"] == "sent"
    report = Report.objects.get()
    assert (report.title, report.answers) == ("Skiltet er borte", [{"code": "kind", "values": ["stop"]}])
    answer = client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    assert answer.headers["Location"] == f"/report/sent/{draft}"
    assert Report.objects.count() == 1


def test_who_told_is_not_asked_again_and_is_forgotten_with_the_person(client, town):
    now = SettableClock().now()
    send(client, **TOLD)
    kari = Report.objects.get().reporter
    assert kari
    other = TOKEN[:-1] + "2"
    said = send(client, other, **{**TOLD, "category": "Skilt"}, name="Kari", phone="22 33 44 55")
    client.post("/report/details", {"draft": other, "answer.kind": "stop"})
    page = client.get(f"/report/check?draft={other}").content.decode()
    assert 'value="kari@example.org"' in page
    assert 'value="22 33 44 55"' in page
    assert said["state"] == "asks"
    ask_to_be_erased(person=kari, now=now)
    erase_who_asked(now=now)
    assert "kari@example.org" not in json.dumps(list(Draft.objects.values_list("content", flat=True)))


def test_who_is_signed_in_needs_no_mail_for_their_own_address(client, town):
    send(client, **TOLD)
    kari = Report.objects.get().reporter
    assert kari
    client.post(f"/sign-in/{new_sign_in_link(person=kari, now=datetime.now(UTC))}")
    send(client, TOKEN[:-1] + "2", **TOLD)
    assert sorted(Report.objects.values_list("state", flat=True)) == ["open", "unconfirmed"]


def test_an_address_that_was_asked_too_often_is_told_later_and_nothing_is_lost(client, town):
    states = [send(client, f"{TOKEN[:-2]}{number:02}", **TOLD) for number in range(A_DAY + 1)]
    last = states[-1]
    assert (last["status"], last["state"], list(last["errors"])) == (429, "later", ["email"])
    assert {said["state"] for said in states} == {"sent", "later"}


def test_the_site_can_be_installed_with_its_own_name_and_colours(client, town):
    change_site(name="Gatene i Vestby kommune", colours={"paper": "#eef7ee", "signal": "#d81b60"})
    page = client.get("/").content.decode()
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page
    answer = client.get("/manifest.webmanifest")
    assert answer.headers["Content-Type"] == "application/manifest+json"
    told = answer.json()
    assert (told["name"], told["short_name"]) == ("Gatene i Vestby kommune", "Gatene i")
    assert (told["background_color"], told["start_url"], told["scope"]) == ("#eef7ee", "/", "/")
    assert {icon["purpose"] for icon in told["icons"]} == {"any", "maskable"}
    for icon in told["icons"]:
        picture = Image.open(io.BytesIO(client.get(icon["src"]).content))
        assert (f"{picture.width}x{picture.height}", picture.format) == (icon["sizes"], "PNG")
        side = picture.width
        assert picture.getpixel((side // 2, side // 12))[:3] == (0xD8, 0x1B, 0x60), "the tile"
        assert picture.getpixel((side // 2, side // 2))[:3] != (0xD8, 0x1B, 0x60), "the pin"
        assert (picture.getpixel((0, 0))[3] == 255) == (icon["purpose"] == "maskable")
    assert client.get("/icon-5000.png").status_code == 404


def test_the_service_worker_is_at_the_root_and_another_one_whenever_something_of_it_changes(client, town):
    answer = client.get("/sw.js")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == (
        "no-cache",
        "nosniff",
    )
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    shell = json.loads(re.search(rb"self.SHELL = (.*);", answer.content)[1])
    for address in (*shell["files"], *(f"{page}?language=nb" for page in shell["pages"])):
        path = address.partition("?")[0]
        if path.startswith("/static/"):
            assert finders.find(path.removeprefix("/static/")), address
        else:
            assert client.get(address).status_code == 200, address
    again = client.get("/sw.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    change_site(name="Other streets")
    changed = client.get("/sw.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.content != answer.content


def test_the_pages_without_network_are_the_same_for_everybody_and_speak_the_language_that_is_asked_for(
    client, town
):
    for path in ("/report/offline", "/report/waiting"):
        shown = {language: client.get(f"{path}?language={language}") for language in ("nb", "nn", "en")}
        for language, answer in shown.items():
            page = answer.content.decode()
            assert f'<html lang="{language}">' in page
            assert "csrf" not in page
            assert not re.search(r"<script(?![^>]* src=)", page)
            assert answer.headers["Content-Language"] == language
            assert not answer.cookies
        assert len({answer.content for answer in shown.values()}) == 3
        assert client.get(f"{path}?language=../../etc").status_code == 200
