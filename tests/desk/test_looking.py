"""Who gets in, and that every page of the desk stands, whatever is asked of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from streetmend.accounts.models import Person
from streetmend.areas.models import Area
from streetmend.bodies.models import Body, Category, Endpoint, Site
from streetmend.bodies.services import set_api_key
from streetmend.desk.site import desk
from streetmend.reports.models import Delivery, Notice, Photo, Report
from streetmend.reports.services import hide_report

LISTS = sorted(f"{model._meta.app_label}/{model._meta.model_name}" for model in desk._registry)
FOR_MODERATORS = {"reports/report", "reports/update", "reports/photo", "reports/delivery"}


@pytest.mark.parametrize("what", LISTS)
def test_an_administrator_sees_every_list_and_every_row_of_it(report, sign_in, what):
    client = sign_in("admin")
    assert client.get(f"/admin/{what}/").status_code == 200
    model = next(m for m in desk._registry if f"{m._meta.app_label}/{m._meta.model_name}" == what)
    for row in model._default_manager.all()[:3]:
        page = client.get(f"/admin/{what}/{row.pk}/change/")
        assert page.status_code == 200
        assert client.get(f"/admin/{what}/{row.pk}/history/").status_code == 200


@pytest.mark.parametrize("what", LISTS)
def test_B_79_a_moderator_sees_reports_and_what_belongs_to_them_and_nothing_else(report, sign_in, what):
    client = sign_in("moderator")
    status = client.get(f"/admin/{what}/").status_code
    assert status == (200 if what in FOR_MODERATORS else 403)
    assert (f"/admin/{what}/" in client.get("/admin/").content.decode()) == (what in FOR_MODERATORS)


@pytest.mark.parametrize("what", LISTS)
def test_B_79_nobody_else_gets_in(report, sign_in, what):
    for client in (Client(), sign_in("")):
        answer = client.get(f"/admin/{what}/", follow=True)
        assert "Lykta" not in answer.content.decode()
        assert answer.redirect_chain
        for path in ("add/", "1/change/", "1/delete/", "1/history/", ""):
            assert client.post(f"/admin/{what}/{path}", {"action": "hide"}).status_code in (302, 403, 404)
    assert Client().get("/admin/", follow=True).redirect_chain[-1][0] == "/sign-in"
    assert sign_in("").get("/admin/", follow=True).status_code == 403


@pytest.mark.parametrize("role", ["admin", "moderator"])
@pytest.mark.parametrize("what", LISTS)
def test_B_79_nothing_can_be_deleted_and_nothing_of_the_reports_be_added_or_changed(
    report, sign_in, what, role
):
    client = sign_in(role)
    assert client.post(f"/admin/{what}/1/delete/", {"post": "yes"}).status_code in (302, 403)
    if what.startswith(("reports", "areas")) or role == "moderator":
        assert client.post(f"/admin/{what}/add/", {"title": "x"}).status_code == 403
        assert client.post(f"/admin/{what}/{report.pk}/change/", {"title": "x"}).status_code in (302, 403)
    assert Report.objects.get().title == "Lykta er mørk"


def test_B_76_a_role_that_is_taken_away_is_gone_with_the_next_request(report, sign_in):
    client = sign_in("moderator")
    assert client.get("/admin/reports/report/").status_code == 200
    Person.objects.filter(email="moderator@test.example").update(role="")
    assert client.get("/admin/reports/report/").status_code == 302
    Person.objects.filter(email="moderator@test.example").update(role="moderator", is_active=False)
    assert client.get("/admin/reports/report/").status_code == 302


def test_a_moderator_does_not_see_how_the_reporter_can_be_reached(report, sign_in):
    path = f"/admin/reports/report/{report.pk}/change/"
    assert "kari@test.example" in sign_in("admin").get(path).content.decode()
    page = sign_in("moderator").get(path).content.decode()
    assert "kari@test.example" not in page
    assert "12345678" not in page
    assert "Den over benken." in page


def test_B_102_no_page_shows_a_key_a_link_or_a_stored_password(town, report, sign_in):
    set_api_key(endpoint=town.endpoint, api_key="very-secret-key", now=datetime.now(UTC))
    town.endpoint.refresh_from_db()
    client = sign_in("admin")
    pages = [
        client.get(f"/admin/bodies/endpoint/{town.endpoint.pk}/change/"),
        client.get("/admin/bodies/endpoint/"),
    ]
    for notice in Notice.objects.all():
        pages.append(client.get(f"/admin/reports/notice/{notice.pk}/change/"))
    person = Person.objects.get(email="kari@test.example")
    pages.append(client.get(f"/admin/accounts/person/{person.pk}/change/"))
    for page in pages:
        text = page.content.decode()
        assert page.status_code == 200
        assert "very-secret-key" not in text
        assert town.endpoint.api_key_sealed not in text
        assert person.password not in text


def test_B_78_staff_see_the_photo_of_a_hidden_report_and_nobody_else_does(report, sign_in):
    hide_report(report=report, now=datetime.now(UTC))
    photo = Photo.objects.get()
    for role in ("admin", "moderator"):
        answer = sign_in(role).get(f"/admin/photos/{photo.name}")
        assert answer.status_code == 200
        assert answer.getvalue().startswith(b"\xff\xd8")
        assert "no-store" in answer.headers["Cache-Control"]
    for client in (Client(), sign_in("")):
        assert client.get(f"/admin/photos/{photo.name}").status_code == 302
        assert client.get(f"/photos/{photo.name[:2]}/{photo.name}").status_code == 404
    assert sign_in("admin").get("/admin/photos/..%2f..%2fsecret_key").status_code == 404


@pytest.mark.parametrize("what", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "q=%00", "q=a%00b", "state__exact=%00", "q=%27%3B--", "q=%ff%fe", "q=" + "9" * 400, "q=%25_%5C", "p=-1",
        "p=99999999999999999999", "o=99.-99.x", "id__exact=" + "9" * 30, "nonsense=1", "e=1", "body__id__exact=abc",
        "%00=1", "hidden__exact=maybe", "q=%F0%9F%9A%A7",
    ],
)  # fmt: skip
def test_B_01_B_18_B_31_a_list_answers_whatever_is_asked(sign_in, report, what, query):
    assert sign_in("admin").get(f"/admin/{what}/?{query}").status_code in (200, 302, 400)


@pytest.mark.parametrize("key", ["0", "-1", "9" * 30, "1.0", "%00", "abc", "1_0"])
@pytest.mark.parametrize("what", ["reports/report", "bodies/body", "accounts/person"])
def test_B_18_a_number_that_is_none_of_ours_leads_back(sign_in, report, what, key):
    assert sign_in("admin").get(f"/admin/{what}/{key}/change/").status_code in (302, 400, 404)


def test_there_are_no_passwords(sign_in):
    client = sign_in("admin")
    assert client.get("/admin/password_change/").status_code in (302, 404)
    assert "password" not in client.get("/admin/").content.decode()


def test_every_kind_of_row_that_was_looked_at_was_there(report):
    for model in (Report, Photo, Delivery, Site, Body, Endpoint, Category, Area):
        assert model._default_manager.exists()
