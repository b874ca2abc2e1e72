"""The key of an endpoint leaves for that endpoint and shows nowhere else: not in the log, not in attempts, not to staff."""

from __future__ import annotations

import json
import logging

import pytest
from django.core import serializers

from streetmend.bodies.models import Endpoint
from streetmend.bodies.sealing import seal
from streetmend.georeport import testing
from streetmend.georeport.testing import Behaviour
from streetmend.reports.models import Attempt, Delivery, Inbox, Notice
from tests.exchange.reports import make_report

KEY = "k3y+of/the&council"
ECHO = f'<errors><error><code>403</code><description>api_key "{KEY}" is wrong</description></error></errors>'
ENDINGS: dict[str, Behaviour] = {
    "accepted": testing.accept(),
    "refused, the key quoted": testing.garbage(ECHO.encode(), content_type="text/plain", status=400, stored=False),
    "key refused, the key quoted": testing.garbage(ECHO.encode(), content_type="text/xml", status=403, stored=False),
    "error page, the key quoted": testing.garbage(f"<p>{KEY} k3y%2Bof%2Fthe%26council</p>".encode(), status=500),
    "moved, the key in the address": testing.redirect("https://other.example/?api_key=k3y%2Bof%2Fthe%26council"),
    "reset": testing.drop(),
}  # fmt: skip


def everything_kept() -> str:
    """All rows that the exchange writes, as text."""
    rows = [*Attempt.objects.all(), *Delivery.objects.all(), *Notice.objects.all(), *Inbox.objects.all()]
    kept = json.loads(serializers.serialize("json", [*rows, *Endpoint.objects.all()]))
    for row in kept:
        row["fields"].pop("api_key_sealed", None)
    return json.dumps(kept, ensure_ascii=False)


@pytest.mark.parametrize("name", ENDINGS)
def test_B_102_the_key_is_in_no_log_and_in_no_row_whatever_happens(
    town, endpoint, clock, work, caplog, mailoutbox, name
):
    caplog.set_level(logging.DEBUG)
    Endpoint.objects.update(api_key_sealed=seal(KEY))
    endpoint.script(ENDINGS[name])
    endpoint.always(testing.garbage(ECHO.encode(), content_type="text/xml", status=403), operation="updates")
    make_report(clock)
    work()
    clock.advance(days=1)
    work()
    assert endpoint.ledger.seen("create")
    assert endpoint.ledger.seen("updates")
    said = [caplog.text, everything_kept(), *(mail.body + mail.subject for mail in mailoutbox)]
    for text in said:
        assert KEY not in text
        assert "k3y%2Bof" not in text
        assert "k3y" not in text


def test_a_key_that_cannot_be_read_pauses_the_endpoint_and_nothing_is_sent(town, endpoint, clock, work):
    Endpoint.objects.update(api_key_source={"env": "NO_SUCH_VARIABLE"})
    make_report(clock)
    work()
    town.endpoint.refresh_from_db()
    assert town.endpoint.paused_at == clock.now()
    assert "NO_SUCH_VARIABLE" in town.endpoint.paused_why
    assert endpoint.ledger.seen("create") == ()
    assert Delivery.objects.get().state == "waiting"
