"""Overload: what cannot be answered in good time is turned away at once, and reports still get through (F-71)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import pytest

from streetmend.web.crowd import Crowd
from tests.exchange.processes import until


class Site:
    """Answers when it is let; knows how many it is answering."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.lock = threading.Lock()
        self.answering = self.most = self.answered = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self.lock:
            self.answering += 1
            self.most = max(self.most, self.answering)
        assert self.open.wait(60)
        with self.lock:
            self.answering -= 1
            self.answered += 1
        start_response("200 OK", [])
        return [b"here"]


class Answer:
    def __init__(self) -> None:
        self.status, self.headers, self.body = "", {}, b""


def ask(crowd: Crowd, method: str, path: str = "/") -> Answer:
    answer = Answer()

    def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> None:
        answer.status, answer.headers = status, dict(headers)

    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": BytesIO()}
    answer.body = b"".join(crowd(environ, start))
    return answer


@pytest.fixture
def site(threads: ThreadPoolExecutor) -> Iterator[Site]:
    """It is open in the end, before its threads are waited for."""
    made = Site()
    yield made
    made.open.set()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as pool:
        yield pool


def full(site: Site, threads: ThreadPoolExecutor) -> tuple[Crowd, list[Future[Answer]]]:
    """A site with places for five who read, two at a time, and for two who write; all who read are there."""
    crowd = Crowd(site, reads=5, writes=2, at_once=2, patience=60)
    readers = [threads.submit(ask, crowd, "GET") for _ in range(5)]
    until(lambda: site.answering == 2 and crowd.reading == 5, what="five readers")
    return crowd, readers


def test_F_71_who_comes_when_all_places_are_taken_is_told_at_once_to_come_back(site, threads):
    crowd, readers = full(site, threads)
    answer = ask(crowd, "GET", "/reports")
    assert answer.status.startswith("503")
    assert answer.headers["Retry-After"] == "2"
    assert answer.headers["Cache-Control"] == "no-store"
    assert b"Try again" in answer.body
    site.open.set()
    assert [one.result(60).status for one in readers] == ["200 OK"] * 5
    assert ask(crowd, "GET").status == "200 OK"


def test_F_71_a_report_gets_through_while_lists_are_turned_away(site, threads):
    crowd, readers = full(site, threads)
    post = threads.submit(ask, crowd, "POST", "/report/check")
    until(lambda: site.answering == 3, what="the report")
    assert ask(crowd, "GET").status.startswith("503")
    second = threads.submit(ask, crowd, "POST", "/open311/v2/requests.json")
    until(lambda: site.answering == 4, what="the second report")
    assert ask(crowd, "POST").status.startswith("503")
    site.open.set()
    assert post.result(60).status == second.result(60).status == "200 OK"
    assert [one.result(60).status for one in readers] == ["200 OK"] * 5


def test_F_71_no_more_readers_are_answered_at_a_time_than_are_good_for_them(site, threads):
    _, readers = full(site, threads)
    site.open.set()
    for one in readers:
        one.result(60)
    assert (site.most, site.answered) == (2, 5)


def test_F_71_whose_turn_does_not_come_in_time_is_told_to_come_back_and_whoever_came_first_is_first(
    site, threads
):
    crowd = Crowd(site, reads=5, writes=2, at_once=1, patience=0.05)
    first = threads.submit(ask, crowd, "GET")
    until(lambda: site.answering == 1, what="the first reader")
    assert ask(crowd, "GET").status.startswith("503")
    assert crowd.reading == 1
    site.open.set()
    assert first.result(60).status == "200 OK"
    assert ask(crowd, "GET").status == "200 OK"


def test_F_71_a_small_form_has_been_read_before_its_turn_and_a_large_one_waits_for_nobody(threads):
    came: list[bytes] = []

    def reading(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        came.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return [b"here"]

    crowd = Crowd(reading)
    for size in (5, 200_000):
        body = b"x" * size
        environ = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(size), "wsgi.input": BytesIO(body)}
        assert b"".join(crowd(environ, lambda *_: None)) == b"here"
        assert came.pop() == body


def test_F_71_programs_are_turned_away_in_their_own_format(site, threads):
    crowd, _ = full(site, threads)
    as_json = ask(crowd, "GET", "/open311/v2/requests.json")
    assert as_json.headers["Content-Type"].startswith("application/json")
    assert json.loads(as_json.body)[0]["code"] == 503
    as_xml = ask(crowd, "GET", "/open311/v2/requests.xml")
    assert ElementTree.fromstring(as_xml.body).findtext("error/code") == "503"


def test_F_71_whether_the_process_lives_is_answered_whatever_is_going_on(site, threads):
    crowd, _ = full(site, threads)
    health = threads.submit(ask, crowd, "GET", "/healthz")
    until(lambda: site.answering == 3, what="the question whether it lives")
    site.open.set()
    assert health.result(60).status == "200 OK"


def test_a_request_that_fails_gives_its_place_back(threads):
    def failing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise ValueError("it failed")

    crowd = Crowd(failing, reads=1, writes=1)
    for method in ("GET", "POST", "GET", "POST"):
        with pytest.raises(ValueError, match="it failed"):
            ask(crowd, method)
    assert crowd.reading == 0
