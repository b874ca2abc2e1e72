"""A process that takes a report in is killed in the middle: nothing is half there, and the repeat makes exactly one."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime

from streetmend.reports.models import Delivery, Notice, Report
from streetmend.reports.services import Submitted, Told, submit
from tests.support.town import WEST, make_town

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)

#: takes the report in as the site does and is killed at the point that its argument names
PROGRAM = """
import os, signal, sys
from datetime import UTC, datetime
import django
django.setup()
from django.db import transaction
from streetmend.reports.services import Told, submit

def take_in():
    submit(now=datetime.now(UTC), lat=60.0, long=4.0, title="Hole", category_name="Hull i vei",
           told=Told(email="kari@example.org"), form_token="the form")

if sys.argv[1] == "before_commit":
    with transaction.atomic():
        take_in()
        os.kill(os.getpid(), signal.SIGKILL)
take_in()
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(point: str, environment: dict[str, str]) -> None:
    """A process of ours has taken the report in and was killed at this point."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, point],
        env={**environment, "DJANGO_SETTINGS_MODULE": "streetmend.settings"},
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL


def again() -> Submitted:
    """The browser sends the same form once more."""
    return submit(
        now=NOW,
        lat=WEST[0],
        long=WEST[1],
        title="Hole",
        category_name="Hull i vei",
        told=Told(email="kari@example.org"),
        form_token="the form",
    )


def test_F_01_killed_before_the_commit_nothing_is_there_and_the_repeat_makes_exactly_one(
    process_environment: dict[str, str],
) -> None:
    make_town()
    killed("before_commit", process_environment)
    assert (Report.objects.count(), Delivery.objects.count(), Notice.objects.count()) == (0, 0, 0)
    assert not again().repeated
    assert (Report.objects.count(), Delivery.objects.count(), Notice.objects.count()) == (1, 2, 1)


def test_F_02_killed_after_the_commit_everything_is_there_and_the_repeat_finds_it(
    process_environment: dict[str, str],
) -> None:
    make_town()
    killed("after_commit", process_environment)
    assert (Report.objects.count(), Delivery.objects.count(), Notice.objects.count()) == (1, 2, 1)
    assert again().repeated
    assert (Report.objects.count(), Delivery.objects.count(), Notice.objects.count()) == (1, 2, 1)
