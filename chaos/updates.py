"""Updates come back in any order, split and repeated, or after an outage: each report stands where it must, and nothing is lost.

The database has the town of the tests and nothing else; the clock is a simulated one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from chaos.part import Found
from streetmend.georeport import testing
from streetmend.georeport.testing import PretendEndpoint
from tests.support.clock import SettableClock

#: so many orders of each set of updates
_ORDERS = 10
_SETS_AT_ONCE = 10
_MOST_ROWS = 7
OUTAGES = {
    "1 minute": timedelta(minutes=1),
    "3 hours": timedelta(hours=3),
    "3 days": timedelta(days=3),
    "29 days": timedelta(days=29),
}
_STEPS = 30


# --- any order


def orders(count: int, random: Random) -> Found:
    """So many random orders of random updates, each cut into portions and with repeats, against the same set one by one."""
    from streetmend.bodies.models import Endpoint
    from streetmend.reports.models import Update

    endpoint = Endpoint.objects.get(body__name="Vestby kommune")
    wrong: list[str] = []
    played, sets = 0, 0
    while played < count:
        some = [_a_set(sets + number, random) for number in range(_SETS_AT_ONCE)]
        wrong += _play(some, endpoint.pk, random)
        played += len(some) * _ORDERS
        sets += len(some)
    figures = {"orders": played, "sets": sets, "updates": Update.objects.count()}
    return Found(figures, tuple(wrong[:20]))


def _a_set(number: int, random: Random) -> list[list[object]]:
    """Rows for the reports of one set: as they are for the first, in a random order with repeats for each of the others."""
    from tests.support.updates import some_rows

    rows = some_rows(random, _MOST_ROWS)
    told: list[list[object]] = []
    for copy in range(_ORDERS + 1):
        mine = [
            replace(row, remote_report_id=f"R{number}.{copy}", remote_update_id=f"{number}.{copy}.{row.remote_update_id}")
            for row in rows
        ]  # fmt: skip
        if copy:
            mine += random.choices(mine, k=random.randint(0, 3))
            random.shuffle(mine)
        told.append(list(mine))
    return told


def _play(sets: Sequence[list[list[object]]], endpoint_id: int, random: Random) -> list[str]:
    from streetmend.reports.models import Delivery

    told = [rows for one in sets for rows in one]
    reports = []
    for rows in told:
        report = _report(endpoint_id)
        number = rows[0].remote_report_id  # type: ignore[attr-defined]
        Delivery.objects.filter(report=report).update(remote_id=number, state="accepted", next_at=None)
        reports.append(report)
    # the first of each set row by row, the others in portions
    portions = [_portions(rows, random, single=place % (_ORDERS + 1) == 0) for place, rows in enumerate(told)]
    for step in range(max(len(one) for one in portions)):
        page = [row for one in portions if step < len(one) for row in one[step]]
        _store(endpoint_id, page)
        _apply(random, everything=False)
    _apply(random, everything=True)
    stands = [_stands(report) for report in reports]
    wrong = []
    for place, (rows, stand) in enumerate(zip(told, stands, strict=True)):
        expected = stands[place - place % (_ORDERS + 1)]
        if stand != expected:
            wrong.append(f"{rows} leave the report at {stand}, and one by one at {expected}.")
    return wrong


def _portions(rows: list[object], random: Random, *, single: bool) -> list[list[object]]:
    if single:
        return [[row] for row in rows]
    cuts = sorted(random.sample(range(len(rows) + 1), random.randint(0, min(3, len(rows)))))
    return [rows[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]


def _report(endpoint_id: int) -> int:
    from streetmend.reports.services import Told, submit
    from tests.support.town import WEST
    from tests.support.updates import NOW

    made = submit(
        now=NOW, lat=WEST[0], long=WEST[1], title="Mørkt", category_name="Gatelys", confirmed=True,
        told=Told(email="kari@example.org", name="Kari", language="nb"),
    )  # fmt: skip
    return made.report.pk


def _later() -> datetime:
    from tests.support.updates import NOW

    return NOW + timedelta(days=1)


def _store(endpoint_id: int, rows: Sequence[object]) -> None:
    from django.db.models.functions import Now

    from streetmend.bodies.models import Endpoint
    from streetmend.reports.services.inbox import store_page

    Endpoint.objects.filter(pk=endpoint_id).update(lease_owner="one", lease_until=Now() + timedelta(hours=1))
    store_page(endpoint_id=endpoint_id, worker="one", rows=rows, now=_later(), margin_seconds=3600)  # type: ignore[arg-type]


def _apply(random: Random, *, everything: bool) -> None:
    """Some of the rows that are due, or all: the first of each set has each row applied before the next one comes."""
    from streetmend.reports.models import Inbox
    from streetmend.reports.services.applying import apply_rows
    from streetmend.reports.services.inbox import due_rows

    due = due_rows(now=_later(), limit=10_000)
    if not everything:
        firsts = set(
            Inbox.objects.filter(pk__in=due, remote_report_id__endswith=".0").values_list("pk", flat=True)
        )
        due = [pk for pk in due if pk in firsts or random.random() < 0.6]
    apply_rows(inbox_ids=due, now=_later())


def _stands(report: int) -> tuple[object, ...]:
    from streetmend.reports.models import Report, Update

    row = Report.objects.values_list("state", "status_notes", "closed", "comment_count").get(pk=report)
    updates = Update.objects.filter(report=report).values_list("remote_id", "at", "state", "text", "hidden")
    shown = [(number.rpartition(".")[2], *rest) for number, *rest in updates.order_by("at", "remote_id")]
    return (*row, *shown)


# --- after an outage


class Play:
    """An endpoint that tells of our reports, the clock, chance, and a worker that does all that is due."""

    def __init__(
        self, endpoint: PretendEndpoint, clock: SettableClock, random: Random, work: Callable[[], None]
    ) -> None:
        from streetmend.bodies.models import Endpoint

        self.endpoint, self.clock, self.random, self.work = endpoint, clock, random, work
        Endpoint.objects.exclude(body__name="Vestby kommune").update(pull_updates=False)

    def outages(self, updates: int) -> Found:
        """So many updates are said while nobody answers, for each length of an outage; all are there afterwards, once."""
        for number in range(max(updates // 10, 1)):
            self._report(number)
        self.work()
        self.clock.advance(minutes=10)
        self.work()
        numbers = [entry.service_request_id for entry in self.endpoint.ledger.entries()]
        figures: dict[str, object] = {"reports": len(numbers)}
        wrong: list[str] = []
        for name, away in OUTAGES.items():
            found = self._outage(name, away, numbers, updates)
            figures[name] = found.figures
            wrong += found.violations
        return Found(figures, tuple(wrong))

    def _outage(self, name: str, away: timedelta, numbers: list[str], updates: int) -> Found:
        from streetmend.reports.models import Report, Update

        before = Update.objects.count()
        self.endpoint.always(testing.fail(503), operation="updates")
        said: dict[str, list[str]] = {number: [] for number in numbers}
        for step in range(_STEPS):
            for place in range(updates * step // _STEPS, updates * (step + 1) // _STEPS):
                number = self.random.choice(numbers)
                said[number].append(f"{name} {place}")
                self.endpoint.say(
                    number, "open", said[number][-1], extended_status="in_progress", at=self.clock.now()
                )
                self.clock.advance(away / updates)
            self.work()
        came_too_early = Update.objects.count() - before
        self.endpoint.always(None, operation="updates")
        back = self.clock.now()
        while Update.objects.count() - before < updates and self.clock.now() - back < timedelta(hours=6):
            self.clock.advance(minutes=5)
            self.work()
        hours = (self.clock.now() - back) / timedelta(hours=1)
        for _ in range(3):
            self.clock.advance(hours=2)
            self.work()
        there = Update.objects.order_by("at").filter(text__startswith=f"{name} ")
        got: dict[str, list[str]] = {number: [] for number in numbers}
        for remote_id, text in there.values_list("report__deliveries__remote_id", "text"):
            got[remote_id].append(text)
        wrong = [
            f"After {name}, {number} has {got[number]} and was told {said[number]}."
            for number in numbers
            if got[number] != said[number]
        ]
        if came_too_early:
            wrong.append(f"{came_too_early} updates came while nobody answered.")
        told = {number for number, texts in said.items() if texts}
        moved = Report.objects.filter(state="in_progress", deliveries__remote_id__in=told).count()
        if moved != len(told):
            wrong.append(f"After {name} {moved} of {len(told)} reports are in progress.")
        return Found({"updates": there.count(), "hours_until_all": round(hours, 2)}, tuple(wrong[:10]))

    def _report(self, number: int) -> None:
        from streetmend.reports.services import Told, submit
        from tests.support.town import WEST

        submit(
            now=self.clock.now(), lat=WEST[0], long=WEST[1] + number * 1e-5, title=f"Light {number}",
            category_name="Gatelys", told=Told(email="kari@example.org", name="Kari"), confirmed=True,
        )  # fmt: skip
