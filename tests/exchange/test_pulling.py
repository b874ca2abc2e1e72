"""What endpoints say of our reports comes back: each word once, in any order, from the right endpoint only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import permutations
from urllib.parse import parse_qsl, urlsplit

import pytest

from streetmend.bodies.models import Endpoint
from streetmend.georeport import testing
from streetmend.georeport.dialect import DEFAULT
from streetmend.georeport.testing import Behaviour, PretendEndpoint
from streetmend.georeport.testing.answering import within
from streetmend.georeport.types import RequestUpdate
from streetmend.georeport.writing import WRITERS
from streetmend.reports.models import Delivery, Inbox, Notice, Report, Update
from streetmend.reports.models.outbox import InboxState, NoticeKind
from streetmend.reports.services import confirm_alert, follow, hide_report
from streetmend.reports.services.notices import secret_of
from streetmend.reports.states import DeliveryState, State
from tests.exchange.conftest import Work
from tests.exchange.reports import make_report
from tests.support.clock import SettableClock
from tests.support.town import Town


@pytest.fixture
def there(town: Town, endpoint: PretendEndpoint, clock: SettableClock, work: Work) -> str:
    """A report is at its endpoint, ten minutes ago; the endpoint's number for it."""
    make_report(clock)
    work()
    clock.advance(minutes=10)
    return endpoint.ledger.entries()[0].service_request_id


def told() -> list[str]:
    """What people were told of, in order."""
    return [
        notice.update.text
        for notice in Notice.objects.filter(kind=NoticeKind.REPORT_UPDATED).order_by("id")
        if notice.update
    ]


def add(endpoint: PretendEndpoint, number: str, **told: object) -> None:
    """The endpoint has one more update, which says only what is given."""
    endpoint.ledger.add_update(RequestUpdate(service_request_id=number, **{"update_id": "u9", **told}))


def test_an_update_moves_the_report_shows_on_it_and_is_told_once_however_often_it_comes(
    there, endpoint, clock, work
):
    endpoint.say(there, "open", "En mann er på vei.", extended_status="in_progress")
    for _ in range(4):
        work()
        clock.advance(minutes=5)
    report = Report.objects.get()
    update = Update.objects.get()
    assert (report.state, report.status_notes) == (State.IN_PROGRESS, "En mann er på vei.")
    assert (update.text, update.name, update.actor) == ("En mann er på vei.", "Vestby kommune", "body")
    assert told() == ["En mann er på vei."]
    assert len(endpoint.ledger.seen("updates")) >= 4


def test_a_follower_is_told_too(there, endpoint, clock, work):
    follow(report=Report.objects.get(), email="ola@example.org", language="en", now=clock.now())
    confirm_alert(secret=secret_of(Notice.objects.get(kind=NoticeKind.CONFIRM_ALERT)), now=clock.now())
    endpoint.say(there, "closed", "Ferdig.")
    work()
    addresses = Notice.objects.filter(kind=NoticeKind.REPORT_UPDATED).values_list("email", flat=True)
    assert set(addresses) == {"kari@example.org", "ola@example.org"}


