"""How much of what is owed to an endpoint may leave at a moment: its breaker, and its rate.

A breaker opens when an endpoint fails again and again, and stays open for longer each time; then one GET has to be answered, then
one delivery. There is no rate until a breaker opened or an endpoint asked us to slow down.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from streetmend.bodies.habits import Habits, habits_of
from streetmend.bodies.models import Endpoint
from streetmend.reports.models import Attempt, Delivery, EndpointWatch
from streetmend.reports.services.outcomes import HELD_UP, Outcome, OutcomeClass
from streetmend.reports.states import DeliveryState

#: what is no fault of the endpoint's
_OURS = frozenset({HELD_UP, "AddressRefused", "KeyUnusable"})
_FAILURES = frozenset(
    {OutcomeClass.NOT_RECEIVED.value, OutcomeClass.UNKNOWN.value, OutcomeClass.CREDENTIALS.value}
)
_SLOWEST = 1 / 60
_GOOD_MINUTE = timedelta(seconds=60)
_SECOND = timedelta(seconds=1)
_TOO_MANY = 429


def room_of(endpoint: Endpoint, watch: EndpointWatch | None, flying: int, now: datetime) -> int:
    """How many more deliveries may leave for the endpoint at `now` (UTC), `flying` being under way."""
    room = endpoint.max_in_flight - flying
    if watch is not None and watch.open_until is not None:
        room = 1 - flying if watch.probed and watch.open_until <= now else 0
    rate = rate_of(endpoint, watch)
    if rate is not None and room > 0:
        room = min(room, _credit(rate, watch.spent_until if watch else None, now))
    return max(room, 0)


def rate_of(endpoint: Endpoint, watch: EndpointWatch | None) -> float | None:
    """How many deliveries a second the endpoint may get; None: as many as there are."""
    learned = watch.rate if watch else None
    most = _max_rate(endpoint)
    return min(learned, most) if learned and most else learned or most


def _max_rate(endpoint: Endpoint) -> float | None:
    """Most endpoints have none, and this is asked at every claim: the habits are not read for it."""
    if "max_rate" not in endpoint.habits:
        return None
    try:
        return habits_of(endpoint).max_rate or None
    except msgspec.ValidationError:
        # staff hear of wrong habits where a delivery is made ready
        return None


def spend(*, endpoint: Endpoint, watch: EndpointWatch | None, count: int, now: datetime) -> None:
    """So many deliveries leave now, of what the rate allows. In the transaction of their claim."""
    rate = rate_of(endpoint, watch)
    if rate is None or not count:
        return
    start = max(watch.spent_until if watch and watch.spent_until else now - _SECOND, now - _longest(rate))
    EndpointWatch.objects.update_or_create(
        pk=endpoint.pk, defaults={"spent_until": start + timedelta(seconds=count / rate)}
    )


def _credit(rate: float, spent_until: datetime | None, now: datetime) -> int:
    since = max(spent_until or now - _SECOND, now - _longest(rate))
    return int((now - since).total_seconds() * rate + 1e-6)


def _keep_credit(watch: EndpointWatch, rate: float, now: datetime) -> None:
    """What was left over at the rate of before is not more at the new one: that begins now."""
    if watch.spent_until is not None and watch.rate is not None:
        left = max(now - max(watch.spent_until, now - _longest(watch.rate)), timedelta())
        watch.spent_until = now - left * (watch.rate / rate)


def _longest(rate: float) -> timedelta:
    """What was not used is kept for a second, or for as long as one delivery takes."""
    return max(_SECOND, timedelta(seconds=1 / rate))


def watch_of(endpoint: Endpoint) -> EndpointWatch | None:
    """What is known of the endpoint beyond its own row; None where nothing is."""
    return getattr(endpoint, "watch", None)


def went_well(*, endpoint: Endpoint, now: datetime) -> None:
    """The endpoint took a delivery: its breaker is closed, and it may get more. One look at memory where all was well before.

    All that waited for it is due then, each in its turn: what an earlier failure put off would come behind what was told later.
    How often the breaker opened is forgotten only after a good minute: an endpoint that comes and goes is left alone for longer
    each time.
    """
    seen = watch_of(endpoint)
    if seen is None or not (seen.open_until or seen.opened or seen.rate is not None or seen.failing_since):
        return
    watch = EndpointWatch.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    habits = habits_of(endpoint)
    watch.failing_since, watch.told = None, 0
    if watch.open_until is not None:
        watch.open_until, watch.probed, watch.closed_at = None, False, now
        watch.ask_at, watch.ask_failures = None, 0
        watch.rate = _at_most(watch.rate or habits.recovery_rate, habits)
        watch.rate_changed_at = watch.rate_bad_at = now
        Delivery.objects.filter(endpoint=endpoint.pk, state=DeliveryState.WAITING, next_at__gt=now).update(
            next_at=now
        )
    elif now - (watch.rate_bad_at or now) >= _GOOD_MINUTE:
        watch.rate, watch.rate_changed_at, watch.opened = habits.max_rate or None, now, 0
    elif watch.rate is not None and now - (watch.rate_changed_at or now) >= _SECOND:
        faster = _at_most(2 * watch.rate, habits)
        _keep_credit(watch, faster, now)
        watch.rate, watch.rate_changed_at = faster, now
    watch.save()


def went_badly(*, endpoint: Endpoint, outcome: Outcome, now: datetime) -> None:
    """The endpoint's breaker opens where this was one failure too many; its rate is halved where it asked us to slow down."""
    if outcome.result.value not in _FAILURES or outcome.error_class in _OURS:
        return
    habits = habits_of(endpoint)
    EndpointWatch.objects.get_or_create(pk=endpoint.pk)
    watch = EndpointWatch.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    watch.failing_since = watch.failing_since or now
    # the good minute begins anew
    watch.rate_bad_at = now
    if outcome.http_status == _TOO_MANY:
        watch.rate = max((watch.rate or 2 * habits.recovery_rate) / 2, _SLOWEST)
        watch.rate_changed_at = now
    if watch.open_until is None:
        if _too_many_failures(endpoint.pk, watch, habits):
            _open(watch, habits, now)
    elif watch.open_until <= now:
        _open(watch, habits, now)
    watch.save()


