"""The visitor of the check sees pages and fills in forms as a browser without JavaScript does."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from streetmend.demo.visitor import VisitFailed, Visitor
from tests.support.servers import Connection, Server

PAGE = """<!DOCTYPE html><title>T</title><script>hidden()</script><style>p{}</style>
<form action="/search"><input name=q></form>
<form method=POST action="/next?step=2">
<input type=hidden name=csrf value="a&amp;b"><input name=title value="old"><textarea name=detail>
 kept
</textarea><input type=radio name=kind value=x><input type=radio name=kind value=y checked>
<input type=checkbox name=box><input type=checkbox name=ticked checked>
<select name=many><option value=1><option value=2 selected></select><input type=text name=off disabled value=z>
<button name=go value=1>Go</button></form>
<a href="deeper">Link</a>"""


@pytest.fixture
def server():
    def answering(connection: Connection) -> None:
        request = connection.request()
        server.requests.append(request)  # before the answer: the test looks as soon as it has that
        if request.startswith(b"POST"):
            connection.answer(b"<p>ok", "200 OK", "Content-Type: text/html")
        elif b" /gone" in request:
            connection.answer(b"<p>Not here", "404 Not Found")
        else:
            connection.answer(PAGE.encode(), "200 OK", "Set-Cookie: c=1; Path=/")

    server = Server(answering)
    yield server
    server.close()


def test_a_form_is_sent_as_it_stands_but_for_what_is_filled_in(server: Server):
    visitor = Visitor()
    page = visitor.open(server.url("/a/b"))
    assert page.links == [server.url("/a/deeper")]
    assert "hidden" not in page.text
    form = page.form("title", "detail")
    assert form.choices("kind") == ["x", "y"]
    visitor.submit(page, form, {"title": "new æ", "many": ["1", "2"]}, button=("go", "1"))
    head, _, body = server.requests[-1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /next?step=2 ")
    assert b"Cookie: c=1" in head
    assert parse_qsl(body.decode()) == [
        ("csrf", "a&b"),
        ("detail", " kept\n"),
        ("kind", "y"),
        ("ticked", "on"),
        ("title", "new æ"),
        ("many", "1"),
        ("many", "2"),
        ("go", "1"),
    ]


def test_what_is_not_there_fails_with_its_address(server: Server):
    visitor = Visitor()
    page = visitor.open(server.url("/"))
    with pytest.raises(VisitFailed, match="/gone answered 404: Not here"):
        visitor.open(server.url("/gone"))
    with pytest.raises(VisitFailed, match="does not ask for colour"):
        visitor.submit(page, page.form("title"), {"colour": "red"})
    with pytest.raises(VisitFailed, match="no form that asks for colour"):
        page.form("colour")
    with pytest.raises(VisitFailed, match="no address of a page"):
        visitor.open("file:///etc/passwd")
