"""POST servicerequestupdates: a body tells of the reports that it received, and only of those."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from streetmend.accounts.models import Scope
from streetmend.bodies.models import Endpoint
from streetmend.exchange.worker import run
from streetmend.georeport.testing import PretendEndpoint, serving
from streetmend.georeport.types import RequestUpdate
from streetmend.open311.operations import OPERATIONS
from streetmend.reports.models import Delivery, Inbox, Notice, Report, Update, WantedPhoto
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import Told, hide_report, submit
from tests.exchange.conftest import loopback
from tests.open311.sending import Sender, jpeg, new_key
from tests.open311.test_posting import errors
from tests.support.clock import SettableClock
from tests.support.town import EAST, WEST, Town, make_town

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC).replace(microsecond=0)
PATH = "servicerequestupdates.json"


@pytest.fixture
def town(transactional_db) -> Town:
    return make_town()


@pytest.fixture
def sender(town, live_server) -> Sender:
    """The system of the western municipality."""
    return Sender(live_server.url, new_key(Scope.UPDATE, body_id=town.west.pk)[1], PATH)


def made(place=WEST, remote_id: str = "", **more) -> Report:
    """A report that was made an hour ago and is at its body, under `remote_id`."""
    report = submit(
        now=NOW - timedelta(hours=1), lat=place[0], long=place[1], title="Lykta er mørk", category_name="Gatelys",
        told=Told(email="kari@example.org"), **{"confirmed": True, **more},
    ).report  # fmt: skip
    Delivery.objects.filter(report=report).update(
        remote_id=remote_id, state="accepted" if remote_id else "by_email"
    )
    return report


def update(report: Report | str, **more) -> list[tuple[str, str]]:
    fields = {
        "service_request_id": report if isinstance(report, str) else str(report.pk),
        "update_id": "u1",
        "status": "CLOSED",
        "updated_datetime": (NOW - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "description": "Pæra er byttet.",
        **more,
    }
    return [(name, value) for name, value in fields.items() if value is not None]


@pytest.mark.parametrize("base", ["/open311/v2/", "/open311/strict/v2/", "/open311/fixmystreet/v2/"])
@pytest.mark.parametrize("fmt", ["xml", "json"])
def test_an_update_moves_the_report_shows_on_it_and_is_told(sender, base, fmt):
    report = made()
    answer = sender.post(update(report), path=f"{base}servicerequestupdates.{fmt}")
    assert answer.status == 200, answer.body
    stored = Update.objects.get()
    if fmt == "xml":
        assert answer.xml.findtext("request_update/update_id") == str(stored.pk)
    else:
        told = answer.json
        row = told["service_request_updates"] if "fixmystreet" in base else told[0]
        assert str(row["update_id"]) == str(stored.pk)
    report.refresh_from_db()
    assert (report.state, report.status_notes) == ("closed", "Pæra er byttet.")
    assert (stored.name, stored.actor, stored.at) == ("Vestby kommune", "body", NOW - timedelta(minutes=5))
    assert Notice.objects.filter(kind=NoticeKind.REPORT_UPDATED).count() == 1


def test_a_repeat_gets_the_first_answer_and_changes_nothing(sender):
    report = made()
    first = sender.post(update(report))
    again = sender.post(update(report)[::-1])
    assert (again.status, again.json) == (200, first.json)
    assert (Update.objects.count(), Inbox.objects.count()) == (1, 1)
    assert Notice.objects.filter(kind=NoticeKind.REPORT_UPDATED).count() == 1


def test_the_same_number_with_other_words_is_the_same_update_said_anew(sender):
    report = made()
    first = sender.post(update(report))
    again = sender.post(update(report, description="Pæra og holderen er byttet."))
    assert again.json == first.json
    assert Update.objects.get().text == "Pæra og holderen er byttet."


def test_a_body_may_use_its_own_number_of_the_report(sender):
    first, second = made(remote_id="VEST-1"), made(remote_id="VEST-2")
    assert sender.post(update("VEST-2")).status == 200
    assert Update.objects.get().report == second
    assert sender.post(update("VEST-1", fixmystreet_id=str(first.pk), update_id="u2")).status == 200
    assert set(Update.objects.values_list("report", flat=True)) == {first.pk, second.pk}


def test_B_89_a_body_touches_only_what_it_received(sender):
    other = made(EAST)
    waiting = made(confirmed=False)
    answers = [
        sender.post(update(number), path=f"servicerequestupdates.{fmt}")
        for number in (other, waiting, "999999", "9" * 30, "-1", "٣", "VEST-9")
        for fmt in ("xml", "json")
    ]
    assert {answer.status for answer in answers} == {404}
    assert {answer.body for answer in answers[::2]} == {answers[0].body}
    assert sender.post(update("x", fixmystreet_id=str(other.pk))).status == 404
    assert not Update.objects.exists()
    assert not Inbox.objects.exists()


def test_a_hidden_report_stays_hidden(sender):
    report = made()
    hide_report(report=report, now=NOW)
    assert sender.post(update(report)).status == 200
    report.refresh_from_db()
    assert (report.hidden, report.state) == (True, "closed")
    assert not Notice.objects.filter(kind=NoticeKind.REPORT_UPDATED).exists()


def test_B_80_a_key_for_reports_or_of_another_body_or_none_moves_nothing(sender, town):
    report = made()
    for key in (None, "wrong", new_key()[1]):
        sender.key = key
        answer = sender.post(update(report))
        assert (answer.status, errors(answer)[0][:8]) == (403, "api_key:")
    sender.key = new_key(Scope.UPDATE, body_id=town.east.pk)[1]
    assert sender.post(update(report)).status == 404
    assert not Update.objects.exists()


@pytest.mark.parametrize("fmt", ["xml", "json"])
def test_B_37_everything_that_is_wrong_with_an_update_is_named_at_once(sender, fmt):
    fields = update(
        "x" * 300, update_id=None, updated_datetime="yesterday", status=None, description="x" * 10_001
    )
    answer = sender.post(fields, path=f"servicerequestupdates.{fmt}")
    assert answer.status == 400
    assert sorted(line.partition(":")[0] for line in errors(answer)) == [
        "description",
        "service_request_id",
        "status",
        "update_id",
        "updated_datetime",
    ]


@pytest.mark.parametrize(
    "when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1900-01-01T00:00:00Z", "2200-01-01"]
)
def test_B_25_a_time_out_of_reach_counts_as_the_nearest_that_makes_sense(sender, when):
    report = made()
    assert sender.post(update(report, updated_datetime=when)).status == 200
    stored = Update.objects.get()
    assert report.requested_at <= stored.at <= datetime.now(UTC) + timedelta(minutes=5)
    assert Inbox.objects.get().content["at_raw"]


def test_a_word_that_is_not_known_shows_and_moves_nothing(sender):
    report = made()
    assert sender.post(update(report, status="PÅ VENT")).status == 200
    report.refresh_from_db()
    assert (report.state, Update.objects.get().foreign_state) == ("open", "PÅ VENT")


def test_photos_of_an_update_stand_on_it_or_are_fetched_later(sender):
    report = made()
    fields = [*update(report), ("media_url", "http://photos.example/1.jpg")]
    assert sender.post(fields, jpeg()).status == 200
    assert sender.post(fields, jpeg()).status == 200
    stored = Update.objects.get()
    assert stored.photos.count() == 1
    assert WantedPhoto.objects.get().update == stored


STORIES = [
    [("u1", "IN_PROGRESS", 3, "Vi er på vei."), ("u2", "FIXED", 1, "Ferdig.")],
    [("u2", "FIXED", 1, "Ferdig."), ("u1", "IN_PROGRESS", 3, "Vi er på vei.")],
    [("u1", "CLOSED", 3, ""), ("u2", "REOPEN", 2, "Likevel ikke."), ("u3", "something", 1, "Hm.")],
    [("u1", "UNCHANGED", 3, "Vi ser på det."), ("u1", "UNCHANGED", 3, "Vi har sett på det.")],
    [("u1", "duplicate", 3, "Meldt før."), ("u2", "open", 3, "Likevel ikke.")],
]


@pytest.mark.parametrize("story", STORIES)
def test_what_is_pushed_ends_like_what_is_pulled(sender, town, story):
    pulled, pushed = made(remote_id="VEST-1"), made(remote_id="VEST-2")
    clock = SettableClock(NOW)
    endpoint = PretendEndpoint(clock=clock.now)
    for update_id, status, minutes, text in story:
        at = NOW - timedelta(minutes=minutes)
        endpoint.ledger.add_update(
            RequestUpdate(
                update_id=f"pulled-{update_id}", service_request_id="VEST-1", status=status.lower(),
                updated_datetime=at, description=text,
            )
        )  # fmt: skip
        fields = update(
            "VEST-2", update_id=update_id, status=status, description=text,
            updated_datetime=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )  # fmt: skip
        assert sender.post(fields).status == 200
    with serving(endpoint) as server:
        Endpoint.objects.filter(pk=town.endpoint.pk).update(url=server.url)
        Endpoint.objects.exclude(pk=town.endpoint.pk).update(active=False)
        assert run(once=True, clock=clock, random=lambda: 0.5, transport=loopback, name="one") == 0
    assert _seen(pulled) == _seen(pushed)


def _seen(report: Report) -> object:
    report.refresh_from_db()
    said = report.updates.order_by("at", "id")
    return (
        report.state,
        report.status_notes,
        report.comment_count,
        sorted((one.text, one.state, one.foreign_state, one.at, one.hidden, one.name) for one in said),
        sorted(
            Notice.objects.filter(report=report, update__isnull=False).values_list("update__text", flat=True)
        ),
    )


def test_what_the_document_says_of_a_form_of_an_update_is_what_is_missing_without_it(sender):
    (form,) = (one.fields for one in OPERATIONS if one.name == "push")
    needed = {name for name, told in form.items() if told.required}
    assert needed == {line.partition(":")[0] for line in errors(sender.post([]))}
