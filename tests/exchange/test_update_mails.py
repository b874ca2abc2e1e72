"""What people say later goes by e-mail to bodies that got the report so: in the report's thread, in order, once."""

from __future__ import annotations

import pytest

from streetmend.bodies.models import Body, Endpoint
from streetmend.bodies.services import save_category
from streetmend.bodies.specs import CategorySpec
from streetmend.reports.models import Attempt, Delivery, Report
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services.by_staff import send_by_email
from streetmend.reports.services.updating import write_body_update
from streetmend.reports.states import Actor, DeliveryState, State
from tests.exchange.processes import text_of
from tests.exchange.reports import expire_leases, make_report
from tests.exchange.test_updates_out import say, updates
from tests.support.town import BEGAN, EAST, EASTS, make_town


@pytest.fixture
def town(transactional_db: None):
    return make_town()


@pytest.fixture
def report(town, mailed, clock, work) -> Report:
    """A report that the east has by e-mail."""
    made = make_report(clock, place=EAST)
    work()
    clock.advance(minutes=10)
    return made


def test_updates_are_mails_in_the_thread_of_the_report_in_order(report, mailed, clock, work, settings):
    settings.REPLY_ADDRESS = "reply@test.example"
    say(report, clock, "Den er fortsatt mørk.")
    say(report, clock, "Nå lyser den.", actor=Actor.RESIDENT, state=State.FIXED)
    work()
    first, second, third = mailed.to(EASTS)
    assert [second["In-Reply-To"], second["References"]] == [first["Message-ID"], first["Message-ID"]]
    assert third["In-Reply-To"] == second["Message-ID"]
    assert third["References"].split() == [first["Message-ID"], second["Message-ID"]]
    assert second["Subject"] == third["Subject"] == f"Re: {first['Subject']}"
    assert len({mail["Message-ID"] for mail in (first, second, third)}) == 3
    assert second["Reply-To"].startswith("reply+d")
    assert second["Reply-To"] != third["Reply-To"]
    assert "Den er fortsatt mørk." in text_of(second)
    assert "Nå lyser den." in text_of(third)
    assert "Utbedret" in text_of(third)
    assert {one.state for one in updates()} == {DeliveryState.BY_EMAIL}
    work()
    assert len(mailed.to(EASTS)) == 3


def test_an_update_waits_until_the_body_has_the_report(town, mailed, clock, work):
    mailed.refusals[EASTS] = ["450 4.2.0 greylisted"]
    made = make_report(clock, place=EAST)
    work()
    say(made, clock)
    work()
    assert mailed.to(EASTS) == []
    assert [one.next_at for one in updates()] == [None]
    clock.advance(hours=1)
    work()
    assert len(mailed.to(EASTS)) == 2


def test_F_64_a_mail_that_may_have_been_taken_is_repeated_under_the_same_message_id(
    report, mailed, clock, work
):
    say(report, clock)
    work()
    Delivery.objects.filter(kind=DeliveryKind.UPDATE).update(
        state=DeliveryState.SENDING, lease_owner="gone", lease_until=clock.now(), settle_until=clock.now()
    )
    Attempt.objects.filter(delivery__kind=DeliveryKind.UPDATE).update(ended_at=None, outcome="")
    expire_leases()
    clock.advance(minutes=2)
    work()
    clock.advance(hours=1)
    work()
    _, once, again = mailed.to(EASTS)
    assert once["Message-ID"] == again["Message-ID"]
    assert text_of(once) == text_of(again)


def test_what_the_body_said_itself_is_not_mailed_back(report, mailed, town, clock, work):
    write_body_update(report=report, body=town.east, text="Bestilt.", at=clock.now(), now=clock.now())
    work()
    assert len(mailed.to(EASTS)) == 1
    assert updates() == []


def test_a_body_that_wants_none_gets_none(report, mailed, town, clock, work):
    Body.objects.filter(pk=town.east.pk).update(mail_updates=False)
    say(report, clock)
    work()
    assert len(mailed.to(EASTS)) == 1
    assert updates() == []


def test_an_update_that_is_hidden_before_it_leaves_is_not_sent(report, mailed, clock, work):
    update = say(report, clock)
    update.hidden = True
    update.save(update_fields=["hidden"])
    work()
    assert len(mailed.to(EASTS)) == 1
    assert "hidden" in updates()[0].why


def test_updates_follow_a_report_that_staff_send_by_e_mail_instead(town, mailed, clock, work):
    """The west's endpoint is down; what was said meanwhile goes the report's new way, once it has left."""
    Endpoint.objects.update(send_updates=True)
    made = make_report(clock)
    work()
    say(made, clock)
    assert [one.endpoint_id for one in updates()] == [town.endpoint.pk]
    send_by_email(delivery=Delivery.objects.get(kind=DeliveryKind.REPORT), now=clock.now())
    work()
    first, second = mailed.to("post101@test.example")
    assert second["In-Reply-To"] == first["Message-ID"]
    assert [(one.endpoint_id, one.state) for one in updates()] == [(None, DeliveryState.BY_EMAIL)]


def test_a_category_can_have_an_address_and_a_way_of_its_own(town, mailed, clock, work):
    """The west takes Open311, and its lights a mail to the people who mend them."""
    row = town.west.categories.get(code="LIGHT")
    spec = CategorySpec(name="Gatelys", code="LIGHT", send="email", email="lys@test.example")
    save_category(body=town.west, category=row, spec=spec, now=BEGAN)
    made = make_report(clock)
    work()
    say(made, clock)
    work()
    assert [mail["To"] for mail in mailed.to("lys@test.example")] == ["lys@test.example"] * 2
    assert mailed.to("post101@test.example") == []


def test_a_category_that_is_sent_nowhere_owes_nothing(town, clock):
    row = town.west.categories.get(code="LIGHT")
    spec = CategorySpec(name="Gatelys", code="LIGHT", send="none")
    save_category(body=town.west, category=row, spec=spec, now=BEGAN)
    assert make_report(clock).recipient_ids == []
