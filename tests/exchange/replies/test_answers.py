"""Answers to our mails become updates: of the body, of the reporter, of who follows; once, and only where the address is ours."""

from __future__ import annotations

import io
from email.message import EmailMessage

import pytest
from PIL import Image

from streetmend.exchange.replies.reading import AT_ONCE
from streetmend.reports.models import Letter, LetterBox, Notice, Photo, Report, Update
from streetmend.reports.models.mail import LetterState
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import Said, Told, add_update, confirm_alert, follow
from streetmend.reports.services.letters import forget_old_letters
from streetmend.reports.services.notices import secret_of
from streetmend.reports.services.own import ask_to_be_erased, erase_who_asked
from streetmend.reports.states import Actor
from tests.exchange.processes import text_of
from tests.exchange.replies.conftest import ANSWERS, answer
from tests.exchange.reports import KARI, make_report
from tests.support.town import EAST, EASTS, ROADS

KARIS = KARI.email


@pytest.fixture
def report(town, mailed, letters, clock, work) -> Report:
    """A lamp that one body has by mail, with a reporter who was told so."""
    made = make_report(clock, place=EAST)
    work()
    work()
    return made


def address(mailed, to: str) -> str:
    return str(mailed.to(to)[-1]["Reply-To"])


def jpeg(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(out, "JPEG")
    return out.getvalue()


def test_what_a_body_answers_is_an_update_of_it_and_the_reporter_hears_of_it(
    report, mailed, letters, read, work
):
    letters.put(answer(address(mailed, EASTS)))
    read()
    (update,) = Update.objects.all()
    assert (update.report_id, update.actor, update.text) == (report.pk, Actor.BODY, "Lampa er byttet.")
    assert (update.name, update.source, update.state) == ("Østby kommune", "E-mail", "")
    assert update.at.isoformat() == "2024-05-01T10:00:30+00:00"
    report.refresh_from_db()
    assert report.state == "open", "a mail has no words for states"
    assert letters.waiting() == 0
    work()
    assert "Lampa er byttet." in text_of(mailed.to(KARIS)[-1])


def test_our_mails_carry_an_address_of_their_own_to_answer_to_and_to_come_back_to(report, mailed, letters):
    to_body, to_kari = mailed.to(EASTS)[0], mailed.to(KARIS)[0]
    for mail, sender in zip(mailed.mails, mailed.senders, strict=True):
        assert mail["Reply-To"] == sender
        assert mail["From"] == "Test streets <post@test.example>"
    local, _, domain = str(to_body["Reply-To"]).partition("@")
    assert (local.startswith("svar+d"), domain, len(local) <= 64) == (True, "test.example", True)
    assert str(to_kari["Reply-To"]).startswith("svar+n")
    assert "is shown with the report" in text_of(to_body) or "vises sammen med meldingen" in text_of(to_body)


def test_what_the_reporter_answers_is_theirs_with_the_name_as_they_wanted_it(report, mailed, letters, read):
    letters.put(answer(address(mailed, KARIS), "Den blinker nå.\n", sender="kari@elsewhere.example"))
    read()
    (update,) = Update.objects.all()
    assert (update.actor, update.person, update.text) == (Actor.REPORTER, report.reporter, "Den blinker nå.")
    assert update.show_name is False


def test_a_reporter_who_answers_to_all_in_a_bodys_mail_speaks_as_the_reporter(report, mailed, letters, read):
    letters.put(answer(address(mailed, EASTS), "Takk!", sender=KARIS.upper()))
    read()
    assert Update.objects.get().actor == Actor.REPORTER


def test_who_follows_a_report_answers_as_a_resident(report, mailed, letters, clock, read, work):
    follow(report=report, email="ola@example.org", language="nb", now=clock.now())
    confirm_alert(secret=secret_of(Notice.objects.get(kind=NoticeKind.CONFIRM_ALERT)), now=clock.now())
    add_update(report=report, actor=Actor.RESIDENT, said=Said("Mørk her"), now=clock.now())
    work()
    letters.put(answer(address(mailed, "ola@example.org"), "Her også", sender="ola@example.org"))
    read()
    last = Update.objects.latest("pk")
    assert (last.actor, last.text) == (Actor.RESIDENT, "Her også")
    assert last.person is not None
    assert last.person.email == "ola@example.org"


def test_a_mail_that_comes_twice_is_one_update(report, mailed, letters, read):
    letter = answer(address(mailed, EASTS))
    letters.put(letter)
    read()
    letters.put(letter)
    read()
    assert (Update.objects.count(), Letter.objects.count(), letters.waiting()) == (1, 1, 0)


def test_a_mail_that_was_taken_before_the_worker_died_is_only_removed_then(report, mailed, letters, read):
    letter = answer(address(mailed, EASTS))
    letters.put(letter)
    read()
    # as if the worker had died between the database and the mailbox
    letters.put(letter)
    read()
    assert (Update.objects.count(), letters.waiting()) == (1, 0)


def bent(address: str) -> list[str]:
    local, _, domain = address.partition("@")
    head, _, signature = local.rpartition("-")
    other = "a" if signature[0] != "a" else "b"
    number = head.removeprefix("svar+d").partition("-")[0]
    return [
        f"{head}-{other}{signature[1:]}@{domain}",
        f"svar+d{int(number) + 1}-0-{signature}@{domain}",
        f"svar+d{number}-1-{signature}@{domain}",
        f"svar+n{number}-0-{signature}@{domain}",
        f"{local}@elsewhere.example",
        f"x{local}@{domain}",
        ANSWERS,
    ]


@pytest.mark.parametrize("which", range(7))
def test_B_68_an_address_that_was_bent_or_guessed_changes_nothing_whoever_the_mail_says_it_is_from(
    report, mailed, letters, read, which
):
    letters.put(answer(bent(address(mailed, EASTS))[which], sender=EASTS))
    read()
    assert not Update.objects.exists()
    assert len(letters.moved("aside")) == 1
    row = Letter.objects.get()
    assert (row.state, row.sender, row.subject) == (LetterState.ASIDE, EASTS, "Re: Street report")
    assert "no address that we gave" in row.why


def test_an_address_in_capital_letters_is_the_same(report, mailed, letters, read):
    letters.put(answer(address(mailed, EASTS).upper()))
    read()
    assert Update.objects.count() == 1


def test_an_address_that_only_the_mail_system_wrote_down_will_do(report, mailed, letters, read):
    letters.put(answer("all@elsewhere.example", Delivered_To=address(mailed, EASTS)))
    read()
    assert Update.objects.count() == 1


AUTOMATIC = [
    {"Auto_Submitted": "auto-replied"},
    {"Auto_Submitted": "auto-generated"},
    {"Precedence": "bulk"},
    {"Precedence": "auto_reply"},
    {"X_Autoreply": "yes"},
    {"List_Id": "<all.example.org>"},
    {"Return_Path": "<>"},
]


@pytest.mark.parametrize("headers", AUTOMATIC, ids=lambda one: next(iter(one)))
def test_B_68_what_a_program_wrote_is_no_update(report, mailed, letters, read, headers):
    letters.put(answer(address(mailed, EASTS), "I am away until Monday.", **headers))
    read()
    assert not Update.objects.exists()
    assert Letter.objects.get().state == LetterState.AUTOMATIC
    assert (len(letters.moved("automatic")), letters.waiting()) == (1, 0)


@pytest.mark.parametrize(
    "subject",
    ["Automatic reply: Hull", "Automatisk svar: Hull", "Out of Office", "Fraværsmelding", "Autosvar: x"],
)
def test_B_68_an_absence_without_any_mark_is_known_by_its_subject(report, mailed, letters, read, subject):
    letter = answer(address(mailed, EASTS))
    letter.replace_header("Subject", subject)
    letters.put(letter)
    read()
    assert not Update.objects.exists()
    assert Letter.objects.get().state == LetterState.AUTOMATIC


def test_auto_submitted_no_is_a_person(report, mailed, letters, read):
    letters.put(answer(address(mailed, EASTS), Auto_Submitted="no"))
    read()
    assert Update.objects.count() == 1


def test_B_68_a_loop_of_programs_stops_at_three_and_staff_see_it(report, mailed, letters, read):
    for number in range(6):
        letters.put(answer(address(mailed, EASTS), f"We got your mail. Number {number}."))
    read()
    assert Update.objects.count() == 3
    assert Letter.objects.filter(state=LetterState.ASIDE, why__contains="within an hour").count() == 3


def test_an_hour_later_the_sender_is_heard_again(report, mailed, letters, clock, read):
    for number in range(4):
        letters.put(answer(address(mailed, EASTS), f"Number {number}."))
    read()
    clock.advance(hours=2)
    letters.put(answer(address(mailed, EASTS), "Later."))
    read()
    assert Update.objects.count() == 4


def test_B_68_a_mail_of_more_than_25_mb_is_moved_aside_unread(report, mailed, letters, read):
    letter = answer(address(mailed, EASTS))
    letter.add_attachment(b"\0" * (26 * 1024 * 1024), maintype="image", subtype="jpeg", filename="x.jpg")
    letters.put(letter)
    read()
    row = Letter.objects.get()
    assert (row.state, row.why, row.sender) == (LetterState.ASIDE, "It is larger than 25 MB.", EASTS)
    assert not Update.objects.exists()


def test_photos_come_along_as_photos_and_signs_under_signatures_do_not(report, mailed, letters, read):
    letter = answer(address(mailed, EASTS))
    letter.add_attachment(jpeg(640, 480), maintype="image", subtype="jpeg", filename="lampe.jpg")
    letter.add_attachment(b"no picture at all", maintype="image", subtype="jpeg", filename="x.jpg")
    letter.add_attachment(
        jpeg(120, 40), maintype="image", subtype="jpeg", cid="<logo@x>", disposition="inline"
    )
    letter.add_attachment(
        jpeg(800, 600), maintype="image", subtype="jpeg", cid="<shot@x>", disposition="inline"
    )
    letter.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="x.pdf")
    letters.put(letter)
    read()
    update = Update.objects.get()
    assert list(Photo.objects.filter(update=update).values_list("width", "height")) == [
        (640, 480),
        (800, 600),
    ]


