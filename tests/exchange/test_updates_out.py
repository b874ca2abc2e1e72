"""What people say about a report later reaches its body: once, in order, in the endpoint's words, and never its own words."""

from __future__ import annotations

import pytest

from streetmend.bodies.models import Endpoint
from streetmend.georeport import testing
from streetmend.georeport.testing import PretendEndpoint
from streetmend.reports.models import Delivery, Report, Update
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services.by_staff import DeliveryMoved, send_by_email, stop_delivery
from streetmend.reports.services.updating import Said, add_update
from streetmend.reports.states import Actor, DeliveryState, State
from tests.exchange.reports import make_report
from tests.exchange.test_as_fixmystreet import URL, photo
from tests.support.clock import SettableClock
from tests.support.town import Town


@pytest.fixture(autouse=True)
def takes_updates(town: Town) -> None:
    Endpoint.objects.update(send_updates=True)


@pytest.fixture
def report(town: Town, clock: SettableClock, work) -> Report:
    """A report that its body has, ten minutes ago."""
    made = make_report(clock)
    work()
    clock.advance(minutes=10)
    return made


def habits(**told: object) -> None:
    Endpoint.objects.update(habits=told)


def say(
    report: Report,
    clock: SettableClock,
    text: str = "Den er fortsatt mørk.",
    *,
    actor: Actor = Actor.REPORTER,
    **said,
) -> Update:
    update = add_update(
        report=report, actor=actor, said=Said(text=text, **said), now=clock.now(), name="Kari Nordmann"
    )
    clock.advance(seconds=1)
    return update


def arrived(endpoint: PretendEndpoint) -> list[dict[str, list[str]]]:
    """The parameters of each posted update, in order."""
    found = []
    for posted in endpoint.ledger.posted():
        fields: dict[str, list[str]] = {}
        for name, value in posted.fields:
            fields.setdefault(name, []).append(value)
        found.append(fields)
    return found


def updates() -> list[Delivery]:
    return list(Delivery.objects.filter(kind=DeliveryKind.UPDATE).order_by("seq"))


def test_an_update_goes_out_once_with_the_bodys_number_of_the_report(report, endpoint, clock, work):
    update = say(report, clock)
    for _ in range(3):
        work()
        clock.advance(minutes=1)
    (said,) = arrived(endpoint)
    assert said["service_request_id"] == [Delivery.objects.get(kind=DeliveryKind.REPORT).remote_id]
    assert (said["update_id"], said["status"]) == ([str(update.pk)], ["OPEN"])
    assert said["description"] == ["Den er fortsatt mørk."]
    assert (said["first_name"], said["last_name"]) == (["Kari"], ["Nordmann"])
    assert said["updated_datetime"][0].startswith("2024-05-01T")
    (delivery,) = updates()
    assert (delivery.state, delivery.remote_id) == (DeliveryState.ACCEPTED, "p1")


def test_an_endpoint_that_goes_by_its_customer_reference_gets_updates_under_that(
    report, endpoint, clock, work
):
    habits(customer_reference=True)
    number = Delivery.objects.get(kind=DeliveryKind.REPORT).remote_id
    endpoint.say(number, "open", "Mottatt.", customer_reference="SAK-7")
    work()
    assert Delivery.objects.get(kind=DeliveryKind.REPORT).reference == "SAK-7"
    say(report, clock)
    work()
    assert updates()[0].params_snapshot["update"]["service_request_id"] == "SAK-7"


def test_updates_go_out_in_order_and_wait_for_the_reports_own_number(town, endpoint, clock, work):
    endpoint.always(testing.busy(429))
    made = make_report(clock)
    work()
    for text in ("én", "to", "tre"):
        say(made, clock, text)
    work()
    assert arrived(endpoint) == []
    endpoint.always(None)
    endpoint.script(testing.busy(429), operation="post_update")
    for _ in range(6):
        clock.advance(hours=1)
        work()
    assert [said["description"] for said in arrived(endpoint)] == [["én"], ["to"], ["tre"]]


def test_what_a_body_said_is_never_sent_back(report, endpoint, clock, work):
    number = Delivery.objects.get(kind=DeliveryKind.REPORT).remote_id
    endpoint.say(number, "closed", "Ferdig.", extended_status="fixed")
    work()
    assert Update.objects.count() == 1
    assert (updates(), arrived(endpoint)) == ([], [])


def test_an_endpoint_that_takes_no_updates_gets_none(report, endpoint, clock, work):
    Endpoint.objects.update(send_updates=False)
    say(report, clock)
    work()
    assert (updates(), arrived(endpoint)) == ([], [])


def test_every_body_that_takes_updates_gets_them_once(town, endpoint, clock, work):
    made = make_report(clock, category="Hull i vei")
    work()
    say(made, clock)
    for _ in range(2):
        work()
    assert len(endpoint.ledger.seen("post_update")) == 2
    assert {delivery.body for delivery in updates()} == {town.west, town.roads}
    assert {delivery.state for delivery in updates()} == {DeliveryState.ACCEPTED}


