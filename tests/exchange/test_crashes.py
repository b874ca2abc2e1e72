"""Workers that are killed at the worst moments, as processes of their own: nothing is lost and nothing is posted twice.

What a killed worker leaves behind is looked at by the next one. Its lease is ended by hand, so that no test waits for it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from streetmend.bodies.models import Endpoint, Pull, PullKind
from streetmend.georeport import testing
from streetmend.georeport.testing import Entry, PretendEndpoint, Server, serving
from streetmend.georeport.types import NewRequest
from streetmend.reports.models import Attempt, Delivery, Inbox, Notice, Report
from streetmend.reports.models.outbox import InboxState, NoticeKind, NoticeState
from streetmend.reports.services import submit
from streetmend.reports.states import DeliveryState, State
from tests.exchange.conftest import StartWorker
from tests.exchange.processes import Post, until
from tests.exchange.reports import KARI, expire_leases, is_parked, posts
from tests.support import servers
from tests.support.servers import Connection
from tests.support.town import EAST, WEST, Town, make_town


@pytest.fixture
def endpoint() -> PretendEndpoint:
    return PretendEndpoint()


@pytest.fixture
def server(endpoint: PretendEndpoint) -> Iterator[Server]:
    with serving(endpoint) as running:
        yield running


@pytest.fixture
def town(transactional_db: None, server: Server) -> Town:
    made = make_town(url=server.url)
    Endpoint.objects.update(pull_updates=False)
    return made


def report_now(*, place: tuple[float, float] = WEST, detail: str = "") -> Report:
    """A report, confirmed and due at this moment of the machine's clock."""
    return submit(
        now=datetime.now(UTC), lat=place[0], long=place[1], title="Lykta er mørk", detail=detail,
        category_name="Gatelys", told=KARI, confirmed=True,
    ).report  # fmt: skip


def next_worker(start_worker: StartWorker) -> None:
    """The leases of the dead are over, and a new worker does all that is due."""
    expire_leases()
    Notice.objects.filter(state=NoticeState.SENDING).update(lease_until=datetime(2020, 1, 1, tzinfo=UTC))
    for _ in range(2):
        worker = start_worker("--once")
        assert worker.ended() == 0, worker.said()


def killed(start_worker: StartWorker, point: str) -> None:
    worker = start_worker("--once", crash_point=point)
    assert worker.ended() == -signal.SIGKILL, worker.said()


def sends_once_and_parks(endpoint: PretendEndpoint, *, stored: int) -> None:
    """What everything after a crash in the middle of a POST has to look like."""
    delivery = Delivery.objects.get()
    assert is_parked(delivery)
    assert (delivery.attempts, len(endpoint.ledger.entries())) == (1, stored)
    assert Report.objects.get().state == State.OPEN
    assert Notice.objects.filter(kind=NoticeKind.REPORT_SENT).count() == 0


def test_F_03_killed_after_the_intent_and_before_the_first_byte(town, endpoint, start_worker):
    report_now()
    killed(start_worker, "after_intent")
    assert Delivery.objects.get().state == DeliveryState.SENDING
    assert Attempt.objects.get().ended_at is None
    next_worker(start_worker)
    sends_once_and_parks(endpoint, stored=0)
    assert posts(endpoint) == 0


def test_F_04_killed_with_half_of_the_body_written(town, endpoint, start_worker):
    pid = 0
    halves: list[int] = []

    def kill_in_the_middle(connection: Connection) -> None:
        got = b""
        while b"\r\n\r\n" not in got:
            got += connection.some()
        os.kill(pid, signal.SIGKILL)
        halves.append(len(got))
        connection.wait_for_end()

    with servers.serving(kill_in_the_middle) as half:
        url = Endpoint.objects.get(pk=town.endpoint.pk).url
        Endpoint.objects.filter(pk=town.endpoint.pk).update(url=half.url("/"))
        worker = start_worker()
        pid = worker.pid
        report_now(detail="x" * 10_000)
        assert worker.ended() == -signal.SIGKILL
        assert half.connections == 1
    Endpoint.objects.filter(pk=town.endpoint.pk).update(url=url)
    next_worker(start_worker)
    sends_once_and_parks(endpoint, stored=0)
    assert posts(endpoint) == 0
    assert len(halves) == 1


