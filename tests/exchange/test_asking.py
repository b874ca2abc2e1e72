"""What nobody knows is asked about: found by mark, number or content, sent again only after two good negatives, or marked."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import parse_qs

import pytest
from msgspec import structs

from streetmend.bodies.models import Endpoint, OnUnknown
from streetmend.exchange.repeats import note_of_repeat
from streetmend.georeport import testing
from streetmend.georeport.testing import Answer, Behaviour, PretendEndpoint
from streetmend.reports.models import Attempt, Delivery, EndpointWatch, Notice, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services.by_staff import ask_now
from streetmend.reports.states import DeliveryState
from tests.exchange.reports import make_report, only_delivery, posts

SETTLE = timedelta(minutes=10)


def delivery_of(report: Report) -> Delivery:
    return Delivery.objects.get(report=report)


def habits(**given: object) -> None:
    for endpoint in Endpoint.objects.all():
        Endpoint.objects.filter(pk=endpoint.pk).update(habits={**endpoint.habits, **given})


def accepted_one(clock, work) -> Report:
    """A report that the endpoint has, by which it shows whether it can be asked."""
    report = make_report(clock, title="En annen", detail="Et annet sted.")
    work()
    assert delivery_of(report).state == DeliveryState.ACCEPTED
    return report


def pass_time(clock, work, **parts: float) -> None:
    clock.advance(**parts)
    work()


def test_F_05_F_23_what_was_stored_without_an_answer_is_found_by_our_mark(town, endpoint, clock, work):
    endpoint.script(testing.drop(stored=True))
    make_report(clock)
    work()
    assert only_delivery().state == DeliveryState.UNCERTAIN
    pass_time(clock, work, minutes=9)
    assert endpoint.ledger.seen("requests") == ()
    pass_time(clock, work, minutes=1)
    delivery = only_delivery()
    assert (delivery.state, delivery.remote_id, delivery.proof) == (DeliveryState.ACCEPTED, "1", "found")
    assert posts(endpoint) == 1
    assert Notice.objects.filter(kind=NoticeKind.REPORT_SENT).count() == 1


def test_F_31_what_is_not_there_is_sent_again_only_after_two_negatives(town, endpoint, clock, work):
    accepted_one(clock, work)
    endpoint.script(testing.fail(500))
    report = make_report(clock)
    work()
    pass_time(clock, work, minutes=10)
    assert (delivery_of(report).state, delivery_of(report).negatives) == (DeliveryState.UNCERTAIN, 1)
    pass_time(clock, work, minutes=4)
    assert posts(endpoint) == 2
    pass_time(clock, work, minutes=1)
    delivery = delivery_of(report)
    assert (delivery.state, delivery.remote_id, posts(endpoint)) == (DeliveryState.ACCEPTED, "2", 3)
    texts = [entry.new.description for entry in endpoint.ledger.entries()]
    assert all(text.startswith(("En annen", "Lykta")) for text in texts)


def test_a_second_resend_says_that_it_may_repeat(town, endpoint, clock, work):
    accepted_one(clock, work)
    endpoint.script(testing.fail(500), testing.fail(500))
    report = make_report(clock)
    work()
    for _ in range(8):
        pass_time(clock, work, minutes=5)
    assert delivery_of(report).state == DeliveryState.ACCEPTED
    text = endpoint.ledger.entries()[-1].new.description
    assert text.startswith(note_of_repeat(delivery_of(report)))
    assert "Lykta er mørk" in text
    assert "request" in Attempt.objects.get(delivery__report=report, n=1).params_snapshot


def test_F_25_what_is_stored_late_but_before_it_was_asked_about_is_found(town, endpoint, clock, work):
    Endpoint.objects.update(timeout_seconds=1)
    accepted_one(clock, work)
    endpoint.script(Behaviour(name="late", wait=30, late=timedelta(minutes=8)))
    report = make_report(clock)
    work()
    pass_time(clock, work, minutes=10)
    assert (delivery_of(report).proof, posts(endpoint)) == ("found", 2)


def test_F_49_what_becomes_visible_late_is_found_at_the_second_time_and_the_endpoint_gets_more_time(
    town, endpoint, clock, work
):
    accepted_one(clock, work)
    endpoint.script(Behaviour(name="late", late=timedelta(minutes=12), cut=testing.drop(stored=True).cut))
    report = make_report(clock)
    work()
    pass_time(clock, work, minutes=10)
    assert delivery_of(report).negatives == 1
    pass_time(clock, work, minutes=5)
    assert (delivery_of(report).proof, posts(endpoint)) == ("found", 2)
    assert EndpointWatch.objects.get(pk=town.endpoint.pk).late_seconds == 15 * 60
    endpoint.script(testing.fail(500))
    other = make_report(clock, title="Tredje")
    work()
    settle = delivery_of(other).settle_until
    assert settle == clock.now() + 1.5 * timedelta(minutes=15)


def test_F_26_what_is_stored_later_than_all_patience_is_flagged_as_there_twice(town, endpoint, clock, work):
    accepted_one(clock, work)
    endpoint.script(Behaviour(name="late", late=timedelta(minutes=20), cut=testing.drop(stored=True).cut))
    report = make_report(clock)
    work()
    for _ in range(10):
        pass_time(clock, work, minutes=5)
    delivery = delivery_of(report)
    assert (delivery.state, delivery.proof) == (DeliveryState.ACCEPTED, "duplicate found")
    assert {delivery.remote_id, delivery.other_remote_id} == {"2", "3"}
    assert posts(endpoint) == 3
    assert EndpointWatch.objects.get(pk=town.endpoint.pk).late_seconds >= 20 * 60
    notices = Notice.objects.filter(kind=NoticeKind.STAFF)
    assert [one for one in notices if "twice" in one.content["subject"]]


def test_a_sweep_that_ends_in_an_error_is_no_answer(town, endpoint, clock, work):
    accepted_one(clock, work)
    endpoint.script(testing.fail(500))
    endpoint.always(testing.fail(503), operation="requests")
    report = make_report(clock)
    work()
    for _ in range(10):
        pass_time(clock, work, minutes=5)
    assert (delivery_of(report).negatives, posts(endpoint)) == (0, 2)
    endpoint.always(None, operation="requests")
    for _ in range(16):
        pass_time(clock, work, minutes=5)
    assert (delivery_of(report).state, posts(endpoint)) == (DeliveryState.ACCEPTED, 3)


def hide_requests(endpoint: PretendEndpoint) -> None:
    """GET requests is answered with no rows at all, whatever there is."""
    empty = b'<?xml version="1.0"?><service_requests/>'

    def nothing(usual: Answer) -> Answer:
        return Answer(200, empty, usual.content_type)

    endpoint.always(Behaviour(name="moderated", reply=nothing), operation="requests")


@pytest.mark.parametrize("how", ["moderated", "missing"])
def test_F_47_where_it_cannot_be_asked_it_is_sent_once_more_marked_and_then_held(
    town, endpoint, clock, work, how
):
    accepted_one(clock, work)
    if how == "moderated":
        hide_requests(endpoint)
    else:
        endpoint.always(testing.refuse(404), operation="requests")
    endpoint.script(testing.fail(500), testing.fail(500))
    report = make_report(clock)
    work()
    pass_time(clock, work, minutes=30)
    assert (delivery_of(report).state, posts(endpoint)) == (DeliveryState.UNCERTAIN, 2)
    for _ in range(8):
        pass_time(clock, work, minutes=30)
    assert posts(endpoint) == 3
    for _ in range(20):
        pass_time(clock, work, minutes=30)
    delivery = delivery_of(report)
    assert (delivery.state, posts(endpoint)) == (DeliveryState.HELD, 3)
    assert delivery.next_at is None
    assert "Somebody" in delivery.why
    assert len([one for one in Notice.objects.all() if "not known" in one.content.get("subject", "")]) >= 1


def test_F_47_where_the_policy_is_to_hold_nothing_is_sent_again(town, endpoint, clock, work):
    Endpoint.objects.update(on_unknown=OnUnknown.HOLD)
    hide_requests(endpoint)
    endpoint.script(testing.drop(stored=True))
    report = make_report(clock)
    work()
    pass_time(clock, work, hours=1)
    assert (delivery_of(report).state, posts(endpoint)) == (DeliveryState.HELD, 1)


def test_F_47_where_the_policy_is_mail_it_goes_by_mail_with_a_note(town, endpoint, clock, work):
    Endpoint.objects.update(on_unknown=OnUnknown.EMAIL)
    hide_requests(endpoint)
    endpoint.script(testing.drop(stored=True))
    report = make_report(clock)
    work()
    for _ in range(10):
        pass_time(clock, work, minutes=30)
    delivery = delivery_of(report)
    assert (delivery.state, delivery.endpoint_id) == (DeliveryState.BY_EMAIL, None)
    assert note_of_repeat(delivery) in delivery.params_snapshot["text"]
    assert posts(endpoint) == 1


def test_an_endpoint_that_knows_repeats_by_their_key_gets_the_same_again(town, endpoint, clock, work):
    habits(idempotent=True)
    endpoint.honours_keys = True
    endpoint.script(testing.drop(stored=True))
    make_report(clock)
    work()
    pass_time(clock, work, minutes=10)
    delivery = only_delivery()
    assert (delivery.state, delivery.remote_id, delivery.proof) == (DeliveryState.ACCEPTED, "1", "answer")
    assert (posts(endpoint), len(endpoint.ledger.entries())) == (2, 1)
    assert endpoint.ledger.seen("requests") == ()


def strip_marks(endpoint: PretendEndpoint) -> None:
    """The endpoint shows descriptions without addresses, as some do."""

    def stripped(usual: Answer) -> Answer:
        body = usual.body.replace(b"http://", b"").replace(b"/reports/", b" ")
        return Answer(usual.status, body, usual.content_type)

    endpoint.always(Behaviour(name="strips", reply=stripped), operation="requests")


def test_what_carries_no_mark_is_found_by_its_content(town, endpoint, clock, work):
    strip_marks(endpoint)
    endpoint.script(testing.drop(stored=True))
    report = make_report(clock, detail="Lykta ved brua er mørk hver kveld etter klokka ti. " * 4)
    work()
    pass_time(clock, work, minutes=10)
    delivery = delivery_of(report)
    assert (delivery.state, delivery.proof) == (DeliveryState.ACCEPTED, "found by content")


def test_two_reports_with_the_same_content_are_not_told_apart_by_it(town, endpoint, clock, work):
    strip_marks(endpoint)
    endpoint.script(testing.drop(stored=True), testing.drop(stored=True))
    detail = "Lykta ved brua er mørk hver kveld etter klokka ti. " * 4
    for _ in range(2):
        make_report(clock, detail=detail)
    work()
    pass_time(clock, work, minutes=10)
    assert set(Delivery.objects.values_list("state", "proof")) == {("uncertain", "")}


def test_two_bodies_behind_one_address_get_their_own_numbers(town, endpoint, clock, work):
    endpoint.script(testing.drop(stored=True), testing.drop(stored=True))
    report = make_report(clock, category="Hull i vei")
    work()
    pass_time(clock, work, minutes=10)
    by_code = {entry.new.service_code: entry.service_request_id for entry in endpoint.ledger.entries()}
    assert dict(Delivery.objects.filter(report=report).values_list("body_id", "remote_id")) == {
        town.west.pk: by_code["POT"],
        town.roads.pk: by_code["R-POT"],
    }


def test_one_sweep_asks_about_everything_that_is_uncertain_there(town, endpoint, clock, work):
    habits(breaker_failures=1000, breaker_window=1000)
    endpoint.always(testing.drop(stored=True))
    for number in range(30):
        make_report(clock, title=f"Lykt {number}")
    work()
    pass_time(clock, work, minutes=10)
    assert set(Delivery.objects.values_list("state", "proof")) == {("accepted", "found")}
    assert len(endpoint.ledger.seen("requests")) <= 3
    assert posts(endpoint) == 30


def test_F_48_full_pages_are_halved_by_time(town, endpoint, clock, work):
    endpoint.script(testing.drop(stored=True))
    report = make_report(clock)
    work()
    (mine,) = endpoint.ledger.entries()
    for number in range(2500):
        clock.advance(seconds=0.1)
        new = structs.replace(mine.new, description=f"Noe annet {number}")
        endpoint.ledger.store(new, (), {})
    pass_time(clock, work, minutes=10)
    assert delivery_of(report).remote_id == mine.service_request_id
    assert 3 <= len(endpoint.ledger.seen("requests")) <= 40


def test_F_48_an_endpoint_that_ignores_dates_and_does_not_reach_back_has_said_nothing(
    town, endpoint, clock, work
):
    accepted_one(clock, work)
    endpoint.script(testing.fail(500))
    report = make_report(clock)
    work()
    mine = endpoint.ledger.entries()[0]
    pass_time(clock, work, minutes=9)
    clock.advance(hours=8)
    for number in range(1100):
        endpoint.ledger.store(structs.replace(mine.new, description=f"Noe annet {number}"), (), {})
    rows = endpoint.handle("GET", "/requests.xml")
    endpoint.always(
        Behaviour(name="ignores dates", reply=lambda usual: Answer(200, rows.body, usual.content_type)),
        operation="requests",
    )
    work()
    assert (delivery_of(report).negatives, posts(endpoint)) == (0, 2)
    assert EndpointWatch.objects.get(pk=town.endpoint.pk).ask_failures == 1


@pytest.mark.parametrize("hours", [-25, -1, 1, 25])
def test_F_50_the_clock_of_an_endpoint_may_be_wrong(town, clock, work, hours):
    Endpoint.objects.update(skew_seconds=-hours * 3600)
    fast = PretendEndpoint(clock=lambda: clock.now() + timedelta(hours=hours))
    with testing.serving(fast) as server:
        Endpoint.objects.update(url=server.url)
        fast.script(testing.drop(stored=True))
        make_report(clock)
        work()
        pass_time(clock, work, minutes=10)
    assert only_delivery().proof == "found"


def test_F_51_our_clock_put_back_or_forward_neither_repeats_nor_forgets(town, endpoint, clock, work):
    accepted_one(clock, work)
    endpoint.script(testing.drop(stored=True), testing.drop(stored=True))
    first, second = make_report(clock), make_report(clock, title="To")
    work()
    clock.set(clock.now() - timedelta(hours=2))
    work()
    assert posts(endpoint) == 3
    clock.set(clock.now() + timedelta(hours=4))
    work()
    assert {delivery_of(first).proof, delivery_of(second).proof} == {"found"}
    assert posts(endpoint) == 3


def test_being_asked_about_too_early_brings_no_resend_nearer(town, endpoint, clock, work):
    accepted_one(clock, work)
    endpoint.script(testing.fail(500))
    report = make_report(clock)
    work()
    for _ in range(2):
        ask_now(delivery=delivery_of(report), now=clock.now())
        work()
    assert (delivery_of(report).negatives, posts(endpoint)) == (0, 2)
    for _ in range(3):
        pass_time(clock, work, minutes=5)
    assert (delivery_of(report).state, posts(endpoint)) == (DeliveryState.ACCEPTED, 3)


def test_how_long_to_wait_where_it_cannot_be_asked_is_the_endpoints_own(town, endpoint, clock, work):
    habits(unknown_after_hours=1)
    endpoint.always(testing.refuse(404), operation="requests")
    endpoint.script(testing.fail(500))
    make_report(clock)
    work()
    pass_time(clock, work, minutes=50)
    assert posts(endpoint) == 1
    pass_time(clock, work, minutes=10)
    assert (only_delivery().state, posts(endpoint)) == (DeliveryState.ACCEPTED, 2)


def test_how_far_around_the_time_in_question_is_looked_is_the_endpoints_own(town, endpoint, clock, work):
    habits(find_margin_seconds=3600)
    endpoint.script(testing.drop(stored=True))
    long_before = clock.now() - timedelta(hours=1)
    make_report(clock)
    work()
    pass_time(clock, work, minutes=10)
    (asked, *_) = endpoint.ledger.seen("requests")
    (start,) = parse_qs(asked.query)["start_date"]
    assert datetime.fromisoformat(start) == long_before


def test_a_control_that_had_to_be_sent_again_is_looked_for_where_it_came_into_being(
    town, endpoint, clock, work
):
    began = clock.now()
    accepted_one(clock, work)
    endpoint.script(testing.fail(500))
    again = make_report(clock)
    work()
    for _ in range(3):
        pass_time(clock, work, minutes=5)
    assert (delivery_of(again).proof, delivery_of(again).attempts) == ("answer", 2)
    # the first one is too old by now to be a control
    clock.set(began + timedelta(days=30) - timedelta(minutes=2))
    endpoint.script(testing.fail(500))
    report = make_report(clock, title="Ny")
    work()
    for _ in range(3):
        pass_time(clock, work, minutes=5)
    assert (delivery_of(report).state, posts(endpoint)) == (DeliveryState.ACCEPTED, 5)
