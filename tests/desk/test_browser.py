"""A moderator hides a report, in a real browser."""

from __future__ import annotations

from datetime import UTC, datetime

from streetmend.accounts.models import Role
from streetmend.accounts.services import make_staff, new_sign_in_link
from tests.desk.conftest import make_report
from tests.support.town import make_town


def test_a_moderator_signs_in_by_a_link_hides_a_report_and_signs_out(live_server, page):
    make_town()
    make_report()
    now = datetime.now(UTC)
    person, _ = make_staff(email="mod@test.example", role=Role.MODERATOR, now=now)
    secret = new_sign_in_link(person=person, now=now)
    page.goto(f"{live_server.url}/sign-in/{secret}")
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url(f"{live_server.url}/admin/")
    page.locator("a[href='/admin/reports/report/']").first.click()
    page.get_by_role("link", name="Lykta er mørk").click()
    page.get_by_role("button", name="Hide this report").click()
    page.get_by_text("Hidden. (1)").wait_for()
    assert page.request.get(f"{live_server.url}/reports").text().count("Lykta er mørk") == 0
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{live_server.url}/admin/")
    assert page.url.endswith("/sign-in")
