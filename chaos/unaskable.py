"""An endpoint that cannot be asked what it has: at most one repeat of a report leaves, it says so, and all can be seen.

For the part of `make chaos` at full size, and for the tests in small. The clock is a simulated one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from chaos.part import Found
from streetmend.georeport import testing
from streetmend.georeport.testing import Answer, Behaviour, PretendEndpoint
from tests.support.clock import SettableClock

_HOURS = 60
_STEP = timedelta(hours=1)
#: staff hear of what has been in doubt for four hours
_AT_LEAST = timedelta(hours=6)
_TRAFFIC = timedelta(hours=3)
_WORDS = re.compile(rb"<(description|detail|title)>.*?</\1>", re.DOTALL)
_EMPTY = b'<?xml version="1.0" encoding="utf-8"?><service_requests/>'


def _hidden(usual: Answer) -> Answer:
    return replace(usual, body=_EMPTY)


def _wordless(usual: Answer) -> Answer:
    return replace(usual, body=_WORDS.sub(b"", usual.body))


#: in which ways an endpoint cannot be asked
WAYS: dict[str, Behaviour] = {
    "there is no GET": testing.refuse(404),
    "it is forbidden": testing.refuse(403),
    "it shows nothing": Behaviour(name="hidden", reply=_hidden),
    "it shows no words": Behaviour(name="wordless", reply=_wordless),
    "it always fails": testing.fail(500),
}
POLICIES = ("resend_marked", "hold", "email")

_POSTS: tuple[Behaviour, ...] = (
    testing.accept(),
    testing.token(ready_after=1),
    testing.token(forgotten=True),
    testing.drop(stored=True),
    Behaviour(name="reset, not stored", stores=False, cut=testing.drop(stored=True).cut),
    testing.fail(500, stored=True),
    testing.fail(500),
    testing.html(stored=True),
    testing.html(stored=False),
    testing.break_off(),
    testing.redirect("/thanks"),
    testing.busy(503, stored=True),
    testing.empty_id(),
)


@dataclass
class Play:
    """The endpoint, the clock, chance, and a worker that does all that is due."""

    endpoint: PretendEndpoint
    clock: SettableClock
    random: Random
    work: Callable[[], None]

    def play(self, way: str, policy: str, *, reports: int) -> Found:
        """So many reports to an endpoint that answers POSTs well or badly by chance, and questions not at all."""
        from streetmend.bodies.models import Endpoint
        from streetmend.reports.models import Report

        habits = {"unknown_after_hours": 1, "breaker_failures": 1000, "breaker_window": 1000}
        Endpoint.objects.update(pull_updates=False, on_unknown=policy, habits=habits)
        self.endpoint.draw = self._draw(WAYS[way])
        self.clock.advance(days=2)
        before = set(Report.objects.values_list("pk", flat=True))
        self._traffic("Before")
        self.work()
        for number in range(reports):
            self._submit(f"{way}, {policy}, {number}")
        self.work()
        began, traffic_at = self.clock.now(), self.clock.now()
        while self.clock.now() - began < _AT_LEAST or (
            self._owed(before) and self.clock.now() - began < timedelta(hours=_HOURS)
        ):
            self.clock.advance(_STEP)
            if self.clock.now() - traffic_at >= _TRAFFIC:
                traffic_at = self.clock.now()
                self._traffic(f"{traffic_at:%d %H}")
            self.work()
        return self._found(f"{way}, {policy}", before)

    def _draw(self, asked: Behaviour) -> Callable[[str], Behaviour]:
        def draw(operation: str) -> Behaviour:
            if operation == "requests":
                return asked
            return self.random.choice(_POSTS) if operation == "create" else testing.accept()

        return draw

    def _traffic(self, title: str) -> None:
        """One that certainly is accepted: the endpoint is up."""
        self.endpoint.script(testing.accept())
        self._submit(title)
        self.work()

    def _submit(self, title: str) -> None:
        from streetmend.reports.services import Told, submit
        from tests.support.town import WEST

        submit(
            now=self.clock.now(), lat=WEST[0], long=WEST[1], title=title, detail="It is dark.",
            category_name="Gatelys", told=Told(email="kari@example.org", name="Kari"), confirmed=True,
        )  # fmt: skip

    @staticmethod
    def _owed(before: set[int]) -> bool:
        from streetmend.reports.models import Delivery

        over = ("accepted", "held", "by_email", "refused")
        return Delivery.objects.exclude(report__in=before).exclude(state__in=over).exists()

    def _found(self, name: str, before: set[int]) -> Found:
        from streetmend.reports.models import Delivery, Notice
        from streetmend.reports.models.outbox import NoticeKind

        rows = list(Delivery.objects.exclude(report__in=before).select_related("report", "endpoint"))
        there = self._there()
        wrong: list[str] = []
        for row in rows:
            wrong += [f"{name}: report {row.report_id}: {one}" for one in _wrong(row, there)]
        states = Counter(str(row.state) for row in rows)
        notices = Notice.objects.filter(kind=NoticeKind.STAFF)
        if states["held"] and not any("not known" in one.content["subject"] for one in notices):
            wrong.append(f"{name}: nobody was told of what is held.")
        copies = Counter(len(there.get(row.report_id, ())) for row in rows)
        return Found({"states": dict(states), "copies": dict(copies)}, tuple(wrong))

    def _there(self) -> dict[int, list[tuple[str, str]]]:
        from streetmend.exchange.matching import marks_in
        from streetmend.exchange.reconcile import report_url_base

        base, there = report_url_base(), dict[int, list[tuple[str, str]]]()
        for entry in self.endpoint.ledger.entries():
            text = entry.new.description or ""
            for mark in marks_in(text, base):
                number = int(mark.removeprefix(base))
                there.setdefault(number, []).append((entry.service_request_id, text))
        return there


def _wrong(row: object, there: dict[int, list[tuple[str, str]]]) -> list[str]:
    from streetmend.exchange.repeats import note_of_repeat
    from streetmend.reports.models import Delivery

    if not isinstance(row, Delivery):
        raise TypeError("a delivery is expected")
    note, copies = note_of_repeat(row), there.get(row.report_id, [])
    marked = [text for _, text in copies if note and text.startswith(note)]
    wrong = []
    if len(copies) > 2 or len(copies) - len(marked) > 1:
        wrong.append(f"It is there {len(copies)} times, {len(marked)} of them marked.")
    if row.endpoint is None and copies and note not in str(row.params_snapshot.get("text")):
        wrong.append("It was mailed without a word that it may be there.")
    if row.endpoint is not None and row.endpoint.on_unknown != "resend_marked" and len(copies) > 1:
        wrong.append("It was repeated though nobody wants that.")
    if row.state == "accepted" and row.remote_id not in [number for number, _ in copies]:
        wrong.append(f"We have {row.remote_id!r}, which it is not.")
    if row.state not in ("accepted", "held", "by_email"):
        wrong.append(f"It stays {row.state}: {row.why}")
    if (row.state == "held" and not row.why) or row.tries.filter(ended_at=None).exists():
        wrong.append("It cannot be seen what became of it.")
    return wrong
