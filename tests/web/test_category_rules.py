"""What a category insists on and allows, on the pages: photos, telephone numbers, residents' updates, opening again."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from streetmend.accounts.services import person_with_email
from streetmend.bodies.models import Category
from streetmend.bodies.services import save_category
from streetmend.bodies.specs import CategorySpec
from streetmend.reports.errors import PhoneMissing, PhotoMissing, ReopeningNotAllowed, UpdatesNotAllowed
from streetmend.reports.models import Notice, Report, Update
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import Said, Told, add_update, submit
from streetmend.reports.services.asking import ask_whether_fixed
from streetmend.reports.services.closing import close_silent_reports
from streetmend.reports.services.updating import request_update, write_body_update
from streetmend.reports.states import Actor, State
from tests.support.town import BEGAN, WEST, Town
from tests.web.test_flow import jpeg

NOW = datetime.now(UTC)
KARI = Told(email="kari@example.org", name="Kari", phone="12345678")


def rule(town: Town, **rules: object) -> None:
    """The west's street lights are so."""
    row = Category.objects.get(body=town.west, code="LIGHT")
    spec = CategorySpec(name="Gatelys", code="LIGHT", **rules)
    save_category(body=town.west, category=row, spec=spec, now=BEGAN)


def report(told: Told = KARI) -> Report:
    return submit(
        now=NOW, lat=WEST[0], long=WEST[1], title="Lykta er mørk", category_name="Gatelys", told=told, confirmed=True
    ).report  # fmt: skip


def test_a_photo_that_is_required_is_asked_for_at_its_field_and_the_check_is_not_reached_without(
    client, town, begin
):
    rule(town, photo_required=True)
    draft = begin()
    client.post("/report/what", {"draft": draft, "title": "Mørkt", "category": "Gatelys"})
    answer = client.post("/report/details", {"draft": draft})
    assert answer.status_code == 422
    assert answer.context["error_list"] == [("photos", "This kind of problem needs a photo.")]
    assert client.get(f"/report/check?draft={draft}").headers["Location"].startswith("/report/details")
    assert client.post("/report/details", {"draft": draft, "photos": io.BytesIO(jpeg())}).status_code == 303
    client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    assert Report.objects.get().has_photo


def test_a_photo_that_became_required_later_is_asked_for_before_the_report_is_sent(client, town, fill):
    draft = fill()
    rule(town, photo_required=True)
    answer = client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    assert answer.headers["Location"].startswith("/report/details")
    assert not Report.objects.exists()


def test_a_phone_number_that_is_required_is_asked_for_at_its_field(client, town, fill):
    rule(town, phone_required=True)
    draft = fill()
    page = client.get(f"/report/check?draft={draft}").content.decode()
    assert 'maxlength="40" required' in page
    answer = client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    assert answer.status_code == 422
    assert answer.context["error_list"] == [("phone", "This kind of problem needs your phone number.")]
    assert not Report.objects.exists()
    client.post("/report/check", {"draft": draft, "email": "kari@example.org", "phone": "12 34 56 78"})
    assert Report.objects.get().phone == "12 34 56 78"


def test_the_spine_itself_takes_no_report_without_them(town):
    rule(town, photo_required=True, phone_required=True)
    with pytest.raises(PhotoMissing):
        report()
    with pytest.raises(PhoneMissing):
        report(Told(email="kari@example.org"))
    assert not Report.objects.exists()


def test_where_updates_are_not_allowed_the_page_says_so_and_takes_none(client, town):
    made = report()
    rule(town, updates_allowed=False)
    page = client.get(f"/reports/{made.pk}")
    assert "take no updates of residents" in page.content.decode()
    assert 'id="text"' not in page.content.decode()
    answer = client.post(f"/reports/{made.pk}/update", {"text": "Fortsatt mørk", "email": "ola@example.org"})
    assert answer.status_code == 422
    assert [name for name, _ in answer.context["error_list"]] == ["text"]
    for actor in (Actor.REPORTER, Actor.RESIDENT):
        with pytest.raises(UpdatesNotAllowed):
            add_update(report=made, actor=actor, said=Said("Fortsatt mørk"), now=NOW)
    told = Told(email="ola@example.org")
    with pytest.raises(UpdatesNotAllowed):
        request_update(report=made, told=told, said=Said("Fortsatt mørk"), now=NOW, form_token="once")
    assert not Update.objects.exists()


def test_where_updates_are_not_allowed_staff_and_the_body_still_speak_and_nobody_is_asked(town):
    made = report()
    rule(town, updates_allowed=False)
    add_update(report=made, actor=Actor.STAFF, said=Said("Vi ser på det"), now=NOW)
    write_body_update(report=made, body=town.west, text="Bestilt.", at=NOW, now=NOW, state=State.PLANNED)
    assert Report.objects.get().state == State.PLANNED
    Report.objects.update(updated_at=BEGAN)
    ask_whether_fixed(now=NOW)
    assert not Notice.objects.filter(kind=NoticeKind.STILL_THERE).exists()


def test_a_closed_report_is_opened_again_only_where_its_category_allows_it(client, town):
    made = report()
    write_body_update(report=made, body=town.west, text="", at=NOW, now=NOW, state=State.FIXED)
    assert "It is still there" in client.get(f"/reports/{made.pk}").content.decode()
    rule(town, reopening_allowed=False)
    assert "It is still there" not in client.get(f"/reports/{made.pk}").content.decode()
    client.force_login(person_with_email(email="ola@example.org", now=NOW))
    sent = {"text": "Mørk igjen", "state": "open", "email": "ola@example.org"}
    answer = client.post(f"/reports/{made.pk}/update", sent)
    assert [name for name, _ in answer.context["error_list"]] == ["state"]
    with pytest.raises(ReopeningNotAllowed):
        add_update(report=made, actor=Actor.REPORTER, said=Said("", State.OPEN), now=NOW)
    assert Report.objects.get().state == State.FIXED
    add_update(report=made, actor=Actor.STAFF, said=Said("", State.OPEN), now=NOW)
    assert Report.objects.get().state == State.OPEN


def test_a_report_of_which_nothing_was_heard_is_closed_by_itself_once_and_news_put_it_off(town):
    made = report()
    rule(town, close_after_days=30)
    assert close_silent_reports(now=NOW + timedelta(days=29)) == 0
    add_update(report=made, actor=Actor.REPORTER, said=Said("Fortsatt mørk"), now=NOW + timedelta(days=20))
    assert close_silent_reports(now=NOW + timedelta(days=31)) == 0
    assert close_silent_reports(now=NOW + timedelta(days=51)) == 1
    assert close_silent_reports(now=NOW + timedelta(days=52)) == 0
    said = Update.objects.latest("id")
    assert (said.actor, said.state) == (Actor.STAFF, State.CLOSED)
    assert "30" in said.text
    assert Report.objects.get().closed


def test_a_hidden_report_is_not_closed_by_itself(town):
    made = report()
    rule(town, close_after_days=30)
    Report.objects.filter(pk=made.pk).update(hidden=True)
    assert close_silent_reports(now=NOW + timedelta(days=99)) == 0
    assert Report.objects.get().state == State.OPEN
