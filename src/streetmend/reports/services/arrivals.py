"""What follows when a delivery has arrived, or when an endpoint itself is at fault."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from streetmend.bodies.health import note_failure, note_good_answer, note_good_answers, pause_endpoint
from streetmend.bodies.models import Endpoint
from streetmend.reports.models import Attempt, Delivery, Inbox, Notice, Report
from streetmend.reports.models.outbox import DeliveryKind, InboxState, NoticeKind
from streetmend.reports.services import kept
from streetmend.reports.services.lanes import went_badly, went_well
from streetmend.reports.services.notices import new_notice, write_notices, write_staff_notice
from streetmend.reports.services.outcomes import Outcome, OutcomeClass
from streetmend.reports.services.owing import release_next

#: so many refusals in a row, of different reports for the same reason, are the endpoint's fault and not the reports'
REFUSALS_IN_A_ROW = 5
#: so many answers in a row from which nothing follows are told to staff
UNKNOWN_IN_A_ROW = 3


def follow_up(*, report: Report, delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """Whoever must know of `outcome` is told, and the endpoint's health says what it showed. Inside the caller's transaction.

    `report` is locked; `delivery` has been moved already.
    """
    if outcome.result in (OutcomeClass.ACCEPTED, OutcomeClass.MAILED):
        arrived(report=report, delivery=delivery, now=now)
    endpoint_id = delivery.endpoint_id
    if endpoint_id is None:
        return
    if outcome.result in (OutcomeClass.ACCEPTED, OutcomeClass.TOKEN):
        note_good_answer(endpoint_id=endpoint_id, now=now)
        if delivery.endpoint is not None:
            went_well(endpoint=delivery.endpoint, now=now)
        return
    note_failure(endpoint_id=endpoint_id, why=outcome.why)
    if delivery.endpoint is not None:
        went_badly(endpoint=delivery.endpoint, outcome=outcome, now=now)
    if outcome.result is OutcomeClass.CREDENTIALS:
        stop_endpoint(delivery=delivery, why=outcome.why, now=now)
    elif outcome.result is OutcomeClass.REFUSED and _refused_in_a_row(endpoint_id):
        why = (
            f"{REFUSALS_IN_A_ROW} reports in a row were refused for the same reason. The last: {outcome.why}"
        )
        stop_endpoint(delivery=delivery, why=why, now=now)
    elif outcome.alarm:
        _tell_staff(delivery, "needs you", outcome.alarm, now, once=_occasion(delivery, outcome.alarm, now))
    elif outcome.result is OutcomeClass.UNKNOWN and _now_unclear(endpoint_id):
        why = f"{UNKNOWN_IN_A_ROW} answers in a row left open whether it has our reports. The last: {outcome.why}"
        once = f"unclear.{endpoint_id}.{now:%Y-%m-%d}"
        _tell_staff(delivery, "does not answer clearly", why, now, once=once)


def arrived(*, report: Report, delivery: Delivery, now: datetime) -> None:
    """The report counts as sent, its reporter is told once, and news that came before it are looked at again."""
    release_next(report_id=report.pk, body_id=delivery.body_id, now=now)
    if delivery.kind != DeliveryKind.REPORT:
        return
    if report.sent_at is None:
        report.sent_at = now
    kept.refresh(report, now=now)
    write_notices([_news_of_arrival(report, delivery, now)])
    # however old: what was said of it before we knew its number was never thrown away
    Inbox.objects.filter(
        endpoint=delivery.endpoint_id, state=InboxState.ORPHAN, remote_report_id=delivery.remote_id
    ).update(next_at=now)


def many_arrived(*, reports: Mapping[int, Report], deliveries: Sequence[Delivery], now: datetime) -> None:
    """As `follow_up` for many reports that their endpoints accepted, in a fixed number of statements. Inside the caller's
    transaction, which has locked `reports` (by their ids) and moved `deliveries`.
    """
    arrived_ids = {delivery.report_id for delivery in deliveries}
    said_more = Delivery.objects.filter(report__in=arrived_ids, kind=DeliveryKind.UPDATE)
    for report_id, body_id in set(said_more.values_list("report_id", "body_id")):
        release_next(report_id=report_id, body_id=body_id, now=now)
    told = [reports[report_id] for report_id in arrived_ids]
    for report in told:
        report.sent_at = report.sent_at or now
    kept.refresh_sent(told, now=now)
    write_notices(
        _news_of_arrival(reports[one.report_id], one, now)
        for one in deliveries
        if reports[one.report_id].email
    )
    Inbox.objects.filter(
        endpoint__in={delivery.endpoint_id for delivery in deliveries},
        state=InboxState.ORPHAN,
        remote_report_id__in=[delivery.remote_id for delivery in deliveries],
    ).update(next_at=now)
    endpoint_ids = {one.endpoint_id for one in deliveries if one.endpoint_id is not None}
    note_good_answers(endpoint_ids=endpoint_ids, now=now)
    # of most endpoints there is nothing to watch
    watched = Endpoint.objects.filter(pk__in=endpoint_ids, watch__isnull=False)
    for endpoint in watched.select_related("watch").order_by("pk"):
        went_well(endpoint=endpoint, now=now)


def _news_of_arrival(report: Report, delivery: Delivery, now: datetime) -> Notice:
    return new_notice(
        kind=NoticeKind.REPORT_SENT,
        email=report.email,
        person=report.reporter,
        report=report,
        delivery=delivery,
        language=report.language,
        content={"body": delivery.body.name, "remote_id": delivery.remote_id},
        now=now,
        once=f"sent.{delivery.mark}",
    )


def stop_endpoint(*, delivery: Delivery, why: str, now: datetime) -> None:
    """The endpoint is paused, and staff have one alarm about it, however many deliveries ran into the same."""
    if delivery.endpoint_id and pause_endpoint(endpoint_id=delivery.endpoint_id, why=why, now=now):
        _tell_staff(delivery, "is paused", why, now)


def tell_of_skew(*, endpoint_id: int, seconds: float, now: datetime) -> None:
    """Staff know that the endpoint's clock is that far behind ours; once a day."""
    endpoint = Endpoint.objects.select_related("body").get(pk=endpoint_id)
    way = "behind" if seconds > 0 else "ahead of"
    with transaction.atomic():
        write_staff_notice(
            subject=f"The clock of {endpoint.body.name}'s endpoint is wrong",
            text=(
                f"It is {abs(seconds) / 60:.0f} minutes {way} ours. We ask for updates in its own time, so none is lost; "
                f"but the times that it tells are as wrong.\n\nEndpoint: {endpoint.url}"
            ),
            now=now,
            once=f"skew.{endpoint_id}.{now:%Y-%m-%d}",
        )