def test_no_more_photos_are_taken_than_a_report_may_have(report, mailed, letters, read):
    letter = answer(address(mailed, EASTS))
    for number in range(5):
        letter.add_attachment(
            jpeg(500, 400 + number), maintype="image", subtype="jpeg", filename=f"{number}.jpg"
        )
    letters.put(letter)
    read()
    assert Photo.objects.count() == 3


def test_a_mail_that_is_only_a_photo_is_an_update(report, mailed, letters, read):
    letter = answer(address(mailed, EASTS), "")
    letter.add_attachment(jpeg(500, 400), maintype="image", subtype="jpeg", filename="x.jpg")
    letters.put(letter)
    read()
    assert (Update.objects.get().text, Photo.objects.count()) == ("", 1)


def test_a_mail_that_says_nothing_of_its_own_is_left_to_staff(report, mailed, letters, read):
    letters.put(
        answer(address(mailed, EASTS), "\n\nman. 3. mai 2026 kl. 10:00 skrev Oss <a@b.no>:\n> Hull\n")
    )
    read()
    assert not Update.objects.exists()
    assert "nothing but what it quotes" in Letter.objects.get().why


def test_html_alone_is_read(report, mailed, letters, read):
    letter = answer(address(mailed, EASTS))
    letter.set_content(
        "<html><head><style>p{}</style></head><body><p>Lampa er <b>byttet</b>.</p><script>alert(1)</script>"
        "<div class='gmail_quote'>On Monday we wrote:<blockquote>Hull</blockquote></div></body></html>",
        subtype="html",
    )
    letters.put(letter)
    read()
    assert Update.objects.get().text == "Lampa er byttet."


