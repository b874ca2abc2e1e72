"""What the fold of a report's updates needs from the database: how each endpoint's words are read, and the bodies' numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from streetmend.bodies.habits import Habits, habits_of
from streetmend.bodies.models import Endpoint
from streetmend.reports.models import Delivery, Report, Update
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services.elsewhere import PROOF
from streetmend.reports.services.folding import fold, rules_of

_STANDARD = Habits()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The habits of endpoints by their ids, and by report and endpoint the number that people know the report by there."""

    habits: Mapping[int, Habits]
    references: Mapping[int, dict[int, str]]
    #: reports that came with the body's words, which stand until an update says others
    made_elsewhere: Collection[int]

    def habits_of(self, update: Update) -> Habits:
        """The habits of the endpoint that said it; the standard ones where it came in another way."""
        return self.habits.get(int(update.told.get("endpoint", 0)), _STANDARD)

    def fold(self, report: Report, updates: Sequence[Update]) -> None:
        """The report, and each of its updates, say what all of them together make of it; nothing is saved.

        The report comes with its category's name.
        """
        folded = fold(
            report,
            updates,
            rules={number: rules_of(habits) for number, habits in self.habits.items()},
            category=report.category_name.name,
            references=self.references.get(report.pk, {}),
        )
        report.state = folded.state
        # what a body has taken back since is not what it says
        came_with = report.status_notes if report.pk in self.made_elsewhere else ""
        report.status_notes = folded.notes or came_with


def surroundings(report_ids: Collection[int]) -> Surroundings:
    """What folding the updates of these reports needs, in two queries."""
    references: dict[int, dict[int, str]] = defaultdict(dict)
    made_elsewhere = set()
    owed = Delivery.objects.filter(report__in=report_ids, kind=DeliveryKind.REPORT, endpoint__isnull=False)
    for report_id, endpoint_id, reference, remote_id, proof in owed.values_list(
        "report_id", "endpoint_id", "reference", "remote_id", "proof"
    ):
        if proof == PROOF:
            made_elsewhere.add(report_id)
        if endpoint_id is not None:
            references[report_id][endpoint_id] = reference or remote_id
    used = {number for of_report in references.values() for number in of_report}
    habits = {endpoint.pk: _habits(endpoint) for endpoint in Endpoint.objects.filter(pk__in=used)}
    return Surroundings(habits, references, made_elsewhere)


def _habits(endpoint: Endpoint) -> Habits:
    try:
        return habits_of(endpoint)
    except msgspec.ValidationError:
        # somebody wrote wrong ones past the services; what was said is not to be lost for that
        return _STANDARD
