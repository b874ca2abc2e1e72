"""Web addresses in what people write: links for readers, nothing for spammers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from streetmend.reports.errors import TooManyLinks
from streetmend.reports.models import Delivery, Notice, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import Said, Told, add_update, show_report, submit
from streetmend.reports.services.notices import secret_of
from streetmend.reports.states import Actor, DeliveryState
from streetmend.web.tags import linked
from tests.support.town import WEST, Town

NOW = datetime.now(UTC)
FOUR = " ".join(f"https://pills.example/{n}" for n in range(4))


def report(detail: str, *, confirmed: bool = True) -> Report:
    return submit(
        now=NOW, lat=WEST[0], long=WEST[1], title="Lykta er mørk", detail=detail, category_name="Gatelys",
        told=Told("kari@example.org"), confirmed=confirmed,
    ).report  # fmt: skip


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("Se https://kart.example/a?b=1&c=2.", ["https://kart.example/a?b=1&amp;c=2"]),
        ("(HTTP://kart.example)", ["HTTP://kart.example"]),
        ("https://xn--80ak6aa92e.example/", ["https://xn--80ak6aa92e.example/"]),
        ("https://a.example, https://b.example!", ["https://a.example", "https://b.example"]),
        ("javascript:alert(1) data:text/html,x //a.example ftp://a.example www.a.example", []),
        ('https://a.example/"onclick=alert(1)', ["https://a.example/"]),
        ("https://a.example/<script>", ["https://a.example/"]),
        ("https://", []),
    ],
)
def test_B_64_http_and_https_become_links_that_lend_no_weight_and_nothing_else_does(text, addresses):
    said = linked(text)
    assert said.count("<a ") == len(addresses)
    for address in addresses:
        assert f'<a href="{address}" rel="nofollow ugc noopener">{address}</a>' in said
    assert "<script" not in said
    assert '"onclick' not in said


def test_B_64_links_show_on_the_page_of_the_report(client: Client, town: Town):
    made = report("Se https://kart.example/lykt")
    add_update(report=made, actor=Actor.STAFF, said=Said(text="Les https://kommune.example/plan"), now=NOW)
    page = client.get(f"/reports/{made.pk}").content.decode()
    assert page.count('rel="nofollow ugc noopener"') == 2


def test_B_64_a_report_full_of_links_waits_for_staff_and_is_sent_when_they_show_it(client, town):
    waiting = report(FOUR, confirmed=False)
    notice = Notice.objects.get(kind=NoticeKind.CONFIRM_REPORT)
    answer = client.post(f"/confirm/{secret_of(notice)}")
    assert answer.headers["Location"] == "/about?now=looked_at"
    assert "A person looks at your report" in client.get("/about?now=looked_at").content.decode()
    assert client.get(f"/reports/{waiting.pk}").status_code == 404
    assert Delivery.objects.get().state == DeliveryState.CANCELLED
    assert (
        Notice.objects.get(kind=NoticeKind.STAFF)
        .content["subject"]
        .startswith(f"Report {waiting.pk} has 4 links")
    )
    show_report(report=waiting, now=NOW)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.next_at) == (DeliveryState.WAITING, NOW)
    assert client.get(f"/reports/{waiting.pk}").status_code == 200


def test_B_64_three_links_are_fine_and_so_are_more_from_who_is_known(client, town):
    few = report(FOUR[:-24], confirmed=False)
    client.post(f"/confirm/{secret_of(Notice.objects.get(kind=NoticeKind.CONFIRM_REPORT))}")
    assert Report.objects.get(pk=few.pk).visible
    assert report(FOUR).visible


def test_B_64_residents_put_no_more_than_three_links_into_an_update(client, town):
    made = report("Mørkt")
    with pytest.raises(TooManyLinks):
        add_update(report=made, actor=Actor.RESIDENT, said=Said(text=FOUR), now=NOW)
    add_update(report=made, actor=Actor.STAFF, said=Said(text=FOUR), now=NOW)
    assert made.updates.count() == 1