def test_a_report_that_takes_no_more_updates_leaves_the_mail_to_staff(report, mailed, letters, read):
    Report.objects.update(state="withdrawn")
    letters.put(answer(address(mailed, KARIS), "Hei", sender=KARIS))
    read()
    assert not Update.objects.exists()
    assert Letter.objects.get().state == LetterState.ASIDE


def test_a_mail_to_sign_in_takes_no_answers(report, mailed, letters, clock, read, work):
    follow(report=report, email="ola@example.org", language="nb", now=clock.now())
    work()
    mail, sender = mailed.mails[-1], mailed.senders[-1]
    assert mail["Reply-To"] is None
    letters.put(answer(sender, "Hei", sender="ola@example.org"))
    read()
    assert "takes no answers" in Letter.objects.get().why


@pytest.fixture
def hole(town, mailed, letters, clock, work) -> Report:
    """A hole that two bodies got in one mail."""
    made = make_report(
        clock, place=EAST, category="Hull i vei", title="Hull", answers={"kind": ["deep"]}, told=Told()
    )
    work()
    return made


@pytest.mark.parametrize(
    ("sender", "name"),
    [(EASTS, "Østby kommune"), (ROADS, "Veietaten"), ("kari.drift@roads.example", "Veietaten")],
)
def test_who_of_several_bodies_wrote_is_known_by_its_address_or_its_domain(
    hole, mailed, letters, read, sender, name
):
    letters.put(answer(str(mailed.mails[0]["Reply-To"]), sender=sender))
    read()
    assert Update.objects.get().name == name