def tell_of_certificate(*, endpoint_id: int, ends_at: datetime, now: datetime) -> None:
    """Staff know until when (UTC) the endpoint's certificate is valid; once for each certificate."""
    endpoint = Endpoint.objects.select_related("body").get(pk=endpoint_id)
    with transaction.atomic():
        write_staff_notice(
            subject=f"The certificate of {endpoint.body.name}'s endpoint runs out",
            text=(
                f"It is valid until {ends_at:%Y-%m-%d %H:%M} UTC. After that nothing can be sent there until its server "
                f"has a new one; tell those who run it.\n\nEndpoint: {endpoint.url}"
            ),
            now=now,
            once=f"certificate.{endpoint_id}.{ends_at:%Y-%m-%d}",
        )


def _occasion(delivery: Delivery, alarm: str, now: datetime) -> str:
    """One alarm of an endpoint, told once a day however many deliveries run into it."""
    digest = hashlib.sha256(alarm.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"alarm.{delivery.endpoint_id}.{now:%Y-%m-%d}.{digest}"


def _tell_staff(delivery: Delivery, what: str, why: str, now: datetime, *, once: str = "") -> None:
    where = delivery.endpoint.url if delivery.endpoint else delivery.params_snapshot.get("to", "")
    write_staff_notice(
        subject=f"The connection to {delivery.body.name} {what}",
        text=f"{why}\n\nEndpoint: {where}\nReport: {delivery.report_id}",
        now=now,
        once=once,
    )


def _last(endpoint_id: int, count: int) -> list[tuple[str, int | None, int]]:
    """Outcome, status and delivery of the endpoint's last calls that ended, the latest first."""
    ended = Attempt.objects.filter(endpoint=endpoint_id).exclude(outcome="").order_by("-id")
    return list(ended.values_list("outcome", "http_status", "delivery_id")[:count])


def _refused_in_a_row(endpoint_id: int) -> bool:
    """Whether the endpoint's last calls were all refusals, of as many deliveries, with one status."""
    last = _last(endpoint_id, REFUSALS_IN_A_ROW)
    return (
        len({delivery_id for _, _, delivery_id in last}) == REFUSALS_IN_A_ROW
        and {outcome for outcome, _, _ in last} == {OutcomeClass.REFUSED.value}
        and len({status for _, status, _ in last}) == 1
    )


def _now_unclear(endpoint_id: int) -> bool:
    """Whether this was the last of just so many unknown outcomes in a row: told once, not at each further one."""
    last = [
        outcome == OutcomeClass.UNKNOWN.value for outcome, _, _ in _last(endpoint_id, UNKNOWN_IN_A_ROW + 1)
    ]
    return last[:UNKNOWN_IN_A_ROW] == [True] * UNKNOWN_IN_A_ROW and not all(
        last[UNKNOWN_IN_A_ROW:] or [False]
    )
