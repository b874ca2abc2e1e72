"""A report goes out to an administration over real sockets and comes back."""

from __future__ import annotations

from streetmend.georeport.testing import PretendEndpoint
from streetmend.reports.models import Attempt, Delivery, Report, Update
from streetmend.reports.services import Submitted, Told, confirm_report, submit
from streetmend.reports.states import DeliveryState, State
from tests.support.clock import SettableClock
from tests.support.town import WEST, Town


def submitted(clock: SettableClock, *, category: str = "Gatelys", confirmed: bool = True) -> Submitted:
    return submit(
        now=clock.now(),
        lat=WEST[0],
        long=WEST[1],
        title="Lykta er mørk",
        detail="Den ved brua. 🕯",
        category_name=category,
        told=Told(email="kari@example.org", name="Kari Nordmann", phone="12345678", language="nb"),
        confirmed=confirmed,
    )


def test_a_confirmed_report_goes_out_has_the_bodys_number_and_comes_back_fixed(
    town: Town, endpoint: PretendEndpoint, clock: SettableClock, work, mailoutbox
):
    taken = submitted(clock, confirmed=False)
    work()
    assert endpoint.ledger.entries() == ()
    assert [one.to for one in mailoutbox] == [["kari@example.org"]]
    assert taken.secret in mailoutbox[0].body

    confirm_report(secret=taken.secret, now=clock.now())
    work()
    (entry,) = endpoint.ledger.entries()
    assert (entry.new.service_code, entry.new.lat, entry.new.long) == ("LIGHT", 60.0, 4.0)
    assert (entry.new.first_name, entry.new.last_name) == ("Kari", "Nordmann")
    assert (entry.new.email, entry.new.phone) == ("kari@example.org", "12345678")
    assert "Lykta er mørk" in (entry.new.description or "")
    assert "🕯" in (entry.new.description or "")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.remote_id) == (DeliveryState.ACCEPTED, entry.service_request_id)

    clock.advance(minutes=10)
    endpoint.say(entry.service_request_id, "open", "En mann er på vei.", extended_status="in_progress")
    work()
    assert Report.objects.get().state == State.IN_PROGRESS

    clock.advance(minutes=10)
    endpoint.say(entry.service_request_id, "closed", "Pæra er skiftet.", extended_status="fixed")
    work()
    report = Report.objects.get()
    assert (report.state, report.status_notes) == (State.FIXED, "Pæra er skiftet.")
    assert [update.text for update in Update.objects.order_by("at")] == [
        "En mann er på vei.",
        "Pæra er skiftet.",
    ]
    assert any("Pæra er skiftet." in one.body for one in mailoutbox)

    clock.advance(minutes=10)
    before = len(mailoutbox)
    work()
    assert (Update.objects.count(), len(mailoutbox)) == (2, before), "the same news again change nothing"
    assert Attempt.objects.count() == 1
