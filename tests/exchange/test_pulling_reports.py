"""Reports that people made at an administration itself are shown here too: once each, and nothing of them leaves again."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from streetmend.bodies.models import Category, Endpoint, Pull, PullKind
from streetmend.exchange.wire_reports import without_contacts
from streetmend.georeport import testing
from streetmend.georeport.testing import PretendEndpoint
from streetmend.georeport.types import NewRequest
from streetmend.reports.models import Delivery, Notice, Report, WantedPhoto
from streetmend.reports.states import DeliveryState, State
from tests.exchange.reports import make_report
from tests.support.clock import SettableClock
from tests.support.town import EAST, FAR, WEST, Town

PULLS = {"pull_reports": True}


@pytest.fixture(autouse=True)
def pulled(town: Town) -> Endpoint:
    """Only the west's endpoint is asked, and for its reports."""
    Endpoint.objects.exclude(pk=town.endpoint.pk).update(active=False)
    return habits(town)


def habits(town: Town, **more: object) -> Endpoint:
    Endpoint.objects.filter(pk=town.endpoint.pk).update(habits={**PULLS, **more})
    return Endpoint.objects.get(pk=town.endpoint.pk)


def there(
    endpoint: PretendEndpoint, *, place: tuple[float, float] = WEST, code: str = "LIGHT", **more: object
):
    """Somebody tells the administration itself."""
    told = {"description": "Lykta ved kirka er mørk\nDen har vært mørk lenge.", **more}
    return endpoint.ledger.store(NewRequest(service_code=code, lat=place[0], long=place[1], **told), (), {})


def problem() -> str:
    return Pull.objects.get(kind=PullKind.REPORTS).problem


def rows(endpoint: PretendEndpoint, *said: dict[str, object]) -> None:
    """The endpoint's next answer about its requests, as it stands there."""
    raw = json.dumps(list(said)).encode()
    answer = testing.garbage(raw, content_type="application/json", stored=False)
    endpoint.script(answer, operation="requests")


def row(clock: SettableClock, **more: object) -> dict[str, object]:
    """A row as a server writes it."""
    return {
        "service_request_id": "r1",
        "status": "open",
        "service_code": "LIGHT",
        "description": "Lykta er mørk",
        "requested_datetime": clock.now().isoformat(),
        "lat": WEST[0],
        "long": WEST[1],
        **more,
    }


def test_pull_reports_shows_them_once_under_the_bodys_number_and_sends_nothing(
    town, endpoint, clock, work, mailoutbox
):
    entry = there(endpoint)
    for _ in range(3):
        work()
        clock.advance(minutes=6)
    report, delivery = Report.objects.get(), Delivery.objects.get()
    assert (report.title, report.detail) == ("Lykta ved kirka er mørk", "Den har vært mørk lenge.")
    assert (report.lat, report.long, report.state) == (*WEST, State.OPEN)
    assert (report.requested_at, report.sent_at) == (entry.received_at, entry.received_at)
    assert report.visible
    assert (delivery.state, delivery.remote_id, delivery.proof) == (
        DeliveryState.ACCEPTED,
        entry.service_request_id,
        "theirs",
    )
    assert endpoint.ledger.seen("create") == ()
    assert (Notice.objects.count(), len(mailoutbox), problem()) == (0, 0, "")


def test_updates_of_a_report_made_elsewhere_move_it(endpoint, clock, work):
    entry = there(endpoint)
    work()
    clock.advance(minutes=6)
    endpoint.say(entry.service_request_id, "closed", "Ferdig.", extended_status="fixed")
    work()
    report = Report.objects.get()
    assert (report.state, report.status_notes) == (State.FIXED, "Ferdig.")


@pytest.mark.parametrize(
    ("status", "extended", "state"),
    [
        ("open", None, "open"),
        ("closed", None, "closed"),
        ("open", "in_progress", "in_progress"),
        ("odd", None, "open"),
    ],
)
def test_a_report_made_elsewhere_begins_in_the_state_that_it_has_there(
    endpoint, clock, work, status, extended, state
):
    rows(endpoint, row(clock, status=status, extended_status=extended))
    work()
    assert Report.objects.get().state == state


