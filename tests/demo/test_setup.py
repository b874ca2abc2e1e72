"""The demo's site is set up in an empty folder, and kept the next time."""

from __future__ import annotations

import pytest

from streetmend.accounts.queries import person_by_email
from streetmend.areas.models import Area
from streetmend.bodies.models import Body, Endpoint
from streetmend.bodies.queries import site
from streetmend.demo.folder import Folder, FolderRefused
from streetmend.demo.setup import STAFF_EMAIL, set_up
from streetmend.reports.models import Report
from streetmend.web.maps.ground import load

ELSEWHERE = "http://127.0.0.1:8451/"
HERE = "http://127.0.0.1:8441/"


def test_an_empty_folder_becomes_the_town(transactional_db, folder: Folder, clock):
    done = set_up(folder=folder, administration=HERE, reports=12, now=clock.now())
    assert (done.new, done.reports) == (True, 12)
    assert site().name == "Meld fra i Vikhavn"
    assert Body.objects.count() == 4
    assert Area.objects.count() == 3
    assert {one.url for one in Endpoint.objects.all()} == {f"{HERE}vikhavn/", f"{HERE}fjordveiene/"}
    assert "/sign-in/" in done.sign_in
    assert person_by_email(STAFF_EMAIL).is_staff
    assert load(folder.path / site().map.basemap).shapes


def test_a_second_time_keeps_what_is_there_and_gives_a_new_sign_in(transactional_db, folder: Folder, clock):
    first = set_up(folder=folder, administration=HERE, reports=5, now=clock.now())
    Body.objects.filter(mapit_id=9002).update(email="changed@example.org")
    again = set_up(folder=folder, administration=HERE, reports=50, now=clock.now())
    assert (again.new, again.reports) == (False, 5)
    assert again.sign_in != first.sign_in
    assert Body.objects.get(mapit_id=9002).email == "changed@example.org"
    assert Report.objects.count() == 5


def test_an_administration_at_another_port_is_found_there_with_its_key(transactional_db, folder, clock):
    set_up(folder=folder, administration=HERE, reports=0, now=clock.now())
    sealed = set(Endpoint.objects.values_list("api_key_sealed", flat=True))
    set_up(folder=folder, administration=ELSEWHERE, reports=0, now=clock.now())
    assert {one.url for one in Endpoint.objects.all()} == {f"{ELSEWHERE}vikhavn/", f"{ELSEWHERE}fjordveiene/"}
    assert set(Endpoint.objects.values_list("api_key_sealed", flat=True)) == sealed
    assert Body.objects.filter(active=True).count() == 4


def test_a_set_up_that_was_cut_off_is_made_good(transactional_db, folder: Folder, clock):
    folder.remember(kind="demo")
    (folder.path / "basemap.geojson").write_text("{")
    (folder.path / "basemap.geojson").unlink()
    done = set_up(folder=folder, administration=HERE, reports=3, now=clock.now())
    assert done.reports == 3
    assert set_up(folder=folder, administration=HERE, reports=3, now=clock.now()).reports == 3


def test_a_folder_with_a_site_that_is_no_demo_is_left_alone(folder: Folder):
    folder.database.write_bytes(b"")
    with pytest.raises(FolderRefused, match="no demo"), folder.held():
        pytest.fail("it was taken")


def test_two_demos_never_share_a_folder(folder: Folder):
    with folder.held(), pytest.raises(FolderRefused, match="running already"), Folder(folder.path).held():
        pytest.fail("it was taken twice")


def test_a_demo_knows_nothing_of_the_machines_own_site(folder: Folder, tmp_path):
    made = folder.environment(8123)
    assert made["STREETMEND_DATA"] == str(tmp_path)
    assert made["EMAIL_URL"].startswith("filemail://")
    assert made["STREETMEND_OUTBOUND_ALLOW"] == "127.0.0.0/8"
    assert "DATABASE_URL" not in made, "the tests have one; the demo must not write there"
    assert "STREETMEND_SECRET_KEY" not in made
