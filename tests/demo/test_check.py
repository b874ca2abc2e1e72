"""The check can fail, and says where."""

from __future__ import annotations

import threading
import time

import pytest

from streetmend.demo import check
from streetmend.demo.check import STEPS, Report, Walk
from streetmend.demo.visitor import VisitFailed, Visitor
from tests.support.servers import Connection, Server


def walked(url: str, *, seconds: float = 0.0, stop: threading.Event | None = None) -> tuple[int, list[str]]:
    said: list[str] = []
    began = time.monotonic()
    where = Report(site=url, mailbox=url, administration=url)
    status = check.walk(
        where, say=said.append, began=began, until=began + seconds, stop=stop or threading.Event()
    )
    return status, said


def test_a_site_that_does_not_answer_fails_the_first_step():
    status, said = walked("http://127.0.0.1:9/")
    assert status == 1
    assert said[-1].startswith(f"FAILED  {STEPS[0][0]}: http://127.0.0.1:9/ did not answer")


def test_a_site_without_the_form_fails_the_first_step_and_shows_what_it_says():
    server = Server(lambda connection: (connection.request(), connection.answer(b"<p>Closed today"))[0])
    try:
        status, said = walked(server.url())
    finally:
        server.close()
    assert status == 1
    assert "has no form that asks for" in said[-1]
    assert "Closed today" in said[-1]


def test_what_does_not_come_in_time_fails_its_step():
    def answering(connection: Connection) -> None:
        connection.request()
        connection.answer(b"<p>No mail has been sent yet.")

    server = Server(answering)
    try:
        where = Report(site=server.url(), mailbox=server.url(), administration=server.url())
        walk = Walk(where, Visitor(), time.monotonic() + 0.5, threading.Event())
        for _, step in (STEPS[1], STEPS[3], STEPS[6]):
            with pytest.raises(VisitFailed, match="did not come in time"):
                step(walk)
    finally:
        server.close()
