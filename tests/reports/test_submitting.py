"""What becomes true when a report is submitted and confirmed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from streetmend.photos.store import StoredPhoto
from streetmend.reports.errors import (
    AnswersWrong,
    CategoryUnknown,
    DescriptionMissing,
    LinkExpired,
    LinkUnknown,
    NobodyResponsible,
    TooManyPhotos,
)
from streetmend.reports.models import Delivery, Notice, Report
from streetmend.reports.services import Submitted, Told, confirm_report, send_confirm_link_again, submit
from streetmend.reports.services.links import LIFETIME
from tests.support.town import EAST, FAR, FJORD, WEST, make_town

NOW = datetime(2026, 5, 4, 10, 30, 15, 250_000, tzinfo=UTC)
KARI = Told(email="kari@example.org", name="Kari Nordmann", phone="12345678", language="nb")


def send(place: tuple[float, float] = WEST, **changes: Any) -> Submitted:
    """Kari tells of a hole in the road, or of what `changes` say."""
    told: dict[str, Any] = {
        "now": NOW,
        "lat": place[0],
        "long": place[1],
        "title": "Stort hull",
        "detail": "Midt i veien.",
        "category_name": "Hull i vei",
        "told": KARI,
    }
    return submit(**{**told, **changes})


def owed(report: Report) -> list[tuple[str, str, bool, datetime | None]]:
    """The report's deliveries: body, state, whether by Open311, when due."""
    return [
        (delivery.body.name, delivery.state, delivery.endpoint_id is not None, delivery.next_at)
        for delivery in Delivery.objects.filter(report=report).order_by("body_id")
    ]


@pytest.mark.django_db
class TestASubmittedReport:
    def test_it_is_unconfirmed_and_invisible_and_owed_to_every_body_responsible_but_not_yet_due(self) -> None:
        make_town()
        report = send().report
        assert (report.state, report.visible, report.requested_at) == ("unconfirmed", False, None)
        assert owed(report) == [
            ("Vestby kommune", "waiting", True, None),
            ("Veietaten", "waiting", True, None),
        ]
        assert report.recipient_ids == [
            delivery.body_id for delivery in report.deliveries.order_by("body_id")
        ]

    def test_its_reporter_is_asked_by_mail_to_confirm_it(self) -> None:
        make_town()
        report = send().report
        notice = Notice.objects.get()
        assert (notice.kind, notice.email, notice.language, notice.report) == (
            "confirm_report",
            "kari@example.org",
            "nb",
            report,
        )

    def test_a_body_that_takes_mail_gets_a_delivery_without_an_endpoint(self) -> None:
        make_town()
        assert owed(send(EAST, category_name="Gatelys").report) == [("Østby kommune", "waiting", False, None)]

    def test_a_point_in_the_fjord_goes_to_the_nearest_body(self) -> None:
        make_town()
        assert [row[0] for row in owed(send(FJORD, category_name="Gatelys").report)] == ["Vestby kommune"]

    def test_B_17_far_from_every_area_nobody_is_responsible_and_nothing_is_kept(self) -> None:
        make_town()
        with pytest.raises(NobodyResponsible):
            send(FAR)
        assert not Report.objects.exists()
        assert not Notice.objects.exists()

    def test_a_category_that_nobody_has_here_is_refused(self) -> None:
        make_town()
        with pytest.raises(CategoryUnknown):
            send(category_name="Romskip")
        assert not Report.objects.exists()

    def test_B_12_a_report_without_a_word_is_refused(self) -> None:
        make_town()
        with pytest.raises(DescriptionMissing):
            send(title="")

    def test_a_report_of_a_private_category_is_private_and_never_visible(self) -> None:
        make_town()
        report = send(category_name="Forsøpling", confirmed=True).report
        assert (report.private, report.visible, report.state) == (True, False, "open")

    def test_B_37_answers_that_are_missing_or_wrong_are_named_by_their_question(self) -> None:
        make_town()
        with pytest.raises(AnswersWrong) as missing:
            send(category_name="Skilt")
        assert set(missing.value.errors) == {"kind"}
        with pytest.raises(AnswersWrong):
            send(category_name="Skilt", answers={"kind": ["banana"]})
        report = send(category_name="Skilt", answers={"kind": ["stop"], "unknown": ["x"]}).report
        assert report.answers == [{"code": "kind", "values": ["stop"]}]

    def test_more_photos_than_the_site_takes_are_refused_and_fewer_are_kept_in_order(self) -> None:
        make_town(max_photos=2)
        photos = [StoredPhoto(f"{n:032x}.jpg", 4, 3, "0" * 64) for n in range(3)]
        with pytest.raises(TooManyPhotos):
            send(photos=photos)
        report = send(photos=photos[:2]).report
        assert report.photo_names == [photos[0].name, photos[1].name]
        assert report.has_photo

    def test_the_same_form_sent_again_finds_the_report_of_the_first_time(self) -> None:
        make_town()
        first = send(form_token="form-1")
        second = send(form_token="form-1", title="Something else")
        assert second.repeated
        assert second.report.pk == first.report.pk
        assert Report.objects.count() == 1
        assert Notice.objects.count() == 1
        assert second.report.title == "Stort hull"


