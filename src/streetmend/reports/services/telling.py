"""Who is told of what was said about a report: each update by itself, or all of them in one mail where there are too many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from streetmend.reports.models import Alert, Notice, Report, Update
from streetmend.reports.models.outbox import NoticeKind, NoticeState
from streetmend.reports.services.notices import Recipient, recipient_of, write_notice
from streetmend.reports.states import Actor, State

#: more updates of one report within this time are told in one mail
WITHIN = timedelta(hours=1)
MOST = 6

_KINDS = (NoticeKind.REPORT_UPDATED, NoticeKind.REPORT_NEWS)
#: address, or number of a device -> who that is
_Wanting = dict[str | int, Recipient]


def tell(
    report: Report,
    updates: Sequence[Update],
    *,
    now: datetime,
    without_reporter: frozenset[int] = frozenset(),
) -> None:
    """The reporter and the followers of a visible report are told of these new updates, but nobody of their own words.

    Who would get more than six mails about the report within an hour gets one for all of them, and no other before an hour has
    passed. `without_reporter`: updates (by id) of which the reporter is not told. Inside the caller's transaction, with the
    report locked.
    """
    if not updates or report.hidden or report.state == State.UNCONFIRMED:
        return
    lately = Update.objects.filter(report=report, hidden=False, received_at__gt=now - WITHIN)
    many = lately.count() > MOST
    for address, recipient in _wanting(report).items():
        quiet = without_reporter if address == report.email else frozenset()
        person = recipient["person"]
        wanted = [
            update
            for update in updates
            if (person is None or update.person_id != person.pk) and update.pk not in quiet
        ]
        if many and wanted:
            _tell_of_all(report, wanted, recipient, now)
            continue
        for update in wanted:
            write_notice(kind=NoticeKind.REPORT_UPDATED, **recipient, report=report, update=update, now=now)


def _wanting(report: Report) -> _Wanting:
    wanting: _Wanting = {}
    if report.email and report.reporter_id and not report.updates_ended_at:
        wanting[report.email] = Recipient(
            email=report.email, person=report.reporter, device=None, language=report.language
        )
    if not report.private:
        alerts = Alert.objects.select_related("person", "device").filter(
            report=report, confirmed_at__isnull=False, ended_at=None
        )
        for alert in alerts:
            recipient = recipient_of(alert)
            wanting.setdefault(alert.device_id or recipient["email"], recipient)
    return wanting


def _tell_of_all(report: Report, updates: Sequence[Update], recipient: Recipient, now: datetime) -> None:
    """One message that is written when it leaves: an hour after the last one about this report, or now."""
    earlier = Notice.objects.filter(
        report=report, email=recipient["email"], device=recipient["device"], kind__in=_KINDS
    )
    if earlier.filter(kind=NoticeKind.REPORT_NEWS, state=NoticeState.WAITING).exists():
        return
    last = earlier.filter(created_at__gt=now - 2 * WITHIN).order_by("-id").first()
    told_at = (last.sent_at or last.next_at or last.created_at) if last else None
    write_notice(
        kind=NoticeKind.REPORT_NEWS,
        **recipient,
        report=report,
        content={"from": min(update.pk for update in updates), "body": _body(updates)},
        now=now,
        due_at=max(now, told_at + WITHIN) if told_at else now,
    )


def _body(updates: Sequence[Update]) -> str:
    names = {update.name for update in updates if update.actor == Actor.BODY}
    return names.pop() if len(names) == 1 else ""
