"""What was said to endpoints is kept for 90 days after it was done with, and what came of it for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from streetmend.reports.models import Attempt, Delivery, Report
from streetmend.reports.queries.soundness import wrong_kept
from streetmend.reports.services import Told, hide_report, submit
from streetmend.reports.services.retention import EXCHANGES_KEPT, forget_old_exchanges
from tests.support.clock import SettableClock
from tests.support.town import WEST, make_town

pytestmark = pytest.mark.django_db


def deliver(clock: SettableClock, state: str, **more: object) -> Delivery:
    make_town() if not Delivery.objects.exists() else None
    report = submit(
        now=clock.now(), lat=WEST[0], long=WEST[1], title="Hull", category_name="Gatelys",
        told=Told(email="kari@example.org"), confirmed=True,
    ).report  # fmt: skip
    delivery = Delivery.objects.get(report=report)
    Delivery.objects.filter(pk=delivery.pk).update(state=state, params_snapshot={"email": "kari"}, **more)
    Attempt.objects.create(
        delivery=delivery, n=1, worker="one", started_at=clock.now(), ended_at=clock.now(), outcome="accepted",
        response_head="<id>", explanation="It is there.",
    )  # fmt: skip
    return delivery


def test_old_exchanges_go_and_what_they_meant_stays(clock):
    there = deliver(clock, "accepted", accepted_at=clock.now())
    stopped, owed = deliver(clock, "cancelled"), deliver(clock, "uncertain")
    assert forget_old_exchanges(now=clock.now() + EXCHANGES_KEPT) == 0
    assert forget_old_exchanges(now=clock.now() + EXCHANGES_KEPT + timedelta(seconds=1)) == 2
    for delivery in (there, stopped):
        attempt = Attempt.objects.get(delivery=delivery)
        assert (attempt.response_head, attempt.explanation) == ("", "It is there.")
        assert Delivery.objects.get(pk=delivery.pk).params_snapshot == {}
    assert Attempt.objects.get(delivery=owed).response_head == "<id>"
    assert forget_old_exchanges(now=clock.now() + 2 * EXCHANGES_KEPT) == 0


@pytest.mark.parametrize(
    ("wrong", "name"),
    [({"closed": True}, "closed"), ({"visible": False}, "visible"), ({"comment_count": 7}, "comment_count")],
)
def test_kept_values_that_are_wrong_are_found(clock, wrong, name):
    delivery = deliver(clock, "waiting")
    assert wrong_kept() == {}
    Report.objects.update(**wrong)
    assert wrong_kept()[name] == 1
    Report.objects.update(closed=False, visible=True, comment_count=0)
    Delivery.objects.update(visible=False)
    assert wrong_kept() == {"delivery.visible": 1}
    hide_report(report=delivery.report, now=clock.now())
    assert wrong_kept() == {}
