"""An endpoint is away for days, or comes and goes, on a simulated clock: nothing is lost or doubled, no other one notices.

For the parts of `make chaos` at full size, and for the tests in small. The database has the town of the tests and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chaos.part import Found
from streetmend.georeport import testing
from streetmend.georeport.testing import PretendEndpoint
from tests.support.clock import SettableClock

#: nobody listens there
NOWHERE = "http://127.0.0.1:9/"
MOST_MAILS = 5
DRAINED_WITHIN = timedelta(minutes=20)
_OPERATIONS = ("create", "services", "discovery", "requests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """How long, and how much comes in meanwhile. `answers`: it answers 503 to everything; else nobody answers at all."""

    reports: int
    hours: int
    step: timedelta
    answers: bool = False
    #: the endpoint's `max_rate`; 0: none
    most: int = 0


@dataclass
class Play:
    """The endpoint that fails, one beside it, the clock, and a worker that does all that is due."""

    endpoint: PretendEndpoint
    url: str
    other: PretendEndpoint
    clock: SettableClock
    work: Callable[[], None]

    def __post_init__(self) -> None:
        from streetmend.bodies.models import Endpoint

        self.row = Endpoint.objects.get(body__name="Vestby kommune")
        self.beside = Endpoint.objects.get(body__name="Veietaten")
        self.made = self.undelivered = 0
        Endpoint.objects.update(pull_updates=False)

    # --- the parts

    def outage(self, plan: Outage) -> Found:
        """Away for `plan.hours`, then back: all is there in order within twenty minutes."""
        self._habits(**({"max_rate": plan.most} if plan.most else {}))
        self._down(plan.answers)
        began, steps = self.clock.now(), round(timedelta(hours=plan.hours) / plan.step)
        for number in range(steps):
            share = plan.reports * (number + 1) // steps - self.made
            for _ in range(share):
                self._report()
                self.clock.advance(plan.step / (share + 1))
            self.clock.advance(plan.step / (share + 1))
            self._beside()
        down = self.clock.now() - began
        asked = len(self.endpoint.ledger.seen())
        self._up()
        back = self.clock.now()
        first, fastest = self._drain(back)
        figures: dict[str, object] = {
            "reports": plan.reports,
            "hours_away": round(down / timedelta(hours=1), 1),
            "calls_while_away": asked,
            "seconds_until_first": (first - back).total_seconds() if first else None,
            "seconds_until_all": (self.clock.now() - back).total_seconds(),
            "most_in_a_second": fastest,
            "staff_mails": _staff_mails(),
            "beside": len(self.other.ledger.entries()),
        }
        wrong = self._wrong(plan.reports)
        if first is None or self.clock.now() - first > DRAINED_WITHIN:
            wrong.append("It took longer than twenty minutes.")
        if plan.most and fastest > plan.most:
            wrong.append(f"It got {fastest} in a second and wants {plan.most} at most.")
        return Found(figures, tuple(wrong))

    def flapping(self, *, minutes: int, reports: int) -> Found:
        """Up and down every thirty seconds: fewer probes than one in thirty seconds, and nothing comes twice."""
        self._habits(breaker_failures=2)
        phases = minutes * 2
        for number in range(phases):
            if number % 2:
                self._up()
            else:
                self._down(answers=number % 4 == 0)
            for _ in range(reports * (number + 1) // phases - self.made):
                self._report()
            self.clock.advance(seconds=15)
            self._beside()
            self.clock.advance(seconds=15)
            self.work()
        probes = len(self.endpoint.ledger.seen("services"))
        self._up()
        back = self.clock.now()
        self._drain(back, patience=timedelta(hours=3))
        figures = {"reports": reports, "minutes": minutes, "probes": probes, "staff_mails": _staff_mails(),
                   "seconds_until_all": (self.clock.now() - back).total_seconds()}  # fmt: skip
        wrong = self._wrong(reports, in_order=False)
        if not 0 < probes <= phases:
            wrong.append(f"It was probed {probes} times in {phases} times thirty seconds.")
        return Found(figures, tuple(wrong))

    # --- what happens

    def _habits(self, **habits: int) -> None:
        from streetmend.bodies.models import Endpoint

        Endpoint.objects.filter(pk=self.row.pk).update(habits=habits)

    def _down(self, answers: bool) -> None:
        from streetmend.bodies.models import Endpoint

        if not answers:
            Endpoint.objects.filter(pk=self.row.pk).update(url=NOWHERE)
        for operation in _OPERATIONS:
            self.endpoint.always(testing.fail(503) if answers else None, operation=operation)

    def _up(self) -> None:
        from streetmend.bodies.models import Endpoint

        Endpoint.objects.filter(pk=self.row.pk).update(url=self.url)
        for operation in _OPERATIONS:
            self.endpoint.always(None, operation=operation)

    def _report(self) -> None:
        self.made += 1
        _submit(self.clock.now(), f"Light {self.made:06}", "Gatelys")

    def _beside(self) -> None:
        """A report for the other endpoint too, which has to be there at once."""
        from streetmend.reports.models import Delivery

        _submit(self.clock.now(), "Sign", "Skilt", {"kind": ["stop"]})
        self.work()
        late = Delivery.objects.filter(endpoint=self.beside.pk).exclude(state="accepted").count()
        self.undelivered += late

    def _drain(self, back: datetime, patience: timedelta = timedelta(hours=1)) -> tuple[datetime | None, int]:
        """Second by second until all is there; when the first one was there, and how many were in the fullest second."""
        from streetmend.reports.models import Delivery

        first, fastest, seen = None, 0, self._posts()
        while self.clock.now() - back < patience:
            self.work()
            posts = self._posts()
            if posts > seen and first is None:
                first = self.clock.now()
            fastest, seen = max(fastest, posts - seen), posts
            owed = Delivery.objects.filter(endpoint=self.row.pk).exclude(state="accepted")
            if not owed.exists():
                break
            if owed.filter(state="waiting", next_at__lte=self.clock.now()).exists() and first:
                self.clock.advance(seconds=1)
            else:
                self.clock.advance(seconds=20)
            if self.clock.now().second < 2:
                self._beside()
                seen = self._posts()
        return first, fastest

    def _posts(self) -> int:
        return len(self.endpoint.ledger.seen("create"))

    def _wrong(self, reports: int, *, in_order: bool = True) -> list[str]:
        from streetmend.reports.models import Delivery

        rows = dict(Delivery.objects.filter(endpoint=self.row.pk).values_list("report__title", "remote_id"))
        # what may be a repeat says so before its title
        there = [
            (
                next((line for line in (entry.new.description or "").splitlines() if line in rows), ""),
                entry.service_request_id,
            )
            for entry in self.endpoint.ledger.entries()
        ]
        titles = [title for title, _ in there]
        wrong = []
        lost = set(rows) - set(titles)
        if len(rows) != reports or lost:
            wrong.append(f"{len(lost)} of {reports} reports are not there.")
        if len(titles) != len(set(titles)) or len(titles) > reports:
            wrong.append(f"{len(titles) - len(set(titles))} reports are there twice.")
        if any(rows.get(title) != number for title, number in there):
            wrong.append("Some have another number here than there.")
        if in_order and not _in_order(self.row.pk):
            wrong.append("They did not leave in order.")
        if self.undelivered:
            wrong.append(f"The endpoint beside it had to wait {self.undelivered} times.")
        if _staff_mails() > MOST_MAILS:
            wrong.append(f"Staff got {_staff_mails()} mails.")
        return wrong


def _in_order(endpoint_id: int) -> bool:
    """Whether what arrived left in the order in which it was reported, but for the first, which found out that it is back.

    What was in doubt had to be asked about first and has no place in the order.
    """
    from streetmend.reports.models import Attempt

    tries = Attempt.objects.filter(endpoint=endpoint_id)
    doubted = tries.filter(outcome="unknown").values("delivery")
    left = tries.filter(outcome="accepted").exclude(delivery__in=doubted).order_by("id")
    titles = list(left.values_list("delivery__report__title", flat=True))[1:]
    return titles == sorted(titles)


def _submit(now: datetime, title: str, category: str, answers: dict[str, list[str]] | None = None) -> None:
    from streetmend.reports.services import Told, submit
    from tests.support.town import WEST

    submit(
        now=now, lat=WEST[0], long=WEST[1], title=title, category_name=category, answers=answers,
        told=Told(email="kari@example.org", name="Kari"), confirmed=True,
    )  # fmt: skip


def _staff_mails() -> int:
    from streetmend.reports.models import Notice
    from streetmend.reports.models.outbox import NoticeKind

    return Notice.objects.filter(kind=NoticeKind.STAFF).count()
