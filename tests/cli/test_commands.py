"""Each command: its result, its --json, its errors and its exit status."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from streetmend.accounts.models import Person
from streetmend.accounts.services import hash_of
from streetmend.areas.models import Generation
from streetmend.bodies.models import Body
from tests.cli.conftest import Call, Script
from tests.support.geojson import collection, feature, polygon, ring, square
from tests.support.sitefiles import RICH, SMALL


class TestAreasImport:
    def test_json_says_what_changed_by_type(self, call: Call, boundaries: Path) -> None:
        first = call("areas", "import", str(boundaries), "--generation", "2024", "--json").json
        assert first == {
            "dry_run": False,
            "changed": True,
            "types": [
                {
                    "type": "KOM",
                    "generation": "2024",
                    "areas": 2,
                    "added": [101, 102],
                    "changed": [],
                    "removed": [],
                }
            ],
            "mended": [],
            "warnings": [],
        }
        assert call("areas", "import", str(boundaries), "--json").json["changed"] is False

    def test_a_dry_run_changes_nothing(self, call: Call, boundaries: Path) -> None:
        ended = call("areas", "import", str(boundaries), "--dry-run")
        assert ended.out.endswith("Nothing was changed (--dry-run).\n")
        assert not Generation.objects.exists()

    def test_properties_and_the_type_can_be_named(self, call: Call, tmp_path: Path) -> None:
        file = tmp_path / "a.geojson"
        properties = {"nr": "0301", "navn": "Bydal"}
        file.write_bytes(
            collection({"type": "Feature", "properties": properties, "geometry": polygon(square(0, 0))})
        )
        options = ["--id", "nr", "--name", "navn", "--type", "BYD"]
        ended = call("areas", "import", str(file), *options)
        assert ended.out.startswith("1 area of type BYD")

    def test_B_91_what_was_mended_is_told(self, call: Call, tmp_path: Path) -> None:
        file = tmp_path / "a.geojson"
        bow_tie = polygon(ring((59, 3), (60, 4), (60, 3), (59, 4)))
        file.write_bytes(collection(feature(7, "Sløyfa", bow_tie)))
        assert "feature 1 (Sløyfa): mended: Self-intersection" in call("areas", "import", str(file)).err

    def test_B_91_a_file_that_is_refused_leaves_the_old_set_and_names_every_problem(
        self, call: Call, boundaries: Path, tmp_path: Path
    ) -> None:
        call("areas", "import", str(boundaries))
        file = tmp_path / "bad.geojson"
        file.write_bytes(collection(*[feature(0, f"Nr {n}", polygon(square(0, n))) for n in range(30)]))
        ended = call("areas", "import", str(file))
        assert ended.status == 1
        assert ended.err.startswith(f"Error: {file} cannot be imported, and the areas of before stay:\n")
        assert "and 10 more (--json shows all)" in ended.err
        assert ended.err.splitlines()[-1].startswith(f"Run next: streetmend areas import {file} --dry-run")
        told = call("areas", "import", str(file), "--json")
        assert (told.status, len(told.json["problems"])) == (1, 30)
        assert Generation.objects.get().areas.count() == 2

    def test_a_body_whose_area_is_not_on_the_map_is_told(
        self, call: Call, boundaries: Path, site_file: Callable[[str], str]
    ) -> None:
        call("apply", site_file(SMALL.replace("areas = [101]", "areas = [7]")))
        ended = call("areas", "import", str(boundaries))
        assert 'body "Vestby kommune" covers areas that are not on the map: 7' in ended.err

    def test_a_file_that_is_not_there_is_wrong_use(self, call: Call) -> None:
        ended = call("areas", "import", "/nowhere.geojson")
        assert ended.status == 2
        assert "No such file" in ended.err


class TestAreasAt:
    @pytest.fixture(autouse=True)
    def town(self, call: Call, boundaries: Path, site_file: Callable[[str], str]) -> None:
        call("areas", "import", str(boundaries))
        call("apply", site_file(SMALL))

    def test_it_says_who_is_responsible_and_why(self, call: Call) -> None:
        found = call("areas", "at", "60", "4", "--json").json
        assert (found["why"], found["nearest"]) == ("covered", None)
        assert found["bodies"] == [
            {
                "name": "Vestby kommune",
                "mapit_id": 101,
                "send": "email",
                "because_of": [101],
                "categories": ["Hull i vei"],
            }
        ]

    def test_in_the_fjord_it_says_how_far_the_nearest_area_is(self, call: Call) -> None:
        ended = call("areas", "at", "60", "3.895")
        assert ended.out.startswith("No area covers this place; the nearest, 279 m away: Vestby (KOM 101)\n")
        assert call("areas", "at", "60", "3.895", "--json").json["why"] == "nearby"

    def test_B_17_where_nobody_is_responsible_it_says_so_and_ends_with_0(self, call: Call) -> None:
        ended = call("areas", "at", "-50", "-20.5")
        assert (ended.status, "Nobody is responsible here." in ended.out) == (0, True)
        assert call("areas", "at", "0", "0", "--json").json["bodies"] == []

    @pytest.mark.parametrize(
        ("lat", "long"),
        [("nan", "0"), ("inf", "0"), ("1e2", "0"), ("91", "0"), ("0", "181"), ("60,5", "4"), ("٦٠", "4"), ("６０", "4"),
         ("1_0", "4"), ("0x3c", "4"), ("0" * 400, "4"), ("", "4"), ("--", "4"), ("60.1.2", "4"), ("6 0", "4")],
    )  # fmt: skip
    def test_B_13_B_14_B_15_what_is_no_place_is_wrong_use(self, call: Call, lat: str, long: str) -> None:
        ended = call("areas", "at", "--", lat, long)
        assert ended.status == 2
        assert "Error: " in ended.err

    def test_B_15_blanks_around_a_number_are_allowed_and_minus_zero_is_zero(self, call: Call) -> None:
        assert call("areas", "at", " 60 ", "4", "--json").json["lat"] == 60
        assert str(call("areas", "at", "-0.0", "4", "--json").json["lat"]) == "0.0"


class TestApplyAndExport:
    def test_a_dry_run_shows_what_would_change_and_changes_nothing(
        self, call: Call, site_file: Callable[[str], str]
    ) -> None:
        ended = call("apply", site_file(SMALL), "--dry-run")
        assert ended.out.endswith("5 changes to make; nothing was changed (--dry-run).\n")
        assert '+ body "Vestby kommune": mapit_id 101, areas [101], send "email"' in ended.out
        assert not Body.objects.exists()

    def test_the_second_time_there_is_nothing_to_change(
        self, call: Call, site_file: Callable[[str], str]
    ) -> None:
        call("apply", site_file(RICH))
        assert call("apply", site_file(RICH)).out == "Nothing to change.\n"
        told = call("apply", site_file(RICH), "--json").json
        assert (told["changed"], told["changes"]) == (False, [])

    def test_json_has_every_change(self, call: Call, site_file: Callable[[str], str]) -> None:
        call("apply", site_file(SMALL))
        told = call("apply", site_file(SMALL.replace("POT", "HOLE")), "--json").json
        what = 'body "Vestby kommune", category "Hull i vei"'
        change = {"sign": "~", "what": what, "key": "code", "old": "POT", "new": "HOLE", "kept": False}
        assert (told["changed"], told["dry_run"], told["changes"]) == (True, False, [change])
        assert "areas that are not on the map: 101" in told["warnings"][0]

    def test_a_wrong_file_is_refused_with_every_line_that_is_wrong(
        self, call: Call, site_file: Callable[[str], str]
    ) -> None:
        name = site_file('[site]\nnaem = "X"\n\n[[bodies]]\nsend = "email"\n')
        ended = call("apply", name)
        assert ended.status == 1
        assert ended.err.splitlines() == [
            f"Error: {name} cannot be applied, and nothing has changed:",
            '  line 2, site.naem: there is no such key; did you mean "name"?',
            '  line 4, bodies[1]: the key "name" is missing',
            f"Run next: streetmend apply {name} --dry-run (when it is mended; all keys are in docs/reference/site-file.md)",
        ]
        told = call("apply", name, "--json")
        assert (told.status, [one["line"] for one in told.json["wrong"]]) == (1, [2, 4])

    def test_B_09_a_file_that_is_no_utf_8_is_refused(self, call: Call, tmp_path: Path) -> None:
        file = tmp_path / "latin.toml"
        file.write_bytes('[site]\nname = "Bærum"'.encode("latin-1"))
        ended = call("apply", str(file))
        assert (ended.status, "no text in UTF-8 (byte 16)" in ended.err) == (1, True)

    def test_a_file_may_come_through_a_pipe_with_a_byte_order_mark(self, call: Call) -> None:
        assert call("apply", "-", stdin="\ufeff" + SMALL).status == 0
        assert Body.objects.get().name == "Vestby kommune"

    def test_what_is_not_in_the_file_stays_unless_it_is_pruned(
        self, call: Call, site_file: Callable[[str], str]
    ) -> None:
        call("apply", site_file(RICH))
        kept = call("apply", site_file(SMALL))
        assert '- body "Veietaten" is not in the file (kept)' in kept.out
        assert "--prune deactivates them" in kept.err
        pruned = call("apply", site_file(SMALL), "--prune")
        assert '- body "Veietaten" is not in the file\n' in pruned.out
        assert not Body.objects.get(name="Veietaten").active

    def test_B_102_no_key_is_shown(self, call: Call, site_file: Callable[[str], str]) -> None:
        name = site_file(RICH)
        said = [call("apply", name, "--dry-run"), call("apply", name), call("export")]
        said.append(call("apply", site_file(RICH.replace("s3cret", "s3cret-2")), "--json"))
        assert all("s3cret" not in one.out + one.err for one in said)

    def test_what_is_exported_can_be_applied_and_changes_nothing(
        self, call: Call, site_file: Callable[[str], str]
    ) -> None:
        call("apply", site_file(RICH))
        exported = call("export")
        assert exported.err == ""
        assert call("apply", site_file(exported.out)).out == "Nothing to change.\n"


class TestStaffAdd:
    def test_the_link_signs_in_and_the_person_is_staff(self, call: Call) -> None:
        told = call("staff", "add", "kari@example.org", "--role", "moderator", "--json").json
        assert {key: told[key] for key in ("email", "role", "new")} == {
            "email": "kari@example.org",
            "role": "moderator",
            "new": True,
        }
        person = Person.objects.get()
        assert (person.is_staff, person.is_superuser) == (True, False)
        secret = told["sign_in"].rstrip("/").rpartition("/")[2]
        assert person.sign_in_links.get().secret_hash == hash_of(secret)

    def test_the_printed_link_opens_the_desk_in_a_browser(self, call: Call, client: Client) -> None:
        url = call("staff", "add", "kari@example.org", "--json").json["sign_in"]
        assert client.get("/admin/").status_code == 302
        page = client.get(url)
        assert page.status_code == 200
        assert client.get("/admin/").status_code == 302, "looking at the link signs nobody in"
        assert client.post(url).status_code == 302
        assert client.get("/admin/").status_code == 200

    def test_somebody_who_is_staff_gets_another_link(self, call: Call) -> None:
        first, second = (call("staff", "add", "kari@example.org", "--json").json for _ in range(2))
        assert (first["new"], second["new"]) == (True, False)
        assert first["sign_in"] != second["sign_in"]

    @pytest.mark.parametrize(
        "address", ["kari", "a@b", "", "a@x.example,b@x.example", "a@x.example\nBcc: b@x.example"]
    )
    def test_B_66_B_67_what_is_no_address_is_wrong_use(self, call: Call, address: str) -> None:
        ended = call("staff", "add", address)
        assert ended.status == 2
        assert "EMAIL" in ended.err
        assert not Person.objects.exists()


class TestUse:
    @pytest.mark.parametrize(
        "arguments",
        [["nothing"], ["areas", "at", "1"], ["deliveries", "--state", "lost"], ["serve", "--port", "0"],
         ["serve", "--port", "70000"], ["apply"], ["staff", "add", "a@x.example", "--role", "king"], ["--nothing"]],
    )  # fmt: skip
    def test_wrong_use_ends_with_2_and_the_help_to_ask_for(self, call: Call, arguments: list[str]) -> None:
        ended = call(*arguments)
        assert ended.status == 2
        assert re.search(r"^Try 'streetmend.* --help' for help\.$", ended.err, re.MULTILINE)

    @pytest.mark.parametrize(
        ("arguments", "meant"),
        [(["delivries"], "deliveries"), (["areas", "imprt"], "import"), (["doctor", "--jsn"], "--json")],
    )
    def test_a_slip_of_the_fingers_is_told_what_was_meant(
        self, call: Call, arguments: list[str], meant: str
    ) -> None:
        assert call(*arguments).err.endswith(f"Did you mean '{meant}'?\n")

    def test_the_version_is_told(self, call: Call) -> None:
        assert re.fullmatch(r"streetmend, version \d+\.\d+\.\d+\n", call("--version").out)

    @pytest.mark.once
    def test_colours_and_bars_are_for_terminals_only(
        self, script: Script, boundaries: Path, site_file: Callable[[str], str]
    ) -> None:
        ended = [
            script("areas", "import", str(boundaries)),
            script("apply", site_file(SMALL)),
            script("doctor", "--offline"),
        ]
        assert all("\x1b" not in one.out + one.err for one in ended)

    @pytest.mark.once
    def test_an_answer_that_nobody_reads_ends_quietly(
        self, script: Script, site_file: Callable[[str], str]
    ) -> None:
        import subprocess
        import sys

        script("apply", site_file(RICH))
        command = f"{sys.executable} -m streetmend export | head -1"
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command}"],
            env=script.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        assert json.dumps(done.stdout).startswith('"# Written by')
