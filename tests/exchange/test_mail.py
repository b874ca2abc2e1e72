"""What leaves by e-mail: deliveries to bodies without an endpoint, and notices, through a real mail server."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
from django.test import Client
from django.utils import translation

from streetmend.bodies.models import Body, Category, Question, Site
from streetmend.reports.models import Alert, Attempt, Delivery, Notice
from streetmend.reports.models.outbox import NoticeKind, NoticeState
from streetmend.reports.queries.alerts import end_token
from streetmend.reports.services import Said, Told, add_update, confirm_alert, follow, submit
from streetmend.reports.services.notices import secret_of, write_notice
from streetmend.reports.states import Actor, DeliveryState
from tests.exchange.processes import text_of
from tests.exchange.reports import KARI, expire_leases, make_report, only_delivery
from tests.support.clock import SettableClock
from tests.support.town import EAST, make_town


@pytest.fixture
def town(transactional_db: None):
    return make_town()


def test_a_report_goes_by_mail_to_a_body_without_an_endpoint(town, mailed, clock, work):
    asking = Category.objects.get(code="LIGHT", body=town.east)
    values = [{"key": "p", "name": "Stolpe"}, {"key": "w", "name": "Vegg"}]
    Question.objects.create(
        category=asking, code="w", text="Hva henger den på?", datatype="singlevaluelist", values=values
    )
    report = make_report(clock, place=EAST, answers={"w": ["p"]})
    work()
    delivery = only_delivery()
    assert (delivery.state, delivery.proof, delivery.next_at) == (DeliveryState.BY_EMAIL, "mail server", None)
    report.refresh_from_db()
    assert report.sent_at == clock.now()
    (mail,) = mailed.to("post102@test.example")
    assert mail.get_content_type() == "text/plain"
    assert mail["From"] == "Test streets <post@test.example>"
    assert mail["Reply-To"] == "kari@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert str(delivery.mark) in mail["Message-ID"]
    text = text_of(mail)
    for part in (
        "Lykta er mørk", "Den ved brua. 🕯", "Gatelys", "Hva henger den på?: Stolpe", "60.000000, 4.200000",
        "openstreetmap.org/?mlat=60.000000&mlon=4.200000", f"http://127.0.0.1:8000/reports/{report.pk}",
        "Kari Nordmann", "kari@example.org", "12345678",
    ):  # fmt: skip
        assert part in text
    assert f"{report.pk}" in mail["Subject"]
    assert "Lykta er mørk" in mail["Subject"]


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_the_mail_to_a_body_is_in_the_sites_first_language(town, mailed, clock, work, language):
    others = [one for one in ("nb", "nn", "en") if one != language]
    Site.objects.update(languages=[language, *others])
    make_report(clock, place=EAST, told=Told(email="k@example.org", language=others[0]))
    work()
    (mail,) = mailed.to("post102@test.example")
    with translation.override(language):
        expected = translation.gettext("Reported by")
    assert f"\n{expected}: " in text_of(mail)


def test_B_66_line_ends_and_markup_in_a_title_stay_in_the_text_of_the_subject(town, mailed, clock, work):
    make_report(clock, place=EAST, title="Hull Bcc: all@example.org <b>")
    work()
    (mail,) = mailed.to("post102@test.example")
    assert mail["Bcc"] is None
    assert "Hull Bcc: all@example.org <b>" in mail["Subject"]
    assert "&lt;" not in text_of(mail)


def test_the_mail_of_a_private_report_names_neither_its_page_nor_its_photos(town, mailed, clock, work):
    Category.objects.filter(code="LIGHT").update(private=True)
    make_report(clock, place=EAST)
    work()
    (mail,) = mailed.to("post102@test.example")
    assert "/reports/" not in text_of(mail)


def test_a_reporter_without_an_address_leaves_no_reply_address(town, mailed, clock, work):
    make_report(clock, place=EAST, told=Told())
    work()
    (mail,) = mailed.to("post102@test.example")
    assert mail["Reply-To"] is None


def test_a_body_that_can_be_reached_in_no_way_leaves_the_report_to_staff(town, mailed, clock, work):
    Body.objects.filter(pk=town.east.pk).update(email="")
    make_report(clock, place=EAST)
    work()
    delivery = only_delivery()
    assert (delivery.state, mailed.to("")) == (DeliveryState.REFUSED, [])
    assert "neither an endpoint in use nor an e-mail address" in delivery.why


def test_F_64_a_mail_server_that_says_later_gets_the_same_mail_later(town, mailed, clock, work):
    mailed.answers.append("451 greylisted, come back")
    make_report(clock, place=EAST, told=Told())
    work()
    delivery = only_delivery()
    assert (delivery.state, mailed.mails) == (DeliveryState.WAITING, [])
    assert "greylisted" in delivery.why
    clock.advance(minutes=1)
    work()
    delivery.refresh_from_db()
    assert (delivery.state, len(mailed.mails)) == (DeliveryState.BY_EMAIL, 1)


def test_F_64_a_mail_server_that_says_no_for_good_leaves_the_report_to_staff(town, mailed, clock, work):
    mailed.answers.append("550 no such user")
    make_report(clock, place=EAST, told=Told())
    work()
    clock.advance(days=1)
    work()
    delivery = only_delivery()
    assert (delivery.state, delivery.attempts, mailed.mails) == (DeliveryState.REFUSED, 1, [])
    assert "no such user" in delivery.why


def test_F_64_a_mail_server_that_is_down_costs_no_mail(town, mailed, clock, work, settings):
    up = settings.EMAIL_PORT
    settings.EMAIL_PORT = 9
    make_report(clock, place=EAST)
    work()
    clock.advance(hours=1)
    work()
    assert only_delivery().state == DeliveryState.WAITING
    settings.EMAIL_PORT = up
    clock.advance(days=1)
    work()
    clock.advance(minutes=1)
    work()
    assert len(mailed.to("post102@test.example")) == 1
    assert len(mailed.to("kari@example.org")) == 1
    assert Notice.objects.get().state == NoticeState.SENT


def test_F_64_a_mail_whose_worker_died_is_repeated_under_the_same_message_id(town, mailed, clock, work):
    make_report(clock, place=EAST, told=Told())
    work()
    # as if the worker had died after the mail server took it and before that was written down
    Delivery.objects.update(
        state="sending", lease_owner="dead", lease_until=datetime.now(UTC), settle_until=clock.now()
    )
    Attempt.objects.update(outcome="", ended_at=None)
    expire_leases()
    for _ in range(3):
        work()
        clock.advance(minutes=5)
    first, second = mailed.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert Delivery.objects.get().state == DeliveryState.BY_EMAIL


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_notices_speak_the_language_of_the_one_who_is_told(town, mailed, clock, work, language):
    taken = submit(
        now=clock.now(), lat=EAST[0], long=EAST[1], title="Hull", category_name="Gatelys",
        told=Told(email="kari@example.org", language=language),
    )  # fmt: skip
    work()
    (mail,) = mailed.to("kari@example.org")
    with translation.override(language):
        begins = translation.gettext("Confirm your report: %(title)s") % {"title": "Hull"}
        text = translation.gettext("Your report")
    assert mail["Subject"] == begins
    assert f"{text}: Hull" in text_of(mail)
    assert f"http://127.0.0.1:8000/confirm/{taken.secret}\n" in text_of(mail)


def test_every_kind_of_notice_can_be_written_and_leaves_no_gap(town, mailed, clock, work):
    report = make_report(clock, place=EAST)
    update = report.updates.model.objects.create(
        report=report, actor="body", at=clock.now(), received_at=clock.now(), text="Pæra er skiftet.",
        state="fixed", name="Østby kommune", show_name=True,
    )  # fmt: skip
    for kind in NoticeKind:
        write_notice(
            kind=kind, email=f"{kind}@example.org", report=report, update=update, language="nb", now=clock.now(),
            content={
                "secret": "S3CRET", "body": "Østby kommune", "remote_id": "77", "subject": "Til dere", "text": "Se her.",
                "reports": [report.pk],
            },
        )  # fmt: skip
    work()
    work()
    for kind in NoticeKind:
        (mail,) = mailed.to(f"{kind}@example.org")
        text = text_of(mail)
        assert mail["Subject"].strip()
        assert not re.search(r"\{[{%]|\bNone\b|__proxy__", text + mail["Subject"])
        links = "S3CRET" in text
        assert links == (kind in ("confirm_report", "confirm_update", "confirm_alert", "sign_in", "draft"))
    assert set(Notice.objects.values_list("state", flat=True)) == {NoticeState.SENT}


def test_the_secret_of_a_link_is_sealed_until_its_mail_is_gone_and_forgotten_then(
    town, mailed, clock: SettableClock, work
):
    taken = submit(
        now=clock.now(), lat=EAST[0], long=EAST[1], title="Hull", category_name="Gatelys", told=KARI
    )  # fmt: skip
    follow(report=taken.report, email="ola@example.org", language="nb", now=clock.now())
    for notice in Notice.objects.all():
        assert taken.secret not in str(notice.content)
        assert notice.content
    work()
    (mail,) = mailed.to("kari@example.org")
    assert f"/confirm/{taken.secret}\n" in text_of(mail)
    (other,) = mailed.to("ola@example.org")
    assert re.search(r"/confirm/[\w-]{32}\n", text_of(other))
    assert [notice.content for notice in Notice.objects.all()] == [{}, {}]


def test_a_follower_ends_the_mails_by_one_post_from_any_of_them_and_nobody_else_loses_theirs(
    town, mailed, clock, work
):
    report = make_report(clock, place=EAST)
    for email in ("ola@example.org", "liv@example.org"):
        follow(report=report, email=email, language="en", now=clock.now())
        notice = Notice.objects.get(kind=NoticeKind.CONFIRM_ALERT, email=email)
        confirm_alert(secret=secret_of(notice), now=clock.now())
    add_update(report=report, actor=Actor.RESIDENT, said=Said("Den blinker"), now=clock.now())
    work()
    last = {name: mailed.to(f"{name}@example.org")[-1] for name in ("kari", "ola", "liv")}
    assert last["kari"]["List-Unsubscribe"] != last["ola"]["List-Unsubscribe"]
    url = last["ola"]["List-Unsubscribe"].strip(" <>")
    assert url in text_of(last["ola"])
    assert url not in text_of(last["liv"])
    assert last["ola"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    browser, path = Client(enforce_csrf_checks=True), urlsplit(url).path
    assert browser.get(path, headers={"Host": "testserver"}).status_code == 200
    assert Alert.objects.filter(ended_at=None).count() == 2, "opening the page ends nothing"
    for _ in range(2):
        answer = browser.post(
            path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code == 200
    assert [alert.person.email for alert in Alert.objects.filter(ended_at=None)] == ["liv@example.org"]

    before = len(mailed.to("ola@example.org"))
    clock.advance(timedelta(minutes=1))
    add_update(report=report, actor=Actor.RESIDENT, said=Said("Nå er den mørk"), now=clock.now())
    work()
    assert len(mailed.to("ola@example.org")) == before
    assert "Nå er den mørk" in text_of(mailed.to("liv@example.org")[-1])


def test_a_token_that_ends_an_alert_cannot_be_guessed_or_bent(town, clock):
    report = make_report(clock)
    follow(report=report, email="ola@example.org", language="en", now=clock.now())
    token = end_token(Alert.objects.get())
    number, _, signature = token.partition(":")
    for wrong in (number, f"{int(number) + 1}:{signature}", token[:-1], token + "x", "9" * 5000, "\x00", "æ"):
        assert Client().post(f"/alerts/{quote(wrong)}/end").status_code == 404
    assert Alert.objects.get().ended_at is None


def test_a_notice_that_nothing_can_be_made_of_holds_up_no_other_and_is_given_up_in_the_end(
    town, mailed, clock, work
):
    write_notice(kind=NoticeKind.SIGN_IN, email="a@example.org", content={"secret": "s"}, now=clock.now())
    Notice.objects.update(content={"sealed_secret": "not what we sealed"})
    write_notice(
        kind=NoticeKind.STAFF, email="b@example.org", content={"subject": "x", "text": "y"}, now=clock.now()
    )
    work()
    assert len(mailed.to("b@example.org")) == 1
    broken = Notice.objects.get(email="a@example.org")
    assert (broken.state, broken.attempts) == (NoticeState.WAITING, 1)
    clock.advance(timedelta(days=5))
    work()
    broken.refresh_from_db()
    assert (broken.state, broken.next_at) == (NoticeState.FAILED, None)
