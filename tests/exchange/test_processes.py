"""A worker as its own process, beside a site that takes reports in: the machine's clock, real sockets, a real mail server."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from streetmend.georeport.testing import PretendEndpoint, serving
from streetmend.reports.models import Report
from streetmend.reports.services import Told, confirm_report, submit
from streetmend.reports.states import State
from tests.exchange.processes import PATIENCE_SECONDS, until
from tests.support.town import WEST, make_town


@pytest.mark.django_db(transaction=True)
def test_a_report_confirmed_on_the_site_is_sent_by_a_running_worker_and_comes_back_fixed(
    worker_environment, post, tmp_path
):
    endpoint = PretendEndpoint()
    with serving(endpoint) as server:
        town = make_town(url=server.url)
        type(town.endpoint).objects.update(pull_seconds=1)
        log = tmp_path / "log"
        with log.open("wb") as file:
            worker = subprocess.Popen(
                [sys.executable, "-m", "streetmend", "work"],
                env=worker_environment(),
                stdout=file,
                stderr=file,
            )
        until(lambda: "started" in log.read_text(), what="the worker's start")
        taken = submit(
            now=datetime.now(UTC),
            lat=WEST[0],
            long=WEST[1],
            title="Lykta er mørk",
            category_name="Gatelys",
            told=Told(email="kari@example.org", language="nb"),
        )
        until(lambda: len(post.to("kari@example.org")) == 1, what="the mail that asks to confirm")
        confirm_report(secret=taken.secret, now=datetime.now(UTC))
        until(lambda: len(endpoint.ledger.entries()) == 1, what="the report at the endpoint")
        (entry,) = endpoint.ledger.entries()
        endpoint.say(entry.service_request_id, "closed", "Pæra er skiftet.", extended_status="fixed")
        until(lambda: Report.objects.get().state == State.FIXED, what="the news")
        until(lambda: len(post.to("kari@example.org")) == 3, what="the mail about the news")
        worker.terminate()
        assert worker.wait(PATIENCE_SECONDS) == 0
