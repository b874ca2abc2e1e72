"""The delivery's page: every attempt in plain words, what comes next, and buttons that write a row."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from streetmend.desk.acting import MAY
from streetmend.reports.models import Attempt, Delivery, Notice, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services.lost import LOST
from streetmend.reports.states import DeliveryState

NOW = datetime.now(UTC)


@pytest.fixture
def delivery(report: Report) -> Delivery:
    return Delivery.objects.get(report=report)


def stands(delivery: Delivery, state: DeliveryState, **more: object) -> Delivery:
    Delivery.objects.filter(pk=delivery.pk).update(state=state, **{"next_at": None, **more})
    delivery.refresh_from_db()
    return delivery


def tried(delivery: Delivery, outcome: str, number: int = 1, **more: object) -> Attempt:
    return Attempt.objects.create(
        delivery=delivery, endpoint=delivery.endpoint, n=number, worker="one", started_at=NOW,
        ended_at=NOW + timedelta(seconds=2), outcome=outcome, **more,
    )  # fmt: skip


def press(client: Client, delivery: Delivery, what: str, **more: str):
    return client.post(f"/desk/deliveries/{delivery.pk}", {"do": what, **more})


def text_of(client: Client, delivery: Delivery) -> str:
    return client.get(f"/desk/deliveries/{delivery.pk}").content.decode()


def test_attempts_are_told_in_plain_words_with_the_exchange_folded_and_no_key(delivery, sign_in):
    stands(
        delivery, DeliveryState.UNCERTAIN, next_at=NOW, params_snapshot={"request": {"description": "Lykta"}}
    )
    tried(
        delivery, "unknown", http_status=502, error_class="Answer502", response_head="<html>Bad</html>",
        explanation="The endpoint answered 502; it may have stored what we sent.",
    )  # fmt: skip
    page = text_of(sign_in("admin"), delivery)
    assert "is being worked on or is overloaded" in page
    assert "2.0 s" in page
    assert "HTTP 502" in page
    assert "&lt;html&gt;Bad&lt;/html&gt;" in page
    assert re.search(r"<details><summary>.*Lykta", page, re.DOTALL)
    assert "we ask whether it is there" in page


def test_what_was_sent_is_for_administrators(delivery, sign_in):
    stands(delivery, DeliveryState.UNCERTAIN, params_snapshot={"request": {"email": "kari@test.example"}})
    tried(delivery, "unknown", error_class="DeadlinePassed")
    assert "kari@test.example" in text_of(sign_in("admin"), delivery)
    assert "kari@test.example" not in text_of(sign_in("moderator"), delivery)


def test_asking_now_makes_the_worker_ask_and_is_logged(delivery, sign_in):
    stands(
        delivery,
        DeliveryState.UNCERTAIN,
        next_at=NOW + timedelta(hours=1),
        settle_until=NOW + timedelta(hours=1),
    )
    answer = press(sign_in("moderator"), delivery, "ask")
    assert (answer.status_code, answer.url) == (303, f"/desk/deliveries/{delivery.pk}?now=ask")
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.UNCERTAIN
    assert delivery.check_wanted_at == delivery.next_at == delivery.settle_until
    assert delivery.next_at <= datetime.now(UTC)
    entry = LogEntry.objects.get()
    assert (entry.user.email, entry.change_message) == ("moderator@test.example", "Asked now.")
    assert "moderator@test.example: Asked now." in text_of(sign_in("admin"), delivery)


def test_what_a_member_of_staff_saw_there_counts_and_its_reporter_is_told(delivery, sign_in):
    stands(delivery, DeliveryState.HELD)
    assert press(sign_in("admin"), delivery, "there", remote_id=" K-77 ").status_code == 303
    delivery.refresh_from_db()
    assert (delivery.state, delivery.remote_id, delivery.proof) == ("accepted", "K-77", "staff")
    assert Report.objects.get().sent_at is not None
    assert Notice.objects.filter(kind=NoticeKind.REPORT_SENT).count() == 1
    assert "K-77" in Client().get(f"/reports/{delivery.report_id}").content.decode()


@pytest.mark.parametrize("remote_id", ["", "   ", "x" * 300, "taken"])
def test_a_number_that_cannot_be_is_told_at_its_field(delivery, sign_in, remote_id):
    stands(delivery, DeliveryState.HELD)
    other = Report.objects.get()
    other.pk = None
    other.save()
    Delivery.objects.create(
        report=other, body=delivery.body, endpoint=delivery.endpoint, state="accepted", remote_id="taken",
        mark="00000000-0000-4000-8000-000000000001", created_at=NOW, category_name=delivery.category_name,
    )  # fmt: skip
    answer = press(sign_in("admin"), delivery, "there", remote_id=remote_id)
    assert answer.status_code == 422
    assert 'id="remote_id-error"' in answer.content.decode()
    delivery.refresh_from_db()
    assert (delivery.state, LogEntry.objects.count()) == (DeliveryState.HELD, 0)


def test_sending_again_what_may_be_there_is_marked_and_keeps_what_was_sent_before(delivery, sign_in):
    stands(
        delivery, DeliveryState.HELD, first_sent_at=NOW, params_snapshot={"request": {"description": "old"}}
    )
    tried(delivery, "unknown", error_class="ConnectionBroken")
    client = sign_in("admin")
    assert "marked as a possible repeat" in text_of(client, delivery)
    assert press(client, delivery, "again").status_code == 303
    delivery.refresh_from_db()
    assert (delivery.state, delivery.params_snapshot) == (DeliveryState.WAITING, {})
    assert delivery.first_sent_at == NOW
    assert Attempt.objects.get().params_snapshot == {"request": {"description": "old"}}


def test_sending_again_what_certainly_is_not_there_is_no_repeat(delivery, sign_in):
    stands(delivery, DeliveryState.REFUSED, first_sent_at=NOW)
    tried(delivery, "refused", http_status=400)
    client = sign_in("admin")
    assert "marked as a possible repeat" not in text_of(client, delivery)
    press(client, delivery, "again")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.first_sent_at) == (DeliveryState.WAITING, None)


def test_it_goes_by_email_instead_or_not_at_all(delivery, sign_in):
    stands(delivery, DeliveryState.REFUSED)
    client = sign_in("admin")
    press(client, delivery, "email")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.endpoint, delivery.next_at is not None) == ("waiting", None, True)
    press(client, delivery, "stop")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.next_at) == (DeliveryState.CANCELLED, None)
    assert Report.objects.get().recipient_ids == []


def test_a_body_without_an_address_gets_no_email(delivery, sign_in):
    stands(delivery, DeliveryState.REFUSED)
    delivery.body.email = ""
    delivery.body.save()
    client = sign_in("admin")
    assert 'value="email"' not in text_of(client, delivery)
    assert press(client, delivery, "email").status_code == 422


@pytest.mark.parametrize("state", list(DeliveryState))
def test_a_button_that_is_absent_is_refused_and_one_that_is_there_works(delivery, sign_in, state):
    stands(delivery, state)
    client = sign_in("admin")
    page = text_of(client, delivery)
    for what in ("ask", "there", "again", "email", "stop"):
        stands(delivery, state, endpoint=delivery.endpoint)
        shown = f'value="{what}"' in page
        assert press(client, delivery, what, remote_id="K-1").status_code == (303 if shown else 422), what
        Delivery.objects.filter(pk=delivery.pk).update(
            endpoint=Report.objects.get().deliveries.get().body.endpoints.get(), remote_id=""
        )


def test_B_79_who_may_not_sees_no_button_and_is_refused(delivery, sign_in):
    stands(delivery, DeliveryState.UNCERTAIN)
    client = sign_in("moderator")
    page = text_of(client, delivery)
    for what in ("there", "again", "email", "stop"):
        assert f'value="{what}"' not in page
        assert press(client, delivery, what, remote_id="K-1").status_code == 403
    for what in ("pause", "read_sent", "nonsense", ""):
        assert press(client, delivery, what).status_code == 400
    assert press(sign_in(""), delivery, "ask").status_code == 403
    assert press(Client(), delivery, "ask").url == "/sign-in"
    assert Client().get(f"/desk/deliveries/{delivery.pk}").url == "/sign-in"
    delivery.refresh_from_db()
    assert (delivery.state, LogEntry.objects.count()) == (DeliveryState.UNCERTAIN, 0)
    assert set(MAY) >= {"ask", "there", "again", "email", "stop"}


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30])
def test_a_delivery_that_there_is_not_is_not_found(town, sign_in, number):
    assert sign_in("admin").get(f"/desk/deliveries/{number}").status_code == 404
    assert sign_in("admin").get(f"/desk/connections/{number}").status_code == 404


def test_B_54_what_an_endpoint_says_is_only_text_on_the_page(delivery, sign_in):
    stands(delivery, DeliveryState.REFUSED, why="<script>alert(1)</script>")
    tried(delivery, "refused", http_status=400, response_head="</pre><script>alert(2)</script>",
          explanation="<img src=x onerror=alert(3)>", evidence_id="<b>")  # fmt: skip
    page = text_of(sign_in("admin"), delivery)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<b></bdi>" not in page


def test_the_administration_leads_to_the_delivery_and_the_delivery_to_its_report(delivery, sign_in):
    client = sign_in("moderator")
    row = client.get(f"/admin/reports/delivery/{delivery.pk}/change/").content.decode()
    assert f'href="/desk/deliveries/{delivery.pk}"' in row
    assert f"/admin/reports/report/{delivery.report_id}/change/" in text_of(client, delivery)


def test_F_46_what_the_body_has_lost_is_shown_and_sent_again_by_a_button(delivery, sign_in):
    stands(delivery, DeliveryState.ACCEPTED, remote_id="77", attempts=1, first_sent_at=NOW, accepted_at=NOW)
    tried(delivery, "accepted")
    client = sign_in("admin")
    assert 'value="again"' not in text_of(client, delivery)
    press(client, delivery, "again")
    assert Delivery.objects.get().state == DeliveryState.ACCEPTED
    stands(delivery, DeliveryState.ACCEPTED, why=LOST, missing_since=NOW)
    page = text_of(client, delivery)
    assert "Lost there" in page
    assert "Send again (marked as a possible repeat)" in page
    assert 'value="there"' in page
    shown = client.get(f"/desk/connections/{delivery.endpoint_id}").content.decode()
    assert "Lykta er mørk" in shown
    assert press(client, delivery, "again").status_code == 303
    row = Delivery.objects.get()
    assert (row.state, row.remote_id, row.resends, row.missing_since) == ("waiting", "", 1, None)
    assert row.next_at is not None
    assert Attempt.objects.get().evidence_id == "77"
    assert LogEntry.objects.get().change_message == "Sent again."
