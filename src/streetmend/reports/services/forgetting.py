"""Who told of what is long over is forgotten: the report stays, without them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from streetmend.accounts.models import Person
from streetmend.bodies.queries import site
from streetmend.reports.models import (
    Alert,
    Attempt,
    ConfirmLink,
    Delivery,
    Draft,
    Forgetting,
    Letter,
    Notice,
    Report,
    Update,
)
from streetmend.reports.models.outbox import NoticeState
from streetmend.reports.queries.forgetting import due, months_before
from streetmend.reports.states import Actor

#: reports of one turn: few enough that nobody waits for the transaction
AT_ONCE = 200
_RESIDENTS = (Actor.REPORTER, Actor.RESIDENT)


def forget_old_reporters(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Nothing personal is kept with closed and never confirmed reports without news for as many months as the site file says.

    Names, addresses and telephone numbers are gone from the report, from what was said about it, sent, mailed and followed; so
    is everybody who has nothing else here. Its words, photos and story stay. `now` in UTC; says of how many, at most `limit`.
    """
    months = site().forget_after_months
    if not months:
        return 0
    with transaction.atomic():
        found: list[int] = []
        for kind in due(now=now, months=months):
            found += kind.values_list("pk", flat=True)[: limit - len(found)]
        # whoever reopens one at this moment keeps it
        still = Report.objects.select_for_update(of=("self",)).filter(
            pk__in=found, forgotten_at=None, updated_at__lt=months_before(now, months)
        )
        reports = list(still.values_list("pk", "reporter"))
        if reports:
            _forget([pk for pk, _reporter in reports], {who for _pk, who in reports if who}, months, now)
    return len(reports)


def _forget(reports: Sequence[int], people: set[int], months: int, now: datetime) -> None:
    said = Update.objects.filter(report__in=reports, actor__in=_RESIDENTS)
    follows = Alert.objects.filter(report__in=reports)
    mails = Notice.objects.filter(report__in=reports, state__in=(NoticeState.SENT, NoticeState.FAILED))
    for rows in (said, follows):
        people |= set(rows.exclude(person=None).values_list("person", flat=True))
    named = set(Report.objects.filter(pk__in=reports, show_name=True).values_list("pk", flat=True))
    named |= set(said.filter(show_name=True).values_list("report", flat=True))
    counts = {
        "reports": len(reports),
        "updates": said.count(),
        "alerts": follows.count(),
        "mails": mails.count(),
    }
    said.update(person=None, name="", show_name=False)
    follows.delete()
    mails.delete()
    ConfirmLink.objects.filter(report__in=reports).delete()
    Draft.objects.filter(report__in=reports).delete()
    Letter.objects.filter(report__in=reports).update(said_by="", sender="", subject="")
    deliveries = Delivery.objects.filter(report__in=reports)
    Attempt.objects.filter(delivery__in=deliveries).update(response_head="", params_snapshot={})
    deliveries.update(params_snapshot={})
    told = Report.objects.filter(pk__in=reports)
    told.update(reporter=None, name="", show_name=False, email="", phone="", forgotten_at=now)
    # a name that showed is gone from the page: readers that keep a copy are told
    Report.objects.filter(pk__in=named).update(version=F("version") + 1, settled=False)
    counts["people"] = _forget_people(people, months, now)
    _prove(counts, months, now)


def _forget_people(people: set[int], months: int, now: datetime) -> int:
    """Those of them are gone who have nothing else here, work for nobody and were not here lately."""
    lately = months_before(now, months)
    gone = Person.objects.filter(
        Q(last_login=None) | Q(last_login__lt=lately),
        pk__in=people,
        is_staff=False,
        is_superuser=False,
        reports=None,
        updates=None,
        alerts=None,
        erasure=None,
    ).exclude(notices__state__in=(NoticeState.WAITING, NoticeState.SENDING))
    number = gone.count()
    gone.delete()
    return number


def _prove(counts: dict[str, int], months: int, now: datetime) -> None:
    Forgetting.objects.bulk_create([Forgetting(day=now.date(), months=months)], ignore_conflicts=True)
    proof = Forgetting.objects.select_for_update().get(day=now.date())
    proof.months = months
    proof.counts = {name: proof.counts.get(name, 0) + number for name, number in counts.items()}
    proof.save()
