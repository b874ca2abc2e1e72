"""What was accepted and is not there any more, endpoints that have failed for long, and what has waited for long.

Staff are told; nothing is sent again by itself, but for reports that go by e-mail after a time that the endpoint's habits name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Now

from streetmend.bodies.habits import habits_of
from streetmend.bodies.models import Endpoint
from streetmend.bodies.queries import mail_address
from streetmend.reports.models import Delivery, EndpointWatch
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services.notices import write_staff_notice
from streetmend.reports.services.repeating import queue_mail
from streetmend.reports.states import DeliveryState

#: how often an endpoint is asked whether it still has what it accepted
NIGHT = timedelta(hours=24)
#: what was accepted longer ago is only sampled
RECENT = timedelta(days=30)
#: one of so many older reports
SAMPLE = 100
#: two checks so far apart have to miss it
APART = timedelta(hours=24)
#: when staff are told of an endpoint that fails, counted from its first failure; then daily
TELL_AFTER = (timedelta(hours=1), timedelta(hours=24))
_DAY = timedelta(days=1)
LOST = "The body's system does not know this report any more."
_OLD_DOUBT = timedelta(hours=4)
#: so long staff are reminded of it
_NEW_DOUBT = timedelta(days=3)


def is_lost(delivery: Delivery) -> bool:
    """Whether the body accepted it and, asked in two nights, does not know it any more: staff may send it again."""
    return delivery.state == DeliveryState.ACCEPTED and delivery.why == LOST


def claim_ledgers(*, worker: str, now: datetime, limit: int, seconds: int) -> list[Endpoint]:
    """At most `limit` endpoints that this worker asks now whether they still have what they accepted."""
    if limit < 1:
        return []
    due = EndpointWatch.objects.filter(
        Q(ask_until=None) | Q(ask_until__lt=Now()),
        Q(open_until=None) | Q(open_until__lte=now),
        ledger_at__lte=now,
        endpoint__active=True,
        endpoint__paused_at=None,
    )
    if not due.exists():
        return []
    mine = []
    with transaction.atomic():
        for watch in due.select_related("endpoint__body").order_by("ledger_at")[:limit]:
            lease = timedelta(seconds=seconds + watch.endpoint.timeout_seconds)
            if due.filter(pk=watch.pk).update(
                ask_owner=worker, ask_until=Now() + lease, ledger_at=now + NIGHT
            ):
                mine.append(watch.endpoint)
    return mine


def plan_ledgers(*, now: datetime) -> int:
    """Every endpoint that has accepted something has a night at which it is asked about it; says how many got theirs now."""
    unwatched = Endpoint.objects.filter(
        Q(watch=None) | Q(watch__ledger_at=None), active=True, last_ok_at__isnull=False
    )
    ids = list(unwatched.values_list("pk", flat=True)[:1000])
    if not ids:
        return 0
    with transaction.atomic():
        EndpointWatch.objects.bulk_create([EndpointWatch(pk=pk) for pk in ids], ignore_conflicts=True)
        return EndpointWatch.objects.filter(pk__in=ids, ledger_at=None).update(ledger_at=now + NIGHT)


def ledger_of(*, endpoint_id: int, now: datetime) -> list[tuple[int, str]]:
    """The deliveries to ask about, with their numbers: of open reports accepted lately, and a sample of the older ones."""
    rows = Delivery.objects.filter(
        endpoint=endpoint_id, kind=DeliveryKind.REPORT, state=DeliveryState.ACCEPTED, closed=False
    ).exclude(remote_id="")
    day = (now - datetime(2000, 1, 1, tzinfo=now.tzinfo)).days
    older = Q(accepted_at__lt=now - RECENT) & Q(rest=day % SAMPLE)
    chosen = rows.annotate(rest=F("id") % SAMPLE).filter(Q(accepted_at__gte=now - RECENT) | older)
    return list(chosen.order_by("pk").values_list("pk", "remote_id"))


def record_ledger(
    *, endpoint_id: int, there: Sequence[int], missing: Sequence[int], now: datetime
) -> list[int]:
    """What is missing in two checks a day apart is flagged, and staff hear of it; returns those that are flagged now.

    Where nothing at all is there, the asking itself is at fault, and nothing is missing.
    """
    if not there:
        return []
    flagged = []
    with transaction.atomic():
        back = Delivery.objects.filter(pk__in=list(there), missing_since__isnull=False)
        back.filter(why=LOST).update(why="")
        back.update(missing_since=None)
        rows = Delivery.objects.select_for_update(no_key=True, of=("self",)).select_related("body")
        for delivery in rows.filter(pk__in=list(missing), state=DeliveryState.ACCEPTED):
            if delivery.missing_since is None:
                delivery.missing_since = now
            elif now - delivery.missing_since >= APART and delivery.why != LOST:
                delivery.why = LOST
                flagged.append(delivery.pk)
                _tell_of_loss(delivery, now)
            delivery.save(update_fields=["missing_since", "why"])
    return flagged


def _tell_of_loss(delivery: Delivery, now: datetime) -> None:
    body = delivery.body.name
    write_staff_notice(
        subject=f"{body} does not know report {delivery.report_id} any more",
        text=(
            f"{body} accepted report {delivery.report_id} as {delivery.remote_id} and does not show it any more. "
            "Ask them where it went. Nothing is sent again by itself."
        ),
        now=now,
        once=f"lost.{delivery.mark}.{delivery.remote_id[:100]}",
    )


def tell_of_outages(*, now: datetime) -> int:
    """Staff have a mail about each endpoint that has failed for an hour, a day, and then daily, while something waits for it."""
    told = 0
    # of a paused one they were told when it was paused
    failing = EndpointWatch.objects.filter(
        failing_since__lte=now - TELL_AFTER[0], endpoint__paused_at=None, endpoint__active=True
    )
    for watch in failing.select_related("endpoint__body"):
        since = watch.failing_since
        if since is None or now < since + _told_after(watch.told):
            continue
        owed = Delivery.objects.filter(endpoint=watch.pk)
        waiting = owed.filter(state=DeliveryState.WAITING, next_at__isnull=False).count()
        doubtful = owed.filter(state=DeliveryState.UNCERTAIN).count()
        if not waiting and not doubtful:
            continue
        with transaction.atomic():
            body = watch.endpoint.body.name
            write_staff_notice(
                subject=f"The connection to {body} has not worked since {since:%Y-%m-%d %H:%M} UTC",
                text=(
                    f"Deliveries that wait for {watch.endpoint.url}: {waiting}. They are kept and sent when it works again. "
                    f"Of so many more it is not known whether they are there, and it will be asked: {doubtful}. "
                    f"The last failure: {watch.endpoint.last_error}"
                ),
                now=now,
                once=f"outage.{watch.pk}.{since:%Y%m%d%H%M%S}.{watch.told}",
            )
            while now >= since + _told_after(watch.told):
                watch.told += 1
            EndpointWatch.objects.filter(pk=watch.pk, failing_since=since).update(told=watch.told)
        told += 1
    return told


def _told_after(told: int) -> timedelta:
    return TELL_AFTER[told] if told < len(TELL_AFTER) else TELL_AFTER[-1] + (told - 1) * _DAY


def tell_of_doubts(*, now: datetime) -> int:
    """Staff have one mail a day about each body with deliveries in doubt or held for over four hours, for three days.

    Where the endpoint itself fails, the mail about that tells of them.
    """
    old = Delivery.objects.filter(
        state__in=(DeliveryState.UNCERTAIN, DeliveryState.HELD),
        first_sent_at__lte=now - _OLD_DOUBT,
        endpoint__isnull=False,
    ).exclude(state=DeliveryState.UNCERTAIN, endpoint__watch__failing_since__lte=now - TELL_AFTER[0])
    counted = old.values_list("body_id", "body__name").annotate(count=Count("pk"), last=Max("first_sent_at"))
    bodies = [
        (body_id, name, count)
        for body_id, name, count, last in counted.order_by("body_id")
        if last > now - _NEW_DOUBT
    ]
    for body_id, name, count in bodies:
        with transaction.atomic():
            write_staff_notice(
                subject=f"It is not known whether {name} has {count} report{'s' * (count != 1)}",
                text="They have been in doubt for more than four hours. `streetmend deliveries` shows them.",
                now=now,
                once=f"doubts.{body_id}.{now:%Y-%m-%d}",
            )
    return len(bodies)


def fall_back_to_mail(*, now: datetime) -> int:
    """What an endpoint never took, and waited for longer than its `fallback_email_hours`, goes by e-mail; says how many."""
    moved = 0
    failing = EndpointWatch.objects.filter(failing_since__isnull=False).select_related("endpoint__body")
    for watch in failing:
        hours = habits_of(watch.endpoint).fallback_email_hours
        if not hours:
            continue
        before = now - timedelta(hours=hours)
        with transaction.atomic():
            rows = Delivery.objects.select_for_update(no_key=True, of=("self",)).filter(
                endpoint=watch.pk,
                kind=DeliveryKind.REPORT,
                state=DeliveryState.WAITING,
                first_sent_at=None,
                requested_at__lte=before,
            )
            for delivery in rows.order_by("requested_at")[:1000]:
                if not mail_address(delivery.body, delivery.category_name_id):
                    continue
                queue_mail(delivery, now=now)
                delivery.save()
                moved += 1
    return moved