@pytest.mark.parametrize(
    ("told", "state", "status"),
    [
        ({}, State.IN_PROGRESS, "OPEN"),
        ({}, State.FIXED, "CLOSED"),
        ({"extended_statuses": True}, State.IN_PROGRESS, "IN_PROGRESS"),
        ({"extended_statuses": True}, State.PLANNED, "ACTION_SCHEDULED"),
        ({"extended_statuses": True}, State.NOT_RESPONSIBLE, "NOT_COUNCILS_RESPONSIBILITY"),
        ({"statuses_out": {"fixed": "done"}}, State.FIXED, "DONE"),
        ({"extended_statuses": True, "status_case": "lower"}, State.FIXED, "fixed"),
    ],
)
def test_extended_statuses_statuses_out_and_status_case_say_where_it_stands(
    report, endpoint, clock, work, told, state, status
):
    habits(**told)
    say(report, clock, actor=Actor.STAFF, state=state)
    work()
    assert arrived(endpoint)[0]["status"] == [status]


@pytest.mark.parametrize(("mark", "status"), [(True, "REOPEN"), (False, "OPEN")])
def test_mark_reopen_says_that_a_closed_report_is_open_again(report, endpoint, clock, work, mark, status):
    habits(mark_reopen=mark)
    say(report, clock, actor=Actor.STAFF, state=State.FIXED)
    say(report, clock, actor=Actor.STAFF, state=State.OPEN)
    for _ in range(2):
        work()
    assert [said["status"] for said in arrived(endpoint)] == [["CLOSED"], [status]]


def test_code_on_updates_names_the_category(report, endpoint, clock, work):
    habits(code_on_updates=True)
    say(report, clock)
    work()
    assert arrived(endpoint)[0]["service_code"] == ["LIGHT"]


@pytest.mark.parametrize(("always", "email"), [(True, ["post@test.example"]), (False, None)])
def test_always_email_updates_stands_in_for_an_address_that_was_not_told(
    report, endpoint, clock, work, always, email
):
    habits(always_email_updates=always)
    say(report, clock)
    work()
    assert arrived(endpoint)[0].get("email") == email


@pytest.mark.parametrize(
    ("how", "urls", "files"), [("first_url", 1, 0), ("all_urls", 2, 0), ("upload", 0, 2), ("none", 0, 0)]
)
def test_update_photos_go_out_as_the_endpoint_takes_them(report, endpoint, clock, work, how, urls, files):
    habits(update_photos=how)
    say(report, clock, photos=[photo(), photo(200)])
    work()
    (posted,) = endpoint.ledger.posted()
    sent = arrived(endpoint)[0].get("media_url", [])
    assert (len(sent), len(posted.update.uploads)) == (urls, files)
    assert all(url.startswith(f"{URL}/photos/") for url in sent)


@pytest.mark.parametrize(
    ("told", "actor", "end"),
    [
        ({}, Actor.RESIDENT, "(Not from the person who made the report.)"),
        ({"resident_mark": "Ikke melderen"}, Actor.RESIDENT, "Ikke melderen"),
        ({"resident_mark": ""}, Actor.RESIDENT, "mørk."),
        ({}, Actor.REPORTER, "mørk."),
    ],
)
def test_resident_mark_tells_that_it_is_not_the_reporter_who_speaks(
    report, endpoint, clock, work, told, actor, end
):
    habits(**told)
    say(report, clock, actor=actor)
    work()
    assert arrived(endpoint)[0]["description"][0].endswith(end)


def test_a_hidden_update_is_not_sent(report, endpoint, clock, work):
    update = say(report, clock)
    Update.objects.filter(pk=update.pk).update(hidden=True)
    work()
    assert arrived(endpoint) == []


def test_an_update_that_staff_stopped_keeps_none_from_leaving_after_it(report, endpoint, clock, work):
    endpoint.script(testing.refuse(400), operation="post_update")
    for text in ("én", "to"):
        say(report, clock, text)
    work()
    first, second = updates()
    assert (first.state, second.state) == (DeliveryState.REFUSED, DeliveryState.WAITING)
    stop_delivery(delivery=first, now=clock.now())
    work()
    assert [said["description"] for said in arrived(endpoint)] == [["to"]]


def test_updates_of_a_report_that_staff_stopped_are_not_sent(town, endpoint, clock, work):
    endpoint.always(testing.refuse(400))
    made = make_report(clock)
    work()
    say(made, clock)
    stop_delivery(delivery=Delivery.objects.get(kind=DeliveryKind.REPORT), now=clock.now())
    work()
    assert [one.state for one in updates()] == [DeliveryState.CANCELLED]
    assert arrived(endpoint) == []


def test_an_update_never_goes_by_email_as_if_it_were_the_report(report, endpoint, clock, work):
    endpoint.script(testing.refuse(400), operation="post_update")
    say(report, clock)
    work()
    with pytest.raises(DeliveryMoved):
        send_by_email(delivery=updates()[0], now=clock.now())
