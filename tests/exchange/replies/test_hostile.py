"""Mails that are made to break what reads them: each costs itself only, is moved aside, and staff see it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streetmend.exchange.replies.addresses import marks_in
from streetmend.exchange.replies.cutting import answer_in
from streetmend.exchange.replies.letters import read_letter
from streetmend.exchange.replies.markup import text_of
from streetmend.reports.models import Letter, Update
from streetmend.reports.models.mail import LetterState
from tests.exchange.replies.conftest import answer
from tests.exchange.reports import make_report
from tests.support.town import EAST, EASTS


def nested(depth: int) -> bytes:
    """Multiparts in each other."""
    head = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth)
    )
    return head + b"Content-Type: text/plain\r\n\r\nBunnen.\r\n"


HOSTILE = {
    "nothing": b"",
    "a NUL": b"Subject: \x00\r\n\r\n\x00Hei\x00",
    "no head": b"\r\n\r\nHei",
    "a head without end": b"X: " + b"y" * 100_000,
    "ten thousand headers": b"To: a@b.example\r\n" * 10_000 + b"\r\nHei",
    "deep": nested(3000),
    "a charset that is none": b'Content-Type: text/plain; charset="no-such"\r\n\r\nHei',
    "a charset that is a codec": b'Content-Type: text/plain; charset="zlib"\r\n\r\nHei',
    "a charset that takes long": b'Content-Type: text/plain; charset="punycode"\r\n\r\n' + b"a-" * 200_000,
    "base64 that is none": b"Content-Transfer-Encoding: base64\r\n\r\n!!!!A",
    "an encoded word that is none": b"Subject: =?utf-8?b?A?= =?x-no?q?=FF?=\r\n\r\nHei",
    "a boundary that is missing": b"Content-Type: multipart/mixed\r\n\r\nHei",
    "a date from nowhere": b"Date: 99 Foo 99999999999999 99:99\r\n\r\nHei",
    "lone surrogates": b'Content-Type: text/plain; charset="utf-16-le"\r\n\r\n\x00\xd8\x00\xd8',
    "a delivery status that is none": b'Content-Type: multipart/report; boundary="B"\r\n\r\n--B\r\n'
    b"Content-Type: message/delivery-status\r\n\r\n\x00\r\n--B--\r\n",
    "many quoted printable ends": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\r\n" * 200_000,
}


@pytest.fixture
def town_with_report(town, mailed, letters, clock, work):
    made = make_report(clock, place=EAST)
    work()
    return made


def test_B_68_no_mail_stops_the_reader(town_with_report, mailed, letters, read):
    address = str(mailed.to(EASTS)[0]["Reply-To"])
    for content in HOSTILE.values():
        letters.put(content)
    letters.put(answer(address))
    read()
    assert letters.waiting() == 0
    assert Update.objects.get().text == "Lampa er byttet."
    assert Letter.objects.exclude(state=LetterState.TAKEN).count() == len(HOSTILE)
    assert len(letters.moved("aside")) + len(letters.moved("automatic")) == len(HOSTILE)


@pytest.mark.parametrize("name", HOSTILE)
def test_B_68_a_hostile_mail_to_a_real_address_is_read_or_left_to_staff(
    town_with_report, mailed, letters, read, name
):
    address = str(mailed.to(EASTS)[0]["Reply-To"])
    letters.put(f"To: {address}\r\nMessage-ID: <x@y>\r\n".encode() + HOSTILE[name])
    read()
    row = Letter.objects.get()
    assert row.state in LetterState.values
    assert (row.state == LetterState.TAKEN) == Update.objects.exists()
    assert letters.waiting() == 0


def test_B_68_a_mail_that_cannot_be_read_says_so(town_with_report, mailed, letters, read):
    letters.put(f"To: {mailed.to(EASTS)[0]['Reply-To']}\r\n".encode() + nested(3000))
    read()
    row = Letter.objects.get()
    assert row.state == LetterState.ASIDE
    assert row.why in ("It cannot be read: RecursionError", "It says nothing but what it quotes.")


@pytest.mark.parametrize(
    ("charset", "content"),
    [
        ("iso-8859-1", "Lampa på Åsen".encode("iso-8859-1")),
        ("windows-1252", "“Åpent” – 5 €".encode("cp1252")),
        ("utf-8", "Lampa på Åsen 🕯".encode()),
        ("utf-16", "Lampa på Åsen".encode("utf-16")),
        ("koi8-r", "Готово".encode("koi8-r")),
        ("unknown-8bit", "Lampa på Åsen".encode()),
        ("us-ascii", "Lampa på Åsen".encode("iso-8859-1")),
    ],
)
def test_letters_in_odd_charsets_say_what_they_say(charset, content):
    letter = read_letter(b"Content-Type: text/plain; charset=" + charset.encode() + b"\r\n\r\n" + content)
    names = {"unknown-8bit": "utf-8", "us-ascii": "iso-8859-1", "windows-1252": "cp1252"}
    assert letter.text == content.decode(names.get(charset, charset))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_are_a_letter_with_text_that_can_be_kept(content):
    letter = read_letter(b"To: svar+d1-0-aaaa@test.example\r\n" + content)
    for said in (letter.text, letter.subject, letter.sender):
        assert "\x00" not in said
        said.encode("utf-8")


HEADS = [
    "From", "To", "Subject", "Content-Type: multipart/mixed; boundary=b", "Content-Type: text/html; charset=utf-7", "--b",
    "--b--", "Content-Transfer-Encoding: base64", "=?utf-8?q?=?=", "<div><blockquote>", "\x00", ">", "Fra:", "Sendt:", "",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(HEADS) | st.text(max_size=20), max_size=30))
def test_whatever_is_put_together_of_a_mails_parts_can_be_read(lines):
    letter = read_letter("\r\n".join(lines).encode("utf-8", "replace"))
    assert letter.text == letter.text.strip("\n")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_cutting_adds_nothing(text):
    once = answer_in(text)
    assert set(once.split("\n")) <= {*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""}


@pytest.mark.parametrize(
    "text",
    [
        "On " * 200_000,
        "Fra: x\n" * 100_000,
        "hilsen\n" * 100_000,
        "- " * 300_000,
        "\n" * 300_000,
        "On 1\n" * 100_000,
    ],
)
def test_cutting_comes_to_an_end_with_texts_that_are_all_beginnings(text):
    # what is quadratic here takes minutes
    assert len(answer_in(text)) <= len(text)


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 50_000,
        "<a href='" * 50_000,
        "<!--" * 50_000,
        "<p>x" * 50_000,
        "&lt;" * 100_000,
        "\x00<p>\ud800</p>",
        "<",
        "",
    ],
)
def test_any_markup_is_read_or_says_nothing(markup):
    assert isinstance(text_of(markup), str)


def test_addresses_are_found_in_long_fields_quickly(settings):
    settings.REPLY_ADDRESS, settings.REPLY_MAILBOX = "svar@test.example", "maildir:///x"
    assert list(marks_in("svar+" * 100_000)) == []
    assert list(marks_in("svar+d1-0-" + "a" * 100_000 + "@test.example")) == []
