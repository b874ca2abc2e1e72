"""The how-tos for programs that send something: each command and each program in them is run against the demo's town."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streetmend.demo.folder import Folder
from streetmend.demo.setup import set_up
from streetmend.georeport.calls import Endpoint
from streetmend.georeport.client import Client
from streetmend.georeport.errors import KeyRefused, Refused, Unreachable
from streetmend.georeport.types import NewRequest
from streetmend.reports.models import Report, Update
from tests.docs.pages import ROOT, examples
from tests.open311.sending import new_key
from tests.support.town import WEST, make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
HOWTOS = ROOT / "docs" / "howto"
WRITTEN_SITE = "http://127.0.0.1:8000"

Follow = Callable[[Path], list[str]]


@pytest.fixture
def follow(process_environment: dict[str, str], live_server, tmp_path: Path) -> Follow:
    """Runs all commands of a page in one shell, then its programs; what each command said."""
    set_up(folder=Folder(tmp_path), administration="http://127.0.0.1:9/", reports=30, now=datetime.now(UTC))

    def followed(page: Path) -> list[str]:
        marked = "\n".join(f"{one}\necho ---" for one in examples(page, "sh"))
        programs = "\n".join(examples(page, "python"))
        (tmp_path / "program.py").write_text(
            programs.replace(WRITTEN_SITE, live_server.url), encoding="utf-8"
        )
        script = f"""
            curl() {{ {sys.executable} -m tests.support.curl "$@"; echo; }}
            {marked.replace(WRITTEN_SITE, live_server.url).replace(".venv/bin/streetmend", f"{sys.executable} -m streetmend")}
            export KEY NUMBER="${{NUMBER:-}}"
            {sys.executable} {tmp_path / "program.py"}
        """
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=process_environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [said.strip() for said in done.stdout.split("---")]

    return followed


def test_every_command_of_the_how_to_about_reports_does_what_it_says(follow):
    before = Report.objects.count()
    page = HOWTOS / "post-a-report-from-your-own-app.md"
    key, asked, posted, with_photo, twice, wrong, program = follow(page)
    assert key == "", "it goes into a variable"
    assert {"Gatelys", "Annet"} <= {service["service_code"] for service in json.loads(asked.splitlines()[0])}
    number = json.loads(posted)[0]["service_request_id"]
    assert Report.objects.get(pk=number).title == "Lykta er mørk"
    assert Report.objects.get(pk=json.loads(with_photo)[0]["service_request_id"]).has_photo
    first, second = filter(None, twice.splitlines())
    assert first == second
    assert json.loads(wrong) == json.loads(examples(page, "json")[1]), "the page shows the real answer"
    assert set(json.loads(posted)[0]) == set(json.loads(examples(page, "json")[0])[0])
    found = re.fullmatch(r"It is report (\d+)\nopen", program)
    assert found
    assert Report.objects.get(pk=found[1]).title == "Lykta blinker"
    assert Report.objects.count() == before + 4


def test_every_command_of_the_how_to_about_updates_does_what_it_says(follow):
    page = HOWTOS / "push-updates-from-your-system.md"
    before, states = Update.objects.count(), dict(Report.objects.values_list("pk", "state"))
    key, number, pushed, with_photo, unknown, program = follow(page)
    assert (key, number) == ("", ""), "they go into variables"
    first = Update.objects.get(pk=json.loads(pushed)[0]["update_id"])
    # the newest open report of the sample may be in progress already: then nothing moves
    moved = "" if states[first.report_id] == "in_progress" else "in_progress"
    assert (first.text, first.state, first.name) == ("Vi er på vei.", moved, "Vikhavn kommune")
    second = Update.objects.get(pk=json.loads(with_photo)[0]["update_id"])
    assert (second.report, second.photos.count()) == (first.report, 1)
    assert json.loads(unknown)[0]["code"] == 404
    assert "Kind.ACCEPTED" in program
    assert Report.objects.get(pk=first.report_id).state == "closed"
    assert Update.objects.count() == before + 3


def test_the_words_for_states_in_the_how_to_are_understood_and_all_of_them_are_there():
    from streetmend.reports.statuses import STATUSES

    table = (HOWTOS / "push-updates-from-your-system.md").read_text(encoding="utf-8")
    named = {word.lower() for word in re.findall(r"`([A-Z_]+)`", table)}
    assert named <= set(STATUSES) | {"number", "key"}
    assert set(STATUSES) - named == {"for_triage", "cancelled"}


def test_our_own_client_learns_what_to_do_from_every_refusal(transactional_db, live_server):
    make_town()
    base = f"{live_server.url}/open311/v2"
    report = NewRequest(service_code="Gatelys", lat=WEST[0], long=WEST[1], description="Lykta er mørk")
    client = Client(Endpoint(base, api_key=new_key(rate=4)[1]))
    first = client.create(report, idempotency_key="one")
    assert client.create(report, idempotency_key="one") == first
    with pytest.raises(Refused) as refused:
        client.create(
            NewRequest(service_code="Gatelys", lat=1.0, long=1.0, description="x"), idempotency_key="one"
        )
    assert refused.value.status == 422
    with pytest.raises(Refused) as refused:
        client.create(NewRequest(service_code="Gatelys", lat=1.0, long=1.0))
    assert [error.description.partition(":")[0] for error in refused.value.errors] == ["description", "lat"]
    with pytest.raises(Unreachable) as later:
        client.create(report)
    assert later.value.retry_after == 15
    with pytest.raises(KeyRefused):
        Client(Endpoint(base, api_key="wrong")).create(report)
