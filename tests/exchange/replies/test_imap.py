"""The mailbox of answers on a mail server, over a real IMAP conversation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

import pytest

from streetmend.exchange.replies.boxes import BoxUnusable, Folder, open_box
from streetmend.exchange.replies.reading import AFTER_A_PROBLEM
from streetmend.reports.models import Letter, LetterBox, Update
from tests.exchange.replies.conftest import ANSWERS, answer
from tests.exchange.replies.imap_server import Mailboxes, serving
from tests.exchange.reports import make_report
from tests.support.town import EAST, EASTS


@pytest.fixture
def boxes() -> Mailboxes:
    return Mailboxes()


@pytest.fixture
def url(boxes: Mailboxes) -> Iterator[str]:
    with serving(boxes) as port:
        yield f"imap://answers:{quote(boxes.password, safe='')}@127.0.0.1:{port}/INBOX"


@pytest.fixture
def mailbox(boxes: Mailboxes, url: str, settings, mailed) -> Mailboxes:
    settings.REPLY_ADDRESS, settings.REPLY_MAILBOX = ANSWERS, url
    return boxes


@pytest.fixture(params=[True, False], ids=["with UIDPLUS", "without UIDPLUS"])
def uidplus(request, boxes: Mailboxes) -> bool:
    boxes.uidplus = request.param
    return boxes.uidplus


def test_an_answer_is_taken_from_the_server_and_deleted_there(uidplus, town, mailbox, mailed, clock, work):
    make_report(clock, place=EAST)
    work()
    mailbox.put(bytes(answer(str(mailed.to(EASTS)[0]["Reply-To"]))))
    clock.advance(minutes=1)
    work()
    assert Update.objects.get().text == "Lampa er byttet."
    assert mailbox.folders["INBOX"] == {}
    assert "LOGOUT" in mailbox.seen


def test_mails_are_listed_read_removed_and_moved(uidplus, boxes, url):
    first, second, third = boxes.put(b"To: a\r\n\r\nOne"), boxes.put(b"x" * 5000), boxes.put(b"Three")
    box = open_box(url, seconds=10)
    assert box.waiting(2) == [str(first), str(second)]
    raw = box.fetch(str(first), 1000)
    assert raw is not None
    assert (raw.content, raw.whole) == (b"To: a\r\n\r\nOne", True)
    cut = box.fetch(str(second), 1000)
    assert cut is not None
    assert (cut.content, cut.whole) == (b"x" * 1000, False)
    assert box.fetch("999", 1000) is None
    box.remove(str(first))
    box.put(str(second), Folder.ASIDE)
    assert box.waiting(10) == [str(third)]
    box.close()
    assert list(boxes.folders["INBOX"].values()) == [b"Three"]
    assert list(boxes.folders["streetmend-aside"].values()) == [b"x" * 5000]


@pytest.mark.parametrize("separator", [".", "/"])
def test_a_server_that_has_folders_below_the_inbox_only_gets_ours_there(boxes, url, separator):
    boxes.below_inbox, boxes.separator = True, separator
    uid = boxes.put(b"One")
    for _ in range(2):
        box = open_box(url, seconds=10)
        box.put(str(uid), Folder.AUTOMATIC)
        box.close()
        uid = boxes.put(b"Two")
    assert list(boxes.folders[f"INBOX{separator}streetmend-automatic"].values()) == [b"One", b"Two"]


def test_a_wrong_password_is_told_without_it(boxes, url):
    wrong = url.replace(quote(boxes.password, safe=""), "other-secret")
    with pytest.raises(BoxUnusable) as raised:
        open_box(wrong, seconds=10)
    assert "wrong: ***" in str(raised.value)
    assert "other-secret" not in str(raised.value)


def test_a_folder_that_is_not_there_is_told(boxes, url):
    with pytest.raises(BoxUnusable, match="no such folder"):
        open_box(url.replace("/INBOX", "/Elsewhere"), seconds=10)


def test_a_server_that_is_not_there_is_told():
    with pytest.raises(BoxUnusable):
        open_box("imap://answers:x@127.0.0.1:9/INBOX", seconds=10)


@pytest.mark.parametrize("command", ["CAPABILITY", "LOGIN", "SELECT", "UID SEARCH"])
def test_F_65_a_mailbox_whose_server_drips_is_left_at_the_deadline(boxes, url, command):
    boxes.drips_from = command
    with pytest.raises(BoxUnusable), closing(open_box(url, seconds=0.4)) as box:
        box.waiting(1)


def test_a_connection_that_drops_loses_no_mail_and_takes_none_twice(town, mailbox, clock, work, mailed):
    make_report(clock, place=EAST)
    work()
    address = str(mailed.to(EASTS)[0]["Reply-To"])
    mailbox.put(bytes(answer(address, "En.")))
    mailbox.put(bytes(answer(address, "To.")))
    mailbox.drops_at = "UID STORE"
    clock.advance(minutes=1)
    work()
    # the first is an update already and lies there still
    assert [update.text for update in Update.objects.all()] == ["En."]
    assert len(mailbox.folders["INBOX"]) == 2
    assert LetterBox.objects.get().problem.startswith("The mail server said")
    clock.advance(AFTER_A_PROBLEM)
    work()
    assert [update.text for update in Update.objects.order_by("pk")] == ["En.", "To."]
    assert (mailbox.folders["INBOX"], LetterBox.objects.get().problem) == ({}, "")


def test_spam_goes_to_a_folder_of_the_server(town, mailbox, clock, work):
    work()
    mailbox.put(bytes(answer("nobody@test.example", "Kjøp!")))
    clock.advance(minutes=1)
    work()
    assert Letter.objects.get().state == "aside"
    assert (len(mailbox.folders["streetmend-aside"]), mailbox.folders["INBOX"]) == (1, {})
