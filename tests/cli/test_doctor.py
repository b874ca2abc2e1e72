"""The doctor names what is wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from streetmend.bodies.models import Endpoint
from streetmend.cli.doctor import keeping, machine, promises, sending
from streetmend.cli.doctor.findings import Finding, Level
from streetmend.georeport.testing import PretendEndpoint, serving
from streetmend.reports.models import Delivery
from streetmend.reports.services import Told, submit
from streetmend.reports.services.beats import beat
from tests.cli.conftest import Call
from tests.support.clock import SettableClock
from tests.support.geojson import collection, feature, polygon, square
from tests.support.servers import answering
from tests.support.servers import serving as serving_bytes
from tests.support.sitefiles import RICH, SMALL
from tests.support.town import WEST, make_town

Write = Callable[[str], str]


def said(call: Call, *, online: bool = False) -> tuple[int, list[tuple[str, str, str]]]:
    """The status, and what is not well: check, level, text."""
    ended = call("doctor", "--json", *([] if online else ["--offline"]))
    found = ended.json
    assert found["ok"] is (ended.status == 0)
    return ended.status, [
        (one["check"], one["level"], one["text"]) for one in found["findings"] if one["level"] != "ok"
    ]


def load(call: Call, folder: Path, *features: dict[str, Any]) -> None:
    file = folder / "map.geojson"
    file.write_bytes(collection(*features))
    assert call("areas", "import", str(file)).status == 0


def problems(findings: Sequence[Finding]) -> list[str]:
    return [finding.text for finding in findings if finding.level is Level.PROBLEM]


@pytest.fixture
def town(call: Call, boundaries: Path, site_file: Write) -> None:
    call("areas", "import", str(boundaries))
    call("apply", site_file(SMALL.replace("areas = [101]", "areas = [101, 102]")))


@pytest.mark.usefixtures("town")
class TestAreas:
    def test_a_site_that_is_well_has_no_problems(self, call: Call) -> None:
        ended = call("doctor")
        assert (ended.status, ended.out.splitlines()[-1]) == (0, "No problems, 0 warnings.")

    def test_a_hole_between_the_bodies_areas_is_a_problem_with_its_place(
        self, call: Call, tmp_path: Path
    ) -> None:
        ring = feature(101, "Ring", polygon(square(50, 10, 1), square(50.4, 10.4)))
        load(call, tmp_path, ring, feature(102, "Østby", polygon(square(59.9, 4.1))))
        status, [(check, level, text)] = said(call)
        assert (status, check, level) == (1, "areas", "problem")
        assert text.startswith("A hole of 31")
        assert text.endswith("km² between Ring: nobody covers it.")
        assert "Next: streetmend areas at 50." in call("doctor", "--offline").out

    def test_areas_of_one_type_that_share_land_are_a_problem(self, call: Call, tmp_path: Path) -> None:
        load(
            call,
            tmp_path,
            feature(101, "Vestby", polygon(square(59.9, 3.9))),
            feature(102, "Østby", polygon(square(59.9, 4.09))),
        )
        status, [(check, _, text)] = said(call)
        assert (status, check) == (1, "areas")
        assert text.startswith("Vestby (KOM 101) and Østby (KOM 102) share 12.")

    def test_a_body_whose_area_is_not_on_the_map_is_a_problem(self, call: Call, tmp_path: Path) -> None:
        load(call, tmp_path, feature(101, "Vestby", polygon(square(59.9, 3.9))))
        assert said(call) == (
            1,
            [("areas", "problem", '"Vestby kommune" covers areas that are not on the map: 102.')],
        )

    def test_an_area_that_no_body_covers_is_a_warning(self, call: Call, site_file: Write) -> None:
        call("apply", site_file(SMALL))
        assert said(call) == (0, [("areas", "warning", "1 area that no body covers: Østby (KOM 102).")])


@pytest.mark.usefixtures("town")
class TestCategories:
    def test_one_without_a_way_out_is_a_problem(self, call: Call, site_file: Write) -> None:
        text = SMALL.replace("areas = [101]", "areas = [101, 102]").replace(
            'send = "email"', 'send = "open311"'
        )
        call("apply", site_file(text.replace('email = "post@vestby.example"\n', "")))
        assert said(call) == (
            1,
            [
                (
                    "categories",
                    "problem",
                    'Reports of "Hull i vei" do not reach "Vestby kommune": it has no active endpoint and no e-mail address.',
                )
            ],
        )

    def test_one_that_is_sent_to_nobody_on_purpose_is_a_warning(self, call: Call, site_file: Write) -> None:
        text = SMALL.replace("areas = [101]", "areas = [101, 102]").replace('send = "email"', 'send = "none"')
        call("apply", site_file(text))
        status, [(check, level, _)] = said(call)
        assert (status, check, level) == (0, "categories", "warning")


@pytest.mark.django_db
class TestEndpoints:
    @pytest.fixture(autouse=True)
    def known(self, call: Call, boundaries: Path, site_file: Write, settings: Any) -> None:
        call("areas", "import", str(boundaries))
        call("apply", site_file(RICH))
        Endpoint.objects.filter(body__name="Veietaten").update(active=False)
        call("apply", site_file('[[bodies]]\nname = "Veietaten"\nmapit_id = 103\nactive = false\n'))
        settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]

    def point(self, url: str) -> None:
        Endpoint.objects.filter(active=True).update(url=url)

    def test_one_that_lists_its_categories_is_well_and_codes_that_it_lacks_are_told(self, call: Call) -> None:
        with serving(PretendEndpoint()) as server:
            self.point(server.url)
            status, found = said(call, online=True)
        assert status == 0
        assert [(level, "POT" in text) for check, level, text in found if check == "endpoints"] == [
            ("warning", True)
        ]

    def test_one_that_nobody_answers_at_is_a_problem(self, call: Call) -> None:
        self.point("http://127.0.0.1:9/")
        status, found = said(call, online=True)
        assert status == 1
        assert ("endpoints", "problem") in [(check, level) for check, level, _ in found]

    @pytest.mark.parametrize("body", [b"<html>Log in</html>", b"", b"\x00\xff" * 50, b"[" * 100_000])
    def test_one_that_answers_with_something_else_is_a_problem(self, call: Call, body: bytes) -> None:
        with serving_bytes(answering(body)) as server:
            self.point(server.url())
            status, found = said(call, online=True)
        assert status == 1
        assert [level for check, level, _ in found if check == "endpoints"] == ["problem"]

    def test_B_90_one_at_an_internal_address_that_is_not_allowed_is_a_problem(
        self, call: Call, settings: Any
    ) -> None:
        settings.OUTBOUND_ALLOW = []
        with serving_bytes(answering()) as server:
            self.point(server.url())
            status, found = said(call, online=True)
            assert server.connections == 0
        assert status == 1
        assert "may not be called" in found[0][2]

    def test_one_whose_key_cannot_be_read_is_a_problem_and_no_key_is_shown(
        self, call: Call, site_file: Write, settings: Any
    ) -> None:
        settings.SECRET_KEY = "another"
        status, found = said(call)
        assert status == 1
        assert "STREETMEND_SECRET_KEY" in found[0][2]
        assert "s3cret" not in str(found)

    def test_one_that_is_paused_is_a_problem(self, call: Call) -> None:
        now = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
        Endpoint.objects.filter(active=True).update(paused_at=now, paused_why="The key was refused.")
        status, found = said(call)
        assert status == 1
        assert "is paused since 2026-05-01 10:00 UTC: The key was refused." in found[0][2]

    def test_failures_and_a_clock_that_is_wrong_are_warnings(self, call: Call) -> None:
        Endpoint.objects.filter(active=True).update(
            fail_streak=3, last_error="It took too long.", skew_seconds=-400
        )
        status, found = said(call)
        assert status == 0
        assert "the last 3 calls did not end well: It took too long." in found[0][2]
        assert "its clock is 400 s ahead of ours" in found[1][2]


@pytest.mark.django_db
class TestTheMachine:
    def test_a_disk_that_cannot_be_written_is_a_problem(self, tmp_path: Path) -> None:
        assert problems(list(machine.disk(tmp_path))) == []
        [text] = problems(list(machine.disk(tmp_path / "nowhere")))
        assert str(tmp_path / "nowhere") in text

    def test_a_mail_server_that_nobody_answers_at_is_a_problem(self, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        [text] = problems(list(machine.mail()))
        assert text.startswith("The mail server 127.0.0.1:9 cannot be used")

    def test_mails_that_become_files_are_a_warning_where_the_site_is_public(self, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
        assert [one.level for one in machine.mail()] == [Level.OK]
        settings.BASE_URL = "https://reports.example.org"
        assert [one.level for one in machine.mail()] == [Level.WARNING]

    def test_a_mailbox_of_answers_is_looked_into_and_nothing_in_it_changes(
        self, settings: Any, tmp_path: Path
    ) -> None:
        settings.REPLY_MAILBOX = ""
        assert list(promises.mailbox(call=True)) == []
        settings.REPLY_MAILBOX = f"maildir://{tmp_path}"
        [text] = problems(list(promises.mailbox(call=False)))
        assert "is no maildir" in text
        for folder in ("new", "cur"):
            (tmp_path / folder).mkdir()
        (tmp_path / "new" / "1").write_bytes(b"Subject: Hei\n\nHei")
        [finding] = promises.mailbox(call=False)
        assert (finding.level, finding.text.endswith("1 mail in it.")) == (Level.OK, True)
        assert (tmp_path / "new" / "1").exists()

    def test_a_mailbox_that_does_not_let_us_in_is_a_problem_without_its_password(self, settings: Any) -> None:
        settings.REPLY_MAILBOX = "imap://reply:s3cret@127.0.0.1:9/INBOX"
        [text] = problems(list(promises.mailbox(call=True)))
        assert "The mailbox of answers at 127.0.0.1 of reply cannot be used" in text
        assert "s3cret" not in text
        assert [one.level for one in promises.mailbox(call=False)] == [Level.OK]

    def test_files_that_settings_name_and_that_are_not_there_are_a_warning(
        self, settings: Any, tmp_path: Path
    ) -> None:
        settings.GEOCODER = str(tmp_path / "addresses.csv")
        [finding] = promises.files()
        assert (finding.level, "no address is found by words" in finding.text) == (Level.WARNING, True)
        (tmp_path / "addresses.csv").write_text("address,lat,long\n")
        assert [one.level for one in promises.files()] == [Level.OK]
        settings.GEOCODER = "photon+https://photon.example/"
        assert list(promises.files()) == []

    def test_a_clock_that_ran_backwards_is_a_problem(self, clock: SettableClock) -> None:
        now = datetime.now(UTC)
        clock.set(now)
        beat(worker="one", now=now)
        assert problems(list(machine.clock_of_database(clock))) == []
        beat(worker="two", now=now + timedelta(hours=2))
        assert len(problems(list(machine.clock_of_database(clock)))) == 1

    @pytest.mark.only("postgresql")
    def test_a_clock_that_differs_from_the_database_s_is_a_problem(self, clock: SettableClock) -> None:
        clock.set(datetime.now(UTC) - timedelta(minutes=10))
        [text] = problems(list(machine.clock_of_database(clock)))
        assert text.startswith("This machine's clock and the database's differ by 6")


@pytest.mark.django_db
class TestPeople:
    def test_how_long_reporters_are_kept_is_told_with_how_many_are_due_and_nobody_is_forgotten(
        self, clock: SettableClock
    ) -> None:
        make_town()
        told = submit(
            now=clock.now() - timedelta(days=800), lat=WEST[0], long=WEST[1], title="Hull", category_name="Gatelys",
            told=Told("kari@example.org"),
        )  # fmt: skip
        Delivery.objects.update(next_at=None, state="accepted")
        (found,) = keeping.privacy(clock)
        assert (found.level, "24 months" in found.text, "1 report." in found.text) == (Level.OK, True, True)
        told.report.refresh_from_db()
        assert told.report.email == "kari@example.org"

    def test_reporters_who_are_kept_for_ever_are_a_warning(self, clock: SettableClock) -> None:
        make_town(forget_after_months=0)
        (found,) = keeping.privacy(clock)
        assert (found.check, found.level) == ("privacy", Level.WARNING)


@pytest.mark.django_db
class TestTheWorker:
    def test_what_is_late_without_a_worker_is_a_problem(self, clock: SettableClock) -> None:
        make_town()
        assert problems(list(sending.worker(clock))) == []
        submit(
            now=clock.now(), lat=WEST[0], long=WEST[1], title="Hull", detail="", category_name="Hull i vei",
            told=Told(email="kari@example.org", name="Kari", phone="", language="nb"),
        )  # fmt: skip
        clock.advance(minutes=10)
        [text] = problems(list(sending.worker(clock)))
        assert text == "No worker runs, and 1 thing should have left by now."
        beat(worker="one", now=clock.now())
        [text] = problems(list(sending.worker(clock)))
        assert text.startswith("A worker runs, but 1 thing")
