"""What staff want of the worker, it does: a test of an endpoint, a marked repeat, an e-mail instead; and nothing while paused."""

from __future__ import annotations

from django.core import mail

from streetmend.bodies.health import want_test
from streetmend.bodies.models import Endpoint
from streetmend.georeport import testing
from streetmend.reports.models import Attempt
from streetmend.reports.services.by_staff import send_again, send_by_email
from streetmend.reports.services.outbound import pause_outbound, resume_outbound
from streetmend.reports.states import DeliveryState
from tests.exchange.reports import is_parked, make_report, only_delivery, posts


def result_of_test(town, clock, work) -> dict:
    want_test(endpoint_id=town.endpoint.pk, now=clock.now())
    work()
    row = Endpoint.objects.get(pk=town.endpoint.pk)
    assert (row.test_wanted_at, row.tested_at) == (None, clock.now())
    return row.test_result


def test_a_wanted_test_asks_for_categories_and_for_our_reports_and_posts_nothing(town, endpoint, clock, work):
    first = result_of_test(town, clock, work)
    assert (isinstance(first["categories"], int), "asked_for" in first, "error" in first) == (
        True,
        False,
        False,
    )
    make_report(clock)
    work()
    second = result_of_test(town, clock, work)
    assert (second["asked_for"], second["found"]) == (1, 1)
    assert posts(endpoint) == 1


def test_a_test_of_an_endpoint_that_is_away_says_why_and_a_paused_one_is_tested_too(town, clock, work):
    Endpoint.objects.update(url="http://nobody.invalid/open311", paused_at=clock.now())
    assert result_of_test(town, clock, work)["error"]


def test_a_report_that_staff_send_again_says_that_it_may_be_a_repeat_and_when_it_was_sent_first(
    town, endpoint, clock, work
):
    report = make_report(clock)
    endpoint.script(testing.drop())
    work()
    delivery = only_delivery()
    assert is_parked(delivery)
    clock.advance(minutes=30)
    assert send_again(delivery=delivery, now=clock.now()) is True
    work()
    delivery = only_delivery()
    assert (delivery.state, delivery.attempts) == (DeliveryState.ACCEPTED, 2)
    text = endpoint.ledger.entries()[0].new.description
    assert text.startswith(f"Dette kan gjenta melding {report.pk}, som vi sendte 1. mai 2024")
    first = Attempt.objects.get(n=1).params_snapshot["request"]["description"]
    assert "gjenta" not in first


def test_staff_send_by_email_what_the_endpoint_refused(town, endpoint, clock, work):
    make_report(clock)
    endpoint.script(testing.refuse(400, "No such place"))
    work()
    delivery = only_delivery()
    assert delivery.state == DeliveryState.REFUSED
    assert send_by_email(delivery=delivery, now=clock.now()) is False
    work()
    assert only_delivery().state == DeliveryState.BY_EMAIL
    sent = [one for one in mail.outbox if one.to == ["post101@test.example"]]
    assert len(sent) == 1
    assert "gjenta" not in sent[0].body


def test_nothing_leaves_while_an_operator_has_paused_it_and_all_of_it_after(town, endpoint, clock, work):
    make_report(clock)
    pause_outbound(why="A holiday", now=clock.now())
    want_test(endpoint_id=town.endpoint.pk, now=clock.now())
    work()
    assert (only_delivery().state, endpoint.ledger.seen(), mail.outbox) == (DeliveryState.WAITING, (), [])
    resume_outbound(instance_id="", now=clock.now())
    work()
    assert only_delivery().state == DeliveryState.ACCEPTED