STORY = [("investigating", 1), ("in_progress", 2), ("fixed", 3)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_F_77_updates_leave_the_report_in_the_same_state_whatever_order_they_come_in(
    there, endpoint, clock, work, order
):
    began = clock.now()
    for place in order:
        word, minutes = STORY[place]
        endpoint.say(there, "open", word, extended_status=word, at=began + timedelta(minutes=minutes))
        clock.advance(minutes=10)
        work()
    report = Report.objects.get()
    assert (report.state, report.status_notes) == (State.FIXED, "fixed")
    assert Update.objects.count() == 3


def test_two_updates_of_one_second_count_in_the_order_of_their_numbers(there, endpoint, clock, work):
    at = clock.now()
    for number, word in ((9, "in_progress"), (10, "fixed")):
        endpoint.say(there, "open", word, extended_status=word, at=at, update_id=f"u{number}")
    work()
    report = Report.objects.get()
    assert (report.state, report.status_notes) == (State.FIXED, "fixed")


def test_without_the_extension_statuses_are_asked_for(there, endpoint, clock, work):
    endpoint.has_updates = False
    Endpoint.objects.update(can_update_list=None)
    work()
    endpoint.ledger.change(there, status="closed", notes="Pæra er skiftet.")
    for _ in range(3):
        clock.advance(minutes=5)
        work()
    report = Report.objects.get()
    assert (report.state, report.status_notes) == (State.CLOSED, "Pæra er skiftet.")
    assert Update.objects.count() == 1
    assert told() == ["Pæra er skiftet."]
    asked = [seen.query for seen in endpoint.ledger.seen("requests")]
    assert asked
    assert all(f"service_request_id={there}" in query for query in asked)
    assert Endpoint.objects.get(body__mapit_id=101).can_update_list is False


def test_an_endpoint_that_answers_with_all_its_requests_changes_only_ours(there, endpoint, clock, work):
    endpoint.has_updates = False
    everything = (
        b"<service_requests>"
        b"<request><service_request_id>999</service_request_id><status>closed</status></request>"
        b"<request><service_request_id>1</service_request_id><status>closed</status></request>"
        b"</service_requests>"
    )
    endpoint.always(testing.garbage(everything, content_type="text/xml"), operation="requests")
    for _ in range(2):
        work()
        clock.advance(minutes=5)
    assert Report.objects.get().state == State.CLOSED
    assert set(Inbox.objects.values_list("remote_report_id", flat=True)) == {"1"}


def test_B_89_an_endpoint_speaks_of_its_own_reports_only(there, town, endpoint, clock, work):
    """Both endpoints of the town see all updates; the road authority was never sent this report."""
    report = Report.objects.get()
    add(
        endpoint,
        "not one of ours",
        fixmystreet_id=str(report.pk),
        status="closed",
        updated_datetime=clock.now(),
    )
    add(
        endpoint,
        there,
        update_id="u10",
        status="investigating",
        description="Vi ser på den.",
        updated_datetime=clock.now(),
    )
    Endpoint.objects.filter(pk=town.endpoint.pk).update(pull_updates=False)
    work()
    report.refresh_from_db()
    assert (report.state, Update.objects.count()) == (State.OPEN, 0)
    assert set(Inbox.objects.values_list("state", flat=True)) == {InboxState.ORPHAN}


def test_F_78_an_update_that_comes_before_we_know_the_number_counts_once_we_do(town, endpoint, clock, work):
    endpoint.script(testing.token(ready_after=2))
    make_report(clock)
    work()
    endpoint.say("1", "closed", "Ferdig.")
    for _ in range(10):
        clock.advance(minutes=2)
        work()
    assert Delivery.objects.get().state == DeliveryState.ACCEPTED
    assert Report.objects.get().state == State.CLOSED
    assert told() == ["Ferdig."]


def test_an_update_that_names_our_report_proves_that_an_uncertain_one_arrived(town, endpoint, clock, work):
    endpoint.script(testing.fail(500, stored=True))
    report = make_report(clock)
    work()
    assert Delivery.objects.get().state == DeliveryState.UNCERTAIN
    clock.advance(minutes=6)
    add(
        endpoint, "1", fixmystreet_id=str(report.pk), status="open", description="Mottatt.",
        updated_datetime=clock.now(),
    )  # fmt: skip
    work()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.remote_id, delivery.proof) == (DeliveryState.ACCEPTED, "1", "update")
    assert len(endpoint.ledger.seen("create")) == 1
    assert Notice.objects.filter(kind=NoticeKind.REPORT_SENT).count() == 1


def test_F_79_one_row_that_makes_no_sense_costs_that_row_only(there, endpoint, clock, work):
    now = clock.now().isoformat()
    rows = "".join(
        f"<request_update><update_id>u{n}</update_id><service_request_id>{there}</service_request_id>"
        f"<status>open</status><updated_datetime>{now}</updated_datetime><description>Nr. {n}</description>"
        "</request_update>"
        for n in range(30)
    )
    broken = "<request_update>just words</request_update>"
    page = f"<service_request_updates>{rows}{broken}</service_request_updates>".encode()
    endpoint.always(testing.garbage(page, content_type="text/xml"), operation="updates")
    Endpoint.objects.filter(body__mapit_id=103).update(pull_updates=False)
    for _ in range(3):
        work()
        clock.advance(minutes=5)
    assert Update.objects.count() == 30
    assert Inbox.objects.filter(state=InboxState.ERROR).count() == 1
    assert Inbox.objects.count() == 31


@pytest.mark.parametrize(
    "behaviour",
    [testing.fail(500), testing.drop(), testing.html(), testing.doctype(), testing.cut_short(),
     testing.garbage(b"<service_request_updates>", content_type="text/xml"), testing.redirect("http://10.0.0.1/")],
    ids=lambda one: one.name,
)  # fmt: skip
def test_F_80_news_of_an_outage_come_once_the_endpoint_is_back(
    there, endpoint, clock, work, behaviour: Behaviour
):
    cursor = Endpoint.objects.get(body__mapit_id=101).updates_cursor
    endpoint.always(behaviour, operation="updates")
    for day in range(3):
        endpoint.say(there, "open", f"Dag {day}.")
        clock.advance(days=1)
        work()
    assert Endpoint.objects.get(body__mapit_id=101).updates_cursor == cursor
    assert Update.objects.count() == 0
    endpoint.always(None, operation="updates")
    clock.advance(hours=2)
    work()
    assert [update.text for update in Update.objects.order_by("at")] == ["Dag 0.", "Dag 1.", "Dag 2."]


