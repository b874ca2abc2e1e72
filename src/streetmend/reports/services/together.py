"""What goes by e-mail to several bodies of one report is one mail: its deliveries are claimed together or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from streetmend.bodies.queries import mail_address
from streetmend.reports.models import Delivery
from streetmend.reports.models.outbox import DeliveryKind


def with_companions(chosen: Sequence[int], due: QuerySet[Delivery]) -> list[int]:
    """The ids, and those of what else of the same reports is due by e-mail for the first time."""
    reports = Delivery.objects.filter(pk__in=chosen, endpoint=None).values("report")
    others = _first_mails(due).filter(report__in=reports).values_list("pk", flat=True)
    return list(dict.fromkeys([*chosen, *others]))


def whole(claimed: Iterable[Delivery], wanted: Sequence[int], due: QuerySet[Delivery]) -> list[Delivery]:
    """What was claimed, without the parts of a mail of which another worker has the rest."""
    deliveries = list(claimed)
    mine = {delivery.pk for delivery in deliveries}
    missing = [pk for pk in wanted if pk not in mine]
    torn = (
        set(_first_mails(due).filter(pk__in=missing).values_list("report_id", flat=True))
        if missing
        else set()
    )
    return [one for one in deliveries if not (one.report_id in torn and is_first_mail(one))]


def first_mails_of(deliveries: Iterable[Delivery]) -> dict[int, list[Delivery]]:
    """By the delivery's id: those of them that are one mail with it, itself among them, in the order of their ids."""
    reports: dict[int, list[Delivery]] = defaultdict(list)
    for delivery in sorted(deliveries, key=lambda one: one.pk):
        if is_first_mail(delivery) and mail_address(delivery.body, delivery.category_name_id):
            reports[delivery.report_id].append(delivery)
    return {one.pk: group for group in reports.values() for one in group}


def is_first_mail(delivery: Delivery) -> bool:
    """Whether this is a report's first mail to the body; what staff send again is a mail of its own."""
    return delivery.endpoint_id is None and delivery.kind == DeliveryKind.REPORT and delivery.attempts == 0


def _first_mails(due: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return due.filter(endpoint=None, kind=DeliveryKind.REPORT, attempts=0)
