"""What is mine: seen by nobody else, shown or hidden as I choose, taken with me, and gone when I say so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.serializers import serialize
from django.test import Client

from streetmend.accounts.models import Person
from streetmend.bodies.models import Endpoint
from streetmend.photos.store import StoredPhoto
from streetmend.reports import models
from streetmend.reports.models import Alert, Delivery, Erasure, HowOften, Notice, Photo, Report, Update
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services import Said, Told, add_update, submit
from streetmend.reports.services.alerting import Wanted, want_news
from streetmend.reports.services.attaching import attach
from streetmend.reports.services.own import address_mark, ask_to_be_erased, erase_who_asked, withdraw
from streetmend.reports.states import Actor, DeliveryState, State
from tests.support.town import EAST, WEST, Town

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
KARI = "kari.nordmann@example.org"


def report(*, email: str = KARI, confirmed: bool = True, place=WEST, category: str = "Gatelys") -> Report:
    return submit(
        now=NOW, lat=place[0], long=place[1], title="Lykta er mørk", category_name=category, confirmed=confirmed,
        told=Told(email=email, name="Kari Nordmann", phone="99887766", show_name=True),
    ).report  # fmt: skip


def deliver(report: Report) -> None:
    Delivery.objects.filter(report=report).update(
        state=DeliveryState.ACCEPTED, first_sent_at=NOW, next_at=None, remote_id=f"r{report.pk}",
        params_snapshot={"email": KARI, "name": "Kari Nordmann"},
    )  # fmt: skip


@pytest.fixture
def kari(client: Client, town: Town) -> Person:
    """Somebody with a report and an update of hers, signed in."""
    made = report()
    assert made.reporter
    add_update(
        report=made, actor=Actor.REPORTER, said=Said(text="Nå blinker den"), now=NOW, person=made.reporter,
        name="Kari Nordmann", show_name=True,
    )  # fmt: skip
    want_news(
        wanted=Wanted(area_id=101),
        how_often=HowOften.INSTANT,
        email=KARI,
        language="en",
        now=NOW,
        proven=True,
    )
    client.force_login(made.reporter)
    return made.reporter


def test_who_is_not_signed_in_sees_nothing_of_it(client, town):
    for path in ("/me", "/me/data.json"):
        assert client.get(path).headers["Location"] == "/sign-in"
    assert client.post("/me/erase", {"sure": "yes"}).headers["Location"] == "/sign-in"


def test_my_reports_are_there_confirmed_or_not_and_nobody_elses(client, kari):
    report(confirmed=False)
    report(category="Forsøpling")
    report(email="ola@example.org")
    page = client.get("/me").content.decode()
    assert page.count("Lykta er mørk</bdi>") == 3
    assert "Not confirmed" in page
    assert "not public" in page
    assert "1 alert" in page
    assert client.get("/me").headers["Cache-Control"].count("no-store") == 1


def test_my_name_is_hidden_with_all_that_i_said(client, kari):
    mine = Report.objects.get()
    assert "Kari Nordmann" in client.get(f"/reports/{mine.pk}").content.decode()
    client.post(f"/me/reports/{mine.pk}/name", {"show_name": "no"})
    page = Client().get(f"/reports/{mine.pk}").content.decode()
    assert "Kari" not in page
    assert b"Kari" not in Client().get(f"/open311/v2/requests/{mine.pk}.json").content
    client.post(f"/me/reports/{mine.pk}/name", {"show_name": "yes"})
    assert "Kari Nordmann" in Client().get(f"/reports/{mine.pk}").content.decode()


def test_nobody_touches_what_is_anothers(client, kari):
    theirs = report(email="ola@example.org")
    for path in (f"/me/reports/{theirs.pk}/name", f"/me/reports/{theirs.pk}/withdraw"):
        assert client.post(path).status_code == 404
    theirs.refresh_from_db()
    assert theirs.show_name
    assert theirs.state == State.OPEN


def test_a_report_that_nobody_has_yet_is_gone_when_it_is_withdrawn(client, kari):
    mine = Report.objects.get()
    assert client.post(f"/me/reports/{mine.pk}/withdraw").headers["Location"] == "/me?now=withdrawn"
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.CANCELLED}
    assert Client().get(f"/reports/{mine.pk}").status_code == 404


def test_a_report_that_an_administration_has_stays_as_withdrawn(client, kari):
    mine = Report.objects.get()
    deliver(mine)
    client.post(f"/me/reports/{mine.pk}/withdraw")
    assert "Withdrawn" in client.get(f"/reports/{mine.pk}").content.decode()
    assert Delivery.objects.get(report=mine).state == DeliveryState.ACCEPTED
    assert client.post(f"/me/reports/{mine.pk}/withdraw").headers["Location"] == "/me?now=withdrawn"


def test_an_administration_that_has_the_report_is_told_of_its_withdrawal(client, kari, town):
    Endpoint.objects.filter(pk=town.endpoint.pk).update(send_updates=True)
    mine = Report.objects.get()
    deliver(mine)
    client.post(f"/me/reports/{mine.pk}/withdraw")
    owed = Delivery.objects.get(report=mine, kind=DeliveryKind.UPDATE)
    assert (owed.body, owed.state, owed.update.state) == (town.west, DeliveryState.WAITING, State.WITHDRAWN)
    assert owed.next_at is not None


def test_what_is_not_confirmed_yet_can_be_withdrawn_and_what_is_closed_cannot(client, kari):
    waiting = report(confirmed=False)
    withdraw(report=waiting, now=NOW)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.hidden) == (State.WITHDRAWN, True)
    mine = Report.objects.get(state=State.OPEN)
    add_update(report=mine, actor=Actor.STAFF, said=Said(state=State.CLOSED), now=NOW)
    assert client.post(f"/me/reports/{mine.pk}/withdraw").headers["Location"] == "/me?now=closed"


def test_everything_that_is_kept_of_me_comes_as_json(client, kari):
    answer = client.get("/me/data.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    found = json.loads(answer.content)
    assert found["person"]["email"] == KARI
    (mine,) = found["reports"]
    assert (mine["title"], mine["phone"], mine["lat"], mine["long"]) == ("Lykta er mørk", "99887766", *WEST)
    assert found["updates"][0]["text"] == "Nå blinker den"
    assert found["alerts"][0]["area_id"] == 101


def everything() -> str:
    """All rows of all tables, as text."""
    tables = [getattr(models, name) for name in models.__all__ if hasattr(getattr(models, name), "_meta")]
    return serialize("json", [row for table in (*tables, Person) for row in table._default_manager.all()])


def test_B_96_nothing_personal_is_kept_of_who_is_erased(client, kari):
    mine = Report.objects.get()
    deliver(mine)
    attach([StoredPhoto(name="0" * 32 + ".jpg", width=1, height=1, sha256="")], report=mine, now=NOW)
    assert "erased" in client.post("/me/erase", {"sure": "yes"}).content.decode()
    assert client.get("/me").status_code == 302
    assert erase_who_asked(now=NOW) == 1
    kept = everything()
    for word in (KARI, "Nordmann", "99887766"):
        assert word not in kept
    assert "Nå blinker den" in kept
    assert Report.objects.get().title == "Lykta er mørk"
    assert (Photo.objects.count(), Report.objects.get().has_photo) == (0, False)
    proof = Erasure.objects.get()
    assert (proof.done_at, proof.address_mark) == (NOW, address_mark(KARI.upper()))
    assert proof.counts["reports"] == proof.counts["updates"] == proof.counts["alerts"] == 1


def test_B_96_what_is_on_its_way_is_waited_for(client, kari):
    ask_to_be_erased(person=kari, now=NOW)
    assert erase_who_asked(now=NOW) == 0
    assert "Nordmann" not in Client().get(f"/reports/{Report.objects.get().pk}").content.decode()
    deliver(Report.objects.get())
    assert erase_who_asked(now=NOW + timedelta(days=1)) == 1
    assert not Person.objects.filter(email=KARI).exists()


def test_a_wish_to_be_erased_ends_mails_and_signing_in_at_once_and_counts_once(client, kari):
    first = ask_to_be_erased(person=kari, now=NOW)
    assert ask_to_be_erased(person=kari, now=NOW + timedelta(days=1)) == first
    assert client.get("/me").status_code == 302
    assert Alert.objects.get().ended_at == NOW
    before = Notice.objects.count()
    add_update(report=Report.objects.get(), actor=Actor.STAFF, said=Said(text="Vi kommer"), now=NOW)
    assert Notice.objects.count() == before


def test_erasing_others_leaves_mine(client, kari):
    ola = report(email="ola@example.org", place=EAST)
    assert ola.reporter
    deliver(ola)
    ask_to_be_erased(person=ola.reporter, now=NOW)
    assert erase_who_asked(now=NOW) == 1
    assert Report.objects.get(email=KARI).reporter == kari
    assert Update.objects.get().person == kari


def test_nothing_is_erased_unless_one_is_sure_nor_of_who_works_for_the_site(client, kari):
    assert client.post("/me/erase").headers["Location"] == "/me?now=sure"
    kari.is_staff = True
    kari.save()
    assert client.post("/me/erase", {"sure": "yes"}).headers["Location"] == "/me?now=sure"
    assert not Erasure.objects.exists()