def test_a_word_that_nobody_knows_shows_as_an_update_and_moves_nothing(there, endpoint, clock, work):
    endpoint.say(there, "open", "Noe er gjort.", extended_status="halvferdig")
    work()
    update = Update.objects.get()
    assert (update.state, update.foreign_state, update.text) == ("", "halvferdig", "Noe er gjort.")
    assert Report.objects.get().state == State.OPEN


def test_an_endpoints_own_words_mean_what_its_habits_say(there, endpoint, clock, work):
    Endpoint.objects.update(habits={"statuses_in": {"utbedret": "fixed"}})
    endpoint.say(there, "open", "Ja.", extended_status="Utbedret")
    work()
    assert Report.objects.get().state == State.FIXED


def test_a_hidden_report_stays_hidden_and_nobody_is_told(there, endpoint, clock, work):
    hide_report(report=Report.objects.get(), now=clock.now())
    endpoint.say(there, "closed", "Ferdig.")
    work()
    report = Report.objects.get()
    assert (report.hidden, report.visible, told()) == (True, False, [])


@pytest.mark.parametrize("raw", ["infinity", "", "2999-01-01T00:00:00Z", "0044-03-15 BC", "yesterday"])
def test_B_25_a_time_that_cannot_be_is_replaced_by_that_of_its_arrival(there, endpoint, clock, work, raw):
    page = (
        "<service_request_updates><request_update><update_id>u1</update_id>"
        f"<service_request_id>{there}</service_request_id><status>fixed</status>"
        f"<updated_datetime>{raw}</updated_datetime><description>Ferdig.</description>"
        "</request_update></service_request_updates>"
    )
    endpoint.always(testing.garbage(page.encode(), content_type="text/xml"), operation="updates")
    arrived = clock.now()
    work()
    update = Update.objects.get()
    assert arrived <= update.at <= arrived + timedelta(minutes=5)
    assert Report.objects.get().state == State.FIXED


def test_B_63_what_a_body_writes_is_text(there, endpoint, clock, work):
    endpoint.say(there, "open", "<b>Hei</b> <script>alert(1)</script>")
    work()
    assert Update.objects.get().text == "<b>Hei</b> <script>alert(1)</script>"


def test_updates_without_a_number_of_their_own_are_known_by_what_they_say(there, endpoint, clock, work):
    for text in ("Første.", "Andre."):
        add(endpoint, there, update_id="", status="open", description=text, updated_datetime=clock.now())
    for _ in range(3):
        work()
        clock.advance(minutes=5)
    assert {update.text for update in Update.objects.all()} == {"Første.", "Andre."}
    assert Update.objects.count() == 2


def test_an_update_that_says_something_else_under_its_number_is_corrected_in_place(
    there, endpoint, clock, work
):
    at = clock.now()
    endpoint.say(there, "open", "Vi kommer tirsdg.", update_id="u1", at=at)
    work()
    clock.advance(minutes=5)
    endpoint.say(there, "open", "Vi kommer tirsdag.", update_id="u1", at=at)
    work()
    assert [update.text for update in Update.objects.all()] == ["Vi kommer tirsdag."]


class FullPages:
    """An endpoint that gives the newest thousand updates of a window at most, as real ones do, and notes each page's length."""

    def __init__(self, endpoint: PretendEndpoint) -> None:
        self.endpoint, self.pages = endpoint, list[int]()

    def handle(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> testing.Answer:
        asked = parse_qsl(urlsplit(target).query)
        found = within(self.endpoint.ledger.updates(), asked)[:1000]
        self.pages.append(len(found))
        return testing.Answer(200, WRITERS["xml"].write_updates(found, DEFAULT), "text/xml")


def test_a_full_page_is_asked_for_again_in_halves_until_nothing_is_missing(there, endpoint, clock, work):
    began = clock.now()
    for number in range(1200):
        at = began + timedelta(seconds=number)
        add(endpoint, f"other {number}", update_id=f"u{number}", updated_datetime=at)
    clock.advance(hours=1)
    full = FullPages(endpoint)
    with testing.serving(full) as server:
        Endpoint.objects.filter(body__mapit_id=103).update(pull_updates=False)
        Endpoint.objects.filter(body__mapit_id=101).update(url=server.url)
        work()
    assert Inbox.objects.count() == 1200
    assert full.pages[0] == 1000
    assert all(length < 1000 for length in full.pages[-2:])


def test_the_times_of_an_endpoint_without_zones_are_in_its_own_zone(there, endpoint, clock, work):
    Endpoint.objects.update(habits={"time_zone": "America/New_York"})
    page = (
        "<service_request_updates><request_update><update_id>u1</update_id>"
        f"<service_request_id>{there}</service_request_id><status>fixed</status>"
        "<updated_datetime>2024-05-01T06:05:00</updated_datetime><description>Done.</description>"
        "</request_update></service_request_updates>"
    )
    endpoint.always(testing.garbage(page.encode(), content_type="text/xml"), operation="updates")
    work()
    assert Update.objects.get().at.isoformat() == "2024-05-01T10:05:00+00:00"
