"""The demo's mailbox shows the mails that were sent, and cannot be made to do more."""

from __future__ import annotations

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.mail import EmailMessage, get_connection

from streetmend.demo.folder import Folder
from streetmend.demo.mailbox import Mailbox
from streetmend.demo.visitor import Visitor

EVIL = "<img src=x onerror=alert(1)> <script>alert(2)</script>"


def mailed(folder: Path, *subjects: str, text: str = "Words.") -> None:
    """The mails go out over one connection, as the worker sends them."""
    connection = get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=str(folder))
    connection.open()
    for subject in subjects:
        EmailMessage(subject, text, "site@example.org", ["kari@example.org"], connection=connection).send()
    connection.close()


def answer(url: str, method: str = "GET", host: str = "") -> tuple[int, str, dict[str, str]]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request(method, parts.path, headers={"Host": host or parts.netloc})
    got = connection.getresponse()
    return got.status, got.read().decode(), dict(got.getheaders())


def test_an_empty_mailbox_says_so(administration: str):
    assert "No mail has been sent yet." in Visitor().open(f"{administration}mailbox/").text


def test_every_mail_of_a_file_is_shown_whole(folder: Folder):
    line = "-" * 79
    mailed(folder.mail, "First", "Second", "Third: lykta er mørk 🕯", text=f"Above\n{line}\nbelow\n\nEnd.")
    mails = Mailbox(folder.mail).mails()
    assert {mail.subject for mail in mails} == {"First", "Second", "Third: lykta er mørk 🕯"}
    assert all(mail.text.split() == ["Above", line, "below", "End."] for mail in mails)
    assert {mail.to for mail in mails} == {"kari@example.org"}


def test_the_address_in_a_mail_is_a_link(administration: str, folder: Folder):
    mailed(folder.mail, "Confirm", text="Press the button (http://127.0.0.1:8000/confirm/a-b_c?x=1&y=2).")
    page = Visitor().open(f"{administration}mailbox/")
    assert "http://127.0.0.1:8000/confirm/a-b_c?x=1&y=2" in page.links


def test_nothing_in_a_mail_is_markup(administration: str, folder: Folder):
    mailed(folder.mail, EVIL, text=f'{EVIL} http://127.0.0.1/"onclick="alert(3) javascript:alert(4)')
    status, html, headers = answer(f"{administration}mailbox/")
    assert status == 200
    assert "<img" not in html
    assert "<script" not in html
    assert 'onclick="' not in html
    assert 'href="javascript' not in html
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_page_under_another_host_name_gets_nothing(administration: str, folder: Folder):
    mailed(folder.mail, "Secret")
    status, html, _ = answer(f"{administration}mailbox/", host="evil.example")
    assert (status, "Secret" in html) == (421, False)


@pytest.mark.parametrize("path", ["mailbox/", ""])
def test_the_pages_can_only_be_read(administration: str, path: str):
    assert answer(f"{administration}{path}", method="POST")[0] == 405
    assert answer(f"{administration}nowhere")[0] == 404
