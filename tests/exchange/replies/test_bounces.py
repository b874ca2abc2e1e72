"""Mails that come back: the delivery is refused with the reason, whoever else got the mail keeps it, dead addresses rest."""

from __future__ import annotations

import pytest

from streetmend.bodies.models import Body
from streetmend.reports.models import Attempt, BouncingAddress, Delivery, Letter, Notice, Report
from streetmend.reports.models.mail import LetterState
from streetmend.reports.models.outbox import NoticeKind, NoticeState
from streetmend.reports.services import Said, Told, add_update
from streetmend.reports.services.by_staff import send_again
from streetmend.reports.services.dead_addresses import MOST_BOUNCES, address_works
from streetmend.reports.services.notices import write_notice
from streetmend.reports.states import Actor, DeliveryState
from tests.exchange.reports import KARI, make_report
from tests.support.town import EAST, EASTS, ROADS

KARIS = KARI.email


def dsn(
    to: str, *failed: str, action: str = "failed", said: str = "550 5.1.1 no such mailbox", number: int = 1
) -> bytes:
    """A report of a mail system about a mail of ours (RFC 3464)."""
    blocks = "".join(
        f"\r\nFinal-Recipient: rfc822; {one}\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        f"Diagnostic-Code: smtp; {said}\r\n"
        for one in failed
    )
    return (
        f"Return-Path: <>\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\r\nTo: {to}\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <b{number}.{hash(failed) & 0xFFFF}@mx.example>\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nI could not deliver it.\r\n\r\n"
        f"--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n{blocks}\r\n"
        "--B\r\nContent-Type: message/rfc822\r\n\r\nFrom: us\r\nSubject: Hull\r\n\r\nHull\r\n--B--\r\n"
    ).encode()


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("body__email", "state"))


@pytest.fixture
def report(town, mailed, letters, clock, work) -> Report:
    made = make_report(clock, place=EAST)
    work()
    work()
    return made


@pytest.fixture
def hole(town, mailed, letters, clock, work) -> Report:
    """A hole that two bodies got in one mail."""
    made = make_report(
        clock, place=EAST, category="Hull i vei", title="Hull", answers={"kind": ["deep"]}, told=Told()
    )
    work()
    return made


def test_a_mail_that_comes_back_is_a_delivery_that_was_refused_and_staff_hear_why(
    report, mailed, letters, read, work
):
    letters.put(dsn(mailed.senders[0], EASTS))
    read()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.next_at) == (DeliveryState.REFUSED, None)
    assert delivery.why == "The mail came back: 550 5.1.1 no such mailbox"
    assert delivery.accepted_at is None
    attempt = Attempt.objects.get(delivery=delivery)
    assert (attempt.outcome, attempt.error_class) == ("refused", "CameBack")
    assert "I could not deliver it." in attempt.response_head
    (notice,) = Notice.objects.filter(kind=NoticeKind.STAFF)
    assert "Østby kommune came back" in notice.content["subject"]
    assert (letters.waiting(), letters.moved("aside")) == (0, [])


def test_of_two_bodies_the_one_whose_mail_came_back_is_refused_and_the_other_has_it(
    hole, mailed, letters, read
):
    letters.put(dsn(mailed.senders[0], ROADS.upper()))
    read()
    assert states() == {EASTS: DeliveryState.BY_EMAIL, ROADS: DeliveryState.REFUSED}


def test_both_bodies_may_be_in_one_report_of_the_mail_system(hole, mailed, letters, read):
    letters.put(dsn(mailed.senders[0], ROADS, EASTS))
    read()
    assert set(states().values()) == {DeliveryState.REFUSED}


def test_a_failure_of_an_address_that_nobody_knows_is_left_to_staff_where_it_may_be_either(
    hole, mailed, letters, read
):
    letters.put(dsn(mailed.senders[0], "inner@backend.example"))
    read()
    assert set(states().values()) == {DeliveryState.BY_EMAIL}
    assert "does not say which" in Letter.objects.get().why


