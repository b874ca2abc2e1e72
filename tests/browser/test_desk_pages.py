"""The desk's own pages in a real browser: axe finds nothing, nothing runs over at 320 pixels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from streetmend.accounts.models import Role
from streetmend.accounts.services import make_staff, new_sign_in_link
from streetmend.reports.models import Attempt, Delivery
from tests.browser.test_pages import check
from tests.desk.conftest import make_report
from tests.support.town import make_town

pytestmark = pytest.mark.django_db(transaction=True)


def test_connections_and_deliveries_can_be_used_by_everybody(live_server: Any, page: Any) -> None:
    town = make_town()
    make_report()
    now = datetime.now(UTC)
    delivery = Delivery.objects.get()
    for number in (1, 2):
        Attempt.objects.create(
            delivery=delivery, endpoint=town.endpoint, n=number, worker="one", started_at=now,
            ended_at=now + timedelta(seconds=2), outcome="unknown", http_status=500, response_head="<x>" * 200,
            explanation="The endpoint answered 500; it may have stored what we sent.",
        )  # fmt: skip
    Delivery.objects.update(state="uncertain", next_at=now, why="It may have arrived or not.", attempts=2)
    person, _ = make_staff(email="ops@test.example", role=Role.ADMIN, now=now)
    page.goto(f"{live_server.url}/sign-in/{new_sign_in_link(person=person, now=now)}")
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url(f"{live_server.url}/admin/")
    page.get_by_role("link", name="Connections").click()
    page.get_by_role("link", name="Vestby kommune").click()
    page.get_by_role("button", name="Test connection").click()
    page.get_by_text("a test is under way").wait_for()
    page.get_by_role("link", name="Lykta er mørk").click()
    page.get_by_text("The exchange as it was").first.click()
    page.get_by_role("button", name="Ask now").click()
    page.get_by_text("ops@test.example: Asked now.").wait_for()
    for path in ("connections", f"connections/{town.endpoint.pk}", f"deliveries/{delivery.pk}"):
        check(page, f"{live_server.url}/desk/{path}")
