"""One mail to all bodies of a report that get it by e-mail: one conversation, a result of its own for each of them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from streetmend.bodies.models import Body
from streetmend.exchange.mailing import Mail, MailEnd, send_mails, send_together
from streetmend.reports.models import Attempt, Delivery
from streetmend.reports.services import Told
from streetmend.reports.services.by_staff import send_again
from streetmend.reports.states import DeliveryState
from tests.exchange.processes import text_of
from tests.exchange.reports import expire_leases, make_report
from tests.support.town import EAST, EASTS, ROADS, Town, make_mail_town


@pytest.fixture
def town(transactional_db: None) -> Town:
    return make_mail_town()


def report_a_hole(clock):
    return make_report(
        clock, place=EAST, category="Hull i vei", title="Hull", answers={"kind": ["deep"]}, told=Told()
    )


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("body__email", "state"))


def test_two_bodies_get_one_mail_that_names_both(town, mailed, clock, work):
    report_a_hole(clock)
    work()
    assert states() == {EASTS: DeliveryState.BY_EMAIL, ROADS: DeliveryState.BY_EMAIL}
    assert [sorted(recipients) for recipients in mailed.recipients] == [[EASTS, ROADS]]
    (mail,) = mailed.mails
    assert sorted(mail["To"].split(", ")) == [EASTS, ROADS]
    assert text_of(mail).count("Hvordan er det?") <= 1


def test_an_address_that_is_refused_for_good_costs_the_other_body_nothing(town, mailed, clock, work):
    mailed.refusals[ROADS] = ["550 5.1.1 no such mailbox"]
    report_a_hole(clock)
    work()
    assert states() == {EASTS: DeliveryState.BY_EMAIL, ROADS: DeliveryState.REFUSED}
    assert mailed.recipients == [[EASTS]]
    refused = Delivery.objects.get(body__email=ROADS)
    assert "550" in refused.why
    assert "no such mailbox" in refused.why
    assert Attempt.objects.get(delivery=refused).error_class == "RecipientRefused"
    clock.advance(days=1)
    work()
    assert len(mailed.mails) == 1


def test_F_64_an_address_that_is_put_off_gets_the_same_mail_later_and_the_other_one_not_again(
    town, mailed, clock, work
):
    mailed.refusals[ROADS] = ["450 4.2.0 greylisted"]
    report_a_hole(clock)
    work()
    assert states() == {EASTS: DeliveryState.BY_EMAIL, ROADS: DeliveryState.WAITING}
    clock.advance(minutes=1)
    work()
    assert states()[ROADS] == DeliveryState.BY_EMAIL
    assert mailed.recipients == [[EASTS], [ROADS]]
    first, second = mailed.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first["To"] == second["To"]
    assert text_of(first) == text_of(second)


def test_a_mail_that_is_refused_as_a_whole_is_refused_for_each_body(town, mailed, clock, work):
    mailed.answers = ["554 looks like spam"]
    report_a_hole(clock)
    work()
    assert set(states().values()) == {DeliveryState.REFUSED}


def test_an_address_of_two_bodies_gets_one_copy_and_both_have_it(town, mailed, clock, work):
    Body.objects.filter(pk=town.roads.pk).update(email=EASTS)
    report_a_hole(clock)
    work()
    assert mailed.recipients == [[EASTS]]
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.BY_EMAIL}


def test_a_worker_that_died_repeats_the_one_mail_under_its_message_id(town, mailed, clock, work):
    report_a_hole(clock)
    work()
    Delivery.objects.update(
        state="sending", lease_owner="dead", lease_until=clock.now(), settle_until=clock.now()
    )
    Attempt.objects.update(outcome="", ended_at=None)
    expire_leases()
    for _ in range(3):
        work()
        clock.advance(minutes=5)
    assert [sorted(recipients) for recipients in mailed.recipients] == [[EASTS, ROADS]] * 2
    assert len({mail["Message-ID"] for mail in mailed.mails}) == 1
    assert set(states().values()) == {DeliveryState.BY_EMAIL}


def test_what_staff_send_again_is_a_mail_of_its_own_that_no_mail_system_drops(town, mailed, clock, work):
    mailed.refusals[ROADS] = ["550 no"]
    report_a_hole(clock)
    work()
    send_again(delivery=Delivery.objects.get(body__email=ROADS), now=clock.now())
    work()
    assert mailed.recipients == [[EASTS], [ROADS]]
    first, second = mailed.mails
    assert first["Message-ID"] != second["Message-ID"]
    assert second["To"] == ROADS
    again = Delivery.objects.get(body__email=ROADS)
    assert second["Message-ID"] == f"<delivery.{again.mark}.1@127.0.0.1>"


class Dripping:
    """A mail server that says a byte at a time, a long while apart."""

    def __init__(self, says: bytes) -> None:
        self.says, self.listener = says, socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        with connection:
            try:
                connection.sendall(self.says)
                while True:
                    time.sleep(0.05)
                    connection.sendall(b"x")
            except OSError:
                return

    def close(self) -> None:
        self.listener.close()
        self.thread.join(5)


@pytest.fixture
def mail() -> Mail:
    return Mail(to=EASTS, subject="Hull", text="Her.", sender="Us <us@test.example>", message_id="<a@b>")


@pytest.fixture(params=[b"", b"220 here\r\n", b"220 here\r\n250 ok\r\n250 ok\r\n250 ok\r\n"])
def dripping(request, settings) -> Iterator[Dripping]:
    server = Dripping(request.param)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    server.close()


def test_F_65_a_mail_server_that_drips_is_left_at_the_deadline_of_the_whole_call(dripping, mail):
    # each of its bytes comes in good time: without a deadline over all of them this never ends
    results = send_mails([mail, mail], seconds=0.4)
    assert [result.end for result in results] == [MailEnd.NOT_TAKEN, MailEnd.NOT_TAKEN]
    assert not dripping.thread.is_alive() or dripping.thread.join(5) is None


def test_F_65_a_mail_that_may_have_been_taken_when_the_deadline_came_is_unknown(settings, mail):
    server = Dripping(b"220 here\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go on\r\n")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    results = send_together(mail, [EASTS], seconds=0.4)
    server.close()
    assert results[EASTS].end is MailEnd.UNKNOWN
    assert "too slow" in results[EASTS].why