def test_an_address_behind_the_bodys_own_is_the_bodys_where_it_is_the_only_one(report, mailed, letters, read):
    letters.put(dsn(mailed.senders[0], "inner@backend.example"))
    read()
    assert Delivery.objects.get().state == DeliveryState.REFUSED


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_mail_that_only_takes_longer_or_arrived_is_not_refused(report, mailed, letters, read, action):
    letters.put(dsn(mailed.senders[0], EASTS, action=action))
    read()
    assert Delivery.objects.get().state == DeliveryState.BY_EMAIL
    assert Letter.objects.get().state == LetterState.AUTOMATIC


def test_the_same_bounce_twice_changes_nothing_more(report, mailed, letters, read):
    for _ in range(2):
        letters.put(dsn(mailed.senders[0], EASTS))
        read()
    assert Letter.objects.count() == 1
    assert Notice.objects.filter(kind=NoticeKind.STAFF).count() == 1


def test_a_late_bounce_of_what_was_sent_before_does_not_refuse_what_staff_sent_since(
    report, mailed, letters, clock, read, work
):
    old = mailed.senders[0]
    letters.put(dsn(old, EASTS))
    read()
    Body.objects.filter(email=EASTS).update(email="new@test.example")
    send_again(delivery=Delivery.objects.get(), now=clock.now())
    work()
    letters.put(dsn(old, EASTS, number=2))
    read()
    assert Delivery.objects.get().state == DeliveryState.BY_EMAIL
    assert len(mailed.to("new@test.example")) == 1
    letters.put(dsn(mailed.senders[-1], "new@test.example", number=3))
    read()
    assert Delivery.objects.get().state == DeliveryState.REFUSED


def test_a_bounce_that_is_faster_than_the_worker_waits_for_it(report, mailed, letters, clock, read):
    Delivery.objects.update(state=DeliveryState.UNCERTAIN)
    letters.put(dsn(mailed.senders[0], EASTS))
    read()
    assert (Letter.objects.count(), letters.waiting()) == (0, 1)
    Delivery.objects.update(state=DeliveryState.BY_EMAIL)
    read()
    assert Delivery.objects.get().state == DeliveryState.REFUSED
    assert letters.waiting() == 0


@pytest.mark.parametrize("which", [EASTS, "elsewhere@x.example"])
def test_B_68_a_bounce_to_an_address_that_is_not_ours_changes_nothing(report, mailed, letters, read, which):
    bent = mailed.senders[0].replace("@", "a@")
    letters.put(dsn(bent, which))
    read()
    assert Delivery.objects.get().state == DeliveryState.BY_EMAIL


