"""Alerts on new reports: what is asked for on the page, what is told, when, and how it ends. Mails as the worker makes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from streetmend.exchange.mailing import Mail
from streetmend.exchange.notices import NothingToTell, mail_of
from streetmend.reports.models import Alert, AlertHit, HowOften, NewReport, Notice, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import Told, confirm_alert, hide_report, submit
from streetmend.reports.services.alerting import Wanted, tell_of_new_reports, want_news, write_digests
from streetmend.reports.services.notices import secret_of
from tests.support.town import WEST, make_town

#: noon in Oslo is ten o'clock UTC
NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def report(
    at: datetime = NOW,
    *,
    place: tuple[float, float] = WEST,
    category: str = "Gatelys",
    email: str = "ola@example.org",
) -> Report:
    return submit(
        now=at, lat=place[0], long=place[1], title="Lykta er mørk", category_name=category,
        told=Told(email=email), confirmed=True,
    ).report  # fmt: skip


ANYTHING = Wanted()


def want(
    wanted: Wanted = ANYTHING, how_often: HowOften = HowOften.INSTANT, email: str = "kari@example.org"
) -> Alert:
    return want_news(wanted=wanted, how_often=how_often, email=email, language="en", now=NOW, proven=True)


def told(kind: NoticeKind = NoticeKind.NEW_REPORT) -> list[Notice]:
    return list(Notice.objects.filter(kind=kind).order_by("id"))


def mails(kind: NoticeKind = NoticeKind.NEW_REPORT) -> list[Mail]:
    return [mail_of(notice) for notice in told(kind)]


def test_a_wish_is_confirmed_by_the_mailed_link_and_then_told_of(client, town):
    page = client.get("/alerts?place=60.0,4.0").content.decode()
    assert 'value="60.0,4.0" checked' in page
    sent = {"place": "60.0,4.0", "metres": "500", "how_often": "instant", "email": "kari@example.org"}
    assert "Check your e-mail" in client.post("/alerts", sent).content.decode()
    report()
    tell_of_new_reports(now=NOW)
    assert told() == []
    (asking,) = mails(NoticeKind.CONFIRM_ALERT)
    assert "everything within 500 m of the place" in asking.text
    path = urlsplit(re.search(r"http\S+/confirm/\S+", asking.text)[0]).path
    assert "everything within 500 m of the place" in client.get(path).content.decode()
    assert client.post(path).headers["Location"] == "/alerts?now=on"
    report(NOW + MINUTE)
    tell_of_new_reports(now=NOW + MINUTE)
    (mail,) = mails()
    assert mail.to == "kari@example.org"
    assert mail.subject == "New report: Lykta er mørk"
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("wanted", "hears"),
    [
        (Wanted(), True),
        (Wanted(area_id=101), True),
        (Wanted(area_id=102), False),
        (Wanted(lat=60.001, long=4.0, metres=200), True),
        (Wanted(lat=60.003, long=4.0, metres=200), False),
        (Wanted(lat=60.0, long=4.2, metres=10_000), False),
        (Wanted(lat=60.0, long=4.1, metres=10_000), True),
    ],
)
def test_an_alert_is_about_a_place_or_an_area(town, wanted, hears):
    want(wanted)
    report()
    tell_of_new_reports(now=NOW)
    assert len(told()) == hears


def test_all_that_an_alert_says_must_hold(town):
    made = report(category="Hull i vei")
    name = made.category_name_id
    for number, (wanted, hears) in enumerate(
        [
            (Wanted(body_id=town.roads.pk), True),
            (Wanted(body_id=town.east.pk), False),
            (Wanted(category_name_id=name), True),
            (Wanted(area_id=101, category_name_id=name, body_id=town.west.pk), True),
            (Wanted(area_id=102, category_name_id=name), False),
        ]
    ):
        want(wanted, email=f"kari{number}@{'yes' if hears else 'no'}.example.org")
    tell_of_new_reports(now=NOW)
    assert {notice.email for notice in told()} == {
        "kari0@yes.example.org", "kari2@yes.example.org", "kari3@yes.example.org",
    }  # fmt: skip


def test_nobody_hears_of_their_own_report_nor_of_a_private_one(town):
    want(email="ola@example.org")
    want(email="kari@example.org")
    report(category="Forsøpling")
    assert NewReport.objects.count() == 0
    report()
    tell_of_new_reports(now=NOW)
    assert [notice.email for notice in told()] == ["kari@example.org"]


def test_a_report_is_told_of_once_whatever_is_repeated(town):
    want()
    made = report()
    assert tell_of_new_reports(now=NOW) == 1
    assert tell_of_new_reports(now=NOW) == 0
    NewReport.objects.create(report=made, due_at=NOW)  # a backup was put back
    tell_of_new_reports(now=NOW)
    assert len(told()) == AlertHit.objects.count() == 1


def test_nothing_is_told_before_the_report_can_no_longer_be_taken_back(db):
    make_town(undo_minutes=5)
    want()
    report()
    assert tell_of_new_reports(now=NOW + 4 * MINUTE) == 0
    assert tell_of_new_reports(now=NOW + 5 * MINUTE) == 1


def test_a_report_that_was_hidden_is_told_of_no_more(town):
    want()
    first, second = report(), report(NOW + MINUTE)
    hide_report(report=first, now=NOW)
    tell_of_new_reports(now=NOW + HOUR)
    hide_report(report=second, now=NOW)
    (notice,) = told()
    with pytest.raises(NothingToTell):
        mail_of(Notice.objects.get(pk=notice.pk))


def test_once_a_day_is_one_mail_at_seven_in_the_morning(town):
    want(how_often=HowOften.DAILY)
    hidden, _, _ = [report(NOW + n * MINUTE) for n in range(3)]
    tell_of_new_reports(now=NOW + HOUR)
    assert write_digests(now=NOW + 18 * HOUR) == 0  # four in the night, six in Oslo
    hide_report(report=hidden, now=NOW)
    assert write_digests(now=NOW + 19 * HOUR) == 1
    assert write_digests(now=NOW + 20 * HOUR) == 0
    (mail,) = mails(NoticeKind.NEW_REPORTS)
    assert mail.subject == "2 new reports"
    assert mail.text.count("* Lykta er mørk") == 2
    assert told() == []
    report(NOW + 20 * HOUR)
    tell_of_new_reports(now=NOW + 20 * HOUR)
    assert write_digests(now=NOW + 42 * HOUR) == 0
    assert write_digests(now=NOW + 43 * HOUR) == 1


def test_an_alert_ends_by_one_press_without_signing_in(client, town):
    alert = want(Wanted(area_id=101))
    report()
    tell_of_new_reports(now=NOW)
    (mail,) = mails()
    path = urlsplit(mail.headers["List-Unsubscribe"].strip("<>")).path
    assert "everything in Vestby" in client.get(path).content.decode()
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    alert.refresh_from_db()
    assert alert.ended_at
    report(NOW + MINUTE)
    tell_of_new_reports(now=NOW + MINUTE)
    assert len(told()) == 1


def test_an_ended_alert_sends_no_mail_of_the_day(client, town):
    alert = want(how_often=HowOften.DAILY)
    report()
    tell_of_new_reports(now=NOW)
    Alert.objects.filter(pk=alert.pk).update(ended_at=NOW)
    assert write_digests(now=NOW + 48 * HOUR) == 0


def test_the_same_wish_twice_is_one_alert(client, town):
    want(Wanted(area_id=101))
    again = want(Wanted(area_id=101), HowOften.DAILY)
    assert Alert.objects.get() == again
    assert again.how_often == HowOften.DAILY
    want(Wanted(area_id=102))
    assert Alert.objects.count() == 2


def test_a_wish_that_ended_is_wished_again(town):
    alert = want()
    Alert.objects.filter(pk=alert.pk).update(ended_at=NOW)
    want_news(wanted=Wanted(), how_often=HowOften.INSTANT, email="kari@example.org", language="nb", now=NOW)
    (asking,) = told(NoticeKind.CONFIRM_ALERT)
    confirm_alert(secret=secret_of(asking), now=NOW)
    alert.refresh_from_db()
    assert alert.ended_at is None


def test_who_is_signed_in_need_not_confirm_and_sees_their_alerts(client, town):
    alert = want(Wanted(area_id=102), HowOften.DAILY)
    alert.person.verified_at = NOW
    alert.person.save()
    client.force_login(alert.person)
    answer = client.post("/alerts", {"area": "101", "how_often": "instant", "email": "kari@example.org"})
    assert answer.headers["Location"] == "/alerts?now=on"
    page = client.get("/alerts").content.decode()
    assert "everything in Vestby" in page
    assert "everything in Østby" in page


@pytest.mark.parametrize(
    "sent",
    [
        {
            "place": "91,4",
            "area": "999",
            "body": "x",
            "category": "-1",
            "how_often": "hourly",
            "metres": "1e9",
        },
        {"place": "nan,nan", "area": "9" * 40, "metres": ""},
        {"place": "\x00", "body": "\x00", "category": "٣"},
    ],
)
def test_what_makes_no_sense_is_not_asked_for(client, town, sent: dict[str, Any]):
    answer = client.post("/alerts", {**sent, "email": "kari@example.org"})
    assert answer.status_code == 200
    alert = Alert.objects.get()
    assert (alert.lat, alert.area_id, alert.body_id, alert.category_name_id) == (None, None, None, None)
    assert client.get("/alerts", sent).status_code == 200


def test_without_an_address_the_form_says_so_and_keeps_the_rest(client, town):
    answer = client.post("/alerts", {"area": "102", "email": "kari"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="102" selected' in page
    assert 'id="email-error"' in page
