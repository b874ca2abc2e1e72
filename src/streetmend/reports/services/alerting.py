"""Those who want to hear of new reports hear of them: at once, or once a day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Q

from streetmend.accounts.models import Person
from streetmend.accounts.services import person_with_email
from streetmend.areas import queries as areas
from streetmend.bodies.queries import site
from streetmend.bodies.values import SiteInfo
from streetmend.nearness import around, metres_between
from streetmend.reports.models import Alert, AlertHit, ConfirmLink, Device, HowOften, NewReport, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import links
from streetmend.reports.services.limits import when_to_ask
from streetmend.reports.services.notices import recipient_of, write_notice

#: the farthest that an alert around a place reaches
FARTHEST = 10_000
#: the hour of the site's day at which the mails of a day leave
DIGEST_HOUR = 7


@dataclass(frozen=True, slots=True)
class Wanted:
    """What new reports are wanted; all that is set must hold. Metres around a place (WGS84 degrees); ids."""

    lat: float | None = None
    long: float | None = None
    metres: int | None = None
    area_id: int | None = None
    body_id: int | None = None
    category_name_id: int | None = None


def want_news(
    *, wanted: Wanted, how_often: HowOften, email: str, language: str, now: datetime, proven: bool = False
) -> Alert:
    """The address is told of new reports that are like what is wanted, once it has confirmed by a mailed link.

    `proven`: it need not confirm, it is known to be the one of who asks. The same wish a second time is the first one, with
    the new `how_often`. Raises TooManyMails.
    """
    with transaction.atomic():
        person = person_with_email(email=email, name="", phone="", language=language, now=now)
        alert = the_alert(wanted=wanted, how_often=how_often, now=now, person=person)
        if proven:
            Alert.objects.filter(pk=alert.pk).update(confirmed_at=alert.confirmed_at or now, ended_at=None)
        elif alert.confirmed_at is None or alert.ended_at is not None:
            _ask(alert, person, language, now)
    return alert


def the_alert(
    *,
    wanted: Wanted,
    how_often: HowOften,
    now: datetime,
    person: Person | None = None,
    device: Device | None = None,
) -> Alert:
    """The alert of the person or the device on what is wanted, with the new `how_often`; made where there was none.

    It tells nothing yet. Inside the caller's transaction.
    """
    said = {
        "lat": wanted.lat,
        "long": wanted.long,
        "metres": min(wanted.metres or FARTHEST, FARTHEST) if wanted.lat is not None else None,
        "area_id": wanted.area_id,
        "body_id": wanted.body_id,
        "category_name_id": wanted.category_name_id,
    }
    theirs = Alert.objects.filter(person=person, device=device, report=None, **said)
    alert = theirs.order_by("id").first()
    if alert is None:
        return Alert.objects.create(person=person, device=device, **said, how_often=how_often, created_at=now)
    if alert.how_often != how_often:
        alert.how_often = how_often
        alert.save(update_fields=["how_often"])
    return alert


def _ask(alert: Alert, person: Person, language: str, now: datetime) -> None:
    due_at = when_to_ask(person=person, now=now)
    secret = links.new_secret()
    ConfirmLink.objects.create(
        secret_hash=links.hash_of(secret), alert=alert, created_at=now, expires_at=now + links.LIFETIME
    )
    write_notice(
        kind=NoticeKind.CONFIRM_ALERT,
        email=person.email,
        person=person,
        language=language,
        content={"secret": secret, "alert": alert.pk},
        now=now,
        due_at=due_at,
    )


def announce_later(report: Report, here: SiteInfo, now: datetime) -> None:
    """Those who want to hear of a report like this one will be looked for, once it can no longer be taken back.

    A private report is told to nobody. To be called inside the transaction that makes it public.
    """
    if report.visible:
        NewReport.objects.create(report=report, due_at=now + timedelta(minutes=here.undo_minutes))


def tell_of_new_reports(*, now: datetime, limit: int = 20) -> int:
    """Those who want to hear at once of reports that became public have a mail due, the others will; says how many reports.

    Each report is one transaction; one that was hidden meanwhile is told to nobody.
    """
    due = list(
        NewReport.objects.filter(due_at__lte=now).order_by("due_at").values_list("pk", flat=True)[:limit]
    )
    for pk in due:
        with transaction.atomic():
            new = NewReport.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
            if new is None:
                continue  # another worker has it
            report = Report.objects.get(pk=new.report_id)
            if report.visible:
                _hit(report, now)
            new.delete()
    return len(due)


def _hit(report: Report, now: datetime) -> None:
    for alert in _wanting(report):
        hit, first = AlertHit.objects.get_or_create(alert=alert, report=report, defaults={"at": now})
        if first and alert.how_often == HowOften.INSTANT:
            write_notice(
                kind=NoticeKind.NEW_REPORT,
                **recipient_of(alert),
                report=report,
                content={"alert": alert.pk},
                now=now,
                once=f"alert.{alert.pk}.{report.pk}",
            )
            hit.told_at = now
            hit.save(update_fields=["told_at"])


def _wanting(report: Report) -> list[Alert]:
    """The alerts that are about the report, but for those of its own reporter."""
    south, west, north, east = around(report.lat, report.long, FARTHEST)
    near = Q(lat=None) | Q(lat__range=(south, north), long__range=(west, east))
    covering = [area.mapit_id for area in areas.covering(report.lat, report.long)]
    found = (
        Alert.objects.select_related("person", "device")
        .filter(near, report=None, ended_at=None, confirmed_at__isnull=False)
        .filter(Q(area_id=None) | Q(area_id__in=covering))
        .filter(Q(body=None) | Q(body__in=report.recipient_ids))
        .filter(Q(category_name=None) | Q(category_name=report.category_name_id))
    )
    others = [alert for alert in found if alert.person_id is None or alert.person_id != report.reporter_id]
    return [alert for alert in others if _reaches(alert, report)]


def _reaches(alert: Alert, report: Report) -> bool:
    if alert.lat is None or alert.long is None or alert.metres is None:
        return True
    return metres_between((alert.lat, alert.long), (report.lat, report.long)) <= alert.metres


def write_digests(*, now: datetime, limit: int = 100) -> int:
    """Those who want to hear once a day have a mail due about what became public before seven this morning; says how many mails.

    Seven is the site's; one mail an alert and day.
    """
    since = _this_morning(now)
    hits = AlertHit.objects.filter(told_at=None, at__lt=since, alert__ended_at=None).order_by("alert", "id")
    waiting: dict[int, list[int]] = defaultdict(list)
    for alert_id, pk in hits.values_list("alert", "pk")[: limit * 20]:
        waiting[alert_id].append(pk)
    for alert_id, pks in list(waiting.items())[:limit]:
        _write_digest(alert_id, pks, f"digest.{alert_id}.{since:%Y%m%d}", now)
    return min(len(waiting), limit)


def _this_morning(now: datetime) -> datetime:
    """The last time that it was seven at the site."""
    local = now.astimezone(site().zone)
    seven = datetime.combine(local.date(), time(DIGEST_HOUR), tzinfo=local.tzinfo)
    return seven if seven <= local else seven - timedelta(days=1)


def _write_digest(alert_id: int, hits: list[int], once: str, now: datetime) -> None:
    with transaction.atomic():
        mine = AlertHit.objects.select_for_update(of=("self",)).filter(pk__in=hits, told_at=None)
        reports = sorted(mine.values_list("report", flat=True))
        if not reports:
            return
        alert = Alert.objects.select_related("person", "device").get(pk=alert_id)
        write_notice(
            kind=NoticeKind.NEW_REPORTS,
            **recipient_of(alert),
            content={"alert": alert_id, "reports": reports},
            now=now,
            once=once,
        )
        AlertHit.objects.filter(pk__in=hits).update(told_at=now)
