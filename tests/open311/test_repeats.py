"""However often a program sends a report, it is there once: by its own mark, or by what it says. Kills and races included."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from streetmend.bodies.queries import responsible, site
from streetmend.database.gate import WritersBusy
from streetmend.open311.refusing import refusals
from streetmend.open311.saying import CallRefused
from streetmend.open311.turns import alone_with
from streetmend.reports.models import Delivery, Posting, Report
from streetmend.reports.services import Told
from streetmend.reports.services.posting import (
    Posted,
    Words,
    forget_old_postings,
    mark_by_content,
    own_mark,
    post_report,
)
from tests.open311.sending import Sender, jpeg, new_key, report
from tests.open311.test_posting import errors
from tests.support.town import WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
MARK = {"Idempotency-Key": "5f3c2a8e-0001"}


@pytest.fixture
def sender(transactional_db, live_server) -> Sender:
    make_town()
    return Sender(live_server.url, new_key()[1])


def age(**by: float) -> None:
    """What was posted was so much longer ago."""
    for row in Posting.objects.all():
        Posting.objects.filter(pk=row.pk).update(created_at=row.created_at - timedelta(**by))


@pytest.mark.parametrize("field", ["header", "attribute[client_reference]", "client_reference"])
def test_the_same_mark_with_the_same_content_gets_the_same_answer_in_every_format(sender, field):
    fields, headers = report(), MARK
    if field != "header":
        fields, headers = [*fields, (field, "app-17")], {}
    first = sender.post(fields, headers=headers)
    age(days=29)
    assert sender.post(fields, headers=headers).body == first.body
    for path in ("requests.xml", "/open311/strict/v2/requests.json", "/open311/fixmystreet/v2/requests.json"):
        again = sender.post(fields[::-1], path=path, headers=headers)
        assert again.status == 200
        assert first.json[0]["service_request_id"] in again.body.decode()
    assert Report.objects.count() == 1


@pytest.mark.parametrize("fmt", ["xml", "json"])
def test_the_same_mark_with_other_content_is_a_422_and_makes_nothing(sender, fmt):
    sender.post(report(), jpeg("red"), headers=MARK)
    for fields, photo in ((report(description="Something else"), "red"), (report(), "blue")):
        answer = sender.post(fields, jpeg(photo), path=f"requests.{fmt}", headers=MARK)
        assert (answer.status, errors(answer)[0].split(":")[0]) == (422, "Idempotency-Key")
    assert Report.objects.count() == 1


def test_marks_of_different_programs_have_nothing_to_do_with_each_other(sender):
    sender.post(report(), headers=MARK)
    sender.key = new_key()[1]
    assert sender.post(report(description="Something else"), headers=MARK).status == 200
    assert Report.objects.count() == 2


def test_different_marks_are_different_reports_though_they_say_the_same(sender):
    for number in range(2):
        assert sender.post(report(), headers={"Idempotency-Key": str(number)}).status == 200
    assert Report.objects.count() == 2


def test_a_mark_is_forgotten_after_thirty_days(sender):
    sender.post(report(), headers=MARK)
    age(days=30, minutes=1)
    assert forget_old_postings(now=datetime.now(UTC)) == 1
    assert sender.post(report(description="Something else"), headers=MARK).status == 200
    assert Report.objects.count() == 2


def test_without_a_mark_the_same_is_a_repeat_for_fifteen_minutes(sender):
    first = sender.post(report()).json[0]
    age(minutes=14)
    again = sender.post(report(lat=f"{WEST[0] + 0.000001}"))
    assert again.json[0]["service_request_id"] == first["service_request_id"]
    assert "already" in again.json[0]["service_notice"]
    age(minutes=2)
    later = sender.post(report())
    assert later.json[0]["service_request_id"] != first["service_request_id"]
    assert Report.objects.count() == 2


@pytest.mark.parametrize(
    "other",
    [
        {"description": "Lykta er mørk\nDen over benken 2."},
        {"lat": "60.0001"},
        {"service_code": "Forsøpling"},
        {"email": "ola@example.org"},
        {"media_url": "http://photos.example/1.jpg"},
    ],
)
def test_without_a_mark_what_differs_is_another_report(sender, other):
    sender.post(report())
    assert sender.post(report(**other)).status == 200
    assert Report.objects.count() == 2


def test_without_a_mark_another_photo_or_another_sender_is_another_report(sender):
    sender.post(report(), jpeg("red"))
    sender.post(report(), jpeg("red"))
    assert Report.objects.count() == 1
    sender.post(report(), jpeg("blue"))
    sender.key = new_key()[1]
    sender.post(report(), jpeg("red"))
    assert Report.objects.count() == 3


@pytest.mark.parametrize("wrong", ["x" * 10_000, "tab\there", "æ", "", "x" * 256])
def test_B_85_a_mark_that_is_none_is_a_400(sender, wrong):
    answer = sender.post(report(), headers={"Idempotency-Key": wrong.encode("latin-1").decode("latin-1")})
    assert (answer.status, errors(answer)[0].split(":")[0]) == (400, "Idempotency-Key")
    assert not Report.objects.exists()


@pytest.mark.parametrize("headers", [MARK, {}])
def test_B_85_many_at_once_make_one_report_and_all_get_its_number(sender, headers):
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(sender.post(report(), jpeg(), headers=headers)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {200}
    assert {answer.json[0]["service_request_id"] for answer in answers} == {str(Report.objects.get().pk)}
    assert Report.objects.get().deliveries.count() == 1


def test_B_85_between_processes_the_database_lets_one_in(transactional_db):
    """Threads that know nothing of each other stand for processes."""
    make_town()
    now = datetime.now(UTC)
    words = Words(found=responsible(*WEST, "Gatelys"), title="Lykt", told=Told("kari@example.org"))
    ready, ends = threading.Barrier(4), list[Posted]()

    def one(mark: Any) -> None:
        try:
            ready.wait()
            ends.append(post_report(mark=mark, words=words, here=site(), now=now, confirmed=True))
        finally:
            connection.close()

    for mark in (own_mark("key:1", "a", b"said"), mark_by_content("key:1", b"said")):
        threads = [threading.Thread(target=one, args=[mark]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len({end.report_id for end in ends}) == 2
    assert [end.repeated for end in ends].count(False) == 2
    assert Report.objects.count() == Delivery.objects.count() == 2


def test_a_repeat_meets_the_first_one_under_way_and_waits_for_its_answer(sender, settings):
    settings.IN_FLIGHT_SECONDS = 0.2
    mark = own_mark(f"key:{_key_id()}", MARK["Idempotency-Key"], b"")
    with alone_with(mark.client, mark.name, wait_seconds=0):
        answer = sender.post(report(), headers=MARK)
        assert (answer.status, answer.headers["retry-after"]) == (409, "5")
        assert not Report.objects.exists()
        settings.IN_FLIGHT_SECONDS = 30.0
        waiting = threading.Thread(target=sender.post, args=[report()], kwargs={"headers": MARK})
        waiting.start()
    waiting.join()
    assert Report.objects.count() == 1


def _key_id() -> int:
    from streetmend.accounts.models import ApiKey

    return ApiKey.objects.get().pk


#: the site in a process of its own, which is killed before the commit, or after it and before the answer has left
PROGRAM = """
import os, signal, sys
from wsgiref.simple_server import make_server
from streetmend.wsgi import application