def test_F_05_killed_when_the_endpoint_has_stored_it_and_before_its_answer(town, endpoint, start_worker):
    worker = start_worker()
    endpoint.script(testing.slow(0.5))

    def kill(entry: Entry) -> None:
        os.kill(worker.pid, signal.SIGKILL)

    endpoint.on_stored = kill
    report_now()
    assert worker.ended() == -signal.SIGKILL
    endpoint.on_stored = None
    next_worker(start_worker)
    sends_once_and_parks(endpoint, stored=1)
    assert posts(endpoint) == 1


@pytest.mark.parametrize("point", ["after_send", "after_answer"])
def test_F_06_killed_after_the_answer_was_read_and_before_it_was_written_down(
    town, endpoint, start_worker, point
):
    report_now()
    killed(start_worker, point)
    assert len(endpoint.ledger.entries()) == 1
    next_worker(start_worker)
    sends_once_and_parks(endpoint, stored=1)
    assert posts(endpoint) == 1


def test_F_07_killed_after_the_record_the_mail_leaves_exactly_once(town, endpoint, start_worker, post: Post):
    report_now()
    killed(start_worker, "after_record")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.remote_id) == (DeliveryState.ACCEPTED, "1")
    assert post.mails == []
    next_worker(start_worker)
    (mail,) = post.to(KARI.email)
    assert "Lykta er mørk" in mail["Subject"]
    assert posts(endpoint) == 1
    assert Notice.objects.get().state == NoticeState.SENT


def test_killed_after_a_mail_was_taken_it_is_repeated_under_the_same_message_id(
    town, start_worker, post: Post
):
    report_now(place=EAST)
    killed(start_worker, "after_answer")
    assert len(post.to("post102@test.example")) == 1
    expire_leases()
    Delivery.objects.update(settle_until=datetime(2020, 1, 1, tzinfo=UTC))
    next_worker(start_worker)
    first, second = post.to("post102@test.example")
    assert first["Message-ID"] == second["Message-ID"]
    assert Delivery.objects.get().state == DeliveryState.BY_EMAIL


@pytest.mark.parametrize("point", ["after_notices_claimed", "after_notices_sent"])
def test_killed_around_a_notice_it_still_leaves_and_a_repeat_has_its_message_id(
    town, start_worker, post: Post, point
):
    submit(
        now=datetime.now(UTC), lat=WEST[0], long=WEST[1], title="Hull", category_name="Gatelys", told=KARI
    )  # fmt: skip
    killed(start_worker, point)
    next_worker(start_worker)
    mails = post.to(KARI.email)
    assert len(mails) == (1 if point == "after_notices_claimed" else 2)
    assert len({mail["Message-ID"] for mail in mails}) == 1
    assert Notice.objects.get().state == NoticeState.SENT


@pytest.mark.parametrize("point", ["after_page_stored", "after_rows_applied"])
def test_F_75_killed_around_a_page_of_news_each_is_applied_once(town, endpoint, start_worker, post, point):
    report_now()
    next_worker(start_worker)
    endpoint.say("1", "open", "På vei.", extended_status="in_progress")
    endpoint.say("1", "closed", "Ferdig.", extended_status="fixed")
    Endpoint.objects.filter(pk=town.endpoint.pk).update(pull_updates=True)
    killed(start_worker, point)
    Endpoint.objects.update(next_pull_at=None, lease_until=None)
    next_worker(start_worker)
    report = Report.objects.get()
    assert report.state == State.FIXED
    assert sorted(report.updates.values_list("text", flat=True)) == ["Ferdig.", "På vei."]
    assert Notice.objects.filter(kind=NoticeKind.REPORT_UPDATED).count() == 2