def test_B_88_our_own_report_never_comes_back(endpoint, clock, work):
    make_report(clock)
    work()
    clock.advance(minutes=6)
    work()
    assert Report.objects.count() == 1
    Delivery.objects.update(remote_id="", state=DeliveryState.UNCERTAIN, next_at=None)
    clock.advance(minutes=6)
    work()
    assert Report.objects.count() == 1, "by our address in its text"


def test_B_88_a_row_that_may_be_ours_waits_until_our_report_has_its_number(endpoint, clock, work):
    make_report(clock)
    work()
    (entry,) = endpoint.ledger.entries()
    Delivery.objects.update(remote_id="", state=DeliveryState.UNCERTAIN, next_at=None)
    stripped = row(clock, service_request_id=entry.service_request_id, description="Lykta er mørk")
    for _ in range(2):
        clock.advance(minutes=6)
        rows(endpoint, stripped)
        work()
    assert Report.objects.count() == 1
    Delivery.objects.update(remote_id=entry.service_request_id, state=DeliveryState.ACCEPTED)
    clock.advance(hours=5)
    work()
    assert Report.objects.count() == 1
    first = endpoint.ledger.seen("requests")[-1]
    assert "start_date" in first.query


def test_B_88_ids_of_other_endpoints_are_other_ids(town, endpoint, clock, work):
    make_report(clock, category="Hull i vei")
    work()
    Delivery.objects.filter(body=town.roads).update(remote_id="r1", state=DeliveryState.ACCEPTED)
    Delivery.objects.filter(body=town.west).update(remote_id="w9", state=DeliveryState.ACCEPTED)
    rows(endpoint, row(clock))
    clock.advance(minutes=6)
    work()
    assert Delivery.objects.filter(remote_id="r1").count() == 2


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"lat": None}, "no place"),
        ({"lat": 0, "long": 0}, "no place"),
        ({"lat": WEST[1], "long": WEST[0]}, "exchanged"),
        ({"lat": 6_661_953.0, "long": 221_289.0}, "outside"),
        ({"lat": FAR[0], "long": FAR[1]}, "outside"),
        ({"lat": EAST[0], "long": EAST[1]}, "outside"),
        ({"requested_datetime": "i går"}, "no time"),
        ({"service_request_id": "x" * 300}, "no usable number"),
        ({"service_code": "NOBODYS", "service_name": ""}, "no category"),
        ({"description": "", "service_name": ""}, "says nothing"),
    ],
)
def test_B_88_a_row_that_cannot_be_shown_is_named_and_costs_only_itself(endpoint, clock, work, said, why):
    rows(endpoint, row(clock, **said), row(clock, service_request_id="good"))
    work()
    assert [one.remote_id for one in Delivery.objects.all()] == ["good"]
    assert why in problem()


@pytest.mark.parametrize("mark", [{"non_public": True}, {"non_public": "1"}, {"service_code": "LITTER"}])
def test_B_88_what_is_private_there_or_of_a_private_category_is_private_here(endpoint, clock, work, mark):
    rows(endpoint, row(clock, **mark))
    work()
    report = Report.objects.get()
    assert (report.private, report.visible) == (True, False)


def test_fallback_category_stands_in_for_a_service_that_nobody_here_has(town, endpoint, clock, work):
    habits(town, fallback_category="Hull i vei")
    rows(endpoint, row(clock, service_code="NOBODYS"))
    work()
    assert Report.objects.get().category_name.name == "Hull i vei"


def test_a_service_is_known_by_its_name_too(endpoint, clock, work):
    rows(endpoint, row(clock, service_code="OLD-1", service_name="Gatelys"))
    work()
    assert Report.objects.get().category_name == Category.objects.filter(name__name="Gatelys")[0].name