def killed(environ, start):
    if sys.argv[1] == "before_commit":
        from django.db import transaction
        with transaction.atomic():
            list(application(environ, lambda *args: None))
            os.kill(os.getpid(), signal.SIGKILL)
    answer = application(environ, start)
    if sys.argv[1] == "after_commit":
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

server = make_server("127.0.0.1", 0, killed)
print(server.server_port, flush=True)
server.handle_request()
"""


@contextmanager
def site_process(point: str, environment: dict[str, str]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The site in a process that is killed at `point` of its first request; its address."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, point],
        env={**environment, "DJANGO_SETTINGS_MODULE": "streetmend.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.parametrize(
    ("point", "there", "headers"),
    [("before_commit", 0, MARK), ("after_commit", 1, MARK), ("after_commit", 1, {})],
)
def test_F_02_killed_before_it_answered_the_repeat_makes_exactly_one(
    process_environment, live_server, headers, point, there
):
    make_town()
    key = new_key()[1]
    with site_process(point, process_environment) as (url, process):
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            Sender(url, key).post(report(email="kari@example.org"), jpeg(), headers=headers)
        assert process.wait(60) == -signal.SIGKILL
    assert (Report.objects.count(), Delivery.objects.count(), Posting.objects.count()) == (there,) * 3
    answer = Sender(live_server.url, key).post(report(email="kari@example.org"), jpeg(), headers=headers)
    made = Report.objects.get()
    assert (answer.status, answer.json[0]["service_request_id"]) == (200, str(made.pk))
    assert made.has_photo
    assert (Delivery.objects.count(), Posting.objects.count()) == (1, 1)


@pytest.mark.only("postgresql")
def test_a_repeat_of_what_another_process_is_not_done_with_is_told_to_come_again(sender):
    """A thread with a transaction of its own stands for the other process."""
    mark = own_mark(f"key:{_key_id()}", MARK["Idempotency-Key"], b"")
    earlier = Sender(f"http://{sender.host.netloc}", sender.key).post(report(description="Another one"))
    written, done = threading.Event(), threading.Event()

    def other() -> None:
        try:
            with transaction.atomic():
                Posting.objects.create(
                    client=mark.client, mark=mark.name, content_hash="x", created_at=datetime.now(UTC),
                    report_id=int(earlier.json[0]["service_request_id"]),
                )  # fmt: skip
                written.set()
                done.wait(60)
                transaction.set_rollback(True)
        finally:
            connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    assert written.wait(60)
    answer = sender.post(report(), headers=MARK)
    done.set()
    thread.join()
    assert (answer.status, answer.headers["retry-after"]) == (409, "5")
    assert Report.objects.count() == 1
    assert sender.post(report(), headers=MARK).status == 200
    assert Report.objects.count() == 2


def test_a_database_that_can_take_nothing_is_told_with_the_time_to_come_again():
    with pytest.raises(CallRefused) as refused, refusals():
        raise WritersBusy("no turn to write")
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5"})
    with pytest.raises(DatabaseError), refusals():
        raise DatabaseError("something else is an error of ours")
