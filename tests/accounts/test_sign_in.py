"""Signing in and out on the site, without JavaScript."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from streetmend.accounts.models import Person, Role, SignInLink
from streetmend.accounts.services import make_staff, new_sign_in_link, person_with_email
from streetmend.reports.models import Notice
from streetmend.reports.services.notices import secret_of
from tests.support.town import make_town


@pytest.fixture(autouse=True)
def town(db):
    return make_town()


@pytest.fixture
def client() -> Client:
    return Client(headers={"Accept-Language": "en"})


def link(email: str = "kari@test.example", **more) -> str:
    now = more.pop("now", datetime.now(UTC))
    return f"/sign-in/{new_sign_in_link(person=person_with_email(email=email, now=now), now=now)}"


def who(client: Client) -> str:
    """Whom the site says is signed in; "" for nobody."""
    text = client.get("/me").content.decode()
    return text.split("signed in as <b>")[1].split("</b>")[0] if "signed in as <b>" in text else ""


def test_a_resident_asks_for_a_link_presses_its_button_and_is_signed_in_and_out(client):
    answer = client.post("/sign-in", {"email": " Kari@Test.example "})
    assert answer.status_code == 200
    notice = Notice.objects.get()
    assert (notice.kind, notice.email) == ("sign_in", "kari@test.example")
    page = client.get(f"/sign-in/{secret_of(notice)}")
    assert b"<button" in page.content
    assert re.findall(rb"<script(?! defer src=\")", page.content) == [], (
        "nothing of it is run but files of the site"
    )
    assert client.post(f"/sign-in/{secret_of(notice)}").headers["Location"] == "/me"
    assert who(client) == "kari@test.example"
    assert client.post("/sign-out").status_code == 302
    assert who(client) == ""


def test_staff_come_to_the_desk(client):
    make_staff(email="mod@test.example", role=Role.MODERATOR, now=datetime.now(UTC))
    assert client.post(link("mod@test.example")).headers["Location"] == "/admin/"


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_B_72_looking_at_a_link_uses_nothing_up(client, method):
    path = link()
    for _ in range(3):
        getattr(Client(), method)(path)
    assert SignInLink.objects.get().used_at is None
    assert client.post(path).status_code == 302
    assert who(client) == "kari@test.example"


def test_B_72_neither_signing_in_nor_out_works_without_the_forms_token():
    path = link()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path).status_code == 403
    assert strict.post("/sign-in", {"email": "kari@test.example"}).status_code == 403
    assert SignInLink.objects.get().used_at is None
    signed_in = Client(headers={"Accept-Language": "en"})
    signed_in.post(path)
    strict.cookies = signed_in.cookies
    assert strict.post("/sign-out").status_code == 403
    assert signed_in.get("/sign-out").status_code == 405
    assert who(signed_in) == "kari@test.example"


def test_B_75_a_used_an_old_and_an_unknown_link_sign_nobody_in_and_say_why(client):
    used, old = link(), link(now=datetime.now(UTC) - timedelta(minutes=31))
    Client().post(used)
    for path, said in ((used, "has been used"), (old, "too old"), ("/sign-in/nonsense", "do not know")):
        answer = client.post(path)
        assert answer.status_code == 410
        assert said in answer.content.decode()
    assert who(client) == ""


@pytest.mark.parametrize(
    "secret", ["%00", "%ff", "a" * 5000, "%F0%9F%9A%A7", "..%2f..", "%0d%0aSet-Cookie:x"]
)
def test_B_01_B_31_a_secret_of_any_characters_is_an_unknown_one(client, secret):
    assert client.post(f"/sign-in/{secret}").status_code in (404, 410)


def test_B_74_known_unknown_and_blocked_addresses_get_the_same_answer(client):
    person_with_email(email="qqknown@test.example", now=datetime.now(UTC))
    person_with_email(email="qqblock@test.example", now=datetime.now(UTC))
    Person.objects.filter(email="qqblock@test.example").update(is_active=False)
    make_staff(email="qqstaff@test.example", role=Role.ADMIN, now=datetime.now(UTC))
    answers = {
        (answer.status_code, answer.content.decode().replace(name, ""))
        for name in ("qqknown", "qqblock", "qqstaff", "qqnever")
        for answer in [client.post("/sign-in", {"email": f"{name}@test.example"})]
    }
    assert len(answers) == 1


@pytest.mark.parametrize(
    "email", ["", "   ", "a@b", "a@[127.0.0.1]", "a@x.example, b@x.example", "x" * 320 + "@x.example",
     "a@x.example\nBcc: b@x.example"]
)  # fmt: skip
def test_B_67_what_is_no_address_is_told_at_the_field(client, email):
    answer = client.post("/sign-in", {"email": email})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Notice.objects.exists()


@pytest.mark.parametrize(
    "to",
    ["//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example/", "\x08javascript:a"],
)
def test_B_69_a_link_leads_nowhere_else(client, to):
    answer = client.post(f"{link()}?next={to}")
    assert answer.headers["Location"] == "/me"


def test_B_76_the_session_is_a_new_one_after_signing_in_and_dead_after_signing_out(client):
    client.get("/sign-in")
    before = client.session.session_key
    client.post(link())
    cookie = client.cookies[next(name for name in client.cookies if name.endswith("-session"))]
    stolen = cookie.value
    assert stolen != before
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    client.post("/sign-out")
    thief = Client()
    thief.cookies[cookie.key] = stolen
    assert who(thief) == ""
    assert not Session.objects.filter(session_key=stolen).exists()


def test_B_76_somebody_elses_link_takes_the_place_of_the_one_who_was_signed_in(client):
    client.post(link("kari@test.example"))
    client.session["mine"] = "kept"
    client.post(link("ola@test.example"))
    assert who(client) == "ola@test.example"
    assert "mine" not in client.session


def test_B_76_whoever_is_blocked_is_signed_out_with_the_next_request(client):
    client.post(link())
    assert who(client) == "kari@test.example"
    Person.objects.update(is_active=False)
    assert who(client) == ""


def test_B_93_no_page_of_signing_in_is_kept_by_a_cache(client):
    for path in ("/sign-in", link()):
        assert "no-store" in client.get(path).headers["Cache-Control"]