@pytest.mark.parametrize(("hide", "kept"), [(True, False), (False, True)])
def test_hide_contacts_takes_numbers_and_addresses_out_of_the_text(town, endpoint, clock, work, hide, kept):
    habits(town, hide_contacts=hide)
    text = (
        "Mørkt siden 2024-04-28\nRing Ola på +47 12 34 56 78 eller ola@example.org. Ved 60.012345, 4.012345."
    )
    rows(endpoint, row(clock, description=text, status_notes="Tlf. 12345678"))
    work()
    report = Report.objects.get()
    said = f"{report.title} {report.detail} {report.status_notes}"
    for told in ("12 34 56 78", "ola@example.org", "12345678"):
        assert (told in said) is kept
    assert "2024-04-28" in said
    assert "60.012345, 4.012345" in said


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ring 12345678!", "Ring […]!"),
        ("(+47) 123 45 678", "[…]"),
        ("0047-12-34-56-78", "[…]"),
        ("Hull 30x40 cm, 12 m fra nr. 14", "Hull 30x40 cm, 12 m fra nr. 14"),
        ("den 28.04.2024 kl. 12.30", "den 28.04.2024 kl. 12.30"),
        ("sak 2024/1234", "sak 2024/1234"),
    ],
)
def test_only_what_looks_like_a_number_to_call_is_taken_out(text, left):
    assert without_contacts(text) == left


def test_pulled_in_grid_reads_northing_and_easting(town, endpoint, clock, work):
    habits(town, pulled_in_grid=True, grid="EPSG:25832")
    rows(endpoint, row(clock, lat=6_661_953, long=221_289))
    work()
    report = Report.objects.get()
    assert (report.lat, report.long) == pytest.approx(WEST, abs=0.0001)


def test_photos_of_a_report_made_elsewhere_are_fetched_later_and_never_from_other_schemes(
    endpoint, clock, work
):
    urls = ["https://photos.example.invalid/1.jpeg", "javascript:alert(1)", "file:///etc/passwd"]
    rows(endpoint, row(clock, media_url=urls))
    work()
    assert [one.url for one in WantedPhoto.objects.all()] == urls[:1]


def test_F_80_reports_of_a_long_outage_come_when_the_endpoint_is_back(endpoint, clock, work):
    work()
    endpoint.always(testing.fail(503), operation="requests")
    for _ in range(3):
        clock.advance(days=1)
        there(endpoint)
        work()
    assert Report.objects.count() == 0
    assert "could not be fetched" in problem()
    endpoint.always(None, operation="requests")
    clock.advance(days=1)
    work()
    assert (Report.objects.count(), problem()) == (3, "")


def test_F_48_a_full_page_is_asked_for_again_in_halves(endpoint, clock, work):
    for _ in range(1100):
        there(endpoint)
        clock.advance(seconds=1)
    work()
    assert Report.objects.count() == 1100
    assert len(endpoint.ledger.seen("requests")) > 1


def test_page_size_walks_page_by_page(town, endpoint, clock, work):
    habits(town, page_size=4)
    for _ in range(10):
        there(endpoint)
    work()
    assert Report.objects.count() == 10
    asked = [seen.query for seen in endpoint.ledger.seen("requests")]
    assert [f"page={number}&page_size=4" in query for number, query in enumerate(asked, 1)] == [True] * 3


def test_pages_have_the_names_and_the_first_number_that_the_endpoint_wants(town, endpoint, clock, work):
    habits(town, page_size=4, page_field="side", page_size_field="antall", first_page=0)
    for _ in range(10):
        there(endpoint)
    work()
    assert Report.objects.count() == 10
    first, second = [seen.query for seen in endpoint.ledger.seen("requests")]
    assert "side=0&antall=4" in first
    assert "side=1&antall=4" in second
    assert "page" not in first


def test_pull_all_reports_asks_without_dates(town, endpoint, clock, work):
    old = there(endpoint)
    clock.advance(days=400)
    work()
    assert Report.objects.count() == 0
    habits(town, pull_all_reports=True)
    clock.advance(minutes=6)
    work()
    assert Delivery.objects.get().remote_id == old.service_request_id
    assert "_date" not in endpoint.ledger.seen("requests")[-1].query


def test_an_old_report_is_no_news_and_a_new_one_is(endpoint, clock, work):
    there(endpoint)
    clock.advance(timedelta(days=3))
    work()
    assert Report.objects.get().requested_at == clock.now() - timedelta(days=3)
