"""`python -m chaos.crashes [--share N] [--twice N]`: processes die at every named point, once for every class of answer (G2).

On the database of DATABASE_URL, which is migrated and has nothing else in it. The clock is simulated; leases of the dead, which
the database counts, are ended by hand. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")

from chaos.dying import SettableClock, dies, take_in, work_once, worker
from streetmend.bodies.health import resume_endpoint
from streetmend.bodies.models import Endpoint, Pull
from streetmend.crash import POINTS
from streetmend.exchange.addresses import report_url
from streetmend.georeport import testing
from streetmend.georeport.testing import Behaviour, PretendEndpoint, serving
from streetmend.reports.models import Delivery, EndpointWatch, Notice, Report, Update
from streetmend.reports.models.outbox import NoticeKind, NoticeState
from streetmend.reports.states import DeliveryState
from tests.support.town import EAST, WEST, make_town

#: points at which the site dies, and not a worker
_AT_THE_DOOR = ("report_written", "report_kept")
#: points on the way back
_COMING_BACK = ("after_page_stored", "after_rows_applied")
#: what only another set-up reaches; they have their tests in tests/exchange
_ELSEWHERE = ("after_row_applied", "after_reports_stored", "after_letter_taken")
#: points that a worker passes only when another one has died before
_AFTER_A_DEATH = ("rescue_written", "rescued")
_STEPS = 60
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HABITS = {"breaker_failures": 1, "breaker_max_seconds": 60, "unknown_after_hours": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One class of answer: what the endpoint does with the first POST (`always`: with every one), and where that has to end."""

    behaviour: Behaviour | None = None
    always: bool = False
    place: tuple[float, float] = WEST
    ends: tuple[DeliveryState, ...] = (DeliveryState.ACCEPTED,)
    copies: tuple[int, ...] = (1,)
    hidden: bool = False


REPLIES: dict[str, Reply] = {
    "accepted": Reply(),
    "token": Reply(behaviour=testing.token(ready_after=1)),
    "not received": Reply(behaviour=testing.busy(429)),
    "credentials": Reply(behaviour=testing.unauthorised(), always=True),
    "refused": Reply(behaviour=testing.refuse(400), always=True, ends=(DeliveryState.REFUSED,), copies=(0,)),
    "unknown, stored": Reply(behaviour=testing.drop(stored=True)),
    "unknown, not stored": Reply(behaviour=testing.fail(500)),
    "unknown, stored late": Reply(
        behaviour=Behaviour(name="late", late=timedelta(minutes=8), cut=testing.drop(stored=True).cut)
    ),
    "unknown, a page in HTML": Reply(behaviour=testing.html(stored=True)),
    "unknown, cannot be asked": Reply(
        behaviour=testing.drop(stored=True),
        ends=(DeliveryState.HELD, DeliveryState.ACCEPTED),
        copies=(0, 1),
        hidden=True,
    ),
    "mailed": Reply(place=EAST, ends=(DeliveryState.BY_EMAIL,), copies=(0,)),
}


