"""What staff do at the desk goes through the services, and the log says who did it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from streetmend.accounts.keys import create_api_key, keys_named
from streetmend.accounts.models import Person, SignInLink
from streetmend.accounts.services import new_sign_in_link
from streetmend.bodies import sealing
from streetmend.bodies.models import Body, Category, Endpoint, Site
from streetmend.bodies.queries import bodies
from streetmend.reports.models import Delivery, Photo, Report, Update
from streetmend.reports.states import Actor


def choose(client: Client, what: str, action: str, *rows: Any) -> Any:
    """An action of a list, as its form sends it."""
    told = {"action": action, "index": 0, "_selected_action": [row.pk for row in rows]}
    return client.post(f"/admin/{what}/", told, follow=True)


@pytest.mark.parametrize("role", ["admin", "moderator"])
def test_B_83_a_report_that_is_hidden_is_gone_from_the_site_and_comes_back_when_it_is_shown(
    report, sign_in, role
):
    client, public = sign_in(role), Client()
    page = client.get(f"/admin/reports/report/{report.pk}/change/").content.decode()
    assert 'value="hide"' in page, "a button on its page"
    assert public.get(f"/reports/{report.pk}").status_code == 200
    assert "Hidden. (1)" in choose(client, "reports/report", "hide", report).content.decode()
    assert public.get(f"/reports/{report.pk}").status_code == 404
    assert "Lykta" not in public.get("/reports").content.decode()
    assert "Lykta" not in public.get("/open311/v2/requests.xml?jurisdiction_id=test.example").content.decode()
    assert {delivery.state for delivery in Delivery.objects.filter(report=report)} == {"cancelled"}
    choose(client, "reports/report", "show", report)
    assert public.get(f"/reports/{report.pk}").status_code == 200
    assert {delivery.state for delivery in Delivery.objects.filter(report=report)} == {"waiting"}
    said = [(entry.user.email, entry.change_message) for entry in LogEntry.objects.order_by("id")]
    assert said == [(f"{role}@test.example", "Hidden."), (f"{role}@test.example", "Shown again.")]


def test_a_photo_and_an_update_that_are_hidden_are_gone_until_they_are_shown_again(report, sign_in):
    now = datetime.now(UTC)
    update = Update.objects.create(
        report=report, actor=Actor.RESIDENT, text="Se her: spam", at=now, received_at=now, source="test"
    )
    client, public, photo = sign_in("moderator"), Client(), Photo.objects.get()
    path = f"/photos/{photo.name[:2]}/{photo.name}"
    assert public.get(path).getvalue().startswith(b"\xff\xd8")
    assert "spam" in public.get(f"/reports/{report.pk}").content.decode()
    choose(client, "reports/photo", "hide", photo)
    choose(client, "reports/update", "hide", update)
    assert public.get(path).status_code == 404
    page = public.get(f"/reports/{report.pk}").content.decode()
    assert "spam" not in page
    assert photo.name not in page
    choose(client, "reports/photo", "show", photo)
    choose(client, "reports/update", "show", update)
    page = public.get(f"/reports/{report.pk}").content.decode()
    assert "spam" in page
    assert photo.name in page


def test_an_action_of_another_page_or_an_unknown_one_does_nothing(report, sign_in):
    client = sign_in("moderator")
    for action in ("delete_selected", "stop", "end", "nonsense"):
        choose(client, "reports/report", action, report)
    assert Report.objects.get().visible


def test_a_form_without_its_token_is_refused(report, sign_in):
    signed_in = sign_in("admin")
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in.cookies
    told = {"action": "hide", "index": 0, "_selected_action": [report.pk]}
    assert client.post("/admin/reports/report/", told).status_code == 403
    assert Report.objects.get().visible


BODY = {"name": "Vestby kommune", "mapit_id": "101", "areas": "101, 102", "send": "open311", "email": "", "url": "",
        "active": "on"}  # fmt: skip


def test_a_body_is_changed_and_added_by_its_form_and_the_site_knows_it_at_once(town, sign_in):
    client = sign_in("admin")
    epoch = Site.objects.get().epoch
    answer = client.post(f"/admin/bodies/body/{town.west.pk}/change/", {**BODY, "name": "Vestbyen"})
    assert answer.status_code == 302, answer.content.decode()
    assert sorted(town.west.covers.values_list("area_mapit_id", flat=True)) == [101, 102]
    new = {**BODY, "name": "Havnevesenet", "mapit_id": "900", "send": "email", "email": "havn@test.example"}
    assert client.post("/admin/bodies/body/add/", new).status_code == 302
    assert {body.name for body in bodies()} >= {"Vestbyen", "Havnevesenet"}
    assert Site.objects.get().epoch > epoch
    assert Category.objects.filter(body=town.west).count() == 3, "nothing else has changed"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "required"),
        ({"name": "Østby kommune"}, "already exists"),
        ({"mapit_id": "102"}, "already exists"),
        ({"mapit_id": "0"}, "greater than or equal to 1"),
        ({"areas": "101; DROP"}, "is no id of an area"),
        ({"areas": "99999999999"}, "is no id of an area"),
        ({"areas": "0"}, "areas"),
        ({"send": "email"}, "needs the key"),
        ({"send": "fax"}, "valid choice"),
        ({"email": "a@b, c@d"}, "email"),
        ({"url": "javascript:alert(1)"}, "is no address"),
    ],
)
def test_a_wrong_value_of_a_body_is_told_at_the_form_and_nothing_changes(town, sign_in, wrong, said):
    answer = sign_in("admin").post(f"/admin/bodies/body/{town.west.pk}/change/", {**BODY, **wrong})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert Body.objects.get(pk=town.west.pk).name == "Vestby kommune"
    assert list(town.west.covers.values_list("area_mapit_id", flat=True)) == [101]


ENDPOINT = {
    "name": "", "url": "https://vestby.example/open311", "jurisdiction_id": "vestby.example", "format": "json",
    "timeout_seconds": "30", "settle_seconds": "600", "pull_updates": "on", "pull_seconds": "300",
    "on_unknown": "hold", "max_in_flight": "2", "active": "on", "api_key": "",
}  # fmt: skip


def test_B_102_an_endpoint_is_changed_by_its_form_and_keeps_its_key_until_a_new_one_is_given(town, sign_in):
    client, path = sign_in("admin"), f"/admin/bodies/endpoint/{town.endpoint.pk}/change/"
    Endpoint.objects.filter(pk=town.endpoint.pk).update(habits={"description": "labelled"})
    assert client.post(path, {**ENDPOINT, "api_key": "first"}).status_code == 302
    assert client.post(path, {**ENDPOINT, "timeout_seconds": "20"}).status_code == 302
    row = Endpoint.objects.get(pk=town.endpoint.pk)
    assert (row.url, row.format, row.timeout_seconds) == ("https://vestby.example/open311/", "json", 20)
    assert sealing.unseal(row.api_key_sealed) == "first"
    assert row.habits == {"description": "labelled"}
    assert client.post("/admin/bodies/endpoint/add/", {**ENDPOINT, "body": town.east.pk}).status_code == 302
    assert Endpoint.objects.filter(body=town.east).count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "vestby.example"},
        {"url": "https://user:pass@vestby.example/"},
        {"url": "https://vestby.example/?a=b"},
        {"timeout_seconds": "0"},
        {"timeout_seconds": "9" * 30},
        {"format": "yaml"},
        {"max_in_flight": "1000"},
    ],
)
def test_B_90_a_wrong_value_of_an_endpoint_is_told_at_the_form_and_nothing_changes(town, sign_in, wrong):
    path = f"/admin/bodies/endpoint/{town.endpoint.pk}/change/"
    answer = sign_in("admin").post(path, {**ENDPOINT, **wrong})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert Endpoint.objects.get(pk=town.endpoint.pk).url == town.endpoint.url


CATEGORY = {"called": "Gatelys og lykter", "code": "LIGHT", "group": "Lys", "words": "lampe, lykt", "description": "",
            "active": "on", "endpoint": "", "updates_allowed": "on", "reopening_allowed": "on",
            "close_after_days": "0", "questions-TOTAL_FORMS": "0", "questions-INITIAL_FORMS": "0"}  # fmt: skip


def test_a_category_is_changed_and_added_by_its_form_and_keeps_its_questions(town, sign_in):
    client = sign_in("admin")
    sign = Category.objects.get(code="R-SIGN")
    told = {**CATEGORY, "called": "Skilt og tavler", "code": "R-SIGN", "endpoint": town.roads_endpoint.pk}
    answer = client.post(f"/admin/bodies/category/{sign.pk}/change/", told)
    assert answer.status_code == 302, answer.context["errors"]
    sign.refresh_from_db()
    assert (sign.name.name, sign.group, sign.keywords) == ("Skilt og tavler", "Lys", ["lampe", "lykt"])
    assert sign.questions.get().values == [
        {"key": "stop", "name": "Stopp"},
        {"key": "yield", "name": "Vikeplikt"},
    ]
    new = {**CATEGORY, "body": town.east.pk, "called": "Benker", "code": "BENCH"}
    assert client.post("/admin/bodies/category/add/", new).status_code == 302
    assert Category.objects.get(body=town.east, code="BENCH").name.name == "Benker"
    again = client.post("/admin/bodies/category/add/", {**new, "called": "Andre benker"}, follow=True)
    assert again.status_code == 200
    assert Category.objects.filter(body=town.east, code="BENCH").count() == 1


def test_what_a_category_insists_on_is_set_by_its_form(town, sign_in):
    row = Category.objects.get(body=town.west, code="LIGHT")
    told = {
        **CATEGORY,
        "photo_required": "on",
        "send": "email",
        "email": "lys@test.example",
        "close_after_days": "90",
    }
    del told["updates_allowed"]
    page = sign_in("admin").get(f"/admin/bodies/category/{row.pk}/change/").content.decode()
    assert "No report of it is taken without a photo." in page
    assert sign_in("admin").post(f"/admin/bodies/category/{row.pk}/change/", told).status_code == 302
    row.refresh_from_db()
    assert (row.photo_required, row.updates_allowed, row.reopening_allowed) == (True, False, True)
    assert (row.send, row.email, row.close_after_days) == ("email", "lys@test.example", 90)
    wrong = {**told, "email": "no address"}
    answer = sign_in("admin").post(f"/admin/bodies/category/{row.pk}/change/", wrong)
    assert (answer.status_code, list(answer.context["adminform"].form.errors)) == (200, ["email"])


def test_every_habit_of_an_endpoint_is_set_by_its_form_and_a_wrong_one_is_named(town, sign_in):
    client, path = sign_in("admin"), f"/admin/bodies/endpoint/{town.endpoint.pk}/change/"
    habits = 'photos = "upload"\nstatuses_in = { ferdig = "fixed" }\n[[templates]]\nstate = "fixed"\ntext = "Ferdig."\n'
    assert client.post(path, {**ENDPOINT, "other_habits": habits}).status_code == 302
    row = Endpoint.objects.get(pk=town.endpoint.pk)
    assert (row.habits["photos"], row.habits["statuses_in"]) == ("upload", {"ferdig": "fixed"})
    assert "photos = &quot;upload&quot;" in client.get(path).content.decode()
    for wrong, words in (
        ("photos = ", "no TOML"),
        ('fotos = "upload"', "fotos: there is no such key"),
        ("page_size = -1", "page_size: "),
        ('statuses_in = { ferdig = "finished" }', "statuses_in.ferdig: "),
    ):
        answer = client.post(path, {**ENDPOINT, "other_habits": wrong})
        assert words in str(answer.context["adminform"].form.errors["other_habits"]), wrong
    assert Endpoint.objects.get(pk=town.endpoint.pk).habits == row.habits
    assert client.post(path, {**ENDPOINT, "other_habits": ""}).status_code == 302
    assert Endpoint.objects.get(pk=town.endpoint.pk).habits == {}


def test_another_bodys_endpoint_cannot_be_chosen_for_a_category(town, sign_in):
    row = Category.objects.get(body=town.west, code="LIGHT")
    told = {**CATEGORY, "endpoint": town.roads_endpoint.pk}
    assert sign_in("admin").post(f"/admin/bodies/category/{row.pk}/change/", told).status_code == 200
    row.refresh_from_db()
    assert row.endpoint is None


def test_the_site_is_changed_by_its_form_and_keeps_what_the_form_does_not_ask(town, sign_in):
    client = sign_in("admin")
    told = {"name": "Nye gater", "jurisdiction_id": "test.example", "time_zone": "Europe/Oslo", "contact_email": "",
            "undo_minutes": "5", "max_photos": "2"}  # fmt: skip
    assert client.post("/admin/bodies/site/1/change/", told).status_code == 302
    row = Site.objects.get()
    assert (row.name, row.undo_minutes, row.max_photos, row.languages) == (
        "Nye gater",
        5,
        2,
        ["nb", "nn", "en"],
    )
    wrong = client.post("/admin/bodies/site/1/change/", {**told, "time_zone": "Europe/Nowhere"})
    assert "there is no zone" in wrong.content.decode()
    assert client.post("/admin/bodies/site/add/", told).status_code == 403


@pytest.mark.parametrize("what", ["body", "endpoint", "category"])
def test_set_up_is_put_out_of_use_and_back(town, sign_in, what):
    client = sign_in("admin")
    row = {"body": town.west, "endpoint": town.endpoint, "category": Category.objects.first()}[what]
    choose(client, f"bodies/{what}", "stop", row)
    row.refresh_from_db()
    assert not row.active
    choose(client, f"bodies/{what}", "use", row)
    row.refresh_from_db()
    assert row.active


def test_an_administrator_makes_somebody_staff_and_ends_it_but_not_for_themselves(sign_in):
    client = sign_in("admin")
    told = {"email": "Ola@Test.example", "name": "Ola", "role": "moderator"}
    assert client.post("/admin/accounts/person/add/", told).status_code == 302
    ola, me = Person.objects.get(email="ola@test.example"), Person.objects.get(email="admin@test.example")
    assert (ola.role, ola.is_staff, ola.is_superuser) == ("moderator", True, False)
    secret = new_sign_in_link(person=ola, now=datetime.now(UTC))
    choose(client, "accounts/person", "end", ola, me)
    ola.refresh_from_db()
    me.refresh_from_db()
    assert (ola.role, ola.is_staff) == ("", False)
    assert (me.role, me.is_staff) == ("admin", True)
    assert not SignInLink.objects.filter(person=ola, used_at=None).exists()
    assert Client().post(f"/sign-in/{secret}").status_code == 410


@pytest.mark.parametrize(
    "wrong", [{"email": "a@b"}, {"email": "a@x.example, b@x.example"}, {"role": "god"}, {"email": ""}]
)
def test_B_67_a_wrong_address_or_role_makes_nobody_staff(sign_in, wrong):
    client = sign_in("admin")
    told = {"email": "ola@test.example", "name": "Ola", "role": "moderator", "is_superuser": "on", **wrong}
    assert client.post("/admin/accounts/person/add/", told).status_code == 200
    assert Person.objects.count() == 1


def test_B_79_a_field_that_the_form_does_not_have_is_ignored(town, sign_in):
    client = sign_in("admin")
    path = f"/admin/bodies/endpoint/{town.endpoint.pk}/change/"
    assert client.post(path, {**ENDPOINT, "body": town.east.pk, "last_error": "x"}).status_code == 302
    row = Endpoint.objects.get(pk=town.endpoint.pk)
    assert (row.body_id, row.last_error) == (town.west.pk, "")


def test_an_administrator_ends_api_keys(town, sign_in):
    key, secret = create_api_key(name="City app", now=datetime.now(UTC))
    client = sign_in("admin")
    page = client.get(f"/admin/accounts/apikey/{key.pk}/change/").content.decode()
    assert "City app" in page
    assert secret not in page
    assert key.secret_hash not in page
    choose(client, "accounts/apikey", "revoke", key)
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert keys_named("City app") == []
