"""Reporters are asked once whether something is still there, and answer by one press."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client

from streetmend.exchange.notices import NothingToTell, mail_of
from streetmend.reports.models import Notice, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import Said, Told, add_update, submit
from streetmend.reports.services.asking import ask_whether_fixed
from streetmend.reports.states import Actor, State
from tests.support.town import WEST, Town, make_town

NOW = datetime.now(UTC)
WEEKS = timedelta(weeks=1)


def report(ago: timedelta, *, category: str = "Gatelys") -> Report:
    return submit(
        now=NOW - ago, lat=WEST[0], long=WEST[1], title="Lykta er mørk", category_name=category,
        told=Told(email="kari@example.org", language="nn"), confirmed=True,
    ).report  # fmt: skip


def asked() -> list[Notice]:
    return list(Notice.objects.filter(kind=NoticeKind.STILL_THERE))


def link() -> str:
    (notice,) = asked()
    mail = mail_of(notice)
    (url,) = [line for line in mail.text.splitlines() if "/still/" in line]
    return urlsplit(url).path


def test_after_four_weeks_without_news_the_reporter_is_asked_once_and_in_their_language(town: Town):
    report(4 * WEEKS - timedelta(hours=1))
    assert ask_whether_fixed(now=NOW) == 0
    assert ask_whether_fixed(now=NOW + timedelta(hours=2)) == 1
    assert ask_whether_fixed(now=NOW + 10 * WEEKS) == 0
    (notice,) = asked()
    assert mail_of(notice).subject == "Er det der enno? Lykta er mørk"


def test_news_closing_and_privacy_ask_nobody(town):
    add_update(report=report(5 * WEEKS), actor=Actor.STAFF, said=Said(text="Vi kommer"), now=NOW - WEEKS)
    add_update(
        report=report(9 * WEEKS), actor=Actor.STAFF, said=Said(state=State.CLOSED), now=NOW - 8 * WEEKS
    )
    report(9 * WEEKS, category="Forsøpling")
    assert ask_whether_fixed(now=NOW) == 0


@pytest.mark.parametrize(("days", "asks"), [(0, 0), (10, 1), (90, 0)])
def test_the_site_says_after_how_many_days(db, days, asks):
    make_town(ask_after_days=days)
    report(11 * timedelta(days=1))
    assert ask_whether_fixed(now=NOW) == asks


def test_one_press_says_that_it_is_fixed(client: Client, town):
    made = report(5 * WEEKS)
    ask_whether_fixed(now=NOW)
    path = link()
    assert "Is it still there?" in client.get(path).content.decode()
    made.refresh_from_db()
    assert made.state == State.OPEN
    assert client.post(path, {"answer": "fixed"}).headers["Location"] == f"/reports/{made.pk}?now=updated"
    client.post(path, {"answer": "fixed"})
    made.refresh_from_db()
    (update,) = made.updates.all()
    assert (made.state, update.actor, update.text) == (State.FIXED, Actor.REPORTER, "Det er utbetra.")


def test_one_press_says_that_it_is_still_there_however_often_it_is_pressed(client, town):
    made = report(5 * WEEKS)
    ask_whether_fixed(now=NOW)
    path = link()
    for _ in range(3):
        client.post(path, {"answer": "still"})
    assert [update.text for update in made.updates.all()] == ["Det er der enno."]
    made.refresh_from_db()
    assert made.state == State.OPEN


def test_a_question_whose_report_was_closed_meanwhile_is_not_sent(town):
    made = report(5 * WEEKS)
    ask_whether_fixed(now=NOW)
    add_update(report=made, actor=Actor.STAFF, said=Said(state=State.CLOSED), now=NOW)
    (notice,) = asked()
    with pytest.raises(NothingToTell):
        mail_of(Notice.objects.get(pk=notice.pk))


def test_a_link_that_is_not_ours_answers_nothing(client, town):
    made = report(5 * WEEKS)
    for token in (str(made.pk), f"{made.pk}:x", "9" * 500, "%00"):
        assert client.post(f"/still/{token}", {"answer": "fixed"}).status_code == 404
    assert not made.updates.exists()
