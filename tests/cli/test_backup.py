"""A backup is taken, checked and brought back; the restored site sends nothing until an operator says so."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streetmend.photos.store import path_of, remove
from streetmend.reports.models import Delivery, Outbound, Photo, Report
from streetmend.reports.services import Told, submit
from streetmend.reports.states import DeliveryState
from tests.cli.conftest import Call
from tests.desk.conftest import make_report
from tests.support.plugin import kind
from tests.support.town import WEST, make_town

pytestmark = pytest.mark.django_db(transaction=True)
TOLD = Told(email="kari@example.org", name="Kari")


def another_report(number: int) -> Report:
    return submit(
        now=datetime.now(UTC), lat=WEST[0], long=WEST[1], title=f"Hull {number}", category_name="Gatelys",
        told=TOLD, confirmed=True,
    ).report  # fmt: skip


@pytest.fixture
def site(transactional_db: None) -> Report:
    make_town()
    return make_report()


@pytest.fixture
def copy(site: Report, call: Call, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    assert call("backup", str(folder)).status == 0
    return folder


def test_a_backup_holds_the_database_the_photos_and_the_hash_of_each(site, copy, call):
    manifest = json.loads((copy / "manifest.json").read_text())
    name = Photo.objects.get().name
    files = {entry["path"]: entry for entry in manifest["files"]}
    assert set(files) == {manifest["database"], f"photos/{path_of(name)}"}
    assert manifest["rows"]["reports_report"] == 1
    assert (copy.stat().st_mode & 0o077, manifest["missing_photos"]) == (0, [])
    ended = call("restore", str(copy), "--verify", "--json")
    assert (ended.status, ended.json["ok"]) == (0, True)


def test_a_backup_is_never_written_over_something(copy, call):
    ended = call("backup", str(copy))
    assert ended.status == 1
    assert "not an empty folder" in ended.err


@pytest.mark.parametrize("what", ["photo", "database", "manifest"])
def test_a_damaged_backup_is_told_and_brings_nothing_back(site, copy, call, what):
    manifest = json.loads((copy / "manifest.json").read_text())
    if what == "manifest":
        (copy / "manifest.json").write_text("{")
    else:
        file = copy / (
            manifest["database"] if what == "database" else f"photos/{path_of(Photo.objects.get().name)}"
        )
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 0xFF
        file.write_bytes(bytes(content))
    another_report(2)
    assert call("restore", str(copy), "--verify").status == 1
    ended = call("restore", str(copy), "--replace")
    assert ended.status == 1
    assert ("is damaged" in ended.err) or ("cannot be understood" in ended.err)
    assert Report.objects.count() == 2
    assert not Outbound.objects.filter(paused_at__isnull=False).exists()


def test_a_site_is_not_lost_by_a_restore_that_was_not_meant(copy, call):
    another_report(2)
    ended = call("restore", str(copy))
    assert (ended.status, Report.objects.count()) == (1, 2)
    assert "--replace" in ended.err


def test_F_82_a_backup_taken_while_reports_come_in_is_whole_and_its_copy_sends_nothing(
    site, script, tmp_path
):
    stop = threading.Event()

    def come_in() -> None:
        from django.db import connection

        number = 0
        while not stop.is_set():
            number += 1
            another_report(number)
        connection.close()

    residents = threading.Thread(target=come_in)
    residents.start()
    try:
        ended = script("backup", str(tmp_path / "copy"), "--verify", "--json")
    finally:
        stop.set()
        residents.join()
    assert (ended.status, ended.json["verified"], ended.json["missing_photos"]) == (0, True, [])
    photo = Photo.objects.get().name
    remove(photo)
    back = script("restore", str(tmp_path / "copy"), "--replace", "--json")
    assert back.json == {"ok": True, "restored": True, "rows": ended.json["rows"], "problems": []}
    from django.db import connection

    connection.close()
    rows = json.loads((tmp_path / "copy" / "manifest.json").read_text())["rows"]
    assert Report.objects.count() == rows["reports_report"]
    worked = script("work", "--once")
    assert worked.status == 0
    assert "outbound=paused" in worked.err
    assert set(Delivery.objects.values_list("state", "attempts")) == {(DeliveryState.WAITING, 0)}


def test_F_83_what_was_owed_at_the_backup_is_asked_about_first_and_what_came_later_is_simply_sent(
    site, copy, call
):
    call("restore", str(copy), "--replace")
    from django.db import connection

    connection.close()
    later = another_report(2)
    ended = call("outbound", "resume", "--json")
    assert ended.json == {"paused": False, "changed": True, "uncertain": 1}
    old, new = Delivery.objects.order_by("id")
    assert (old.state, old.report_id) == (DeliveryState.UNCERTAIN, site.pk)
    assert old.first_sent_at is not None
    assert old.next_at is not None
    assert (new.state, new.report_id) == (DeliveryState.WAITING, later.pk)


def test_sending_is_paused_and_resumed_without_a_doubt(site, call: Call):
    assert call("outbound", "pause", "--why", "The council moves house.").status == 0
    assert call("outbound", "pause").out == "It was paused already.\n"
    assert Outbound.objects.get().why == "The council moves house."
    assert call("outbound", "resume").out == "Everything leaves again.\n"
    assert Delivery.objects.get().state == DeliveryState.WAITING
    assert call("outbound", "resume").out == "It was not paused.\n"


def test_F_84_a_copy_of_the_database_under_another_instance_sends_nothing_until_it_is_said(site, script):
    assert "outbound=paused" not in script("work", "--once", STREETMEND_INSTANCE_ID="production").err
    assert Outbound.objects.get().instance_id == "production"
    another_report(2)
    before = Delivery.objects.filter(attempts=0).count()
    for mine in ("staging", ""):
        told = script("work", "--once", STREETMEND_INSTANCE_ID=mine).err
        assert "belongs to the instance 'production'" in told
    assert Delivery.objects.filter(attempts=0).count() == before
    assert script("outbound", "resume", STREETMEND_INSTANCE_ID="staging").status == 0
    assert Outbound.objects.get().instance_id == "staging"
    assert not Delivery.objects.filter(state=DeliveryState.WAITING).exists()


@pytest.mark.only("sqlite")
def test_a_backup_is_brought_to_a_machine_that_has_nothing(site, copy, script, tmp_path):
    new = tmp_path / "new"
    environment = {"DATABASE_URL": f"sqlite:///{new}/site.sqlite3", "STREETMEND_DATA": str(new)}
    ended = script("restore", str(copy), "--json", **environment)
    assert ended.json["ok"], ended.json
    name = Photo.objects.get().name
    assert (new / "photos" / path_of(name)).is_file()
    assert script("deliveries", "--json", **environment).json[0]["report"] == site.pk


def test_a_backup_of_the_other_kind_of_database_is_refused(copy, call):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["vendor"] = "postgresql" if kind == "sqlite" else "sqlite"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    ended = call("restore", str(copy), "--replace")
    assert ended.status == 1
    assert "DATABASE_URL" in ended.err


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd"])
def test_a_manifest_cannot_name_files_outside_of_its_folder(copy, call, path):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"][0]["path"] = path
    (copy / "manifest.json").write_text(json.dumps(manifest))
    ended = call("restore", str(copy), "--verify")
    assert ended.status == 1
    assert "outside of the backup" in ended.err