def _open(watch: EndpointWatch, habits: Habits, now: datetime) -> None:
    seconds = min(habits.breaker_first_seconds * 2 ** min(watch.opened, 30), habits.breaker_max_seconds)
    watch.open_until = now + timedelta(seconds=seconds)
    watch.opened, watch.probed, watch.probe_until = watch.opened + 1, False, None


def _too_many_failures(endpoint_id: int, watch: EndpointWatch, habits: Habits) -> bool:
    tried = Attempt.objects.filter(endpoint=endpoint_id).exclude(outcome="")
    if watch.closed_at is not None:
        tried = tried.filter(started_at__gte=watch.closed_at)
    most = max(habits.breaker_window, habits.breaker_failures)
    rows = tried.order_by("-id").values_list("outcome", "error_class")[:most]
    failed = [outcome in _FAILURES and error not in _OURS for outcome, error in rows]
    streak = failed[: habits.breaker_failures]
    window = failed[: habits.breaker_window]
    return (len(streak) == habits.breaker_failures and all(streak)) or (
        len(window) == habits.breaker_window
        and sum(window) * 100 > habits.breaker_percent * habits.breaker_window
    )


def _at_most(rate: float, habits: Habits) -> float:
    return min(rate, habits.max_rate) if habits.max_rate else rate


def claim_probes(*, now: datetime, limit: int) -> list[Endpoint]:
    """Endpoints whose breaker has been open for long enough and that this worker asks now whether they answer at all."""
    due = EndpointWatch.objects.filter(
        Q(probe_until=None) | Q(probe_until__lt=Now()),
        open_until__lte=now,
        probed=False,
        endpoint__active=True,
        endpoint__paused_at=None,
    )
    if limit < 1 or not due.exists():
        return []
    mine = []
    with transaction.atomic():
        for watch in due.select_related("endpoint__body").order_by("open_until")[:limit]:
            lease = timedelta(seconds=watch.endpoint.timeout_seconds + 30)
            if due.filter(pk=watch.pk).update(probe_until=Now() + lease):
                mine.append(watch.endpoint)
    return mine


def record_probe(*, endpoint_id: int, answered: bool, now: datetime) -> None:
    """The endpoint gets one delivery, or is left alone for longer."""
    with transaction.atomic():
        watch = (
            EndpointWatch.objects.select_for_update(no_key=True, of=("self",))
            .select_related("endpoint")
            .get(pk=endpoint_id)
        )
        if watch.open_until is None or watch.open_until > now:
            return
        if answered:
            watch.probed, watch.probe_until = True, None
            # what could not be asked about can be now
            watch.ask_at, watch.ask_failures = None, 0
        else:
            _open(watch, habits_of(watch.endpoint), now)
        watch.save()
