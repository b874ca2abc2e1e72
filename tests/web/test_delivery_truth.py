"""The report's public page says of its delivery what is known, and no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from streetmend.reports.models import Delivery
from streetmend.reports.states import DeliveryState
from tests.desk.conftest import make_report
from tests.support.town import make_town

NOW = datetime.now(UTC)
OLD = NOW - timedelta(minutes=20)

TRUTHS = {
    "just confirmed": ({"state": "waiting"}, "About to be sent to Vestby kommune"),
    "being sent": ({"state": "sending", "first_sent_at": NOW}, "About to be sent to Vestby kommune"),
    "cannot be reached": ({"state": "waiting", "requested_at": OLD}, "Not delivered to Vestby kommune yet. We keep trying."),
    "nobody knows": ({"state": "uncertain"}, "We have not yet been able to confirm that Vestby kommune has it."),
    "sent once more": (
        {"state": "waiting", "first_sent_at": OLD, "requested_at": OLD},
        "We have not yet been able to confirm that Vestby kommune has it.",
    ),
    "held": ({"state": "held"}, "We have not yet been able to confirm that Vestby kommune has it."),
    "a receipt": ({"state": "token", "token": "t"}, "which has not given it a number yet"),
    "refused": ({"state": "refused"}, "Vestby kommune could not take it. Our staff look into it."),
    "there": ({"state": "accepted", "remote_id": "K-1", "proof": "answer", "accepted_at": NOW}, "their number K-1"),
    "by e-mail": ({"state": "by_email", "accepted_at": NOW}, "Sent to Vestby kommune by e-mail"),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", list(TRUTHS))
def test_each_state_of_a_delivery_is_told_as_what_is_known(client, name):
    stands, words = TRUTHS[name]
    make_town()
    report = make_report()
    Delivery.objects.filter(report=report).update(**stands)
    page = client.get(f"/reports/{report.pk}", headers={"Accept-Language": "en"}).content.decode()
    assert words in page
    claims = "Received by Vestby kommune" in page or "Sent to Vestby kommune by e-mail" in page
    assert claims == (stands["state"] in ("accepted", "by_email")), "only what is proven counts as there"


@pytest.mark.django_db
def test_a_stopped_delivery_is_no_longer_spoken_of(client):
    make_town()
    report = make_report()
    Delivery.objects.filter(report=report).update(state=DeliveryState.CANCELLED)
    assert (
        "Vestby kommune"
        not in client.get(f"/reports/{report.pk}").content.decode().split("<h1")[1].split("</ol>")[0]
    )


def test_every_state_is_told():
    assert {stands["state"] for stands, _ in TRUTHS.values()} | {"cancelled"} == {
        one.value for one in DeliveryState
    }