@pytest.mark.django_db
class TestConfirming:
    def test_the_report_is_public_from_this_whole_second_on_and_its_deliveries_are_due(self) -> None:
        make_town()
        sent = send()
        later = NOW + timedelta(hours=1)
        report = confirm_report(secret=sent.secret, now=later)
        assert (report.state, report.visible) == ("open", True)
        assert report.requested_at == later.replace(microsecond=0)
        assert {row[1:] for row in owed(report)} == {("waiting", True, later)}
        assert all(delivery.visible for delivery in report.deliveries.all())

    def test_it_proves_the_reporters_address(self) -> None:
        make_town()
        sent = send()
        assert sent.report.reporter is not None
        assert sent.report.reporter.verified_at is None
        report = confirm_report(secret=sent.secret, now=NOW)
        assert report.reporter is not None
        report.reporter.refresh_from_db()
        assert report.reporter.verified_at == NOW

    def test_a_second_time_changes_nothing(self) -> None:
        make_town()
        sent = send()
        first = confirm_report(secret=sent.secret, now=NOW)
        first.refresh_from_db()
        again = confirm_report(secret=sent.secret, now=NOW + timedelta(days=1))
        assert (again.requested_at, again.version) == (first.requested_at, first.version)

    def test_an_unknown_secret_and_an_old_link_are_told_apart(self) -> None:
        make_town()
        sent = send()
        with pytest.raises(LinkUnknown):
            confirm_report(secret="no such secret", now=NOW)
        with pytest.raises(LinkExpired):
            confirm_report(secret=sent.secret, now=NOW + LIFETIME + timedelta(seconds=1))

    def test_a_report_from_the_web_waits_for_the_undo_minutes_and_one_of_a_program_does_not(self) -> None:
        make_town(undo_minutes=5)
        web = send(confirmed=True).report
        program = send(confirmed=True, source="Some app").report
        assert {row[3] for row in owed(web)} == {NOW + timedelta(minutes=5)}
        assert {row[3] for row in owed(program)} == {NOW}

    def test_another_link_is_mailed_on_demand_but_not_twice_in_a_minute(self) -> None:
        make_town()
        report = send().report
        assert not send_confirm_link_again(report=report, now=NOW + timedelta(seconds=30))
        assert send_confirm_link_again(report=report, now=NOW + timedelta(seconds=61))
        assert Notice.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_form_sent_by_five_browsers_at_once_makes_one_report() -> None:
    make_town()
    seen: list[int] = []
    start = threading.Barrier(5)

    def browser() -> None:
        start.wait()
        try:
            seen.append(send(form_token="same").report.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=browser) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 5
    assert set(seen) == {Report.objects.get().pk}
