"""One press on a report's page: I see it too; this should not be here."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.serializers import serialize
from django.test import Client

from streetmend.accounts.services import person_with_email
from streetmend.reports.models import MeToo, Notice, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import Told, hide_report, submit
from tests.support.town import WEST, Town

NOW = datetime.now(UTC)


@pytest.fixture
def report(town: Town) -> Report:
    return submit(
        now=NOW, lat=WEST[0], long=WEST[1], title="Lykta er mørk", category_name="Gatelys",
        told=Told(email="kari@example.org"), confirmed=True,
    ).report  # fmt: skip


def english() -> Client:
    return Client(headers={"Accept-Language": "en"})


def test_who_sees_it_too_counts_once_in_the_same_browser(report):
    path = f"/reports/{report.pk}"
    one, other = english(), english()
    assert one.post(f"{path}/me-too").headers["Location"] == f"{path}?now=me_too"
    one.post(f"{path}/me-too")
    assert "1 other sees it" in one.get(path).content.decode()
    other.post(f"{path}/me-too")
    assert "2 others see it" in one.get(path).content.decode()


def test_a_person_counts_once_whatever_browser_they_sign_in_with(report):
    ola = person_with_email(email="ola@example.org", now=NOW)
    for _ in range(2):
        client = Client()
        client.force_login(ola)
        client.post(f"/reports/{report.pk}/me-too")
    assert MeToo.objects.count() == 1
    assert "ola" not in serialize("json", MeToo.objects.all())


def test_a_cookie_that_somebody_made_up_is_a_new_reader(report):
    client = Client()
    client.cookies["streetmend-reader"] = "me:forged"
    client.post(f"/reports/{report.pk}/me-too")
    assert client.cookies["streetmend-reader"].value.count(":") >= 2
    assert client.cookies["streetmend-reader"]["httponly"]


def test_nobody_presses_without_end(report):
    answers = [Client().post(f"/reports/{report.pk}/me-too").headers["Location"] for _ in range(61)]
    assert answers[59].endswith("now=me_too")
    assert answers[60].endswith("now=enough")
    assert MeToo.objects.count() == 60


def test_staff_hear_that_a_report_should_not_be_here_and_why(report):
    answer = english().post(f"/reports/{report.pk}/wrong-here", {"reason": "Det er naboen\r\nmin"})
    assert "The site's staff look at it." in answer.content.decode()
    (notice,) = Notice.objects.filter(kind=NoticeKind.STAFF)
    assert notice.email == "post@test.example"
    assert notice.content["subject"] == f"Should report {report.pk} be here?"
    assert "Det er naboen\nmin" in notice.content["text"]


def test_staff_hear_it_three_times_a_day_at_most(report):
    for _ in range(5):
        assert english().post(f"/reports/{report.pk}/wrong-here").status_code == 200
    assert Notice.objects.filter(kind=NoticeKind.STAFF).count() == 3


@pytest.mark.parametrize("what", ["me-too", "wrong-here"])
def test_of_a_hidden_report_nothing_is_said(report, what):
    hide_report(report=report, now=NOW)
    hidden, never = (Client().post(f"/reports/{pk}/{what}") for pk in (report.pk, 999_999))
    assert hidden.status_code == never.status_code == 404


@pytest.mark.parametrize("what", ["me-too", "wrong-here"])
def test_looking_says_nothing_and_another_site_cannot_press(report, what):
    assert Client().get(f"/reports/{report.pk}/{what}").status_code == 405
    assert Client(enforce_csrf_checks=True).post(f"/reports/{report.pk}/{what}").status_code == 403


def test_a_reason_that_is_too_long_is_not_passed_on(report):
    answer = english().post(f"/reports/{report.pk}/wrong-here", {"reason": "x" * 1001})
    assert answer.headers["Location"].endswith("now=too_long")
    assert not Notice.objects.filter(kind=NoticeKind.STAFF).exists()