def test_who_of_several_bodies_wrote_is_not_guessed(hole, mailed, letters, read):
    letters.put(answer(str(mailed.mails[0]["Reply-To"]), sender="someone@gmail.example"))
    read()
    assert not Update.objects.exists()
    assert "none of the administrations" in Letter.objects.get().why


def test_a_mailbox_that_cannot_be_read_says_so_and_is_tried_again(
    report, mailed, letters, clock, settings, work
):
    settings.REPLY_MAILBOX = "maildir:///nowhere/at/all"
    clock.advance(minutes=1)
    work()
    box = LetterBox.objects.get()
    assert "no maildir" in box.problem
    settings.REPLY_MAILBOX = f"maildir://{letters.root}"
    letters.put(answer(address(mailed, EASTS)))
    clock.advance(minutes=6)
    work()
    box.refresh_from_db()
    assert (box.problem, Update.objects.count(), box.last_ok_at) == ("", 1, clock.now())


def test_many_mails_are_read_in_one_go(report, mailed, letters, read):
    for number in range(2 * AT_ONCE + 3):
        letters.put(answer("nobody@test.example", f"spam {number}"))
    read()
    assert letters.waiting() == 0
    assert len(letters.moved("aside")) == 2 * AT_ONCE + 3


def test_without_the_settings_nothing_is_read_and_answers_go_to_the_reporter(town, mailed, clock, work):
    make_report(clock, place=EAST)
    work()
    assert mailed.to(EASTS)[0]["Reply-To"] == KARIS
    assert not LetterBox.objects.exists()


def test_of_a_mail_that_was_moved_aside_nobodys_name_is_kept_for_long(report, mailed, letters, clock, read):
    letters.put(answer(ANSWERS, sender="liv@example.org"))
    read()
    clock.advance(days=31)
    assert forget_old_letters(now=clock.now()) == 1
    assert (Letter.objects.get().sender, Letter.objects.get().subject) == ("", "")


def test_B_96_who_is_erased_is_in_no_row_of_a_mail(report, mailed, letters, clock, read):
    letters.put(answer(address(mailed, KARIS), "Takk", sender=KARIS))
    letters.put(answer(ANSWERS, "Hallo?", sender=KARIS))
    read()
    assert report.reporter is not None
    ask_to_be_erased(person=report.reporter, now=clock.now())
    erase_who_asked(now=clock.now())
    assert list(Letter.objects.exclude(sender="").values_list("sender")) == []
    assert not Letter.objects.filter(said_by__startswith="person").exists()


def test_a_letter_without_a_message_id_is_known_by_all_that_it_says(report, mailed, letters, read):
    letter = answer(address(mailed, EASTS))
    del letter["Message-ID"]
    letters.put(letter)
    letters.put(letter)
    read()
    assert Update.objects.count() == 1
    assert isinstance(letter, EmailMessage)