def test_F_75_killed_between_rows_that_are_applied_one_by_one_because_one_makes_no_sense(
    town, endpoint, start_worker, post
):
    report_now()
    next_worker(start_worker)
    for number in range(3):
        endpoint.say("1", "open", f"Nr. {number}", extended_status="in_progress")
    Endpoint.objects.filter(pk=town.endpoint.pk).update(pull_updates=True)
    killed(start_worker, "after_page_stored")
    last = Inbox.objects.order_by("-id")[0]
    Inbox.objects.filter(pk=last.pk).update(content={})
    killed(start_worker, "after_row_applied")
    assert Inbox.objects.filter(state=InboxState.APPLIED).count() == 1
    Endpoint.objects.update(pull_updates=False)
    next_worker(start_worker)
    texts = list(Report.objects.get().updates.values_list("text", flat=True))
    assert (len(texts), len(set(texts))) == (2, 2)
    assert Inbox.objects.get(state=InboxState.ERROR).pk == last.pk


def test_F_10_told_to_stop_a_worker_finishes_the_call_and_writes_it_down(town, endpoint, start_worker):
    endpoint.script(testing.slow(1.5))
    worker = start_worker()
    report_now()
    until(lambda: posts(endpoint) == 1, what="the POST")
    report_now()
    assert worker.terminate() == 0, worker.said()
    states = sorted(Delivery.objects.values_list("state", "attempts"))
    assert states[0] == ("accepted", 1)
    assert len(endpoint.ledger.entries()) == sum(1 for state, _ in states if state == "accepted")
    assert not Delivery.objects.filter(state=DeliveryState.SENDING).exists()
    next_worker(start_worker)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"accepted"}
    assert len(endpoint.ledger.entries()) == 2


def test_several_workers_beside_each_other_deliver_everything_once(town, endpoint, start_worker, post: Post):
    Endpoint.objects.update(max_in_flight=8)
    for _ in range(40):
        report_now()
    workers = [start_worker() for _ in range(4)]
    until(
        lambda: Delivery.objects.filter(state=DeliveryState.ACCEPTED).count() == 40,
        what="forty reports at the endpoint",
    )
    until(lambda: len(post.to(KARI.email)) == 40, what="forty mails")
    assert [worker.terminate() for worker in workers] == [0] * 4
    assert (posts(endpoint), len(endpoint.ledger.entries())) == (40, 40)
    ours = sorted(Delivery.objects.values_list("remote_id", flat=True))
    assert ours == sorted(entry.service_request_id for entry in endpoint.ledger.entries())
    assert Attempt.objects.count() == 40
    assert len({mail["Message-ID"] for mail in post.mails}) == 40


def test_F_11_told_to_stop_twice_and_then_killed_it_gives_nothing_back_and_the_next_one_asks(
    town, endpoint, start_worker
):
    endpoint.script(testing.slow(20))
    worker = start_worker()
    report_now()
    until(lambda: posts(endpoint) == 1, what="the POST")
    worker.signal(signal.SIGTERM)
    worker.signal(signal.SIGTERM)
    until(lambda: "stopping" in worker.said(), what="the word that it stops")
    assert Delivery.objects.get().state == DeliveryState.SENDING
    worker.kill()
    assert Delivery.objects.get().lease_owner != ""
    next_worker(start_worker)
    sends_once_and_parks(endpoint, stored=1)
    assert posts(endpoint) == 1


def test_F_01_killed_after_the_reports_of_an_endpoint_were_stored(town, endpoint, start_worker):
    """They are shown, and the next worker reads them again without showing any twice."""
    Endpoint.objects.exclude(pk=town.endpoint.pk).update(active=False)
    Endpoint.objects.filter(pk=town.endpoint.pk).update(habits={"pull_reports": True})
    endpoint.ledger.store(
        NewRequest(service_code="LIGHT", lat=WEST[0], long=WEST[1], description="Mørkt"), (), {}
    )
    killed(start_worker, "after_reports_stored")
    assert Report.objects.count() == 1
    Pull.objects.update(
        lease_until=datetime(2020, 1, 1, tzinfo=UTC), next_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    next_worker(start_worker)
    assert Report.objects.count() == 1
    assert Pull.objects.get(kind=PullKind.REPORTS).last_ok_at is not None