@dataclass
class Stage:
    """The town, its endpoint, the clock; and what was found so far."""

    endpoint: PretendEndpoint
    clock: SettableClock
    reached: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    violations: list[str] = field(default_factory=list)

    def play(self, point: str, name: str, deaths: int) -> None:
        """One report, of which somebody dies at `point` for so many times; afterwards all goes well."""
        reply = REPLIES[name]
        self.runs += 1
        self._begin(reply)
        token = f"{point}.{name}.{deaths}"
        left = deaths - self._take_in(point, reply, token)
        report = Report.objects.get(form_token=token)
        if point in _AFTER_A_DEATH:
            dies(worker, "after_intent", self.clock.now())
            end_leases()
        mails_before = Notice.objects.filter(kind=NoticeKind.STAFF).count()
        for _ in range(_STEPS):
            if left and point not in _AT_THE_DOOR and dies(worker, point, self.clock.now()):
                left -= 1
                end_leases()
            else:
                work_once(self.clock, "living")
            self._look_after()
            if self._over(report, reply):
                break
            self._wait(report)
        self._come_back(report, point)
        self.reached[point] += left < deaths
        told = [*self._wrong(report, reply, token), *_alarms(name, mails_before)]
        self.violations += [f"{point}, {name}, {deaths} deaths: {one}" for one in told]

    def _begin(self, reply: Reply) -> None:
        """A quiet day later: nothing is open, nothing is scripted."""
        self.clock.advance(days=1)
        EndpointWatch.objects.update(
            open_until=None, opened=0, probed=False, rate=None, rate_bad_at=None, failing_since=None, told=0,
            closed_at=self.clock.now(), ask_at=None, ask_failures=0, late_seconds=0, ledger_at=None, can_find_at=None,
        )  # fmt: skip
        Endpoint.objects.update(pull_updates=False, on_unknown="hold" if reply.hidden else "resend_marked")
        self.endpoint.always(testing.refuse(404) if reply.hidden else None, operation="requests")
        self.endpoint.always(reply.behaviour if reply.always else None)
        if reply.behaviour and not reply.always:
            self.endpoint.script(reply.behaviour)

    def _take_in(self, point: str, reply: Reply, token: str) -> int:
        """The report is there; how many deaths that took. A form that got no answer is sent again, with the same token."""
        if point not in _AT_THE_DOOR:
            take_in("", self.clock.now(), reply.place, token)
            return 0
        died = dies(take_in, point, self.clock.now(), reply.place, token)
        take_in("", self.clock.now(), reply.place, token)
        return int(died)

    def _look_after(self) -> None:
        """Staff put the key right, and resume the endpoint."""
        for endpoint in Endpoint.objects.filter(paused_at__isnull=False):
            self.endpoint.always(None)
            resume_endpoint(endpoint_id=endpoint.pk, now=self.clock.now())

    def _over(self, report: Report, reply: Reply) -> bool:
        delivery = Delivery.objects.get(report=report)
        return (
            delivery.state in reply.ends
            and delivery.check_wanted_at is None
            and not Notice.objects.filter(state__in=(NoticeState.WAITING, NoticeState.SENDING)).exists()
        )

    def _wait(self, report: Report) -> None:
        """Until the next thing is due."""
        delivery = Delivery.objects.get(report=report)
        watch = EndpointWatch.objects.filter(pk=delivery.endpoint_id).first()
        due = [delivery.next_at, delivery.check_wanted_at, watch and watch.open_until, watch and watch.ask_at]
        due += Notice.objects.filter(state=NoticeState.WAITING).values_list("next_at", flat=True)
        now = self.clock.now()
        later = [at for at in due if at and at > now]
        self.clock.set(min([*later, now + timedelta(hours=1)]))

    def _come_back(self, report: Report, point: str) -> None:
        """The body says that it is done, and somebody dies on the way."""
        delivery = Delivery.objects.get(report=report)
        if point not in _COMING_BACK or delivery.state != DeliveryState.ACCEPTED:
            return
        self.clock.advance(minutes=10)
        self.endpoint.say(delivery.remote_id, "closed", "Done.")
        Endpoint.objects.filter(pk=delivery.endpoint_id).update(pull_updates=True, next_pull_at=None)
        self.reached[point] += dies(worker, point, self.clock.now())
        end_leases()
        for _ in range(2):
            work_once(self.clock, "living")
            self.clock.advance(minutes=10)
        updates, state = Update.objects.filter(report=report).count(), Report.objects.get(pk=report.pk).state
        if (updates, state) != (1, "closed"):
            self.violations.append(f"{point}: {updates} updates came back, and the report is {state}.")

    def _wrong(self, report: Report, reply: Reply, token: str) -> list[str]:
        delivery = Delivery.objects.get(report=report)
        url = report_url(report.pk)
        there = [
            entry.service_request_id
            for entry in self.endpoint.ledger.entries()
            if url in (entry.new.description or "").split()
        ]
        told = Notice.objects.filter(report=report, kind=NoticeKind.REPORT_SENT).count()
        arrived = delivery.state in (DeliveryState.ACCEPTED, DeliveryState.BY_EMAIL)
        wrong = []
        if not self._over(report, reply):
            wrong.append(f"It stays {delivery.state}: {delivery.why}")
        if len(there) not in reply.copies:
            wrong.append(f"The endpoint has it {len(there)} times.")
        if delivery.state == DeliveryState.ACCEPTED and there != [delivery.remote_id]:
            wrong.append(f"We have {delivery.remote_id!r}, and it is {there}.")
        if told != arrived:
            wrong.append(f"{told} mails say that it was sent, and it is {delivery.state}.")
        if not delivery.why and not arrived:
            wrong.append("Nothing says why it is where it is.")
        if Report.objects.filter(form_token=token).count() != 1 or report.deliveries.count() != 1:
            wrong.append("There is not one report with one delivery.")
        return wrong


