"""`python -m chaos.large_page URL ROWS`: a worker fetches a page of so many updates twice, and is measured. One line of JSON.

On the database of DATABASE_URL, which is empty. The page's server is another process.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")

import chaos.dying  # noqa: F401 - it makes Django ready
from chaos.dying import loopback
from chaos.evil import forget_peak, peak
from chaos.parts.large_page import BEGAN
from streetmend.exchange.worker import run
from tests.support.clock import SettableClock

_PATIENCE_SECONDS = 900


def _measured(work: Callable[[], None]) -> dict[str, float]:
    forget_peak()
    before, cpu, started = peak(), time.process_time(), time.monotonic()
    work()
    return {
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "seconds": round(time.monotonic() - started, 2),
        "bytes": peak() - before,
    }


def _until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not there():
        if time.monotonic() > end:
            raise TimeoutError("the page did not come")
        time.sleep(0.5)


def main() -> None:
    url, rows = sys.argv[1], int(sys.argv[2])
    from django.core.management import call_command

    from streetmend.bodies.models import Endpoint
    from streetmend.reports.models import Delivery, Inbox, Update
    from streetmend.reports.services import Told, submit
    from tests.support.town import WEST, make_town

    call_command("migrate", verbosity=0)
    make_town(url=url)
    clock = SettableClock(BEGAN - timedelta(hours=1))
    submit(
        now=clock.now(), lat=WEST[0], long=WEST[1], title="Light", category_name="Gatelys",
        told=Told(email="kari@example.org", name="Kari"), confirmed=True,
    )  # fmt: skip
    Delivery.objects.update(state="accepted", remote_id="R7", next_at=None, accepted_at=clock.now())
    theirs = Delivery.objects.get().endpoint_id
    Endpoint.objects.exclude(pk=theirs).update(pull_updates=False)
    Endpoint.objects.filter(pk=theirs).update(habits={"pull_without_window": True}, next_pull_at=BEGAN)
    stop = threading.Event()
    worker = threading.Thread(
        target=run, kwargs={"clock": clock, "transport": loopback, "stop": stop, "name": "one"}, daemon=True
    )
    worker.start()

    def pulled() -> None:
        """The endpoint is due and is asked, and all that it said is in the inbox."""
        clock.set(max(BEGAN, clock.now()) + timedelta(minutes=20))
        due = Endpoint.objects.filter(pk=theirs, next_pull_at__gt=clock.now(), lease_until=None)
        _until(due.exists)

    def applied() -> None:
        """All that is in the inbox is done with."""
        _until(lambda: not Inbox.objects.filter(state="new").exists())

    first, rest = _measured(pulled), _measured(applied)
    stored = Inbox.objects.count()
    second = _measured(pulled)
    stop.set()
    worker.join(60)
    told = {
        "first": {**first, "stored": stored},
        "applied": rest,
        "second": {**second, "stored": Inbox.objects.count() - stored},
        "updates": Update.objects.count(),
        "rows": rows,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