PLAIN = {
    "exim": (
        "From: Mail Delivery System <Mailer-Daemon@mx.example>\nX-Failed-Recipients: {to}\n"
        "Subject: Mail delivery failed: returning message to sender",
        "A message that you sent could not be delivered to one or more of its\nrecipients.\n\n  {to}\n"
        "    550 5.7.1 mailbox disabled\n\n------ This is a copy of the message. ------\n\nHull\n",
        "550 5.7.1 mailbox disabled",
    ),
    "qmail": (
        "From: MAILER-DAEMON@mx.example\nSubject: failure notice",
        "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following"
        " addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<{to}>:\n"
        "Sorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nHull\n",
        "5.1.1",
    ),
    "some other one": (
        "Return-Path: <>\nFrom: postmaster@mx.example\nSubject: Undeliverable: Street report",
        "Delivery has failed to these recipients or groups:\n\n{to}\nThe mailbox is full.\n"
        "#550 5.2.2 mailbox full ##\n",
        "5.2.2 mailbox full",
    ),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_mail_systems_that_write_plain_letters_are_understood(report, mailed, letters, read, kind):
    head, body, reason = PLAIN[kind]
    head = head.format(to=EASTS)
    letters.put(
        f"{head}\nTo: {mailed.senders[0]}\nMessage-ID: <{kind[:4]}@mx>\n\n{body.format(to=EASTS)}".encode()
    )
    read()
    delivery = Delivery.objects.get()
    assert delivery.state == DeliveryState.REFUSED
    assert reason in delivery.why


def test_a_person_who_writes_about_undelivered_mail_is_no_mail_system(report, mailed, letters, read):
    letters.put(
        f"From: {EASTS}\nTo: {mailed.senders[0]}\nMessage-ID: <p@x>\nSubject: Undelivered\n\nDet er levert.\n".encode()
    )
    read()
    assert Delivery.objects.get().state == DeliveryState.BY_EMAIL
    assert Letter.objects.get().update is not None


# --- people


def news(report, mailed, letters, clock, work, read, *, count: int) -> None:
    """So many mails about the report to Kari come back."""
    for number in range(count):
        clock.advance(hours=3)
        add_update(report=report, actor=Actor.RESIDENT, said=Said(f"Nytt {number}"), now=clock.now())
        before = len(mailed.mails)
        work()
        for mail, sender in list(zip(mailed.mails, mailed.senders, strict=True))[before:]:
            if mail["To"] == KARIS:
                letters.put(dsn(sender, KARIS, number=100 + number))
        read()


def test_a_notice_that_came_back_says_so(report, mailed, letters, clock, read, work):
    news(report, mailed, letters, clock, work, read, count=1)
    notice = Notice.objects.filter(kind=NoticeKind.REPORT_UPDATED).get()
    assert notice.state == NoticeState.FAILED
    assert "no such mailbox" in notice.why
    assert BouncingAddress.objects.get().bounces == 1


def test_after_three_bounces_an_address_gets_nothing_more_but_what_somebody_asks_for(
    report, mailed, letters, clock, read, work
):
    news(report, mailed, letters, clock, work, read, count=MOST_BOUNCES)
    before = len(mailed.to(KARIS))
    clock.advance(hours=3)
    add_update(report=report, actor=Actor.RESIDENT, said=Said("Mer"), now=clock.now())
    write_notice(kind=NoticeKind.SIGN_IN, email=KARIS, content={"secret": "s"}, now=clock.now())
    work()
    after = mailed.to(KARIS)[before:]
    assert ["/sign-in/" in str(mail) for mail in after] == [True]
    last = Notice.objects.filter(email=KARIS, kind=NoticeKind.REPORT_UPDATED).latest("pk")
    assert (last.state, last.next_at) == (NoticeState.FAILED, None)
    assert "came back 3 times" in last.why


def test_an_address_from_which_somebody_signed_in_works_again(report, mailed, letters, clock, read, work):
    news(report, mailed, letters, clock, work, read, count=MOST_BOUNCES)
    address_works(email=KARIS.upper())
    before = len(mailed.to(KARIS))
    clock.advance(hours=3)
    add_update(report=report, actor=Actor.RESIDENT, said=Said("Mer"), now=clock.now())
    work()
    assert len(mailed.to(KARIS)) == before + 1


def test_an_address_that_the_mail_server_itself_refuses_counts_as_well(report, mailed, clock, work):
    mailed.refusals[KARIS] = ["550 5.1.1 unknown"] * MOST_BOUNCES
    for _ in range(MOST_BOUNCES):
        clock.advance(hours=3)
        add_update(report=report, actor=Actor.RESIDENT, said=Said("Nytt"), now=clock.now())
        work()
    assert BouncingAddress.objects.get(email=KARIS).bounces == MOST_BOUNCES


def test_a_mail_that_is_refused_for_what_it_says_is_no_dead_address(report, mailed, clock, work):
    clock.advance(hours=3)
    mailed.answers = ["554 looks like spam"]
    add_update(report=report, actor=Actor.RESIDENT, said=Said("Nytt"), now=clock.now())
    work()
    assert not BouncingAddress.objects.exists()