def _alarms(name: str, before: int) -> list[str]:
    paused = [
        one
        for one in Notice.objects.filter(kind=NoticeKind.STAFF).order_by("id")[before:]
        if "is paused" in one.content["subject"]
    ]
    if name != "credentials" and paused:
        return [f"{len(paused)} alarms for nothing."]
    return [] if len(paused) <= 1 else [f"{len(paused)} alarms of one key."]


def end_leases() -> None:
    """Whatever the dead held is free."""
    Delivery.objects.filter(lease_until__isnull=False).update(lease_until=_LONG_AGO)
    Notice.objects.filter(lease_until__isnull=False).update(lease_until=_LONG_AGO)
    Endpoint.objects.filter(lease_until__isnull=False).update(lease_until=_LONG_AGO)
    Pull.objects.filter(lease_until__isnull=False).update(lease_until=_LONG_AGO)
    EndpointWatch.objects.filter(ask_until__isnull=False).update(ask_until=_LONG_AGO)
    EndpointWatch.objects.filter(probe_until__isnull=False).update(probe_until=_LONG_AGO)


def chosen(share: int) -> list[tuple[str, str]]:
    """Every pair of a point and a class; with a share of n each point with the n-th part of them, and others for the next one.

    Points that not every class leads to have one that does.
    """
    points = [point for point in POINTS if point not in _ELSEWHERE]
    names = list(REPLIES)
    return [
        (point, name)
        for place, point in enumerate(points)
        for number, name in enumerate(names)
        if (name == MUST[point] if share > 1 and point in MUST else (place + number) % share == 0)
    ]


#: the class of answer that certainly leads to the point, where not every one does
MUST = {
    "token_asked": "token",
    "mail_made": "mailed",
    "mail_taken": "mailed",
    "doubts_read": "unknown, stored",
    "window_read": "unknown, stored",
    "after_sweep": "unknown, stored",
    "found_written": "unknown, stored",
    "not_found_written": "unknown, not stored",
    "cannot_written": "unknown, cannot be asked",
    "after_decision": "unknown, stored",
    "sweep_over": "unknown, stored",
    "probe_answered": "unknown, not stored",
    "probe_recorded": "unknown, not stored",
    "rescue_written": "accepted",
    "rescued": "accepted",
    "after_page_stored": "accepted",
    "after_rows_applied": "accepted",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=int, default=1, help="one of so many pairs")
    parser.add_argument(
        "--twice", type=int, default=0, help="of one of so many pairs somebody dies twice as well"
    )
    asked = parser.parse_args()
    started = time.monotonic()
    clock = SettableClock()
    endpoint = PretendEndpoint(clock=clock.now)
    pairs = chosen(asked.share)
    with serving(endpoint) as server:
        make_town(url=server.url)
        Endpoint.objects.update(pull_updates=False, habits=HABITS)
        stage = Stage(endpoint, clock)
        stage.play("after_record", "accepted", 0)
        for number, (point, name) in enumerate(pairs):
            stage.play(point, name, 1)
            if asked.twice and number % asked.twice == 0:
                stage.play(point, name, 2)
    never = sorted({point for point, _ in pairs} - {point for point, count in stage.reached.items() if count})
    told: dict[str, Any] = {
        "points": len({point for point, _ in pairs}),
        "answers": len({name for _, name in pairs}),
        "deaths": sum(stage.reached.values()),
        "runs": stage.runs,
        "seconds": round(time.monotonic() - started, 1),
        "violations": stage.violations + [f"Nobody ever died at {point}." for point in never],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
